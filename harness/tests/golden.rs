//! What users see, byte for byte: the transcript beside each scenario, and the examples in the README.
//!
//! `UPDATE_EXPECT=1 cargo test -p gatecrash --test golden` renews them, except in CI.

use std::path::{Path, PathBuf};

use expect_test::{ExpectFile, expect_file};
use gatecrash::campaign::{Campaign, Redis, Stores};
use gatecrash::doctor::workflow_files;
use gatecrash::explore::replay::Passing;
use gatecrash::report::{Report, text};
use gatecrash::world::scenario::{self, ClientSpec, Scenario};
use gatecrash::world::schedule::Schedule;
use gatecrash_limiter::algorithm;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Goldens are renewed by a person who reads the difference, never by CI.
fn refuse_to_renew_in_ci() {
    assert!(
        !(set("CI") && set("UPDATE_EXPECT")),
        "UPDATE_EXPECT is set in CI: goldens are not renewed there"
    );
}

fn on_the_model(work: impl FnOnce(&mut Campaign)) -> String {
    let mut campaign = Campaign::new(Stores { model: true, redis: Redis::Unwanted, loom: false });
    work(&mut campaign);
    let report: Report = campaign.report().stable();
    text::render(&report, &text::TextOptions::default())
}

#[test]
fn scenarios() {
    refuse_to_renew_in_ci();
    let files = scenario::discover(&[root().join("scenarios")]).expect("the scenarios are there");
    assert!(files.len() >= 5, "the shipped scenarios are found");
    for file in files {
        let scenario = scenario::load(&file).expect("a shipped scenario is valid");
        let transcript = on_the_model(|campaign| campaign.run(&scenario).expect("the model does not fail"));
        golden(&file.with_extension("out")).assert_eq(&transcript);
    }
}

fn golden(path: &Path) -> ExpectFile {
    expect_file![path]
}

/// The fenced block that follows a marker line in the README.
fn readme_block(marker: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let (_, after) = readme.split_once(&format!("<!-- {marker} -->\n")).expect("the marker is in the README");
    let (_, block) = after.split_once('\n').expect("a fence follows");
    let (block, _) = block.split_once("```\n").expect("the fence is closed");
    block.to_owned()
}

#[test]
fn readme_shows_the_shipped_scenario() {
    let file = std::fs::read_to_string(root().join("scenarios/last-slot.toml")).expect("it is shipped");
    assert_eq!(readme_block("file: scenarios/last-slot.toml"), file, "copy the file into the README");
}

#[test]
fn readme_shows_what_is_printed() {
    let scenario = scenario::load(&root().join("scenarios/last-slot.toml")).expect("it is shipped");
    let naive = algorithm::by_name("naive").expect("built in");
    let order = Schedule::parse("A B A B", &scenario.client_names()).expect("it reads");
    let printed = on_the_model(|campaign| {
        campaign.replay(&scenario, &naive, &order, Passing::Allowed).expect("the model does not fail");
    });
    // The last paragraph names the file as it was given, which here is by an absolute path.
    let shown = readme_block(
        "transcript: replay scenarios/last-slot.toml --limiter naive --order \"A B A B\" --stable",
    );
    let without_footer = |text: &str| text.rsplit_once("\n\n").map(|(body, _)| body.to_owned());
    assert_eq!(without_footer(&shown), without_footer(&printed), "copy this into the README:\n{printed}");
}

#[test]
fn readme_shows_a_census() {
    let scenario = scenario::load(&root().join("scenarios/last-slot.toml")).expect("it is shipped");
    let naive = algorithm::by_name("naive").expect("built in");
    let clients = ClientSpec::workers(8, &scenario.clients[0].program);
    let eight = Scenario { clients, limit: 3, ..scenario };
    let printed = on_the_model(|campaign| {
        let expected = eight.explore.as_ref();
        campaign.explore(&eight, &naive, expected).expect("the model does not fail");
    });
    let shown = readme_block(
        "transcript: explore scenarios/last-slot.toml --limiter naive --clients 8 --limit 3 --stable",
    );
    let without_footer = |text: &str| text.rsplit_once("\n\n").map(|(body, _)| body.to_owned());
    assert_eq!(without_footer(&shown), without_footer(&printed), "copy this into the README:\n{printed}");
}

#[test]
fn readme_shows_a_workflow_that_doctor_finds_nothing_wrong_with() {
    let workflow = readme_block("workflow");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("gatecrash.yml");
    std::fs::write(&file, workflow).expect("it can be written");
    let (workflows, others) = workflow_files::workflows(&[file]).expect("it is a workflow");
    let findings = workflow_files::check(&workflows).expect("it can be checked");
    assert_eq!((workflows.len(), others, findings), (1, Vec::new(), Vec::new()));
}
