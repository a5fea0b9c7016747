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
//!
//! # In production
//!
//! ```no_run
//! use std::time::Duration;
//! use gatecrash_limiter::{Error, Limiter, Settings};
//!
//! # async fn work() {}
//! # #[tokio::main]
//! # async fn main() -> Result<(), Error> {
//! let limiter = Limiter::builder("runs:tenant-7", 10)
//!     .settings(Settings { response_timeout: Duration::from_secs(1), ..Settings::default() })
//!     .connect("rediss://limits.example.org/0")
//!     .await?;
//!
//! match limiter.acquire().await {
//!     Ok(Some(permit)) => {
//!         work().await;
//!         permit.release().await?;
//!     }
//!     Ok(None) => println!("all 10 permits are taken"),
//!     // The server may have granted a permit of which no word came back: take it back, and be sure.
//!     Err(Error::UnknownOutcome { token, .. }) => {
//!         limiter.release_token(&token).await?;
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Limiter`] says what happens to permits when connections break and futures are dropped.
//!
//! # By hand
//!
//! Two clients, one permit, and every command in the order of our choice. Nothing here needs a server: these are the
//! replies that one would give.
//!
//! ```
//! use std::time::Duration;
//! use gatecrash_limiter::{Algorithm, Call, Naive, Outcome, Progress, Reply};
//!
//! let now = Duration::from_secs(1_765_065_600);
//! let call = |token: &'static str| Call { key: "slots".into(), limit: 1, token: token.into() };
//! let (call_a, call_b) = (call("a"), call("b"));
//! let (mut a, mut b) = (Naive.acquire(), Naive.acquire());
//!
//! // Both look before either acts, and both see an empty set.
//! assert_eq!(a.command(&call_a, now).to_string(), "ZCARD slots");
//! assert_eq!(a.receive(&call_a, &Reply::Int(0)), Progress::More);
//! assert_eq!(b.command(&call_b, now).to_string(), "ZCARD slots");
//! assert_eq!(b.receive(&call_b, &Reply::Int(0)), Progress::More);
//!
//! // So both act: two holders of one permit.
//! assert_eq!(a.command(&call_a, now).to_string(), "ZADD slots 1765065600000 a");
//! assert_eq!(a.receive(&call_a, &Reply::Int(1)), Progress::Done(Outcome::Admitted));
//! assert_eq!(b.command(&call_b, now).to_string(), "ZADD slots 1765065600000 b");
//! assert_eq!(b.receive(&call_b, &Reply::Int(1)), Progress::Done(Outcome::Admitted));
//! ```

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
