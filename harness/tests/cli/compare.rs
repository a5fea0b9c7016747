//! `compare`: files in, exit codes and streams out.

use gatecrash::load::compare::Baseline;
use gatecrash::report::{Entry, json};
use tempfile::TempDir;

use crate::loads::{atomic, crowded, naive, report, with};
use crate::support::{Ran, arg, folder, ran};

/// A baseline of both limiters, and reports that are as good, slower, over-admitting and without one of them.
fn files() -> TempDir {
    let text = |loads: Vec<Entry>| json::render(&report(loads)).unwrap();
    let broken = with(atomic(1.0), |found| found.over_admission = Some(crowded(1)));
    let base = Baseline::from(&report(vec![atomic(1.0), naive()])).render().unwrap();
    folder(&[
        ("base.json", &base),
        ("same.json", &text(vec![atomic(1.0), naive()])),
        ("slow.json", &text(vec![atomic(1.25), naive()])),
        ("broken.json", &text(vec![broken, naive()])),
        ("part.json", &text(vec![atomic(1.0)])),
        ("damaged.json", "{\n  \"results\": oops\n}"),
    ])
}

fn compare(folder: &TempDir, new: &str, more: &[&str]) -> Ran {
    let path = |name| arg(folder.path().join(name));
    ran(&[&["compare", &path("base.json"), &path(new)], more].concat())
}

#[test]
fn the_exit_code_tells_what_was_found() {
    let files = files();
    assert!(compare(&files, "same.json", &[]).exits(0).stdout.ends_with("\nok: 2 limiters\n"));
    assert!(compare(&files, "base.json", &[]).exits(0).stderr.is_empty());
    compare(&files, "slow.json", &[]).exits(3);
    compare(&files, "slow.json", &["--tolerance", "60%"]).exits(0);
    compare(&files, "broken.json", &["--tolerance", "60%"]).exits(3);
    compare(&files, "part.json", &[]).exits(2);
}

#[test]
fn what_cannot_be_read_is_bad_input() {
    let files = files();
    compare(&files, "damaged.json", &[]).exits(65).complains(&["damaged.json:2:14: expected value"]);
    compare(&files, "missing.json", &[]).exits(65).complains(&["missing.json: no such file"]);
}

#[test]
fn options_that_mean_nothing_are_usage() {
    let files = files();
    compare(&files, "same.json", &["--on", "redis"]).exits(64).complains(&["--on has no effect on compare"]);
    compare(&files, "same.json", &["--expect", "clean"])
        .exits(64)
        .complains(&["--expect has no effect on compare"]);
    for tolerance in ["5", "-1%", "nan%", "much"] {
        compare(&files, "same.json", &[&format!("--tolerance={tolerance}")]).exits(64);
    }
    let both = ["--json", "-", "--markdown", "-"];
    compare(&files, "same.json", &both).exits(64).complains(&["both want stdout"]);
}

#[test]
fn each_form_goes_where_it_was_asked_for() {
    let files = files();
    let alone = compare(&files, "slow.json", &["--json", "-"]).exits(3);
    assert_eq!(alone.stdout, compare(&files, "slow.json", &["--json", "-"]).stdout);
    let document: serde_json::Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!(document["verdict"], "regression");

    let markdown = compare(&files, "slow.json", &["--markdown", "-"]).exits(3).stdout;
    assert!(markdown.starts_with("## Comparison: **regression**\n"), "{markdown}");
    let (json_file, markdown_file) = (files.path().join("out.json"), files.path().join("out.md"));
    let both = ["--json", &arg(&json_file), "--markdown", &arg(&markdown_file)];
    let text = compare(&files, "slow.json", &both).exits(3).stdout;
    assert_eq!(text, compare(&files, "slow.json", &[]).stdout);
    assert_eq!(std::fs::read_to_string(json_file).unwrap(), alone.stdout);
    assert_eq!(std::fs::read_to_string(markdown_file).unwrap(), markdown);
}

#[test]
fn annotations_name_what_is_worse() {
    let files = files();
    let ran = compare(&files, "slow.json", &["--annotations"]).exits(3);
    assert!(ran.stderr.starts_with("::error title=atomic%3A regression::throughput: -"), "{}", ran.stderr);
    let ran = compare(&files, "part.json", &["--annotations"]).exits(2);
    assert_eq!(ran.stderr, "::warning title=naive%3A undecided::NEW did not measure it\n");
    assert_eq!(compare(&files, "same.json", &["--annotations"]).exits(0).stderr, "");
}
