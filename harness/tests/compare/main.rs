//! Two loads side by side: what is found, what is not, and how it is shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]
#![allow(clippy::needless_raw_string_hashes, reason = "that is how expect-test writes them")]

mod correctness;
mod forms;
#[path = "../common/loads.rs"]
mod loads;
mod reading;
mod speed;

use gatecrash::load::compare::{
    self, Baseline, ComparedLimiter, Comparison, ComparisonOptions, ComparisonVerdict,
};
use gatecrash::report::Entry;

/// Two runs of these loads, compared.
fn compared(base: Vec<Entry>, new: Vec<Entry>) -> Comparison {
    with(ComparisonOptions::default(), base, new)
}

fn with(options: ComparisonOptions, base: Vec<Entry>, new: Vec<Entry>) -> Comparison {
    let (base, new) = (baseline(base), baseline(new));
    compare::compare(("ci/baseline.json", &base), ("load.json", &new), options)
}

fn baseline(loads: Vec<Entry>) -> Baseline {
    Baseline::from(&loads::report(loads))
}

/// The one limiter, compared; with the verdict of all.
fn one(base: Entry, new: Entry) -> (ComparedLimiter, ComparisonVerdict) {
    let comparison = compared(vec![base], vec![new]);
    let verdict = comparison.verdict();
    let [compared] = comparison.limiters.try_into().unwrap();
    (compared, verdict)
}
