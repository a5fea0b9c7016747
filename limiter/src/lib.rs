//! Concurrency limiters whose count lives in Redis.
//!
//! An algorithm ([`Algorithm`]) is written once, as a pure state machine ([`Machine`]) that says which
//! [`Command`] to send next and takes each [`Reply`]; it holds no connection and reads no clock. The same value
//! is driven by tokio against a real server ([`Limiter`]) and by test harnesses that decide the order of steps.
//!
//! | algorithm | acquire | release | safe |
//! | --- | --- | --- | --- |
//! | [`Naive`] | `ZCARD`, then `ZADD` if there is room | `ZREM` | no: check and act are two commands |
//! | [`Atomic`] | one Lua script that does both | `ZREM` | yes |

pub mod algorithm;
pub mod atomic;
pub mod client;
pub mod command;
pub mod error;
pub mod naive;
pub mod protocol;
mod release;

pub use algorithm::{Algorithm, Clock, Script};
pub use atomic::Atomic;
pub use client::{Backoff, Builder, Limiter, Permit, Released, Settings, Token};
pub use command::{Command, Reply};
pub use error::Error;
pub use naive::Naive;
pub use protocol::{Call, Machine, Operation, Outcome, Progress};
