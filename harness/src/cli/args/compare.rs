//! What `compare` can be asked for.

use std::path::PathBuf;

use clap::Args;

pub(super) const AFTER_HELP: &str = "\
Correctness is a hard gate: an over-admission, a leak or a wrong refusal that BASE did not have fails, and so does a \
NEW that did not find what was expected. Speed is soft: ratios to the floor, by a bootstrap over the blocks; worse is \
what an interval of 95 % confidence shows, all intervals together. What is missing is undecided. What differs between \
runs as wholes, such as another machine, no interval covers: that is what --tolerance is for.

Example: gatecrash compare ci/baseline.json load.json --tolerance 5% --markdown summary.md";

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// What was before: a report that `load --json` wrote, or a baseline
    #[arg(value_name = "BASE")]
    pub(crate) base: PathBuf,
    /// What is now: the same
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// What is worse by at most that much is shown, but does not fail: 5%
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "0%")]
    pub(crate) tolerance: f64,
}

/// A share in percent.
fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    let percent = number.filter(|percent| (0.0..=1000.0).contains(percent));
    percent
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "it is a share from 0% to 1000%, such as 5%".to_owned())
}
