//! The JSON document: its text, and that the schema takes it and refuses what is broken.

use std::time::Duration;

use expect_test::expect;
use gatecrash::base::share::Share;
use gatecrash::report::shard::{Item, Part, Shard};
use gatecrash::report::{
    Coverage, Engine, Entry, Evidence, Judgement, NotRun, Report, SCHEMA, StoreKind, json,
};
use gatecrash::world::control::Bound;
use gatecrash::world::scenario::Expected;
use serde_json::{Value, json};

use crate::fixtures::{atomic_explored, full, loom, naive_explored, report, stopped};

fn document(report: &Report) -> Value {
    serde_json::from_str(&json::render(report).unwrap()).unwrap()
}

fn problems(document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn a_result_is_written_in_the_order_of_the_contract() {
    let report = report(vec![naive_explored(StoreKind::Model, Some(Expected::Violation))]).stable();
    expect![[r#"
        {
          "schema_version": 1,
          "tool": {
            "name": "gatecrash",
            "version": "0.1.0"
          },
          "seed": 7,
          "results": [
            {
              "scenario": "last-slot",
              "limiter": "naive",
              "store": "model",
              "engine": "enumerate",
              "interleavings": "16",
              "violating": "8",
              "peaks": {
                "1": "8",
                "2": "8"
              },
              "executions": 16,
              "exhaustive": true,
              "over_admission": {
                "max": 1
              },
              "verdict": "violation",
              "expected": "violation",
              "ok": true,
              "counterexample": {
                "order": "A B A B",
                "critical_pair": [
                  1,
                  2
                ],
                "explanation": "B counts the slots before A has taken one, so both find it free.",
                "confirmed_on": [
                  "model",
                  "redis"
                ],
                "reproduce": "gatecrash replay scenarios/last-slot.toml --limiter naive --order \"A B A B\""
              }
            }
          ],
          "not_run": [],
          "verdict": "ok"
        }
    "#]]
    .assert_eq(&json::render(&report).unwrap());
}

#[test]
fn every_shape_satisfies_the_schema() {
    let mismatch = Entry {
        evidence: Evidence::Void(Engine::Enumerate),
        judgement: Judgement::mismatch(Some(Expected::Violation)),
        coverage: Some(Coverage {
            stopped_by: gatecrash::report::StoppedBy::Mismatch,
            covered: "A B: ...".into(),
        }),
        counterexample: None,
        ..naive_explored(StoreKind::Redis, None)
    };
    let mut interrupted = report(vec![stopped(), loom(), atomic_explored(None)]);
    interrupted.interrupted = true;
    interrupted.not_run.push(NotRun::no_server("last-slot", None, "no redis-server in PATH"));
    let reports = [report(Vec::new()), full(), full().stable(), report(vec![mismatch]), interrupted];
    for report in reports {
        assert_eq!(problems(&document(&report)), [""; 0], "{}", json::render(&report).unwrap());
    }
}

#[test]
fn the_schema_refuses_what_breaks_the_contract() {
    let breakages: [(&str, Value); 12] = [
        ("/schema_version", json!(2)),
        ("/verdict", json!("pass")),
        ("/interrupted", json!(false)),
        ("/unknown", json!(1)),
        ("/redis/address", json!("redis://localhost")),
        ("/results/0/interleavings", json!(16)),
        ("/results/0/violating", json!("-1")),
        ("/results/0/peaks/2", json!("0")),
        ("/results/0/exhaustive", json!(false)),
        ("/results/0/outcomes", json!(3)),
        ("/results/0/verdict", json!("undecided")),
        ("/results/0/counterexample/critical_pair", json!([1])),
    ];
    let sound = document(&full());
    assert_eq!(problems(&sound), [""; 0]);
    for (place, value) in breakages {
        let mut broken = sound.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        broken.pointer_mut(parent).unwrap()[key] = value;
        assert!(!problems(&broken).is_empty(), "{place} passed");
    }
}

#[test]
fn the_report_of_a_shard_satisfies_the_schema_and_is_read_back() {
    let item = Item { item: 3, results: vec![0], not_run: vec![0], clients: Some(2), part: None };
    let part = Part {
        scenario: "last-slot".into(),
        limiter: "naive".into(),
        store: StoreKind::Model,
        engine: Engine::Sample,
        strategy: Some("pos".into()),
        executions: 8,
        violating_executions: 3,
        peaks: [(1, 5), (2, 3)].into(),
        order: Some("A B A B".into()),
        confirmed: true,
        first: Some(17),
        exact_share: Some(0.1 + 0.2),
        stopped: Some(Bound::Timeout(Duration::from_secs(1))),
        expected: Some(Expected::Violation),
        elapsed_ns: Some(5),
    };
    let items = vec![item, Item { item: 4, part: Some(part), ..Item::default() }];
    let mut report = report(vec![atomic_explored(None)]);
    report.not_run.push(NotRun::no_server("last-slot", None, "no redis-server in PATH"));
    let share = Share::new(2, 7).unwrap();
    report.shard = Some(Shard { items, ..Shard::new(share, "0".repeat(40), json!({"seed": 7})) });
    let sound = document(&report);
    assert_eq!(problems(&sound), [""; 0]);
    let read = json::parse(json::render(&report).unwrap()).unwrap();
    assert_eq!((&read.shard, &read.not_run), (&report.shard, &report.not_run));
    for (place, value) in [
        ("/shard/index", json!(0)),
        ("/shard/of", json!("7")),
        ("/shard/campaign", json!("x")),
        ("/shard/items/0/results", json!([-1])),
        ("/shard/items/1/part/peaks/2", json!(0)),
        ("/shard/items/1/part/engine", json!("census")),
        ("/not_run/0/no_server", json!(false)),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(place).unwrap() = value;
        assert!(!problems(&broken).is_empty(), "{place} passed");
    }
    assert!(document(&report.stable()).pointer("/shard/items/1/part/elapsed_ns").is_none());
}

#[test]
fn results_can_be_read_back() {
    let report = full();
    for (value, entry) in document(&report)["results"].as_array().unwrap().iter().zip(&report.results) {
        let read: Entry = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(read, Entry { trace: None, rerun: None, ..entry.clone() });
    }
}

#[test]
fn a_stable_document_has_nothing_of_the_single_run() {
    let text = json::render(&full().stable()).unwrap();
    for word in ["elapsed_ns", "latency_ns", "run_id", "sock"] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(text, json::render(&full().stable()).unwrap());
}
