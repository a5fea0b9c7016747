//! Whatever a scenario file holds, reading it neither panics nor points outside it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatecrash::base::diagnostic::Diagnostics;
use gatecrash::world::scenario::{self, Scenario};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const LAST_SLOT: &str = include_str!("../../scenarios/last-slot.toml");

#[test]
fn many_errors_are_counted_and_long_lines_are_not_shown() {
    let orders = "C ".repeat(20_000);
    let errors = parse(&LAST_SLOT.replace("A B A B", &orders)).unwrap_err();
    assert_eq!(errors.list().len(), 1_000, "the search for errors is bounded");
    let rendered = errors.to_string();
    assert!(rendered.ends_with("900 more errors are not shown"));
    assert!(rendered.contains("damaged.toml:12:11\n"), "{}", &rendered[..300]);
    assert!(rendered.lines().all(|line| line.len() < 100));
}

#[test]
fn colour_is_used_only_when_asked_for() {
    let errors = parse("").unwrap_err();
    assert!(errors.render(true).contains('\u{1b}'));
    assert!(!errors.render(false).contains('\u{1b}'));
}

fn parse(text: &str) -> Result<Scenario, Diagnostics> {
    scenario::parse("damaged.toml", text)
}

fn assert_sound(text: &str) {
    let Err(errors) = parse(text) else { return };
    assert!(!errors.list().is_empty());
    for error in errors.list() {
        assert!(text.get(error.span.clone()).is_some(), "{error:?}");
    }
    assert!(errors.list().is_sorted_by_key(|error| error.span.start));
    errors.render(true);
}

/// What may happen to a file: bytes are lost, put in, written over or doubled, and so are lines.
fn damage(mut text: Vec<u8>, kind: u8, at: usize, length: usize, noise: &[u8]) -> Vec<u8> {
    let start = at % (text.len() + 1);
    let end = (start + length).min(text.len());
    let line_start = text[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line_end =
        text[start..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| start + at + 1);
    let (range, put) = match kind {
        0 => (start..end, Vec::new()),
        1 => (start..start, noise.to_vec()),
        2 => (start..end, noise.to_vec()),
        3 => (start..start, text[start..end].to_vec()),
        4 => (line_start..line_end, Vec::new()),
        _ => (line_start..line_start, text[line_start..line_end].to_vec()),
    };
    text.splice(range, put);
    text
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "proptest-regressions/damaged_scenarios.txt",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_panics(text in "\\PC*") {
        assert_sound(&text);
    }

    #[test]
    fn no_toml_like_text_panics(
        text in "([\\[\\]{}=\"'#.,\n\r\t \\\\]|limit|limiters|clients|schedule|order|expect|naive|\u{e9}|\u{4e8c}|\\PC)*"
    ) {
        assert_sound(&text);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_sound(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_damaged_file_panics(
        damages in prop::collection::vec(
            (0..6u8, any::<usize>(), 0..12usize, "[\\[\\]{}=\"'#.,\n\r\\\\ A-C0-9\u{e9}\u{4e8c}]{1,3}|\\PC"),
            1..6,
        )
    ) {
        let mut text = LAST_SLOT.as_bytes().to_vec();
        for (kind, at, length, noise) in &damages {
            text = damage(text, *kind, *at, *length, noise.as_bytes());
        }
        assert_sound(&String::from_utf8_lossy(&text));
    }
}
