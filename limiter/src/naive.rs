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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tests::{call, drive, unexpected_replies};

    #[test]
    fn looks_then_adds() {
        let (sent, outcome) = drive(Naive.acquire(), &[Reply::Int(1), Reply::Int(1)]);
        assert_eq!(sent, ["ZCARD slots", "ZADD slots 1500 t"]);
        assert_eq!(outcome, Outcome::Admitted);
    }

    #[test]
    fn refuses_at_the_limit_and_above_without_a_second_command() {
        for count in [2, 3, i64::MAX] {
            let (sent, outcome) = drive(Naive.acquire(), &[Reply::Int(count)]);
            assert_eq!(sent, ["ZCARD slots"]);
            assert_eq!(outcome, Outcome::Refused);
        }
    }

    #[test]
    fn a_count_below_zero_is_not_taken_for_room() {
        assert_eq!(drive(Naive.acquire(), &[Reply::Int(-1)]).1, Outcome::Refused);
    }

    #[test]
    fn a_member_that_was_there_before_is_held() {
        assert_eq!(drive(Naive.acquire(), &[Reply::Int(0), Reply::Int(0)]).1, Outcome::Admitted);
    }

    #[test]
    fn any_other_reply_fails_at_either_command() {
        for reply in unexpected_replies() {
            let failed = Outcome::Failed(reply.clone());
            assert_eq!(drive(Naive.acquire(), std::slice::from_ref(&reply)).1, failed);
            assert_eq!(drive(Naive.acquire(), &[Reply::Int(0), reply]).1, failed);
        }
    }

    #[test]
    fn the_command_depends_on_nothing_but_state_call_and_clock() {
        let operation = Naive.acquire();
        let at = |ms| operation.command(&call(), Duration::from_millis(ms));
        assert_eq!(at(1), at(2), "ZCARD has no clock in it");
    }
}
