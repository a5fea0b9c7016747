//! `gatecrash explore`: counts, bounds.

use serde_json::{Value, json};

use crate::support::{LAST_SLOT, Ran, arg, folder, of, ran, results};

fn explore(more: &[&str]) -> Ran {
    ran(&[&["explore", LAST_SLOT, "--json", "-"], more].concat())
}

fn only(document: &Value) -> &Value {
    let [result] = results(document).as_slice() else { panic!("one result is expected: {document}") };
    result
}

#[test]
fn three_clients_have_804_interleavings_on_the_model_and_on_redis() {
    for store in ["model", "redis"] {
        let ran = explore(&["--clients", "3", "--limiter", "naive", "--on", store]).exits(1);
        let document = ran.json();
        let result = only(&document);
        assert_eq!(result["interleavings"], "804");
        assert_eq!(result["violating"], "672");
        assert_eq!(result["peaks"], json!({"1": "132", "2": "456", "3": "216"}));
        assert_eq!(result["executions"], 804);
        assert_eq!(result["exhaustive"], true);
        assert_eq!(result["over_admission"]["max"], 2);
        assert_eq!(result["counterexample"]["confirmed_on"], json!([store]));
        // Another size than the file's: its expectation says nothing of it.
        assert_eq!(result.get("expected"), None);
        assert_eq!(result["ok"], false);
    }
}

#[test]
fn the_counterexample_can_be_replayed() {
    let document = explore(&["--clients", "3", "--limiter", "naive"]).json();
    let counterexample = &only(&document)["counterexample"];
    assert_eq!(counterexample["order"], "A B B A");
    assert_eq!(counterexample["critical_pair"], json!([0, 2]));
    let command = counterexample["reproduce"].as_str().unwrap();
    let text = "gatecrash replay scenarios/last-slot.toml --limiter naive --clients 3 --order \"A B B A\"";
    assert_eq!(command, text);
}

#[test]
fn the_file_has_the_expectation_and_the_command_line_the_last_word() {
    let document = explore(&[]).exits(0).json();
    assert!(results(&document).iter().all(|result| result["ok"] == true));
    explore(&["--expect", "violation"]).exits(1);
    explore(&["--expect", "atomic=violation"]).exits(1);
    explore(&["--expect", "clean", "--limiter", "naive"]).exits(1);
    explore(&["--clients", "3", "--expect", "naive=violation"]).exits(0);
}

#[test]
fn both_stores_confirm_one_another() {
    let document = explore(&["--on", "all", "--limiter", "naive"]).exits(0).json();
    let stores: Vec<_> = results(&document).iter().map(|result| &result["store"]).collect();
    assert_eq!(stores, ["model", "redis", "loom"]);
    for result in &results(&document)[..2] {
        assert_eq!(result["counterexample"]["confirmed_on"], json!(["model", "redis"]));
    }
}

#[test]
fn a_bound_leaves_clean_undecided() {
    for store in ["model", "redis", "loom"] {
        let ran = explore(&["--limiter", "atomic", "--max-executions", "1", "--on", store]).exits(2);
        let document = ran.json();
        let result = only(&document);
        assert_eq!(result["verdict"], "undecided");
        assert_eq!(result["exhaustive"], false);
        assert_eq!(result["executions"], 1);
        assert_eq!(result["violating_executions"], 0);
        assert_eq!(result["coverage"]["stopped_by"], "max_executions");
        for absent in ["interleavings", "violating", "peaks", "ok", "counterexample"] {
            assert_eq!(result.get(absent), None, "{absent}");
        }
        assert_eq!(document["verdict"], "undecided");
    }
}

/// There are 4 interleavings of two atomic clients: a bound of 4 does not stop anything, one of 3 does.
#[test]
fn a_bound_that_is_not_reached_is_none() {
    for store in ["model", "redis"] {
        let bounded = |max| explore(&["--limiter", "atomic", "--on", store, "--max-executions", max]);
        assert_eq!(only(&bounded("4").exits(0).json())["interleavings"], "4");
        assert_eq!(only(&bounded("3").exits(2).json())["executions"], 3);
    }
}

#[test]
fn a_violation_found_before_the_bound_stays() {
    for (store, max) in [("model", "15"), ("redis", "15"), ("loom", "26")] {
        let ran = explore(&["--limiter", "naive", "--max-executions", max, "--on", store]).exits(0);
        let document = ran.json();
        let result = only(&document);
        assert_eq!(result["verdict"], "violation");
        assert_eq!(result["ok"], true);
        assert_eq!(result["exhaustive"], false);
        assert_eq!(result["coverage"]["stopped_by"], "max_executions");
        assert_eq!(result.get("interleavings"), None);
        assert!(result["violating_executions"].as_u64() > Some(0));
        assert_eq!(result["counterexample"]["order"].as_str().map(str::len), Some("A B B A".len()));
    }
}

#[test]
fn a_timeout_leaves_a_big_exploration_undecided() {
    for store in ["model", "redis"] {
        let big = ["--clients", "8", "--limiter", "atomic", "--timeout", "1ms", "--on", store];
        let document = explore(&big).exits(2).json();
        assert_eq!(only(&document)["verdict"], "undecided");
        assert_eq!(only(&document)["coverage"]["stopped_by"], "timeout");
    }
}

#[test]
fn a_timeout_leaves_loom_undecided_also_while_it_is_sized_up() {
    let document = explore(&["--limiter", "atomic", "--timeout", "1us", "--on", "loom"]).exits(2).json();
    assert_eq!(only(&document)["store"], "loom");
    assert_eq!(only(&document)["coverage"]["stopped_by"], "timeout");
}

#[test]
fn what_does_not_fit_loom_is_not_run() {
    let document = explore(&["--limiter", "atomic", "--clients", "5", "--on", "loom"]).exits(2).json();
    assert!(results(&document).is_empty());
    assert_eq!(document["not_run"][0]["store"], "loom");
    assert_eq!(document["not_run"][0]["limiter"], "atomic");
}

#[test]
fn workers_of_another_number_are_named_as_workers_are() {
    let file = r#"
title = "t"
why = "w"
limit = 1
limiters = ["naive"]
[clients]
first = ["acquire"]
second = ["acquire"]
"#;
    let folder = folder(&[("named.toml", file)]);
    let file = arg(folder.path().join("named.toml"));
    let order = |more: &[&str]| {
        let document = ran(&[&["explore", &file, "--json", "-"], more].concat()).exits(1).json();
        of(&document, "naive")[0]["counterexample"]["order"].as_str().unwrap().to_owned()
    };
    assert_eq!(order(&[]), "first second second first");
    assert_eq!(order(&["--clients", "2"]), "A B B A");
}
