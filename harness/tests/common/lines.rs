//! Limiters that only tests need, each written as a few lines: what is sent, and where the reply leads.

use std::sync::Arc;
use std::time::Duration;

use gatecrash_limiter::{Algorithm, Call, Command, Machine, Operation, Outcome, Progress, Reply};

/// A limiter as data.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) name: &'static str,
    pub(crate) acquire: &'static [Line],
    pub(crate) release: &'static [Line],
}

/// A command, and which line or end the reply leads to.
///
/// In the command, `KEY`, `LIMIT`, `NOW` and `TOKEN` stand for what their names say, and `MORE` for one more than the
/// number that was read last.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line(pub(crate) &'static [&'static str], pub(crate) When, pub(crate) To, pub(crate) To);

/// What is asked of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum When {
    Always,
    /// A number below the limit. Nothing is nought.
    Below,
    /// A number that is not above the limit.
    AtMost,
    /// Not an error, not nil, not nought.
    Some,
    /// The client's own token.
    Own,
    /// The client's token ends in an even byte: this is asked of the client, not of the reply.
    Even,
}

/// Where a reply leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum To {
    Line(usize),
    Admitted,
    Refused,
    Released,
    NotHeld,
}

impl Lines {
    pub(crate) fn algorithm(&'static self) -> Arc<dyn Algorithm> {
        Arc::new(Limiter(self))
    }
}

#[derive(Debug)]
struct Limiter(&'static Lines);

impl Algorithm for Limiter {
    fn name(&self) -> &str {
        self.0.name
    }

    fn acquire(&self) -> Operation {
        Operation::new(At { lines: self.0.acquire, line: 0, read: 0 })
    }

    fn release(&self) -> Operation {
        Operation::new(At { lines: self.0.release, line: 0, read: 0 })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct At {
    lines: &'static [Line],
    line: usize,
    read: i64,
}

impl Machine for At {
    fn command(&self, call: &Call, now: Duration) -> Command {
        let word = |word: &str| match word {
            "KEY" => call.key.clone(),
            "LIMIT" => call.limit.to_string().into(),
            "NOW" => now.as_millis().to_string().into(),
            "TOKEN" => call.token.clone(),
            "MORE" => (self.read + 1).to_string().into(),
            other => other.to_owned().into(),
        };
        let parts = self.lines[self.line].0.iter().map(|part| word(part)).collect();
        Command::from_parts(parts).expect("a line is no empty command")
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        let Line(_, when, yes, no) = &self.lines[self.line];
        let number = match reply {
            Reply::Int(number) => *number,
            Reply::Bulk(text) => String::from_utf8_lossy(text).parse().unwrap_or(0),
            Reply::Error(_) => return Progress::Done(Outcome::Failed(reply.clone())),
            Reply::Nil | Reply::Status(_) | Reply::Array(_) => 0,
        };
        let limit = i64::try_from(call.limit).expect("small");
        let holds = match when {
            When::Always => true,
            When::Below => number < limit,
            When::AtMost => number <= limit,
            When::Some => !matches!(reply, Reply::Nil | Reply::Int(0)),
            When::Own => *reply == Reply::Bulk(call.token.clone()),
            When::Even => call.token.last().is_some_and(|byte| byte % 2 == 0),
        };
        // What is not used again must not tell clients apart.
        self.read = if *when == When::Below && holds { number } else { 0 };
        let outcome = match if holds { yes } else { no } {
            To::Line(line) => {
                self.line = *line;
                return Progress::More;
            }
            To::Admitted => Outcome::Admitted,
            To::Refused => Outcome::Refused,
            To::Released => Outcome::Released,
            To::NotHeld => Outcome::NotHeld,
        };
        Progress::Done(outcome)
    }
}
