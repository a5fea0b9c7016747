//! The report as users see it: every format, from the same made-up runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]
#![allow(clippy::needless_raw_string_hashes, reason = "that is how expect-test writes them")]

mod fixtures;
mod json;
mod junit;
mod lanes;
mod text;
mod verdict;
