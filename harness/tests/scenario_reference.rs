//! The reference of scenario files, `scenarios/README.md`: its examples are scenarios that go as they say, and no key is
//! missing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatecrash::campaign::{Campaign, Redis, Stores};
use gatecrash::report::{Overall, text};
use gatecrash::world::scenario;

const PAGE: &str = include_str!("../../scenarios/README.md");

/// The fenced blocks of TOML.
fn examples() -> Vec<&'static str> {
    PAGE.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

#[test]
fn every_example_goes_as_it_says() {
    let examples = examples();
    assert!(examples.len() >= 4, "the examples are found");
    for example in examples {
        let scenario = scenario::parse("example.toml", example).unwrap_or_else(|error| panic!("{error}"));
        let mut campaign = Campaign::new(Stores { model: true, redis: Redis::Unwanted, loom: false });
        campaign.run(&scenario).unwrap();
        let report = campaign.report().stable();
        let shown = text::render(&report, &text::TextOptions::default());
        assert_eq!(report.verdict(), Overall::Ok, "{shown}");
    }
}

#[test]
fn every_key_has_an_example() {
    let keys = [
        "title",
        "why",
        "limit",
        "limiters",
        "workers",
        "on_reject",
        "repeat",
        "key",
        "properties",
        "name",
        "order",
        "expect",
    ];
    let examples = examples().concat();
    for key in keys {
        assert!(PAGE.contains(&format!("| `{key}` |")), "{key} is not in a table");
        let is_used = |line: &str| line.starts_with(key) && line[key.len()..].trim_start().starts_with('=');
        assert!(examples.lines().any(is_used), "{key} is in no example");
    }
    for table in ["[clients]", "[[schedule]]", "[explore]"] {
        assert!(PAGE.contains(&format!("| `{table}` |")) && examples.contains(table), "{table}");
    }
}
