//! A cell of a table.

use crate::base::words::cut;

/// Longer texts are cut in a table.
const WIDEST: usize = 300;

/// The text as far as a cell holds it.
pub(super) fn cell(text: &str) -> String {
    cut(text, WIDEST)
}
