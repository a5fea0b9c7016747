//! What `compare` can be asked for.

use std::path::PathBuf;

use clap::Args;

pub(super) const AFTER_HELP: &str = "\
Correctness is a hard gate: an over-admission, a leak or a wrong refusal that BASE did not have fails, and so does a \
NEW that did not find what was expected. Speed is soft: ratios to the floor, by a bootstrap over the blocks; a change counts \
if its interval excludes none, with 95 % confidence for all intervals together. Missing data is undecided. No interval covers \
what differs between whole runs, such as the machine: --tolerance does.

Example: gatecrash compare ci/baseline.json load.json --tolerance 5% --markdown summary.md";

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The loads before: a report of `load --json`, or a baseline
    #[arg(value_name = "BASE")]
    pub(crate) base: PathBuf,
    /// The loads now: the same
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Show what is worse by at most this much, but do not fail: 5%
    #[arg(long, value_name = "SHARE", value_parser = tolerance, default_value = "0%")]
    pub(crate) tolerance: f64,
}

/// A share that cannot be tolerated.
#[derive(Debug, thiserror::Error)]
#[error("expected a share from 0% to 1000%, such as 5%")]
pub(super) struct NoTolerance;

/// A share in percent.
pub(super) fn tolerance(text: &str) -> Result<f64, NoTolerance> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    let percent = number.filter(|percent| (0.0..=1000.0).contains(percent));
    percent.map(|percent| percent / 100.0).ok_or(NoTolerance)
}
