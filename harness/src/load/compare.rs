//! Two loads side by side: is the new one still correct, and is it still as fast?
//!
//! Correctness is a hard gate: one over-admission that was not there before, and no statistics are asked. Speed is
//! soft: what is compared are ratios to the floor that was measured between the blocks of the same run, and a change
//! counts only if its interval excludes none at all ([`bootstrap`]).
//!
//! A run has many metrics, and each that is tested is one more chance of a false alarm. So the intervals are Bonferroni's
//! (each misses with 5 % divided by the number of tests): with 95 % confidence *all* of them hold at once, and a build
//! that did not change is red in at most one of forty nights, however many limiters it measures. Holm's procedure would
//! find slightly more, but leaves no intervals to show.
//!
//! What is missing is `undecided`, never a pass: too few blocks, a limiter that only one side has, other parameters.
//!
//! What it can miss: see [`bootstrap`] for what differs between runs as wholes, which `--tolerance` is for; and a change
//! that is smaller than the intervals that are shown.

pub mod annotations;
pub mod baseline;
pub mod bootstrap;
mod comparison;
mod correctness;
pub mod json;
pub mod markdown;
mod metric;
pub mod read;
mod speed;
pub mod text;

pub use baseline::{Baseline, BaselineLoad};
pub use comparison::{
    CONFIDENCE, ComparedFile, ComparedLimiter, Comparison, ComparisonOptions, ComparisonVerdict,
    CorrectnessCheck, CorrectnessProperty, RatioChange, SpeedChange, SpeedVerdict,
};
pub use metric::Metric;

use crate::base::words::grouped;
use crate::report::load::LoadParameters;

/// The JSON Schema that every document satisfies.
pub const SCHEMA: &str = include_str!("../../schema/compare.schema.json");

/// Compares two loads, each with the name of its file.
pub fn compare(base: (&str, &Baseline), new: (&str, &Baseline), options: ComparisonOptions) -> Comparison {
    let side = |(file, of): (&str, &Baseline)| ComparedFile { file: file.to_owned(), tool: of.tool.clone() };
    let (base_side, new_side) = (side(base), side(new));
    let (base, new) = (base.1, new.1);
    let before = |name: &str| base.limiters.iter().find(|measured| measured.limiter == name);
    let mut limiters: Vec<ComparedLimiter> = new
        .limiters
        .iter()
        .map(|now| match before(&now.limiter) {
            Some(before) => both(before, now),
            None => only_new(now),
        })
        .collect();
    let is_new = |name: &str| new.limiters.iter().any(|now| now.limiter == name);
    limiters.extend(base.limiters.iter().filter(|before| !is_new(&before.limiter)).map(only_base));
    let (tests, resamples) = speed::judge(&mut limiters, base, new, options);
    Comparison {
        base: base_side,
        new: new_side,
        options,
        tests,
        resamples,
        undecided: missing(base, new),
        limiters,
    }
}

fn missing(base: &Baseline, new: &Baseline) -> Vec<String> {
    let mut missing = Vec::new();
    for (side, of) in [("BASE", base), ("NEW", new)] {
        if of.interrupted {
            missing.push(format!("{side} was interrupted: what it would have found is not known"));
        }
        if of.limiters.is_empty() {
            missing.push(format!("{side} measured nothing"));
        }
    }
    missing
}

fn both(before: &BaselineLoad, now: &BaselineLoad) -> ComparedLimiter {
    let mut undecided = Vec::new();
    let (was, is) = (parameters(before), parameters(now));
    if was != is {
        undecided.push(format!("speed cannot be compared: BASE ran {was}, NEW {is}"));
    }
    ComparedLimiter {
        limiter: now.limiter.clone(),
        parameters: is,
        admitted: (share_admitted(before), share_admitted(now)),
        checks: correctness::checks(before, now),
        changes: Vec::new(),
        undecided,
        notes: correctness::notes(before, now),
    }
}

fn only_new(now: &BaselineLoad) -> ComparedLimiter {
    ComparedLimiter {
        limiter: now.limiter.clone(),
        parameters: parameters(now),
        admitted: (None, share_admitted(now)),
        checks: vec![correctness::as_expected(None, now)],
        changes: Vec::new(),
        undecided: vec!["BASE did not measure it, so there is nothing to compare it with".into()],
        notes: Vec::new(),
    }
}

fn only_base(before: &BaselineLoad) -> ComparedLimiter {
    ComparedLimiter {
        limiter: before.limiter.clone(),
        parameters: parameters(before),
        admitted: (share_admitted(before), None),
        checks: Vec::new(),
        changes: Vec::new(),
        undecided: vec!["NEW did not measure it".into()],
        notes: Vec::new(),
    }
}

/// What was asked of the limiter, in words. Equal words, equal parameters.
fn parameters(of: &BaselineLoad) -> String {
    let LoadParameters { clients, limit, rate_per_s, hold } = &of.parameters;
    let pace = rate_per_s.map_or_else(|| "closed loop".to_owned(), |rate| format!("{rate} operations/s"));
    let (clients, limit) = (grouped(clients), grouped(limit));
    let faults = if of.faults { ", with faults" } else { "" };
    format!("{clients} clients, limit {limit}, hold {hold}, {pace}{faults}")
}

#[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
fn share_admitted(of: &BaselineLoad) -> Option<f64> {
    (of.attempts > 0).then(|| of.admitted as f64 / of.attempts as f64)
}
