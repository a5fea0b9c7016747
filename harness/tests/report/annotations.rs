//! The commands that mark a job on GitHub.

use expect_test::expect;
use gatecrash::report::annotations::{Annotation, Level, of_report, render};
use gatecrash::report::{Entry, NotRun, StoreKind};
use gatecrash::world::scenario::Expected;

use crate::fixtures::{atomic_explored, full, naive_explored, report, stopped};

fn one(level: Level, title: &str) -> Annotation {
    Annotation { level, file: None, line: None, title: title.into(), message: "why".into() }
}

#[test]
fn there_is_one_for_each_scenario_that_failed() {
    let other = Entry { scenario: "other".into(), ..stopped() };
    let mut report = report(vec![
        naive_explored(StoreKind::Model, Some(Expected::Clean)),
        naive_explored(StoreKind::Redis, Some(Expected::Clean)),
        stopped(),
        atomic_explored(Some(Expected::Clean)),
        other,
    ]);
    report.not_run = vec![NotRun::no_server("last-slot", None, "no redis-server in PATH")];
    expect![[r#"
        ::error file=scenarios/last-slot.toml,title=last-slot%3A not as expected::naive on model by enumerate: VIOLATION, not expected%0Anaive on redis by enumerate: VIOLATION, not expected%0Aatomic on model by enumerate: undecided: stopped by --max-executions after 1,000 of 1,680 interleavings%0Areproduce with: gatecrash replay scenarios/last-slot.toml --limiter naive --order "A B A B"
        ::warning title=other%3A undecided::atomic on model by enumerate: undecided: stopped by --max-executions after 1,000 of 1,680 interleavings
        ::warning title=not run for want of a server::no redis-server in PATH
    "#]].assert_eq(&render(&of_report(&report)));
}

#[test]
fn where_all_is_well_there_is_none() {
    assert_eq!(render(&of_report(&full())), "");
}

#[test]
fn what_would_end_a_command_or_a_property_is_encoded() {
    let odd = Annotation {
        level: Level::Notice,
        file: Some("a,b:c%.toml".into()),
        line: Some(7),
        title: "50%: x,y\r".into(),
        message: "100%\nsure: a,b::error::c".into(),
    };
    assert_eq!(
        render(&[odd]),
        "::notice file=a%2Cb%3Ac%25.toml,line=7,title=50%25%3A x%2Cy%0D::100%25%0Asure: a,b::error::c\n"
    );
}

#[test]
fn no_level_has_more_than_ten_and_the_last_names_the_rest() {
    let mut all: Vec<Annotation> = (0..13).map(|i| one(Level::Error, &format!("e{i}"))).collect();
    all.extend((0..10).map(|i| one(Level::Warning, &format!("w{i}"))));
    let text = render(&all);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 20);
    assert_eq!(lines[8], "::error title=e8::why");
    assert_eq!(lines[9], "::error title=4 more::e9%0Ae10%0Ae11%0Ae12");
    assert_eq!(lines[19], "::warning title=w9::why");
}

#[test]
fn a_long_message_is_cut() {
    let long = Annotation { message: "x".repeat(100_000), ..one(Level::Error, "t") };
    assert!(render(&[long]).len() < 3_000);
}
