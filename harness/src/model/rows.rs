//! What a row of the table of commands says.

use bytes::Bytes;

use super::database::Database;
use super::error_reply::Answer;
use super::{number, order};

/// What is to be known about a command.
#[derive(Debug)]
pub(super) struct CommandRow {
    /// Upper case; a subcommand follows its command's name and a `|`.
    pub(super) name: &'static str,
    /// How many parts the name takes: two for a subcommand.
    pub(super) words: usize,
    /// How many parts it has, its name included; negative: at least so many.
    arity: i8,
    keys: KeyPlaces,
    pub(super) handler: Handler,
    /// Whether it is never queued by a transaction.
    pub(super) immediate: bool,
}

/// Where a command's keys stand among its parts.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyPlaces {
    None,
    /// From one place to another, every so many; a last place below zero counts from the end.
    Every {
        first: usize,
        last: isize,
        step: usize,
    },
    /// As many as the part `at` says, right after it; none if there are not so many.
    Counted {
        at: usize,
    },
    /// The destination first, then as `Counted`.
    Destination {
        at: usize,
    },
}

pub(super) const NO_KEY: KeyPlaces = KeyPlaces::None;
pub(super) const ONE_KEY: KeyPlaces = KeyPlaces::Every { first: 1, last: 1, step: 1 };
pub(super) const TWO_KEYS: KeyPlaces = KeyPlaces::Every { first: 1, last: 2, step: 1 };
pub(super) const ALL_KEYS: KeyPlaces = KeyPlaces::Every { first: 1, last: -1, step: 1 };

/// What carries a command out. It gets the arguments after the name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    /// Concerns the data only. These are the commands that a script may call.
    Data(fn(&mut Database, &[Bytes]) -> Answer),
    /// Concerns clients or scripts as well.
    Server(ServerCommand),
}

/// The commands that concern clients or scripts as well.
#[derive(Clone, Copy, Debug)]
pub(super) enum ServerCommand {
    Multi,
    Exec,
    Discard,
    Watch,
    Unwatch,
    Eval,
    EvalSha,
    /// `SCRIPT` with no subcommand that is known.
    Script,
    ScriptLoad,
    ScriptExists,
    ScriptFlush,
}

/// A row of a command that concerns the data only.
pub(super) const fn data(
    name: &'static str,
    arity: i8,
    keys: KeyPlaces,
    handler: fn(&mut Database, &[Bytes]) -> Answer,
) -> CommandRow {
    CommandRow { name, words: words(name), arity, keys, handler: Handler::Data(handler), immediate: false }
}

/// A row of a command that concerns clients or scripts as well.
pub(super) const fn server(
    name: &'static str,
    arity: i8,
    keys: KeyPlaces,
    command: ServerCommand,
) -> CommandRow {
    CommandRow { name, words: words(name), arity, keys, handler: Handler::Server(command), immediate: false }
}

const fn words(name: &str) -> usize {
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest {
        if *first == b'|' {
            return 2;
        }
        rest = others;
    }
    1
}

impl CommandRow {
    /// The same row, for a command that is never queued by a transaction.
    pub(super) const fn immediate(self) -> Self {
        Self { immediate: true, ..self }
    }

    /// Whether a command of so many parts fits.
    pub(super) fn fits(&self, parts: usize) -> bool {
        let wanted = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 { parts >= wanted } else { parts == wanted }
    }

    /// Tells a database that the command is about to be run on it.
    pub(super) fn note(&self, database: &mut Database, parts: &[Bytes]) {
        database.note(self.name, |database| {
            !order::is_blind(self.name)
                && self.key_positions(parts).iter().any(|&at| database.ties(&parts[at]))
        });
    }

    /// Which of a command's parts are keys.
    pub(super) fn key_positions(&self, parts: &[Bytes]) -> Vec<usize> {
        match self.keys {
            KeyPlaces::None => Vec::new(),
            KeyPlaces::Every { first, last, step } => {
                let end = usize::try_from(last).unwrap_or(parts.len().saturating_sub(last.unsigned_abs()));
                (first..=end.min(parts.len() - 1)).step_by(step).collect()
            }
            KeyPlaces::Counted { at } => counted(parts, at),
            KeyPlaces::Destination { at } => [vec![1], counted(parts, at)].concat(),
        }
    }
}

fn counted(parts: &[Bytes], at: usize) -> Vec<usize> {
    let count = parts.get(at).and_then(|n| number::count(n).ok());
    let keys = count.and_then(|count| (at + 1).checked_add(count)).map(|end| at + 1..end);
    keys.filter(|keys| keys.end <= parts.len()).into_iter().flatten().collect()
}
