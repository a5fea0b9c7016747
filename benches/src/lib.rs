//! What the benchmarks share: what is measured, on which server, and how figures are summed up.
//!
//! Nothing here asserts a time. What is asserted is that the work was done: a benchmark of a command that the server
//! refuses, or of a search that stopped early, panics instead of showing a fine figure.

pub mod child;
pub mod exploring;
pub mod limiting;
pub mod peers;
pub mod pipelining;
pub mod remembering;
pub mod stats;
pub mod tables;

use std::time::Duration;

use criterion::Criterion;
use gatecrash::redis::{Server, Target};

/// A private Redis server, which ends when it is dropped.
///
/// # Panics
/// If there is none to start. The message says how to get one.
pub fn private_server() -> Server {
    Server::open(&Target::Private)
        .unwrap_or_else(|error| panic!("these benchmarks need a Redis server of their own: {error}"))
}

/// criterion, set so that all benchmarks together take less than two minutes. Its arguments can say otherwise.
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(20)
        .configure_from_args()
}
