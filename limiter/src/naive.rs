//! The limiter of PIN-045 as it was: look, then act.
//!
//! `ZCARD key`; if the count is below the limit, `ZADD key now token`. Another client's `ZADD` may fall between
//! the two, so the limit can be exceeded by as many clients as have looked before any of them acted.

use std::time::Duration;

use crate::algorithm::Algorithm;
use crate::command::{Command, Reply};
use crate::protocol::{Call, Machine, Operation, Outcome, Progress};
use crate::release::Zrem;

/// Counts, then adds: over-admits when two clients do so at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Naive;

impl Algorithm for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Acquire::Count)
    }

    fn release(&self) -> Operation {
        Operation::new(Zrem)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Acquire {
    Count,
    Add,
}

impl Machine for Acquire {
    fn command(&self, call: &Call, now: Duration) -> Command {
        match self {
            Self::Count => Command::new("ZCARD").arg(call.key.clone()),
            Self::Add => {
                Command::new("ZADD").arg(call.key.clone()).number(now.as_millis()).arg(call.token.clone())
            }
        }
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        match (&*self, reply) {
            (Self::Count, Reply::Int(count)) if u64::try_from(*count).is_ok_and(|n| n < call.limit) => {
                *self = Self::Add;
                Progress::More
            }
            (Self::Count, Reply::Int(_)) => Progress::Done(Outcome::Refused),
            (Self::Add, Reply::Int(_)) => Progress::Done(Outcome::Admitted),
            (_, other) => Progress::Done(Outcome::Failed(other.clone())),
        }
    }
}
