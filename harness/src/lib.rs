//! Deterministic concurrency stress tests for limiters that live in Redis.
//!
//! A client that gets in past the limit *gatecrashes*. This crate finds the schedule that lets it, shows it, replays
//! it on a real Redis server, and explores all other schedules. The command line is a thin face of it ([`cli`]).
//!
//! # The pieces
//!
//! A [`Scenario`] says which clients run which operations. A [`World`] is those clients in the middle of a run; it is
//! sans-IO: it says which command a [`Choice`](world::schedule::Choice) sends, and takes the reply. A [`Store`] is what
//! commands act on: the [`Model`], or a [real server](redis). One schedule is [replayed](explore::replay), all
//! interleavings are [explored](explore), and a [`Campaign`](campaign::Campaign) makes a [`Report`](report::Report) of
//! both, for every limiter and store.
//!
//! ```
//! use gatecrash::explore::enumerate::enumerate;
//! use gatecrash::world::control::Control;
//! use gatecrash::explore::replay::{Passing, replay};
//! use gatecrash::world::schedule::Schedule;
//! use gatecrash::world::verdict::Verdict;
//! use gatecrash::{Model, World, scenario};
//!
//! let scenario = scenario::parse("last-slot.toml", r#"
//!     title = "Two workers take the last slot"
//!     why = "PIN-045: ZCARD by both before either ZADD"
//!     limit = 1
//!     limiters = ["naive", "atomic"]
//!     workers = { count = 2, program = ["acquire", "release"] }
//! "#)?;
//! let [naive, atomic] = &scenario.limiters[..] else { unreachable!() };
//!
//! // One schedule: both look before either acts.
//! let order = Schedule::parse("A B A B", &scenario.client_names()).map_err(|errors| errors[0].clone())?;
//! let trace = replay(World::new(&scenario, naive.clone()), Model::new(), &order, Passing::Allowed, &Control::default())?;
//! assert_eq!(trace.peak(), 2);
//!
//! // All of them.
//! let found = enumerate(World::new(&scenario, naive.clone()), Model::new(), &Control::default(), &mut ())?;
//! assert_eq!((found.executions, found.violating), (16, 8));
//!
//! let found = enumerate(World::new(&scenario, atomic.clone()), Model::new(), &Control::default(), &mut ())?;
//! assert_eq!(found.verdict(), Verdict::Clean);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A limiter of your own
//!
//! Implement [`Algorithm`](gatecrash_limiter::Algorithm) and pass it to [`World::new`]: its operations are state
//! machines, so the same code runs here and, through [`Limiter`](gatecrash_limiter::Limiter), in production.
//!
//! # What it can miss
//!
//! A step is one command, so nothing that happens inside a command is seen; a script is one command. Only the faults
//! and clock moves that a schedule names take place. The model has the commands that limiters use, not all of Redis;
//! what it answers is compared with a real server in every run that has one.

// The rooms, from top to bottom: a file uses the rooms above its own, never those below (tests/rooms).

pub mod base;

pub mod observe;

pub mod world;

pub mod model;

pub mod redis;

pub mod explore;

pub mod report;

pub mod load;

pub mod doctor;

pub mod campaign;

pub mod cli;

pub use model::Model;
pub use redis::{RedisStore, Server};
pub use world::clients::World;
pub use world::scenario::{self, Scenario};
pub use world::store::Store;
