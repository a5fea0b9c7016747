//! The comparison as Markdown, for a job's summary or a comment on a pull request.

use std::cmp::Reverse;

use super::comparison::{
    ComparedLimiter, Comparison, ComparisonVerdict, CorrectnessCheck, SpeedChange, SpeedVerdict,
};
use super::text::{method, ratio, signed, summary, was_is};
use crate::base::escape::{code, sentence};
use crate::base::words::{grouped, percent};
use crate::report::bounded::{Bounded, SUMMARY};

/// The whole comparison, and no more than the summary of a job may have.
pub fn render(comparison: &Comparison) -> String {
    let mut text = Bounded::new(SUMMARY);
    text.push(&format!("## Comparison: {}\n\n", mark(comparison.verdict())));
    let (base, new) = (code(&comparison.base.file), code(&comparison.new.file));
    text.push(&format!("{base} -> {new}: {}.\n\n", summary(comparison)));
    for why in &comparison.undecided {
        text.push(&format!("- undecided: {}\n", sentence(why)));
    }
    if comparison.tests > 0 {
        text.push(&format!("{}\n\n", sentence(&method(comparison))));
    }
    // What is worse first: it is what people open a summary for.
    let mut limiters: Vec<&ComparedLimiter> = comparison.limiters.iter().collect();
    limiters.sort_by_key(|compared| Reverse(compared.verdict()));
    for compared in limiters {
        text.push(&limiter(compared));
    }
    text.finish()
}

fn limiter(compared: &ComparedLimiter) -> String {
    let admitted = was_is(compared.admitted.0.map(percent), compared.admitted.1.map(percent));
    let (name, verdict) = (code(&compared.limiter), mark(compared.verdict()));
    let what = format!("{}; admitted {}", sentence(&compared.parameters), sentence(&admitted));
    let mut text = format!("### {name}: {verdict}\n\n{what}\n\n");
    let checks: String = compared.checks.iter().map(check).collect();
    if !checks.is_empty() {
        text += "| correctness | base -> new | verdict | |\n| --- | --: | --- | --- |\n";
        text += &(checks + "\n");
    }
    if !compared.changes.is_empty() {
        text +=
            "| of the floor | base -> new | change | interval | verdict |\n| --- | --: | --: | --: | --- |\n";
        text += &(compared.changes.iter().map(change).collect::<String>() + "\n");
    }
    let missing = compared.undecided.iter().map(|why| format!("- undecided: {}\n", sentence(why)));
    let notes = compared.notes.iter().map(|note| format!("- {}\n", sentence(note)));
    let remarks: String = missing.chain(notes).collect();
    if remarks.is_empty() { text } else { text + &remarks + "\n" }
}

fn check(check: &CorrectnessCheck) -> String {
    let numbers = match (check.base, check.new) {
        (None, None) => String::new(),
        (base, new) => was_is(base.map(grouped), new.map(grouped)),
    };
    let why = sentence(check.why.as_deref().unwrap_or_default());
    row(&[check.property.to_string(), numbers, mark(check.verdict).to_owned(), why])
}

fn change(change: &SpeedChange) -> String {
    let verdict = match change.direction {
        SpeedVerdict::Worse => "**worse**",
        other => other.word(),
    };
    let metric = change.metric.to_string();
    let Some(found) = &change.found else {
        let why = format!("{verdict}: {}", sentence(change.why.as_deref().unwrap_or_default()));
        return row(&[metric, String::new(), String::new(), String::new(), why]);
    };
    let ratios = was_is(Some(ratio(found.base)), Some(ratio(found.new)));
    let interval = format!("{} to {}", signed(found.interval.0), signed(found.interval.1));
    row(&[metric, ratios, signed(found.change), interval, verdict.to_owned()])
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn mark(outcome: ComparisonVerdict) -> &'static str {
    match outcome {
        ComparisonVerdict::Ok => "ok",
        ComparisonVerdict::Undecided => "**undecided**",
        ComparisonVerdict::Regression => "**regression**",
    }
}
