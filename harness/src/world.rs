//! The clients, what they may do next, and what came of it.
//!
//! A [`scenario`] says which clients run which operations. [`World`](clients::World) is those clients in the middle of a
//! run; it is sans-IO: it says which command a [`Choice`](schedule::Choice) sends, and takes the reply. A
//! [`Store`](store::Store) is what commands act on. An [`execution`] is one choice after another, carried out.

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
