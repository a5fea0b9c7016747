//! The limiter of PIN-045 as it was mended: look and act in one Lua script.
//!
//! The server runs a script as one command, so nobody's `ZADD` can fall between its `ZCARD` and its own `ZADD`.
//! The script is called by its SHA-1; a server that does not know it (`NOSCRIPT`: it restarted, or its scripts
//! were flushed) gets the source with `EVAL`, once.

use std::sync::LazyLock;
use std::time::Duration;

use crate::algorithm::{Algorithm, Script};
use crate::command::{Command, Reply};
use crate::protocol::{Call, Machine, Operation, Outcome, Progress};
use crate::release::Zrem;

static ACQUIRE: LazyLock<[Script; 1]> = LazyLock::new(|| [Script::new(include_str!("atomic/acquire.lua"))]);

/// Counts and adds in one script: never over-admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Atomic;

impl Algorithm for Atomic {
    fn name(&self) -> &'static str {
        "atomic"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Acquire::ByHash)
    }

    fn release(&self) -> Operation {
        Operation::new(Zrem)
    }

    fn scripts(&self) -> &[Script] {
        &*ACQUIRE
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Acquire {
    ByHash,
    BySource,
}

impl Machine for Acquire {
    fn command(&self, call: &Call, now: Duration) -> Command {
        let [script] = &*ACQUIRE;
        let head = match self {
            Self::ByHash => Command::new("EVALSHA").arg(script.sha1().to_owned()),
            Self::BySource => Command::new("EVAL").arg(script.source()),
        };
        head.number(1)
            .arg(call.key.clone())
            .number(call.limit.into())
            .number(now.as_millis())
            .arg(call.token.clone())
    }

    fn receive(&mut self, _call: &Call, reply: &Reply) -> Progress {
        match (&*self, reply) {
            (_, Reply::Int(1)) => Progress::Done(Outcome::Admitted),
            (_, Reply::Int(0)) => Progress::Done(Outcome::Refused),
            (Self::ByHash, Reply::Error(text)) if text.starts_with("NOSCRIPT") => {
                *self = Self::BySource;
                Progress::More
            }
            (_, other) => Progress::Done(Outcome::Failed(other.clone())),
        }
    }
}
