//! What everything else stands on and what knows nothing of limiters: diagnostics with places, durations, draws, exact
//! counts, words for people and for shells, bounded reads, exit codes.

pub(crate) mod bounded_read;
pub mod count;
pub mod diagnostic;
pub(crate) mod draws;
pub mod duration;
pub(crate) mod escape;
pub mod exit;
pub(crate) mod quote;
pub mod share;
pub(crate) mod threads;
pub(crate) mod words;
