//! `gatecrash run` and `gatecrash demo`: the main job, end to end.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{LAST_SLOT, Ran, folder, gatecrash, of, ran, results};

fn searches<'a>(document: &'a Value, scenario: &str) -> Vec<&'a Value> {
    results(document)
        .iter()
        .filter(|result| result["scenario"] == scenario && result["engine"] != "schedule")
        .collect()
}

/// All shipped scenarios, everywhere: takes longer than everything else here, for loom's sake.
#[test]
fn the_shipped_scenarios_are_as_expected_on_every_store() {
    let ran = ran(&["run", "scenarios", "--json", "-"]).exits(0);
    let document = ran.json();
    assert_eq!(document["verdict"], "ok");
    assert_eq!(document["redis"]["source"], "private");
    assert!(results(&document).iter().all(|result| result["ok"] == true));

    let scenarios: BTreeSet<&str> =
        results(&document).iter().map(|result| result["scenario"].as_str().unwrap()).collect();
    assert!(scenarios.len() >= 5, "{scenarios:?}");
    for scenario in scenarios {
        for result in searches(&document, scenario) {
            let verdict = if result["limiter"] == "naive" { "violation" } else { "clean" };
            assert_eq!(result["verdict"], verdict, "{result}");
            assert_eq!(result["exhaustive"], true, "{result}");
        }
        for limiter in ["naive", "atomic"] {
            let one = |store: &str| {
                let found = searches(&document, scenario);
                found.into_iter().find(|result| result["store"] == store && result["limiter"] == limiter)
            };
            let (model, redis) = (one("model").unwrap(), one("redis").unwrap());
            assert_eq!((&model["engine"], &redis["engine"]), (&json!("census"), &json!("certify")));
            assert_eq!(model["over_admission"], redis["over_admission"], "{scenario}, {limiter}");
            assert_eq!(redis["mismatches"], 0, "{redis}");
            assert!(redis["pairs"].as_u64() > Some(0), "{redis}");
            assert!(one("loom").is_some(), "{scenario} has at most 4 clients");
        }
    }
}

/// Three ways to the same numbers, for every shipped scenario.
#[test]
fn census_and_enumeration_on_both_stores_agree() {
    for file in gatecrash::world::scenario::discover(&["scenarios".into()]).unwrap_or_default() {
        let file = file.to_str().unwrap();
        let search = |more: &[&str]| ran(&[&["explore", file, "--json", "-"], more].concat()).json();
        let census = search(&[]);
        let enumerated = search(&["--strategy", "enumerate", "--on", "all"]);
        for one in results(&census) {
            let all = of(&enumerated, one["limiter"].as_str().unwrap());
            let stores: Vec<_> = all.iter().map(|result| result["store"].as_str().unwrap()).collect();
            assert_eq!(stores, ["model", "redis"]);
            for other in all {
                for count in ["interleavings", "violating", "peaks", "over_admission", "verdict"] {
                    assert_eq!(one[count], other[count], "{file}: {count} of {other}");
                }
                let order = |result: &Value| result["counterexample"]["order"].clone();
                assert_eq!(order(one), order(other), "{file}");
            }
        }
    }
}

#[test]
fn the_last_slot_has_16_interleavings_and_8_over_admit() {
    let document = ran(&["run", LAST_SLOT, "--json", "-"]).exits(0).json();
    let found =
        |limiter| searches(&document, "last-slot").into_iter().filter(move |r| r["limiter"] == limiter);
    for result in found("naive").filter(|result| result["store"] != "loom") {
        assert_eq!(result["counterexample"]["confirmed_on"], json!(["model", "redis"]));
    }
    for result in found("naive").filter(|result| result["store"] == "model") {
        assert_eq!(result["interleavings"], "16");
        assert_eq!(result["violating"], "8");
        assert_eq!(result["peaks"], json!({"1": "8", "2": "8"}));
    }
    for result in found("atomic").filter(|result| result["store"] == "model") {
        assert_eq!(result["interleavings"], "4");
        assert_eq!(result["violating"], "0");
        assert_eq!(result["peaks"], json!({"1": "4"}));
    }
    let loom = found("naive").find(|result| result["store"] == "loom").unwrap();
    assert_eq!(loom.get("interleavings"), None);
    assert!(loom["violating_executions"].as_u64() > Some(0));
    assert!(loom["outcomes"].as_u64() > Some(1));
}

#[test]
fn stable_output_is_the_same_twice() {
    for form in [&[][..], &["--json", "-"]] {
        let run = || {
            ran(&[&["run", LAST_SLOT, "scenarios/release-frees-the-slot.toml", "--stable"], form].concat())
                .exits(0)
                .stdout
        };
        let first = run();
        assert!(first.contains("release-frees-the-slot"), "{first}");
        assert_eq!(first, run());
    }
}

#[test]
fn the_text_is_the_transcript_beside_the_scenario() {
    let ran = ran(&["run", LAST_SLOT, "--on", "model", "--stable"]).exits(0);
    let transcript = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/last-slot.out");
    assert_eq!(ran.stdout, std::fs::read_to_string(transcript).unwrap());
}

#[test]
fn listed_is_what_would_be_run() {
    let names = |more: &[&str]| -> Vec<String> {
        let ran = ran(&[&["run", "--list"], more].concat()).exits(0);
        ran.stdout.lines().map(|line| line.split_once(": ").unwrap().0.to_owned()).collect()
    };
    let all = names(&[]);
    assert!(all.len() >= 5 && all.is_sorted(), "{all:?}");
    assert!(all.contains(&"last-slot".to_owned()));
    assert_eq!(names(&["--filter", "last"]), ["last-slot"]);
    assert_eq!(names(&[LAST_SLOT]), ["last-slot"]);
    assert!(names(&["--filter", "no such"]).is_empty());
}

#[test]
fn a_filter_leaves_the_others_out() {
    let document = ran(&["run", "--filter", "last", "--on", "model", "--json", "-"]).exits(0).json();
    assert_eq!(results(&document).len(), 4);
    assert!(results(&document).iter().all(|result| result["scenario"] == "last-slot"));
}

#[test]
fn an_expectation_of_the_command_line_replaces_the_files() {
    let run = |expect| ran(&["run", LAST_SLOT, "--on", "model", "--json", "-", "--expect", expect]);
    let document = run("naive=clean").exits(1).json();
    assert!(of(&document, "naive").iter().all(|result| result["ok"] == false));
    assert!(of(&document, "atomic").iter().all(|result| result["ok"] == true));
    assert_eq!(document["verdict"], "failed");
}

#[test]
fn a_failing_run_ends_with_the_line_that_shows_it_again() {
    let ran = ran(&["run", LAST_SLOT, "--on", "model", "--expect", "clean", "--stable"]).exits(1);
    let last: Vec<&str> = ran.stdout.lines().rev().take(3).collect();
    assert!(last[0].starts_with("gatecrash replay scenarios/last-slot.toml --limiter naive"), "{last:?}");
    assert_eq!(last[1], "reproduce with:");
    assert!(last[2].starts_with("failed: 2 of 4 results not as expected"), "{last:?}");
}

/// What PATH holds has no server.
fn without_server(arguments: &[&str]) -> Ran {
    let nothing = folder(&[]);
    Ran::of(gatecrash(arguments).env("PATH", nothing.path()))
}

#[test]
fn without_a_server_the_rest_is_run_and_the_verdict_is_undecided() {
    let document = without_server(&["run", LAST_SLOT, "--json", "-"]).exits(2).json();
    let stores: BTreeSet<_> =
        results(&document).iter().map(|result| result["store"].as_str().unwrap()).collect();
    assert_eq!(stores, BTreeSet::from(["loom", "model"]));
    assert!(results(&document).iter().all(|result| result["ok"] == true));
    assert_eq!(document["not_run"][0]["store"], "redis");
    assert_eq!(document["verdict"], "undecided");
    assert_eq!(document.get("redis"), None);

    let text = without_server(&["run", LAST_SLOT]).exits(2).stdout;
    assert!(text.contains("not run on redis") && text.contains("PATH"), "{text}");
}

#[test]
fn without_a_server_that_was_asked_for_nothing_is_run() {
    for on in ["redis", "all"] {
        without_server(&["run", LAST_SLOT, "--on", on]).exits(69).complains(&["redis-server", "PATH"]);
    }
    without_server(&["run", LAST_SLOT, "--on", "model"]).exits(0);
}

#[test]
fn the_demo_shows_the_race_with_and_without_a_server() {
    let with = ran(&["demo"]).exits(0);
    for text in ["<- over the limit", "  redis  schedule  over-admits by 1", "8 of 16", "0 of 4"] {
        assert!(with.stdout.contains(text), "{text:?} is not in: {}", with.stdout);
    }
    let without = without_server(&["demo"]).exits(0);
    assert!(without.stdout.contains("<- over the limit") && !without.stdout.contains("  redis  "));
    assert!(without.stderr.contains("not shown on a real server"), "{}", without.stderr);
    without_server(&["demo", "--on", "redis"]).exits(69);
    assert_eq!(results(&ran(&["demo", "--json", "-", "--on", "model"]).exits(0).json()).len(), 4);
}
