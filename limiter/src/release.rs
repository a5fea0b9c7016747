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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Operation;
    use crate::protocol::tests::{drive, unexpected_replies};

    #[test]
    fn removes_the_member_and_says_whether_it_was_there() {
        for (reply, expected) in [(1, Outcome::Released), (0, Outcome::NotHeld)] {
            let (sent, outcome) = drive(Operation::new(Zrem), &[Reply::Int(reply)]);
            assert_eq!(sent, ["ZREM slots t"]);
            assert_eq!(outcome, expected);
        }
    }

    #[test]
    fn any_other_reply_fails() {
        for reply in unexpected_replies().into_iter().chain([Reply::Int(2)]) {
            let failed = Outcome::Failed(reply.clone());
            assert_eq!(drive(Operation::new(Zrem), &[reply]).1, failed);
        }
    }
}
