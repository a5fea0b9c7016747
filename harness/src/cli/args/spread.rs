//! How a campaign is spread over machines and over time.

use std::path::PathBuf;

use clap::Args;

use crate::base::share::Share;

/// Which part is run, and what is known already.
#[derive(Debug, Args)]
pub(crate) struct Spread {
    /// Run one of n parts, such as 2/7; the command merge makes one report of all
    #[arg(long, value_name = "k/n")]
    pub(crate) shard: Option<Share>,
    /// Keep each result in FILE as it comes; what is there already is not run again
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
}
