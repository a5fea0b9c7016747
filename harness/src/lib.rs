//! Deterministic concurrency stress tests for limiters that live in Redis.

pub mod redis_store;
pub mod scenario;
pub mod schedule;
pub mod server;
pub mod store;
pub mod target;
pub mod trace;
