//! The nightly job: one verdict, and what it leaves behind.

use std::path::Path;

use gatecrash::campaign::nightly::SCHEMA;
use gatecrash::redis::PrivateServer;
use serde_json::Value;
use tempfile::TempDir;

use crate::running::Running;
use crate::support::{Ran, arg, document, folder, gatecrash, valid};

const SCENARIO: &str = r#"
title = "Two workers"
why = "a test"
limit = 1
limiters = ["naive", "atomic"]
workers = { count = 2, program = ["acquire", "release"] }
[explore]
expect = { naive = "violation", atomic = "clean" }
"#;

/// A limiter that was broken on purpose would look like this: it should keep its limit and does not.
fn broken() -> String {
    SCENARIO.replace("naive = \"violation\"", "naive = \"clean\"")
}

fn night(scenario: &str) -> TempDir {
    folder(&[("scenarios/two-workers.toml", scenario)])
}

fn command(place: &TempDir, artifacts: &str, more: &[&str]) -> std::process::Command {
    let path = |name: &str| arg(place.path().join(name));
    let (scenarios, regressions, artifacts) =
        (path("scenarios"), path("scenarios/regressions"), path(artifacts));
    let fixed = ["nightly", &scenarios, "--regressions", &regressions, "--artifacts", &artifacts];
    gatecrash(&[&fixed[..], &["--executions", "600", "--load", "300ms", "--seed", "7"], more].concat())
}

fn run(place: &TempDir, artifacts: &str, more: &[&str]) -> Ran {
    Ran::of(&mut command(place, artifacts, more))
}

fn read(place: &TempDir, name: &str) -> String {
    std::fs::read_to_string(place.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn outcome(stages: &Value, name: &str) -> String {
    let stages = stages["stages"].as_array().unwrap();
    let stage = stages.iter().find(|stage| stage["stage"] == name);
    stage.unwrap_or_else(|| panic!("{name} is not in {stages:?}"))["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_seed_gives_the_same_bytes_outside_load() {
    let place = night(SCENARIO);
    for artifacts in ["one", "two"] {
        let ran = run(&place, artifacts, &["--stable"]).exits(0);
        assert!(ran.stderr.contains("seed: 7"), "{}", ran.stderr);
        for name in ["explored.json", "load.json", "cost.json", "sampled.json"] {
            document(&read(&place, &format!("{artifacts}/{name}")));
        }
    }
    for name in ["explored.json", "sampled.json", "junit.xml"] {
        assert_eq!(read(&place, &format!("one/{name}")), read(&place, &format!("two/{name}")), "{name}");
    }
    let stages = valid(&read(&place, "one/nightly.json"), SCHEMA);
    for name in ["canary", "regressions", "exhaustive", "sampling", "repetition", "load", "cost"] {
        assert_eq!(outcome(&stages, name), "ok", "{name}");
    }
    assert_eq!((&stages["verdict"], &stages["seed"]), (&"ok".into(), &7.into()));
    assert!(!Path::new(&place.path().join("scenarios/regressions")).exists(), "there is nothing to be saved");
}

#[test]
fn a_violation_is_red_and_becomes_a_scenario_that_guards() {
    let place = night(&broken());
    let ran = run(&place, "first", &[]).exits(1);
    let stages = valid(&read(&place, "first/nightly.json"), SCHEMA);
    assert_eq!((outcome(&stages, "exhaustive"), outcome(&stages, "canary")), ("failed".into(), "ok".into()));
    let names: Vec<&str> =
        stages["regressions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    // One finding, however many searches meet it.
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(ran.stdout.contains(names[0]) && ran.stdout.contains("A B B A"), "{}", ran.stdout);
    let summary = read(&place, "first/summary.md");
    assert!(summary.starts_with("# gatecrash nightly: failed\n") && summary.contains(names[0]), "{summary}");
    let saved = read(&place, &format!("scenarios/regressions/{}", names[0]));
    assert_eq!(saved, read(&place, &format!("first/regressions/{}", names[0])));
    assert!(saved.contains("seed 7"), "{saved}");

    // The next night replays it first. It is known, so it is not saved again.
    run(&place, "second", &[]).exits(1);
    let stages = valid(&read(&place, "second/nightly.json"), SCHEMA);
    assert_eq!(outcome(&stages, "regressions"), "failed");
    let files = std::fs::read_dir(place.path().join("scenarios/regressions")).unwrap().count();
    assert_eq!(files, names.len());
}

#[test]
fn a_server_that_dies_is_an_infrastructure_failure() {
    let place = night(SCENARIO);
    let server = PrivateServer::start().unwrap();
    let url = server.url();
    let mut command = command(&place, "night", &["--redis", &url]);
    let mut running = Running::start(&mut command);
    let stderr = running.wait_for_the_server();
    drop(server);
    running.end(stderr).exits(69);
    let stages = valid(&read(&place, "night/nightly.json"), SCHEMA);
    assert_eq!(
        (outcome(&stages, "load"), outcome(&stages, "canary")),
        ("infrastructure".into(), "ok".into())
    );
    assert_eq!(stages["verdict"], "infrastructure failure");
}

#[test]
fn without_a_server_a_night_is_an_infrastructure_failure() {
    let place = night(SCENARIO);
    let ran = Ran::of(command(&place, "night", &[]).env("PATH", place.path())).exits(69);
    assert!(ran.stdout.contains("INFRASTRUCTURE"), "{}", ran.stdout);
}

#[test]
fn the_cost_is_compared_with_a_base() {
    let place = night(SCENARIO);
    // Too short for a verdict: too few blocks. No data is no pass.
    run(&place, "base", &[]).exits(0);
    let base = arg(place.path().join("base/baseline.json"));
    run(&place, "night", &["--base", &base]).exits(2);
    let stages = valid(&read(&place, "night/nightly.json"), SCHEMA);
    assert_eq!(outcome(&stages, "compare"), "undecided");
    run(&place, "night", &["--base", "no-such-file"]).exits(65).complains(&["no-such-file"]);
    run(&place, "night", &["--json", "-"]).exits(64).complains(&["--artifacts"]);
}

#[test]
fn artifacts_that_cannot_be_written_are_told_before_anything_runs() {
    let place = night(SCENARIO);
    std::fs::write(place.path().join("file"), "").unwrap();
    let ran = run(&place, "file/night", &[]).exits(70).complains(&["file/night cannot be written"]);
    assert!(!ran.stderr.contains("seed:"), "{}", ran.stderr);
}
