//! `gatecrash merge`: the reports of all shards as one.

use super::args::{Common, Merge};
use super::{Problem, output};
use crate::combine::{Document, combine};
use crate::exit::Exit;

pub(super) fn merge(merge: &Merge, common: &Common) -> Result<Exit, Problem> {
    let documents = merge.files.iter().map(|file| Document::read(file)).collect::<Result<Vec<_>, _>>()?;
    output::report(&combine(&documents)?, common)
}
