//! Limiters that no one should use, to see what can be certified of them.

use std::sync::LazyLock;
use std::time::Duration;

use gatecrash_limiter::{Algorithm, Call, Command, Machine, Operation, Outcome, Progress, Reply, Script};

/// An algorithm of one command for each operation, with what is left of the reply.
macro_rules! algorithm {
    ($(#[$doc:meta])* $name:ident, $text:literal, $acquire:expr, $release:expr $(, $scripts:expr)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl Algorithm for $name {
            fn name(&self) -> &'static str {
                $text
            }

            fn acquire(&self) -> Operation {
                Operation::new($acquire)
            }

            fn release(&self) -> Operation {
                Operation::new($release)
            }

            $(fn scripts(&self) -> &[Script] {
                &*$scripts
            })?
        }
    };
}

/// Sends one command, made from the call; admitted unless the reply is 0 or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum One {
    Script(usize),
    /// With the script itself.
    Eval(usize),
    Decrement,
    Remove,
    Pop,
}

static SCRIPTS: LazyLock<[Script; 6]> = LazyLock::new(|| {
    [
        // A list in the order of arrival, a set and a hash of who is in it.
        Script::new(
            "if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
             redis.call('SADD', KEYS[1] .. ':set', ARGV[2])
             redis.call('HSET', KEYS[1] .. ':hash', ARGV[2], redis.call('LLEN', KEYS[1]))
             return redis.call('RPUSH', KEYS[1], ARGV[2])",
        ),
        Script::new(
            "redis.call('SREM', KEYS[1] .. ':set', ARGV[2])
             redis.call('HDEL', KEYS[1] .. ':hash', ARGV[2])
             return redis.call('LREM', KEYS[1], 0, ARGV[2])",
        ),
        // A key for each permit, and one that lives as long as the youngest of them.
        Script::new(
            "if tonumber(redis.call('GET', KEYS[1]) or 0) >= tonumber(ARGV[1]) then return 0 end
             redis.call('SET', KEYS[1] .. ':' .. ARGV[2], 'held', 'PX', 30000)
             redis.call('INCR', KEYS[1])
             redis.call('PEXPIRE', KEYS[1], 40000)
             return 1",
        ),
        Script::new(
            "if redis.call('DEL', KEYS[1] .. ':' .. ARGV[2]) == 1 then redis.call('DECR', KEYS[1]) end
             return 1",
        ),
        Script::new(
            "redis.call('TIME')
             return redis.call('ZADD', KEYS[1], 0, ARGV[2])",
        ),
        Script::new("return redis.call('SET', KEYS[1], ARGV[2], 'PX', 999)"),
    ]
});

impl Machine for One {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        let (key, token) = (call.key.clone(), call.token.clone());
        match self {
            Self::Script(at) => Command::new("EVALSHA")
                .arg(SCRIPTS[*at].sha1().to_owned())
                .number(1)
                .arg(key)
                .number(call.limit.into())
                .arg(token),
            Self::Eval(at) => Command::new("EVAL")
                .arg(SCRIPTS[*at].source())
                .number(1)
                .arg(key)
                .number(call.limit.into())
                .arg(token),
            Self::Decrement => Command::new("DECR").arg(key),
            Self::Remove => Command::new("ZREM").arg(key).arg(token),
            Self::Pop => Command::new("ZPOPMIN").arg(key),
        }
    }

    fn receive(&mut self, _call: &Call, reply: &Reply) -> Progress {
        Progress::Done(match (&*self, reply) {
            (_, Reply::Error(_)) => Outcome::Failed(reply.clone()),
            (Self::Script(_) | Self::Eval(_), Reply::Int(0)) => Outcome::Refused,
            (Self::Script(0 | 2 | 4 | 5) | Self::Eval(0), _) => Outcome::Admitted,
            _ => Outcome::Released,
        })
    }
}

/// Reads a count, then writes what it read plus one, with no care for who did so between.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ReadThenWrite {
    Read,
    Write(u64),
}

impl Machine for ReadThenWrite {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        match self {
            Self::Read => Command::new("GET").arg(call.key.clone()),
            Self::Write(count) => Command::new("SET").arg(call.key.clone()).number((count + 1).into()),
        }
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        let count = match reply {
            Reply::Bulk(count) => std::str::from_utf8(count).ok().and_then(|count| count.parse().ok()),
            _ => Some(0),
        };
        match (&*self, count) {
            (Self::Read, Some(count)) if count < call.limit => {
                *self = Self::Write(count);
                Progress::More
            }
            (Self::Read, _) => Progress::Done(Outcome::Refused),
            (Self::Write(_), _) => Progress::Done(Outcome::Admitted),
        }
    }
}

/// Calls a script by its hash, and with its source if the server does not know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct HashThenSource(One);

impl Machine for HashThenSource {
    fn command(&self, call: &Call, now: Duration) -> Command {
        self.0.command(call, now)
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        match reply {
            Reply::Error(error) if error.starts_with("NOSCRIPT") => {
                self.0 = One::Eval(0);
                Progress::More
            }
            _ => self.0.receive(call, reply),
        }
    }
}

/// Adds, then looks whether it is among the first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum AddThenRank {
    Add,
    Rank,
}

impl Machine for AddThenRank {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        match self {
            Self::Add => Command::new("ZADD").arg(call.key.clone()).arg("0").arg(call.token.clone()),
            Self::Rank => Command::new("ZRANK").arg(call.key.clone()).arg(call.token.clone()),
        }
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        match (&*self, reply) {
            (Self::Add, _) => {
                *self = Self::Rank;
                Progress::More
            }
            (Self::Rank, Reply::Int(rank)) if u64::try_from(*rank).is_ok_and(|rank| rank < call.limit) => {
                Progress::Done(Outcome::Admitted)
            }
            (Self::Rank, _) => Progress::Done(Outcome::Refused),
        }
    }
}

/// Watches the key and does nothing with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Watch;

impl Machine for Watch {
    fn command(&self, call: &Call, _now: Duration) -> Command {
        Command::new("WATCH").arg(call.key.clone())
    }

    fn receive(&mut self, _call: &Call, _reply: &Reply) -> Progress {
        Progress::Done(Outcome::Admitted)
    }
}

algorithm!(
    /// A number, read and then written.
    Counter, "counter", ReadThenWrite::Read, One::Decrement
);
algorithm!(
    /// A list, a set and a hash.
    Line, "line", One::Script(0), One::Script(1), SCRIPTS
);
algorithm!(
    /// Keys that expire, one of each permit.
    Expiring, "expiring", One::Script(2), One::Script(3), SCRIPTS
);
algorithm!(
    /// Reads the server's clock.
    Timed, "timed", One::Script(4), One::Remove, SCRIPTS
);
algorithm!(
    /// Reads an order that only tokens decide.
    Ranked, "ranked", AddThenRank::Add, One::Pop
);
algorithm!(
    /// Keeps state in its connection.
    Watching, "watching", Watch, One::Remove
);
algorithm!(
    /// Sends its script with each call.
    Sending, "sending", One::Eval(0), One::Eval(1)
);
algorithm!(
    /// Sends its script when the server does not know it.
    Retrying, "retrying", HashThenSource(One::Script(0)), One::Eval(1)
);
algorithm!(
    /// A key that lives for less than a second.
    Brief, "brief", One::Script(5), One::Script(3), SCRIPTS
);
