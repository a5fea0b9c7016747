//! The command line as its users meet it: arguments, streams, files, exit codes, signals. Needs `redis-server` or
//! `valkey-server` on PATH.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod cluster;
mod compare;
mod doctor;
mod doctor_examination;
mod exit_codes;
mod explore;
mod health;
mod heed;
mod interference;
mod json;
mod load;
#[path = "../common/loads.rs"]
mod loads;
mod nightly;
mod observe;
mod outputs;
mod redis;
mod replay;
mod resume;
mod run;
mod running;
mod shard;
mod signals;
mod summary;
mod support;
mod terminal;
