//! The report as `JUnit` XML, for CI systems that show test results.
//!
//! A scenario is a suite and a result is a case. What is against its expectation is a failure, what is
//! undecided is an error (the check itself did not come to an end), and what was not run is skipped.

use std::time::Duration;

use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::block::{judgement, steps};
use super::palette::Palette;
use super::shard::Part;
use super::{About, Entry, NotRun, Report, Verdict};

const WIDTH: usize = 80;

/// The report as an XML document. Without times if it was made [stable](Report::stable) before.
pub fn render(report: &Report) -> Result<String, SerializeError> {
    let mut document = quick_junit::Report::new(report.tool.name.as_str());
    for scenario in scenarios(report) {
        document.add_test_suite(suite(report, scenario));
    }
    document.to_string().map(without_skipped)
}

/// Leaves the count of skipped cases out of the outermost element, where Jenkins' schema knows none; each suite has its
/// own.
fn without_skipped(document: String) -> String {
    let Some(root) = document.find("<testsuites ") else { return document };
    let end = document[root..].find('>').map_or(document.len(), |length| root + length);
    let Some(start) = document[root..end].find(" skipped=\"").map(|at| root + at) else { return document };
    let digits = start + " skipped=\"".len();
    let Some(length) = document[digits..end].find('"') else { return document };
    [&document[..start], &document[digits + length + 1..]].concat()
}

/// Every scenario that was run or should have been, in the order in which they first come.
fn scenarios(report: &Report) -> Vec<&str> {
    let run = report.results.iter().map(|entry| entry.scenario.as_str());
    let run = run.chain(report.parts().map(|part| part.scenario.as_str()));
    let not_run = report.not_run.iter().map(|entry| entry.scenario.as_str());
    let mut scenarios = Vec::new();
    for name in run.chain(not_run) {
        if !scenarios.contains(&name) {
            scenarios.push(name);
        }
    }
    scenarios
}

fn suite(report: &Report, scenario: &str) -> TestSuite {
    let about = report.about(scenario);
    let mut suite = TestSuite::new(scenario);
    let run = report.results.iter().filter(|entry| entry.scenario == scenario);
    suite.add_test_cases(run.map(|entry| case(entry, about)));
    suite.add_test_cases(report.parts().filter(|part| part.scenario == scenario).map(part));
    let not_run = report.not_run.iter().filter(|entry| entry.scenario == scenario);
    suite.add_test_cases(not_run.map(skipped));
    if let Some(total) = elapsed(report, scenario) {
        suite.set_time(total);
    }
    suite
}

fn elapsed(report: &Report, scenario: &str) -> Option<Duration> {
    let run = report.results.iter().filter(|entry| entry.scenario == scenario);
    run.filter_map(|entry| entry.elapsed_ns).reduce(u64::saturating_add).map(Duration::from_nanos)
}

fn case(entry: &Entry, about: Option<&About>) -> TestCase {
    let mut name = format!("{}/{}/{}", entry.limiter, entry.store, entry.engine());
    if let Some(schedule) = entry.schedule() {
        name = format!("{name}/{}", schedule.name.as_ref().unwrap_or(&schedule.order));
    }
    let mut case = TestCase::new(name, status(entry, about));
    case.set_classname(entry.scenario.as_str());
    if let Some(ns) = entry.elapsed_ns {
        case.set_time(Duration::from_nanos(ns));
    }
    case
}

fn status(entry: &Entry, about: Option<&About>) -> TestCaseStatus {
    let (kind, name) = match (entry.judgement.verdict(), entry.failed()) {
        (Verdict::Undecided, false) => (NonSuccessKind::Error, "undecided"),
        (_, false) => return TestCaseStatus::success(),
        (Verdict::Undecided, true) => (NonSuccessKind::Failure, "mismatch"),
        (Verdict::Violation, true) => (NonSuccessKind::Failure, "violation"),
        (Verdict::Clean, true) => (NonSuccessKind::Failure, "no-violation"),
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(judgement(entry)).set_type(name);
    let mut paragraphs = steps(entry, about, WIDTH, &Palette::default());
    paragraphs.extend(entry.reproduce().map(|command| vec![command.to_owned()]));
    if !paragraphs.is_empty() {
        let text: Vec<String> = paragraphs.into_iter().map(|lines| lines.join("\n")).collect();
        status.set_description(text.join("\n\n"));
    }
    status
}

/// What a shard knows of something of which it has a part: a violation fails at once, the rest is for the merged report.
fn part(part: &Part) -> TestCase {
    let strategy = part.strategy.as_ref().map_or_else(String::new, |strategy| format!("/{strategy}"));
    let failed = part.judgement().ok() == Some(false);
    let status = if failed {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(part.judgement().phrase()).set_type("violation");
        status.set_description(part.order.clone().unwrap_or_default());
        status
    } else {
        TestCaseStatus::success()
    };
    let name = format!("{}/{}/{}{strategy}/part", part.limiter, part.store, part.engine);
    let mut case = TestCase::new(name, status);
    case.set_classname(part.scenario.as_str());
    case
}

fn skipped(entry: &NotRun) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(entry.reason.as_str());
    let name = entry.limiter.as_ref().map_or_else(String::new, |limiter| format!("{limiter}/"));
    let mut case = TestCase::new(format!("{name}{}", entry.store), status);
    case.set_classname(entry.scenario.as_str());
    case
}
