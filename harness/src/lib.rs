//! Deterministic concurrency stress tests for limiters that live in Redis.

pub mod model;
pub mod scenario;
pub mod schedule;
pub mod store;
pub mod trace;
