//! A night for people: on the terminal, and as the summary of a job.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Night, Stage};
use crate::base::escape;
use crate::base::exit::Exit;
use crate::base::words::wrapped;
use crate::load::compare;
use crate::report::annotations::{self, Annotation};
use crate::report::bounded::{Bounded, SUMMARY};
use crate::report::{Tool, markdown};

/// The version of the document's form.
const SCHEMA_VERSION: u32 = 1;

/// The night as text, a line for each stage.
pub fn text(night: &Night) -> String {
    let mut text = format!("seed {}\n", night.seed);
    for Stage { stage, outcome, what } in &night.stages {
        let head = format!("{stage:<11}  {outcome:<14}  ");
        let indent = " ".repeat(head.len());
        for (at, line) in wrapped(what, 80 - head.len()).iter().enumerate() {
            let before = if at == 0 { &head } else { &indent };
            let _ = writeln!(text, "{before}{line}");
        }
    }
    for regression in &night.regressions {
        let _ = writeln!(text, "new: {}, to be committed: {}", regression.name, regression.order);
    }
    text.push_str(&last(night));
    text
}

fn last(night: &Night) -> String {
    let again = format!("gatecrash nightly --seed {}", night.seed);
    format!("{}\nreproduce with:\n{again}\n", verdict(night))
}

/// The verdict in a word.
pub fn verdict(night: &Night) -> &'static str {
    match night.exit() {
        Exit::Ok => "ok",
        Exit::Failed => "failed",
        Exit::Regression => "regression",
        Exit::Unavailable => "infrastructure failure",
        Exit::Interrupted => "interrupted",
        _ => "undecided",
    }
}

/// The night as Markdown: its stages, then what failed, then all results; no more than the summary of a job may have.
pub fn render_markdown(night: &Night) -> String {
    let mut text = format!("# gatecrash nightly: {}\n\nSeed {}", verdict(night), night.seed);
    if let Some(redis) = &night.explored.redis {
        let _ = write!(text, ", Redis {} ({})", redis.version, redis.source);
    }
    text.push_str("\n\n| stage | outcome | |\n| --- | --- | --- |\n");
    for Stage { stage, outcome, what } in &night.stages {
        let _ = writeln!(text, "| {stage} | {outcome} | {} |", escape::sentence(what));
    }
    if !night.regressions.is_empty() {
        text.push_str("\nNew violations, each a file that is ready to be committed:\n\n");
        for found in &night.regressions {
            let _ = writeln!(text, "- {}: {}", escape::code(&found.name), escape::code(&found.order));
        }
    }
    let _ = writeln!(text, "\nReproduce with `gatecrash nightly --seed {}`.\n", night.seed);
    let mut bounded = Bounded::new(SUMMARY);
    bounded.push(&text);
    bounded.push(&markdown::render_within(&night.searched(), SUMMARY / 2));
    let loads = night.loads();
    if !loads.results.is_empty() {
        bounded.push(&markdown::render_within(&loads, SUMMARY / 4));
    }
    if let Some(comparison) = &night.comparison {
        bounded.push(&compare::markdown::render(comparison));
    }
    bounded.finish()
}

/// What the night has to remark to a job on GitHub.
pub fn remarks(night: &Night) -> Vec<Annotation> {
    let mut remarks = annotations::of_report(&night.searched());
    remarks.extend(annotations::of_report(&night.loads()));
    remarks.extend(night.comparison.iter().flat_map(compare::annotations::of_comparison));
    remarks
}

/// The stages as a JSON document.
pub fn json(night: &Night) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema_version: u32,
        tool: Tool,
        seed: u64,
        stages: &'a [Stage],
        regressions: Vec<&'a str>,
        interrupted: bool,
        verdict: &'static str,
    }
    let document = Document {
        schema_version: SCHEMA_VERSION,
        tool: Tool::this(),
        seed: night.seed,
        stages: &night.stages,
        regressions: night.regressions.iter().map(|found| found.name.as_str()).collect(),
        interrupted: night.interrupted,
        verdict: verdict(night),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
