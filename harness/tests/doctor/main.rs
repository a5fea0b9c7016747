//! The doctor on workflows: each rule where it fires and where it does not, the workflow that PIN-045 describes, and
//! workflows damaged at random.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod damaged;
mod mappings;
mod matrix;
mod pin045;
mod rules;
mod strange;

use std::path::{Path, PathBuf};

use gatecrash::doctor::workflow::{self, Workflow};
use gatecrash::doctor::{Finding, Severity, catalogue, rules as doctor_rules, yaml};

/// A file or folder beside these tests.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor").join(name)
}

/// The workflow of a text.
fn read(text: &str) -> Workflow {
    workflow::read("ci.yml", &yaml::read(text).unwrap()).unwrap().unwrap()
}

/// What the rules find in a text.
fn check(text: &str) -> Vec<Finding> {
    let findings = doctor_rules::check(&[read(text)]);
    for finding in &findings {
        assert!(catalogue::text_of(finding.rule).is_some(), "{} has no description", finding.rule);
    }
    findings
}

/// Rule, level and line of each finding.
fn told(findings: &[Finding]) -> Vec<(&str, Severity, u32)> {
    findings.iter().map(|finding| (finding.rule, finding.level, finding.line.unwrap_or(0))).collect()
}

/// A workflow of one job on Linux, from what stands in the job.
fn job(body: &str) -> String {
    let body: Vec<String> = body.trim_matches('\n').lines().map(|line| format!("    {line}\n")).collect();
    format!("on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n{}", body.concat())
}

/// A job with these lines as the script of its only step. The first stands in line 7.
fn script(lines: &str) -> String {
    let lines: Vec<String> = lines.trim_matches('\n').lines().map(|line| format!("    {line}\n")).collect();
    job(&format!("steps:\n- run: |\n{}", lines.concat()))
}
