//! What is worse or missing, as remarks on the page of a job.

use super::comparison::{ComparedLimiter, Comparison, ComparisonVerdict, SpeedVerdict};
use super::text::{signed, summary};
use crate::report::annotations::{Annotation, Level};

/// One for each limiter that is not ok; one for what concerns none in particular.
pub fn of_comparison(comparison: &Comparison) -> Vec<Annotation> {
    let annotation = |outcome: ComparisonVerdict, title: String, lines: Vec<String>| Annotation {
        level: if outcome == ComparisonVerdict::Regression { Level::Error } else { Level::Warning },
        file: None,
        line: None,
        title,
        message: lines.join("\n"),
    };
    let wrong = comparison.limiters.iter().filter(|compared| compared.verdict() != ComparisonVerdict::Ok);
    let mut annotations: Vec<Annotation> = wrong
        .map(|compared| {
            let title = format!("{}: {}", compared.limiter, compared.verdict().word());
            annotation(compared.verdict(), title, lines(compared))
        })
        .collect();
    if annotations.is_empty() && comparison.verdict() != ComparisonVerdict::Ok {
        let lines = comparison.undecided.iter().cloned().chain([summary(comparison)]).collect();
        annotations.push(annotation(comparison.verdict(), "comparison: undecided".into(), lines));
    }
    annotations
}

/// Why a limiter is not ok.
fn lines(compared: &ComparedLimiter) -> Vec<String> {
    let checks = compared.checks.iter().filter(|check| check.verdict != ComparisonVerdict::Ok);
    let checks = checks.filter_map(|check| check.why.clone());
    let worse = compared.changes.iter().filter(|change| change.direction == SpeedVerdict::Worse);
    let worse = worse.filter_map(|change| {
        let found = change.found?;
        let (low, high) = (signed(found.interval.0), signed(found.interval.1));
        Some(format!("{}: {} of the floor ({low} to {high})", change.metric, signed(found.change)))
    });
    let missing = compared.changes.iter().filter(|change| change.direction == SpeedVerdict::Undecided);
    let missing = missing.filter_map(|change| Some(format!("{}: {}", change.metric, change.why.as_ref()?)));
    checks.chain(worse).chain(missing).chain(compared.undecided.clone()).collect()
}
