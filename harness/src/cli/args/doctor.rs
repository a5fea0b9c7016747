//! The arguments of `gatecrash doctor`.

use std::path::PathBuf;

use clap::Args;

/// What `gatecrash doctor` is to look at.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Check GitHub Actions workflows: files, or folders of them [default: .github/workflows]
    #[arg(long, value_name = "FILE", num_args = 0..)]
    pub(crate) ci: Option<Vec<PathBuf>>,
    /// Show which service each job's clients resolve to; the workflows are those of --ci, or named here
    #[arg(long, value_name = "FILE", num_args = 0..)]
    pub(crate) matrix: Option<Vec<PathBuf>>,
    /// Check the mapping files of a stub server: its folder, or the mappings folder in it
    #[arg(long, value_name = "DIR")]
    pub(crate) mappings: Vec<PathBuf>,
    /// Remove what killed runs left on the server of --redis: keys that no run has used for ten minutes
    #[arg(long, conflicts_with_all = ["ci", "matrix", "mappings"])]
    pub(crate) clean_up: bool,
    /// Write the findings as SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
}
