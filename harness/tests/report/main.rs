//! The report as users see it: every format, from the same made-up runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]
#![allow(clippy::needless_raw_string_hashes, reason = "that is how expect-test writes them")]

mod annotations;
mod fixtures;
mod json;
mod junit;
mod lanes;
#[path = "../common/loads.rs"]
mod loads;
mod markdown;
mod text;
mod verdict;
