//! The clients, what they may do next, and what came of it.
//!
//! The files, each built on those before it:
//!
//! - [`schedule`]: choices, schedules and their text; [`scenario`]: who runs what, read from a file; [`verdict`];
//!   [`control`]: what ends a run early.
//! - [`store`]: what commands act on; [`error`]: what can go wrong; [`trace`]: what happened, step by step.
//! - `setup`, [`client`], [`clients`]: the clients in the middle of a run. They are sans-IO: they say which command a
//!   [`Choice`](schedule::Choice) sends, and take the reply.
//! - [`execution`]: one choice after another, carried out.

pub mod client;
pub mod clients;
pub mod control;
pub mod error;
pub mod execution;
pub mod scenario;
pub mod schedule;
pub(crate) mod setup;
pub mod store;
pub mod trace;
pub mod verdict;
