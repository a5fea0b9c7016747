//! The table of all commands: how a command is found, and checked against its row.
//!
//! Commands on data have their rows beside their handlers, in the file of their type. Those that concern clients or
//! scripts have them here, as a script, whose commands are looked up here too, must know their names.

use std::sync::LazyLock;

use bytes::Bytes;
use gatecrash_limiter::Command;
use rustc_hash::FxHashMap;

use super::error_reply::ErrorReply;
use super::rows::{ALL_KEYS, CommandRow, Handler, KeyPlaces, NO_KEY, ServerCommand, server};
use super::{hashes, keys, lists, sets, strings, zset_ranges, zset_stores, zsets};

/// The one command that has subcommands.
const CONTAINER: &str = "SCRIPT";

const COUNTED: KeyPlaces = KeyPlaces::Counted { at: 2 };

/// The commands that concern clients or scripts as well.
const SERVER_COMMANDS: &[CommandRow] = &[
    server("MULTI", 1, NO_KEY, ServerCommand::Multi).immediate(),
    server("EXEC", 1, NO_KEY, ServerCommand::Exec).immediate(),
    server("DISCARD", 1, NO_KEY, ServerCommand::Discard).immediate(),
    server("WATCH", -2, ALL_KEYS, ServerCommand::Watch).immediate(),
    server("UNWATCH", 1, NO_KEY, ServerCommand::Unwatch),
    server("EVAL", -3, COUNTED, ServerCommand::Eval),
    server("EVALSHA", -3, COUNTED, ServerCommand::EvalSha),
    server(CONTAINER, -2, NO_KEY, ServerCommand::Script),
    server("SCRIPT|LOAD", 3, NO_KEY, ServerCommand::ScriptLoad),
    server("SCRIPT|EXISTS", -3, NO_KEY, ServerCommand::ScriptExists),
    server("SCRIPT|FLUSH", -2, NO_KEY, ServerCommand::ScriptFlush),
];

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
        SERVER_COMMANDS,
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
pub(super) fn resolve(parts: &[Bytes]) -> Result<&'static CommandRow, ErrorReply> {
    let row = find(parts).map_err(|missing| match missing {
        UnknownName::Command => unknown_command(parts),
        UnknownName::Subcommand => unknown_subcommand(parts),
    })?;
    if row.fits(parts.len()) { Ok(row) } else { Err(ErrorReply::arity(row.name)) }
}

/// Why a row was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnknownName {
    Command,
    Subcommand,
}

fn find(parts: &[Bytes]) -> Result<&'static CommandRow, UnknownName> {
    let row = row(&[&parts[0]]).filter(|row| row.words == 1).ok_or(UnknownName::Command)?;
    match parts {
        [name, sub, ..] if row.name == CONTAINER => {
            self::row(&[name, b"|", sub]).ok_or(UnknownName::Subcommand)
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
pub(super) fn resolve_in_script(parts: &[Bytes]) -> Result<&'static CommandRow, ErrorReply> {
    let row = find(parts).map_err(|_| ErrorReply::fixed("ERR Unknown Redis command called from script"))?;
    if row.fits(parts.len()) {
        Ok(row)
    } else {
        Err(ErrorReply::fixed("ERR Wrong number of args calling Redis command from script"))
    }
}

/// Redis quotes at most 128 bytes of the name and stops quoting arguments once they fill as many.
fn unknown_command(parts: &[Bytes]) -> ErrorReply {
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
    ErrorReply::new(format!(
        "ERR unknown command '{}', with args beginning with: {args}",
        clipped(&parts[0], LIMIT)
    ))
}

fn unknown_subcommand(parts: &[Bytes]) -> ErrorReply {
    let (name, sub) = (String::from_utf8_lossy(&parts[0]), String::from_utf8_lossy(&parts[1]));
    let sub: String = sub.chars().take(128).collect();
    ErrorReply::new(format!("ERR unknown subcommand '{sub}'. Try {} HELP.", name.to_uppercase()))
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
