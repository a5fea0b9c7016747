//! How a campaign is spread over machines and over time.

use std::path::PathBuf;

use clap::Args;

use crate::base::share::Share;

/// Which part is run, and what is known already.
#[derive(Debug, Args)]
pub(crate) struct Spread {
    /// Runs one of n parts, such as 2/7: the command merge puts the JSON reports together
    #[arg(long, value_name = "k/n")]
    pub(crate) shard: Option<Share>,
    /// Keeps each result in FILE as it comes, and does not run again what is there already
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
}
