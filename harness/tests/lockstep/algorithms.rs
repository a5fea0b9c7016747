//! Limiters that no one should use, to see how they are run.

use std::sync::LazyLock;
use std::time::Duration;

use gatecrash_limiter::{Algorithm, Call, Command, Machine, Operation, Outcome, Progress, Reply, Script};

/// Takes a permit by an optimistic transaction, which is refused when another client was faster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Optimistic;

impl Algorithm for Optimistic {
    fn name(&self) -> &'static str {
        "optimistic"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Transaction::Watch)
    }

    fn release(&self) -> Operation {
        Operation::new(Decrement)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Transaction {
    Watch,
    Get,
    /// No permit is free.
    Unwatch,
    Multi(u64),
    Set(u64),
    Exec,
}

impl Machine for Transaction {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        let key = call.key.clone();
        match self {
            Self::Watch => Command::new("WATCH").arg(key),
            Self::Get => Command::new("GET").arg(key),
            Self::Unwatch => Command::new("UNWATCH"),
            Self::Multi(_) => Command::new("MULTI"),
            Self::Set(held) => Command::new("SET").arg(key).number((held + 1).into()),
            Self::Exec => Command::new("EXEC"),
        }
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        let next = match (&*self, reply) {
            (Self::Watch, Reply::Status(_)) => Self::Get,
            (Self::Get, Reply::Nil) => Self::Multi(0),
            (Self::Get, Reply::Bulk(held)) => {
                let held = std::str::from_utf8(held).ok().and_then(|held| held.parse().ok());
                match held.filter(|held| *held < call.limit) {
                    Some(held) => Self::Multi(held),
                    None => Self::Unwatch,
                }
            }
            (Self::Multi(held), Reply::Status(_)) => Self::Set(*held),
            (Self::Set(_), Reply::Status(_)) => Self::Exec,
            (Self::Exec, Reply::Array(_)) => return Progress::Done(Outcome::Admitted),
            (Self::Exec, Reply::Nil) | (Self::Unwatch, Reply::Status(_)) => {
                return Progress::Done(Outcome::Refused);
            }
            (_, other) => return Progress::Done(Outcome::Failed(other.clone())),
        };
        *self = next;
        Progress::More
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Decrement;

impl Machine for Decrement {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        Command::new("DECR").arg(call.key.clone())
    }

    fn receive(&mut self, _call: &Call, _reply: &Reply) -> Progress {
        Progress::Done(Outcome::Released)
    }
}

/// Clears the whole server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Careless;

impl Algorithm for Careless {
    fn name(&self) -> &'static str {
        "careless"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Flush)
    }

    fn release(&self) -> Operation {
        Operation::new(Flush)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Flush;

impl Machine for Flush {
    fn command(&self, _call: &Call, _now: Duration) -> Command {
        Command::new("FLUSHALL")
    }

    fn receive(&mut self, _call: &Call, _reply: &Reply) -> Progress {
        Progress::Done(Outcome::Admitted)
    }
}

static WAIT: LazyLock<[Script; 1]> =
    LazyLock::new(|| [Script::new("return redis.call('RPUSH', KEYS[1] .. ':waiting', ARGV[1])")]);

/// Its script makes a key that its caller does not name. The first of a new queue is admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting;

impl Algorithm for Waiting {
    fn name(&self) -> &'static str {
        "waiting"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Queue)
    }

    fn release(&self) -> Operation {
        Operation::new(Decrement)
    }

    fn scripts(&self) -> &[Script] {
        &*WAIT
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Queue;

impl Machine for Queue {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        let [script] = &*WAIT;
        Command::new("EVALSHA")
            .arg(script.sha1().to_owned())
            .number(1)
            .arg(call.key.clone())
            .arg(call.token.clone())
    }

    fn receive(&mut self, _call: &Call, reply: &Reply) -> Progress {
        Progress::Done(if *reply == Reply::Int(1) { Outcome::Admitted } else { Outcome::Refused })
    }
}
