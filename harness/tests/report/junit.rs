//! The `JUnit` document.

use expect_test::expect;
use gatecrash::report::{StoreKind, junit};
use gatecrash::world::scenario::Expected;

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
        <testsuites name="gatecrash" tests="4" skipped="1" failures="2" errors="1">
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
