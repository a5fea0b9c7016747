//! Deterministic concurrency stress tests for limiters that live in Redis.

pub mod diagnostic;
pub mod duration;
pub mod scenario;
pub mod schedule;
pub mod store;
pub mod trace;
