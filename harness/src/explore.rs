//! Exploring: which interleavings there are, and which of them let a client in past the limit.
//!
//! The files, each built on those before it:
//!
//! - `counterexample`: which violation is shown, and why it is one; `observer`: who is told what is run;
//!   `exploration`: what a search came to; `halt`: what ends one early.
//! - `replay`: one schedule; `leak`: what is lost at its end; `rerun`: going back by running choices again.
//! - `enumerate`, `parallel`, `dpor`: searches that go back and forth themselves.
//! - `states`: equal states merged; `census`: counts over them; `certify`: their steps on a server; `loom`: the same
//!   clients under loom, compared with the census.
//! - `chooser`: who decides what is run, and one execution after another; `lockstep`: many at once on a server;
//!   `prefixes`, `sample`: what is chosen.
//!
//! All searches obey a [`Control`](crate::world::control::Control).

pub mod census;
pub mod certify;
pub mod chooser;
pub mod counterexample;
pub mod dpor;
pub mod enumerate;
mod exploration;
mod halt;
pub mod leak;
pub mod lockstep;
pub mod loom;
mod observer;
pub mod parallel;
pub mod prefixes;
pub mod replay;
mod rerun;
pub mod sample;
pub mod states;

pub use exploration::Exploration;
pub use observer::{Complete, FinalResult, FinalResults, Observer};
