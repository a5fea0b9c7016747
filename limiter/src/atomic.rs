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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tests::{drive, unexpected_replies};

    fn no_script() -> Reply {
        Reply::Error("NOSCRIPT No matching script. Please use EVAL.".into())
    }

    #[test]
    fn calls_the_script_by_its_hash() {
        let (sent, outcome) = drive(Atomic.acquire(), &[Reply::Int(1)]);
        assert_eq!(sent, [format!("EVALSHA {} 1 slots 2 1500 t", Atomic.scripts()[0].sha1())]);
        assert_eq!(outcome, Outcome::Admitted);
        assert_eq!(drive(Atomic.acquire(), &[Reply::Int(0)]).1, Outcome::Refused);
    }

    #[test]
    fn sends_the_source_once_where_the_server_does_not_know_the_hash() {
        for (reply, expected) in [(1, Outcome::Admitted), (0, Outcome::Refused)] {
            let (sent, outcome) = drive(Atomic.acquire(), &[no_script(), Reply::Int(reply)]);
            assert!(sent[1].starts_with("EVAL "), "{sent:?}");
            assert!(sent[1].ends_with(" 1 slots 2 1500 t"), "{sent:?}");
            assert_eq!(outcome, expected);
        }
    }

    #[test]
    fn the_same_answer_to_the_source_is_a_failure_and_no_loop() {
        let (sent, outcome) = drive(Atomic.acquire(), &[no_script(), no_script()]);
        assert_eq!(sent.len(), 2);
        assert_eq!(outcome, Outcome::Failed(no_script()));
    }

    #[test]
    fn any_other_reply_fails_by_hash_and_by_source() {
        for reply in unexpected_replies().into_iter().chain([Reply::Int(2), Reply::Int(-1)]) {
            let failed = Outcome::Failed(reply.clone());
            assert_eq!(drive(Atomic.acquire(), std::slice::from_ref(&reply)).1, failed);
            assert_eq!(drive(Atomic.acquire(), &[no_script(), reply]).1, failed);
        }
    }
}
