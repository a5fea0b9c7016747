//! The command line as its users meet it: arguments, streams, files, exit codes, signals. Needs `redis-server` or
//! `valkey-server` on PATH.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod doctor;
mod exit_codes;
mod explore;
mod json;
mod redis;
mod replay;
mod run;
mod signals;
mod support;
