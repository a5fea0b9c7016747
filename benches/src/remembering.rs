//! A limiter whose clients remember what they read, so that few states are equal: `GET`, then `SET` of that value plus
//! one.

use std::time::Duration;

use gatecrash_limiter::{Algorithm, Call, Command, Machine, Operation, Outcome, Progress, Reply};

/// A counter that is read and then written. It loses what others wrote in between.
#[derive(Clone, Copy, Debug)]
pub struct Remembering;

impl Algorithm for Remembering {
    fn name(&self) -> &'static str {
        "remembering"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Acquire::Get)
    }

    fn release(&self) -> Operation {
        Operation::new(Decrement)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Acquire {
    Get,
    Set(i64),
}

impl Machine for Acquire {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        match self {
            Self::Get => Command::new("GET").arg(call.key.clone()),
            Self::Set(read) => Command::new("SET").arg(call.key.clone()).arg((read + 1).to_string()),
        }
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        // It can be below zero: what one has added is lost, and taken off all the same.
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<i64>().ok();
        let limit = i64::try_from(call.limit).unwrap_or(i64::MAX);
        match (&*self, reply) {
            (Self::Get, Reply::Nil) => *self = Self::Set(0),
            (Self::Get, Reply::Bulk(text)) => match number(text) {
                Some(read) if read < limit => *self = Self::Set(read),
                Some(_) => return Progress::Done(Outcome::Refused),
                None => return Progress::Done(Outcome::Failed(reply.clone())),
            },
            (Self::Set(_), Reply::Status(_)) => return Progress::Done(Outcome::Admitted),
            _ => return Progress::Done(Outcome::Failed(reply.clone())),
        }
        Progress::More
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Decrement;

impl Machine for Decrement {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        Command::new("DECR").arg(call.key.clone())
    }

    fn receive(&mut self, _call: &Call, reply: &Reply) -> Progress {
        Progress::Done(match reply {
            Reply::Int(_) => Outcome::Released,
            _ => Outcome::Failed(reply.clone()),
        })
    }
}
