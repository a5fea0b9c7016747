//! `gatecrash doctor --ci`, `--matrix` and `--mappings`.

use serde_json::Value;

use crate::support::{Ran, arg, folder, gatecrash, ran};

const BEFORE: &str = "harness/tests/doctor/pin-045/before/.github/workflows/ci.yml";
const AFTER: &str = "harness/tests/doctor/pin-045/after/.github/workflows/ci.yml";

/// A document of the doctor's, which is one according to its schema.
#[track_caller]
fn document(text: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in: {text}"));
    let schema: Value = serde_json::from_str(gatecrash::doctor::SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<_> = validator.iter_errors(&document).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?} in: {text}");
    document
}

#[test]
fn an_error_fails_and_is_told_with_its_place_and_its_fix() {
    let ran = ran(&["doctor", "--ci", BEFORE]).exits(1);
    assert!(ran.stdout.contains(&format!("{BEFORE}:")), "{}", ran.stdout);
    for part in [
        "error: ",
        "warning: ",
        "note: ",
        "fix: ",
        "UPSTASH_REDIS_URL",
        "failed: 2 errors, 1 warning, 2 notes",
    ] {
        assert!(ran.stdout.contains(part), "{part} is not in {}", ran.stdout);
    }
    assert!(ran.stdout.is_ascii() && ran.stdout.lines().all(|line| line.len() <= 80), "{}", ran.stdout);
}

#[test]
fn a_healthy_workflow_passes() {
    let ran =
        ran(&["doctor", "--ci", AFTER, "--mappings", "harness/tests/doctor/pin-045/after/tools/wiremock"]);
    assert_eq!(ran.exits(0).stdout, "ok: no findings\n");
}

#[test]
fn quiet_shows_errors_only() {
    let ran = ran(&["doctor", "-q", "--ci", BEFORE]).exits(1);
    assert!(ran.stdout.contains("error: ") && !ran.stdout.contains("warning: "), "{}", ran.stdout);
}

#[test]
fn json_and_sarif_say_the_same() {
    let place = folder(&[]);
    let sarif = arg(place.path().join("doctor.sarif"));
    let ran = ran(&["doctor", "--ci", BEFORE, "--matrix", "--json", "-", "--sarif", &sarif]).exits(1);
    let json = document(&ran.stdout);
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(json["matrix"].as_array().unwrap().len(), 4);
    let sarif: Value = serde_json::from_str(&std::fs::read_to_string(sarif).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), findings.len());
    for (result, finding) in results.iter().zip(findings) {
        let place = &result["locations"][0]["physicalLocation"];
        let told = [
            &result["ruleId"],
            &result["level"],
            &place["artifactLocation"]["uri"],
            &place["region"]["startLine"],
        ];
        assert_eq!(told, [&finding["rule"], &finding["level"], &finding["file"], &finding["line"]]);
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][rule];
        assert_eq!(rule["id"], finding["rule"]);
        for text in ["shortDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty()), "{text} of {rule}");
        }
    }
}

#[test]
fn the_matrix_is_a_table_of_what_github_would_run() {
    let file = std::fs::read_to_string(format!("{}/../{BEFORE}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let place = folder(&[(".github/workflows/ci.yml", &file)]);
    let run = |arguments: &[&str]| Ran::of(gatecrash(arguments).current_dir(place.path()));
    let ran = run(&["doctor", "--matrix"]).exits(0);
    for part in [
        "services x jobs: .github/workflows/ci.yml",
        "integration",
        "secret UPSTASH_REDIS_URL",
        "remote",
        "container",
    ] {
        assert!(ran.stdout.contains(part), "{part} is not in {}", ran.stdout);
    }
    assert!(ran.stdout.lines().all(|line| line.len() <= 80), "{}", ran.stdout);
    run(&["doctor", "--ci"]).exits(1);
}

#[test]
fn stub_mappings_are_looked_at() {
    let place = folder(&[("mappings/a.json", "{")]);
    let ran = ran(&["doctor", "--mappings", &arg(place.path())]).exits(1);
    assert!(ran.stdout.contains("a.json:1: error: it is not JSON"), "{}", ran.stdout.replace('\n', " "));
}

#[test]
fn a_file_that_holds_no_workflow_is_told() {
    let place = folder(&[("action.yml", "runs: {using: composite, steps: []}"), ("empty.yml", "")]);
    let ran = ran(&["doctor", "--ci", &arg(place.path())]).exits(0);
    assert!(ran.stdout.ends_with("ok: 2 warnings\n"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_read_is_bad_input_all_of_it() {
    let place =
        folder(&[("tab.yml", "a:\n\t- b\n"), ("bomb.yml", &"[".repeat(1000)), ("good.yml", "jobs: {}")]);
    std::fs::write(place.path().join("latin.yml"), b"a: \xe9").unwrap();
    std::fs::write(place.path().join("huge.yml"), " ".repeat(2 << 20)).unwrap();
    let all = &["doctor", "--ci", &arg(place.path()), "no/such.yml"];
    ran(all).exits(65).complains(&["tab.yml:2:", "bomb.yml:1:", "latin.yml", "huge.yml", "no/such.yml"]);
    let empty = folder(&[]);
    ran(&["doctor", "--matrix", &arg(empty.path())]).exits(65).complains(&["no .yml"]);
}

#[test]
fn options_without_effect_are_refused() {
    ran(&["doctor", "--ci", AFTER, "--on", "redis"]).exits(64).complains(&["--on"]);
    ran(&["doctor", "--ci", AFTER, "--expect", "clean"]).exits(64).complains(&["--expect"]);
    ran(&["doctor", "--ci", AFTER, "--sarif", "no/such/folder/x"]).exits(64).complains(&["--sarif"]);
}
