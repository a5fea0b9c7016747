//! Files: both forms, and what is wrong with others.

use std::io::Write as _;
use std::path::Path;

use gatecrash::load::compare::baseline::SCHEMA;
use gatecrash::load::compare::read::{BaselineError, NoLoads, read};
use gatecrash::load::compare::{Baseline, ComparisonOptions, compare};
use gatecrash::report::json::{self, ReadError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::baseline;
use crate::loads::{atomic, naive, report};

fn read_text(text: impl AsRef<[u8]>) -> Result<Baseline, BaselineError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_ref()).unwrap();
    read(file.path())
}

fn report_text() -> String {
    json::render(&report(vec![atomic(1.0), naive()])).unwrap()
}

fn problem(text: impl AsRef<[u8]>) -> (Option<(usize, usize)>, String) {
    match read_text(text) {
        Err(BaselineError::Invalid {
            error: NoLoads::Json(ReadError::Form { line, column, what }), ..
        }) => (Some((line, column)), what),
        Err(BaselineError::Invalid { error, .. }) => (None, error.to_string()),
        other => panic!("{other:?}"),
    }
}

/// The document with one place changed.
fn changed(text: &str, place: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(text).unwrap();
    *document.pointer_mut(place).unwrap() = value;
    document.to_string()
}

#[test]
fn a_report_and_its_baseline_are_read_as_the_same() {
    let made = baseline(vec![atomic(1.0), naive()]);
    assert_eq!(read_text(report_text()).unwrap(), made);
    assert_eq!(read_text(made.render().unwrap()).unwrap(), made);
}

#[test]
fn a_baseline_satisfies_its_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let text = baseline(vec![atomic(1.0), naive()]).render().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let problems: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(problems, [""; 0]);
    for (place, value) in [
        ("/schema_version", json!(2)),
        ("/limiters/0/ratios/throughput/0", json!(-1)),
        ("/limiters/0/judgement/verdict", json!("pass")),
        ("/limiters/0/clients", json!("50")),
    ] {
        let broken: Value = serde_json::from_str(&changed(&text, place, value)).unwrap();
        assert!(!validator.is_valid(&broken), "{place}");
    }
}

#[test]
fn a_file_that_cannot_be_had_says_so() {
    let missing = read(Path::new("no-such-file.json")).unwrap_err();
    assert_eq!(missing.to_string(), "no-such-file.json: no such file");
    let folder = read(Path::new(".")).unwrap_err();
    assert!(matches!(folder, BaselineError::Unreadable { .. }), "{folder}");
}

#[test]
fn what_is_no_load_is_refused_with_its_place() {
    assert_eq!(problem("").0, Some((1, 0)));
    assert_eq!(problem("{\n  \"results\": [,]\n}").0, Some((2, 15)));
    assert!(problem([0xff, 0xfe]).1.starts_with("expected value"));
    assert!(problem("[]").1.contains("expected"), "{}", problem("[]").1);
    assert!(problem("{}").1.starts_with("neither a report"));
    assert_eq!(problem(r#"{"limiters": []}"#).1, "a baseline without a `schema_version`: expected 1");

    let report = report_text();
    let other = problem(changed(&report, "/schema_version", json!(2))).1;
    assert_eq!(other, "a report of `schema_version` 2, but this gatecrash reads 1");
    let damaged = problem(changed(&report, "/results/1/clients", json!("many"))).1;
    assert_eq!(damaged, "the load of `naive`: invalid type: string \"many\", expected u32");
    let renamed = problem(changed(&report, "/results/1/limiter", json!("atomic"))).1;
    assert_eq!(renamed, "there are two loads of `atomic`: which one is meant cannot be told");
    let mut explored: Value = serde_json::from_str(&report).unwrap();
    for result in explored["results"].as_array_mut().unwrap() {
        result["engine"] = json!("any-number");
        result["nodes"] = json!(3);
    }
    assert!(problem(explored.to_string()).1.starts_with("a report without a load"));
}

#[test]
fn a_baseline_that_cannot_be_true_is_refused() {
    let text = baseline(vec![atomic(1.0)]).render().unwrap();
    let ratio = "/limiters/0/ratios/throughput/2";
    for value in [json!(0.0), json!(-1.0), json!(1e300)] {
        let why = problem(changed(&text, ratio, value)).1;
        assert_eq!(why, "`atomic`: the ratio of `throughput` in block 2 is no ratio to a floor");
    }
    let many = json!(vec![1.0; 10_001]);
    assert!(problem(changed(&text, "/limiters/0/ratios/throughput", many)).1.contains("10001 blocks"));
    let (at, why) = problem(text.replace("acquire_p50", "acquire_p51"));
    assert!(at.is_some() && why.starts_with("unknown variant `acquire_p51`"), "{why}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damaged_file_panics(
        of_report in any::<bool>(),
        damages in prop::collection::vec((any::<usize>(), 0..20usize, "[0-9eE+.,:\"{}\\[\\]a-z-]{0,6}|null|\\PC"), 1..4),
    ) {
        let sound = baseline(vec![atomic(1.0)]);
        let text = if of_report { report_text() } else { sound.render().unwrap() };
        let mut text = text.into_bytes();
        for (at, length, put) in damages {
            let start = at % (text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, put.bytes());
        }
        match read_text(&text) {
            Err(error) => prop_assert!(!error.to_string().is_empty()),
            Ok(read) => {
                let options = ComparisonOptions::default();
                let comparison = compare(("base", &sound), ("new", &read), options);
                let rendered = gatecrash::load::compare::json::render(&comparison).unwrap();
                prop_assert_eq!(crate::forms::problems(&rendered), Vec::<String>::new());
            }
        }
    }
}
