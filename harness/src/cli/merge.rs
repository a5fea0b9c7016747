//! `gatecrash merge`: the reports of all shards as one.

use super::args::{Common, Merge};
use super::problem::Problem;
use super::{invocation, output};
use crate::base::exit::Exit;
use crate::campaign::combine::{ReportFile, combine};

pub(super) fn merge(merge: &Merge, common: &Common) -> Result<Exit, Problem> {
    let documents = merge.files.iter().map(|file| ReportFile::read(file)).collect::<Result<Vec<_>, _>>()?;
    output::report(&combine(&documents, invocation::without_server(common))?, common)
}
