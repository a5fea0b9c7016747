//! The release that both algorithms share: `ZREM key token`.

use std::time::Duration;

use crate::command::{Command, Reply};
use crate::protocol::{Call, Machine, Outcome, Progress};

/// Sends `ZREM` once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Zrem;

impl Machine for Zrem {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        Command::new("ZREM").arg(call.key.clone()).arg(call.token.clone())
    }

    fn receive(&mut self, _call: &Call, reply: &Reply) -> Progress {
        Progress::Done(match reply {
            Reply::Int(1) => Outcome::Released,
            Reply::Int(0) => Outcome::NotHeld,
            other => Outcome::Failed(other.clone()),
        })
    }
}
