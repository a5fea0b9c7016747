//! What a scenario file may hold, up to the edges of the rules.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use gatecrash::base::diagnostic::Diagnostics;
use gatecrash::world::scenario::{self, Scenario};

const VALID: &str = include_str!("valid.toml");

fn parse(text: &str) -> Result<Scenario, Diagnostics> {
    scenario::parse("case.toml", text)
}

fn many_clients(count: usize) -> String {
    let mut lines = String::new();
    for i in 0..count {
        writeln!(lines, "A{i} = [\"acquire\"]").unwrap();
    }
    lines
}

#[test]
fn the_valid_file_that_the_cases_start_from_is_valid() {
    let scenario = parse(VALID).unwrap();
    assert_eq!(scenario.name, "case");
    assert_eq!((scenario.limit, scenario.repeat), (1, 2));
    assert_eq!(scenario.schedules[0].order.display(&scenario.client_names()).to_string(), "A B A B");
}

/// What is allowed at the edges of every rule that the other tests see broken.
#[test]
fn files_at_the_edge_of_the_rules_are_valid() {
    for (from, to) in [
        ("B = [", format!("{}B = [", many_clients(254)).as_str()),
        ("limit = 1", "limit = 1_000_000"),
        ("limit = 1", "limit = 0xF"),
        ("repeat = 2", "repeat = 1000"),
        ("on_reject = \"stop\"", "on_reject = \"continue\""),
        ("repeat = 2\n", ""),
        ("key = \"slots\"", "key = \"jobs:{eu}\""),
        ("properties = [\"over-admission\"]\n", ""),
        ("limiters = [\"naive\", \"atomic\"]", "limiters = [\n  \"atomic\",\n  \"naive\", # both\n]"),
        ("A = [\"acquire\", \"release\"]", "A = [\"release\", \"acquire\", \"acquire\"]"),
        ("B = [", "b = [\"acquire\"]\nlimit = [\"acquire\"]\nB = ["),
        ("order = \"A B A B\"", "order = \"\""),
        (
            "order = \"A B A B\"\nexpect = { naive = \"violation\", atomic = \"clean\" }",
            "order = 'A* +1h A!crash'",
        ),
        ("[explore]\nexpect = { naive = \"violation\", atomic = \"clean\" }", "[explore]"),
        (
            "[explore]\nexpect = { naive = \"violation\", atomic = \"clean\" }",
            "[explore.expect]\nnaive = \"clean\"",
        ),
        ("[explore]\nexpect = { naive = \"violation\", atomic = \"clean\" }", ""),
        ("[explore]", "[[schedule]]\nname = \"another\"\norder = \"A\"\n[explore]"),
    ] {
        assert_eq!(VALID.matches(from).count(), 1, "{from} is there once");
        parse(&VALID.replace(from, to)).unwrap_or_else(|errors| panic!("{to}\n{errors}"));
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    let text = VALID.replace('\n', "\r\n");
    parse(&text).unwrap();

    let text = format!("\u{feff}{text}");
    parse(&text).unwrap();
    let text = text.replace("A B A B", "A C");
    let errors = parse(&text).unwrap_err();
    assert_eq!(&text[errors.list()[0].span.clone()], "C");
}

#[test]
fn workers_stand_for_clients() {
    let text = VALID
        .replace("[clients]\nA = [\"acquire\", \"release\"]\nB = [\"acquire\", \"release\"]", "")
        .replace("limit = 1", "limit = 1\nworkers = { count = 28, program = [\"acquire\"] }")
        .replace("A B A B", "Z AA AB*");
    let names = parse(&text).unwrap().client_names();
    assert_eq!((names.len(), names[0].as_str(), names[27].as_str()), (28, "A", "AB"));
}

#[test]
fn clients_keep_their_declared_order() {
    let text =
        VALID.replace("A = [", "zebra = [\"acquire\"]\nA = [").replace("[explore]", "[clients.x]\n[explore]");
    assert!(parse(&text).is_err());
    let text = VALID.replace("A = [", "zebra = [\"acquire\"]\nA = [");
    assert_eq!(parse(&text).unwrap().client_names(), ["zebra", "A", "B"]);
    let text =
        text.replace("[clients]\n", "").replace("zebra", "clients.zebra").replace("\nA =", "\nclients.A =");
    let text = text.replace("\nB =", "\nclients.B =");
    assert_eq!(parse(&text).unwrap().client_names(), ["zebra", "A", "B"]);
}
