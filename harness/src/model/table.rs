//! The commands: one row each, kept beside its handlers, and how a command is found and checked against its row.

use std::sync::LazyLock;

use bytes::Bytes;
use gatecrash_limiter::Command;
use rustc_hash::FxHashMap;

use super::database::Database;
use super::fault::Fault;
use super::{Answer, Model, hashes, keys, lists, number, scripts, sets, strings, transactions};
use super::{zset_ranges, zset_stores, zsets};
use crate::world::schedule::ClientId;

/// What is to be known about a command.
#[derive(Debug)]
pub(super) struct CommandRow {
    /// Upper case; a subcommand follows its command's name and a `|`.
    pub(super) name: &'static str,
    /// How many parts the name takes: two for a subcommand.
    pub(super) words: usize,
    /// How many parts it has, its name included; negative: at least so many.
    arity: i8,
    keys: Keys,
    pub(super) handler: Handler,
    /// Whether it is never queued by a transaction.
    pub(super) immediate: bool,
}

/// Where a command's keys stand among its parts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keys {
    None,
    /// From one place to another, every so many; a last place below zero counts from the end.
    Places {
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

pub(super) const NO_KEY: Keys = Keys::None;
pub(super) const ONE_KEY: Keys = Keys::Places { first: 1, last: 1, step: 1 };
pub(super) const TWO_KEYS: Keys = Keys::Places { first: 1, last: 2, step: 1 };
pub(super) const ALL_KEYS: Keys = Keys::Places { first: 1, last: -1, step: 1 };

/// What carries a command out. It gets the arguments after the name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    /// Concerns the data only. These are the commands that a script may call.
    Data(fn(&mut Database, &[Bytes]) -> Answer),
    /// Concerns clients or scripts as well.
    Server(fn(&mut Model, ClientId, &[Bytes]) -> Answer),
}

/// A row of a command that concerns the data only.
pub(super) const fn data(
    name: &'static str,
    arity: i8,
    keys: Keys,
    handler: fn(&mut Database, &[Bytes]) -> Answer,
) -> CommandRow {
    CommandRow { name, words: words(name), arity, keys, handler: Handler::Data(handler), immediate: false }
}

/// A row of a command that concerns clients or scripts as well.
pub(super) const fn server(
    name: &'static str,
    arity: i8,
    keys: Keys,
    handler: fn(&mut Model, ClientId, &[Bytes]) -> Answer,
) -> CommandRow {
    CommandRow { name, words: words(name), arity, keys, handler: Handler::Server(handler), immediate: false }
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
    fn fits(&self, parts: usize) -> bool {
        let wanted = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 { parts >= wanted } else { parts == wanted }
    }

    pub(super) fn key_positions(&self, parts: &[Bytes]) -> Vec<usize> {
        match self.keys {
            Keys::None => Vec::new(),
            Keys::Places { first, last, step } => {
                let end = usize::try_from(last).unwrap_or(parts.len().saturating_sub(last.unsigned_abs()));
                (first..=end.min(parts.len() - 1)).step_by(step).collect()
            }
            Keys::Counted { at } => counted(parts, at),
            Keys::Destination { at } => [vec![1], counted(parts, at)].concat(),
        }
    }
}

fn counted(parts: &[Bytes], at: usize) -> Vec<usize> {
    let count = parts.get(at).and_then(|n| number::count(n).ok());
    let keys = count.and_then(|count| (at + 1).checked_add(count)).map(|end| at + 1..end);
    keys.filter(|keys| keys.end <= parts.len()).into_iter().flatten().collect()
}

/// All rows by their names.
static ROWS: LazyLock<FxHashMap<&'static [u8], &'static CommandRow>> =
    LazyLock::new(|| rows().map(|row| (row.name.as_bytes(), row)).collect());

fn rows() -> impl Iterator<Item = &'static CommandRow> {
    let families = [
        strings::COMMANDS,
        keys::COMMANDS,
        zsets::COMMANDS,
        zset_ranges::COMMANDS,
        zset_stores::COMMANDS,
        sets::COMMANDS,
        hashes::COMMANDS,
        lists::COMMANDS,
        transactions::COMMANDS,
        scripts::COMMANDS,
    ];
    families.into_iter().flatten()
}

/// Which parts of a command are keys, as indices into [`Command::parts`]; `None` for a command that is not known.
/// Parts that a command lacks are left out.
pub fn key_positions(command: &Command) -> Option<Vec<usize>> {
    find(command.parts()).ok().map(|row| row.key_positions(command.parts()))
}

/// As [`key_positions`], of a command that acts on nothing but the data at its keys. `None` for all others: those that
/// name no key, concern clients or scripts as well, or are not known.
pub(crate) fn data_key_positions(command: &Command) -> Option<Vec<usize>> {
    let row = find(command.parts()).ok().filter(|row| matches!(row.handler, Handler::Data(_)))?;
    Some(row.key_positions(command.parts())).filter(|keys| !keys.is_empty())
}

/// A command's row, if there is one and the command has as many parts as it wants.
pub(super) fn resolve(parts: &[Bytes]) -> Result<&'static CommandRow, Fault> {
    let row = find(parts).map_err(|missing| match missing {
        Missing::Command => unknown_command(parts),
        Missing::Subcommand => unknown_subcommand(parts),
    })?;
    if row.fits(parts.len()) { Ok(row) } else { Err(Fault::arity(row.name)) }
}

/// Why a row was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Command,
    Subcommand,
}

fn find(parts: &[Bytes]) -> Result<&'static CommandRow, Missing> {
    let row = row(&[&parts[0]]).filter(|row| row.words == 1).ok_or(Missing::Command)?;
    match parts {
        [name, sub, ..] if row.name == scripts::CONTAINER => {
            self::row(&[name, b"|", sub]).ok_or(Missing::Subcommand)
        }
        _ => Ok(row),
    }
}

/// The row whose name is these pieces, in any case.
fn row(pieces: &[&[u8]]) -> Option<&'static CommandRow> {
    const LONGEST: usize = 32;
    let mut name = [0; LONGEST];
    let mut length = 0;
    for piece in pieces {
        let place = name.get_mut(length..length + piece.len())?;
        place.copy_from_slice(piece);
        place.make_ascii_uppercase();
        length += piece.len();
    }
    let name = &name[..length];
    ROWS.get(name).copied()
}

/// Finds a row for a script, whose errors say less.
pub(super) fn resolve_in_script(parts: &[Bytes]) -> Result<&'static CommandRow, Fault> {
    let row = find(parts).map_err(|_| Fault::fixed("ERR Unknown Redis command called from script"))?;
    if row.fits(parts.len()) {
        Ok(row)
    } else {
        Err(Fault::fixed("ERR Wrong number of args calling Redis command from script"))
    }
}

/// Redis quotes at most 128 bytes of the name and stops quoting arguments once they fill as many.
fn unknown_command(parts: &[Bytes]) -> Fault {
    const LIMIT: usize = 128;
    let clipped =
        |part: &[u8], limit: usize| String::from_utf8_lossy(&part[..part.len().min(limit)]).into_owned();
    let mut args = String::new();
    for part in &parts[1..] {
        if args.len() >= LIMIT {
            break;
        }
        args.extend(["'", &clipped(part, LIMIT - args.len()), "' "]);
    }
    Fault::new(format!(
        "ERR unknown command '{}', with args beginning with: {args}",
        clipped(&parts[0], LIMIT)
    ))
}

fn unknown_subcommand(parts: &[Bytes]) -> Fault {
    let (name, sub) = (String::from_utf8_lossy(&parts[0]), String::from_utf8_lossy(&parts[1]));
    let sub: String = sub.chars().take(128).collect();
    Fault::new(format!("ERR unknown subcommand '{sub}'. Try {} HELP.", name.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(line: &str) -> Option<Vec<usize>> {
        let parts = line.split(' ').map(|part| Bytes::copy_from_slice(part.as_bytes())).collect();
        key_positions(&Command::from_parts(parts).unwrap())
    }

    #[test]
    fn names_are_unique() {
        assert_eq!(ROWS.len(), rows().count());
    }

    #[test]
    fn keys_are_where_redis_has_them() {
        assert_eq!(positions("mset a 1 b 2"), Some(vec![1, 3]));
        assert_eq!(positions("DEL a b c"), Some(vec![1, 2, 3]));
        assert_eq!(positions("EVAL s 2 a b c"), Some(vec![3, 4]));
        assert_eq!(positions("EVAL s 9 a"), Some(vec![]));
        assert_eq!(positions("ZUNIONSTORE d 2 a b WEIGHTS 1 2"), Some(vec![1, 3, 4]));
        assert_eq!(positions("LMOVE a b LEFT LEFT"), Some(vec![1, 2]));
        assert_eq!(positions("PING"), Some(vec![]));
        assert_eq!(positions("GET"), Some(vec![]));
        assert_eq!(positions("SCRIPT LOAD x"), Some(vec![]));
        assert_eq!(positions("SCRIPT|LOAD x"), None);
        assert_eq!(positions("NOPE a"), None);
    }

    #[test]
    fn only_commands_on_data_at_keys_act_on_nothing_else() {
        let acts_on_keys = |name| data_key_positions(&Command::new(name).arg("1").arg("k")).is_some();
        assert!(["ZCARD", "MSET", "RENAME"].into_iter().all(acts_on_keys));
        assert!(!["WATCH", "EVAL", "EXEC", "KEYS", "FLUSHALL", "NOPE"].into_iter().any(acts_on_keys));
    }
}
