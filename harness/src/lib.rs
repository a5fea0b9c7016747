//! Deterministic concurrency stress tests for limiters that live in Redis.

pub mod campaign;
pub mod cli;
pub mod client;
pub mod counterexample;
pub mod diagnostic;
pub mod duration;
pub mod error;
pub mod execution;
pub mod exit;
pub mod explore;
pub mod model;
pub mod redis_store;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod schedule;
pub mod server;
pub mod store;
pub mod target;
pub mod trace;
pub mod verdict;
pub mod world;
