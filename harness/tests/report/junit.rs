//! The `JUnit` document.

use expect_test::expect;
use gatecrash::report::{StoreKind, junit};
use gatecrash::world::scenario::Expected;
use quick_xml::events::Event;

use crate::fixtures::{atomic_explored, full, naive_explored, report, stopped};

#[test]
fn failed_undecided_and_skipped_are_told_apart() {
    let mut report = report(vec![
        naive_explored(StoreKind::Model, Some(Expected::Clean)),
        atomic_explored(Some(Expected::Violation)),
        stopped(),
    ]);
    report.not_run = full().not_run;
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="gatecrash" tests="4" failures="2" errors="1">
            <testsuite name="last-slot" tests="4" skipped="1" errors="1" failures="2">
                <testcase name="naive/model/enumerate" classname="last-slot">
                    <failure message="VIOLATION, not expected" type="violation">shortest counterexample, seen on model and redis: A B A B

        #  A                     B                               held
        1  ZCARD slots -&gt; 0                                      0/1
        2                        ZCARD slots -&gt; 0                0/1
        3  ZADD slots 0 A1 -&gt; 1                        admitted  1/1
        4                        ZADD slots 0 B1 -&gt; 1  admitted  2/1 &lt;- over the limit

        B counts the slots before A has taken one, so both find it free.
        With steps 2 and 3 exchanged there is no violation.

        gatecrash replay scenarios/last-slot.toml --limiter naive --order &quot;A B A B&quot;</failure>
                </testcase>
                <testcase name="atomic/model/enumerate" classname="last-slot">
                    <failure message="clean, but a violation was expected" type="no-violation"/>
                </testcase>
                <testcase name="atomic/model/enumerate" classname="last-slot">
                    <error message="undecided: stopped by --max-executions after 1,000 of 1,680 interleavings" type="undecided"/>
                </testcase>
                <testcase name="naive/loom" classname="last-slot">
                    <skipped message="it has no thread form"/>
                </testcase>
            </testsuite>
        </testsuites>
    "#]].assert_eq(&junit::render(&report.stable()).unwrap());
}

#[test]
fn times_are_there_unless_it_must_be_stable() {
    let report = full();
    assert!(junit::render(&report).unwrap().contains(" time=\"0.001\""));
    assert!(!junit::render(&report.stable()).unwrap().contains("time"));
}

/// What Jenkins' schema for `JUnit` reports lets an element have: required attributes, other ones, and elements within.
fn allowed(element: &str) -> Option<[&'static [&'static str]; 3]> {
    Some(match element {
        "testsuites" => [&[], &["name", "time", "tests", "failures", "errors"], &["testsuite"]],
        "testsuite" => [
            &["name", "tests", "failures", "errors"],
            &[
                "group",
                "time",
                "skipped",
                "timestamp",
                "hostname",
                "id",
                "package",
                "file",
                "log",
                "url",
                "version",
            ],
            &["testsuite", "properties", "testcase", "system-out", "system-err"],
        ],
        "testcase" => [
            &["name"],
            &["time", "classname", "group"],
            &["skipped", "error", "failure", "system-out", "system-err"],
        ],
        "skipped" | "error" | "failure" => [&[], &["type", "message"], &[]],
        _ => return None,
    })
}

/// What is wrong with a document by that schema.
fn against_jenkins(document: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut within, mut wrong): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().expect("it is well-formed");
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
                let Some([required, optional, _]) = allowed(&name) else {
                    wrong.push(format!("no <{name}>"));
                    continue;
                };
                let parent = within.last().and_then(|parent| allowed(parent));
                if parent.is_some_and(|[.., inner]| !inner.contains(&name.as_str())) {
                    wrong.push(format!("no <{name}> in <{}>", within.last().unwrap()));
                }
                let given: Vec<String> = start
                    .attributes()
                    .map(|given| String::from_utf8(given.unwrap().key.as_ref().to_vec()).unwrap())
                    .collect();
                let known = |given: &String| [required, optional].concat().contains(&given.as_str());
                wrong.extend(given.iter().filter(|it| !known(it)).map(|it| format!("no {it} of <{name}>")));
                let missing = required.iter().filter(|it| !given.iter().any(|given| given == *it));
                wrong.extend(missing.map(|it| format!("<{name}> without {it}")));
                if !is_empty {
                    within.push(name);
                }
            }
            Event::End(_) => drop(within.pop()),
            Event::Eof => return wrong,
            _ => {}
        }
    }
}

#[test]
fn it_is_what_jenkins_reads() {
    for report in [full(), full().stable(), report(Vec::new())] {
        let document = junit::render(&report).unwrap();
        assert_eq!(against_jenkins(&document), Vec::<String>::new(), "{document}");
    }
    let wrong =
        "<testsuites skipped='1'><testsuite name='a' tests='1' failures='0'><case/></testsuite></testsuites>";
    assert_eq!(
        against_jenkins(wrong),
        ["no skipped of <testsuites>", "<testsuite> without errors", "no <case>"]
    );
}
