//! `doctor --mappings`.

use std::path::Path;

use gatecrash::doctor::Severity::{Error, Warning};
use gatecrash::doctor::{Finding, mappings};

use crate::{fixture, told};

const GOOD: &str = r#"{"request": {"method": "GET", "urlPath": "/a"}, "response": {"status": 200}}"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn check(files: &[(&str, &str)]) -> Vec<Finding> {
    mappings::check(folder(files).path()).unwrap()
}

#[test]
fn a_healthy_folder_has_no_findings() {
    assert_eq!(mappings::check(&fixture("pin-045/after/tools/wiremock")).unwrap(), []);
    assert_eq!(mappings::check(&fixture("pin-045/after/tools/wiremock/mappings")).unwrap(), []);
    let list = format!("{{\"mappings\": [{GOOD}]}}");
    assert_eq!(
        check(&[("mappings/deep/a.json", &list), ("mappings/notes.txt", "x"), ("__files/b.txt", "x")]),
        []
    );
    // Turns of a scenario, and priorities, are no doubles.
    let turn = GOOD.replacen('{', "{\"scenarioName\": \"s\", ", 1);
    assert_eq!(check(&[("a.json", &turn), ("b.json", &turn)]), []);
    let first = GOOD.replacen('{', "{\"priority\": 1, ", 1);
    assert_eq!(check(&[("a.json", GOOD), ("b.json", &first)]), []);
}

#[test]
fn a_folder_without_mappings_is_an_error() {
    for findings in
        [mappings::check(Path::new("no/such/folder")).unwrap(), check(&[]), check(&[("mappings/a.txt", "")])]
    {
        assert_eq!(told(&findings), [("mappings-missing", Error, 0)]);
    }
}

#[test]
fn what_a_mapping_lacks_is_told_with_its_line() {
    assert_eq!(told(&check(&[("a.json", "{\n\"request\": {},\n}")])), [("mapping", Error, 3)]);
    assert_eq!(told(&check(&[("a.json", "[]")])), [("mapping", Error, 0)]);
    assert_eq!(told(&check(&[("a.json", "{\"request\": {\"url\": \"/\"}}")])), [("mapping", Error, 0)]);
    assert_eq!(told(&check(&[("a.json", "{\"response\": {}}")])), [("mapping", Warning, 0)]);
    assert_eq!(told(&check(&[("a.json", "{\n\"request\": 1, \"response\": {}}")])), [("mapping", Error, 2)]);
    assert_eq!(told(&check(&[("a.json", "{\"mappings\": []}")])), [("mapping", Warning, 0)]);
    let body = "{\"request\": {\"url\": \"/\"},\n\"response\": {\"bodyFileName\": \"gone.json\"}}";
    let findings = check(&[("mappings/a.json", body), ("__files/here.json", "{}")]);
    assert_eq!(told(&findings), [("mapping", Error, 2)]);
    assert!(findings[0].message.contains("gone.json"));
}

#[test]
fn two_mappings_for_one_request_are_told() {
    let findings = check(&[("a.json", GOOD), ("b.json", GOOD)]);
    assert_eq!(told(&findings), [("mapping", Warning, 1)]);
    assert!(findings[0].message.contains("a.json"), "{}", findings[0].message);
}

#[test]
fn the_line_is_that_of_the_key_and_not_of_a_text_that_looks_alike() {
    let list = r#"{"mappings": [
{"name": "response", "request": {"headers": {"request": 1}}, "response": {}},
{"name": "request", "metadata": {"response": 1, "request": 2},
 "request": [],
 "response": 1},
{"request": {"url": "gone.json"},
 "response": {"body": "gone.json",
  "bodyFileName": "gone.json"}}
]}"#;
    assert_eq!(
        told(&check(&[("mappings/a.json", list)])),
        [("mapping", Error, 4), ("mapping", Error, 5), ("mapping", Error, 8)]
    );
    // Of a key that comes twice the last counts, as for the server.
    let twice = "{\"request\": {\"url\": \"/\"},\n\"response\": {},\n\"response\": 1}";
    assert_eq!(told(&check(&[("a.json", twice)])), [("mapping", Error, 3)]);
    assert_eq!(
        told(&check(&[("a.json", "{\"a\": \"mappings\",\n\"mappings\": 1}")])),
        [("mapping", Error, 2)]
    );
}
