//! A night for people: on the terminal, and as the summary of a job.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Night, Stage};
use crate::report::words::wrapped;
use crate::report::{Report, Tool, escape, markdown};
use crate::{compare, exit::Exit};

/// The version of the document's form.
const SCHEMA_VERSION: u32 = 1;
/// The longest summary: GitHub refuses one of more than a mebibyte.
const MOST_BYTES: usize = 900 << 10;

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
    format!("{}\nsee it again with:\n{again}\n", verdict(night))
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

/// The night as Markdown: its stages, then what failed, then all results.
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
    let _ = writeln!(text, "\nSee it again with `gatecrash nightly --seed {}`.\n", night.seed);
    let parts = [
        Some(markdown::render(&night.searched())),
        loads(night).map(|loads| markdown::render(&loads)),
        night.comparison.as_ref().map(compare::markdown::render),
    ];
    for part in parts.into_iter().flatten() {
        if text.len() + part.len() > MOST_BYTES {
            text.push_str("\nThe rest is left out here; it is in the artifacts.\n");
            break;
        }
        text.push_str(&part);
        text.push('\n');
    }
    text
}

/// Both loads as one report, if there was any.
fn loads(night: &Night) -> Option<Report> {
    let mut all = night.loaded.clone();
    super::explore::absorb(&mut all, night.measured.clone());
    (!all.results.is_empty()).then_some(all)
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
