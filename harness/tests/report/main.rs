//! The report as users see it: every format, from the same made-up runs.

mod fixtures;
mod json;
mod junit;
mod text;
mod verdict;
