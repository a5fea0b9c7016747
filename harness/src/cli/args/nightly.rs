//! The arguments of `gatecrash nightly`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

pub(crate) const AFTER_HELP: &str = "\
Stages: a canary that has to be caught, saved counterexamples, all interleavings, samples, some of them once more, load \
on a real server, and the cost beside a base's. A new counterexample is saved as a scenario, ready to be committed.

Exit codes: 0 ok; 1 a violation; 3 slower than the base; 2 undecided; 69 the machine or the server failed.

Example: gatecrash nightly --artifacts night --base ci/baseline.json";

#[derive(Debug, Args)]
pub(crate) struct Nightly {
    /// Scenario files, and folders that are searched for them
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write reports, histograms and the summary to DIR
    #[arg(long, value_name = "DIR", default_value = "night")]
    pub(crate) artifacts: PathBuf,
    /// Replay the counterexamples in DIR, and save new ones there
    #[arg(long, value_name = "DIR", default_value = "scenarios/regressions")]
    pub(crate) regressions: PathBuf,
    /// Draw N executions on each store
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) executions: u64,
    /// Load each limiter for this long, twice: for correctness, and for cost
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = super::load::duration)]
    pub(crate) load: Duration,
    /// Compare the cost with FILE: a baseline, or a report of load
    #[arg(long, value_name = "FILE")]
    pub(crate) base: Option<PathBuf>,
    /// Accept that much slower than the base
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = super::compare::tolerance)]
    pub(crate) tolerance: f64,
}
