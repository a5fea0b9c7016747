//! Deterministic concurrency stress tests for limiters that live in Redis.

pub mod client;
pub mod counterexample;
pub mod duration;
pub mod error;
pub mod execution;
pub mod explore;
pub mod model;
pub mod replay;
pub mod scenario;
pub mod schedule;
pub mod store;
pub mod trace;
pub mod verdict;
pub mod world;
