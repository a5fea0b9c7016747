//! The script cache, and the commands that fill it and run what is in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use gatecrash_limiter::Reply;
use gatecrash_limiter::algorithm::sha1_hex;

use super::fault::Fault;
use super::table::{CommandRow, Keys, NO_KEY, server};
use super::{Answer, Model, lua, number};
use crate::world::schedule::ClientId;

const COUNTED: Keys = Keys::Counted { at: 2 };

/// The one command that has subcommands.
pub(super) const CONTAINER: &str = "SCRIPT";

pub(super) const COMMANDS: &[CommandRow] = &[
    server("EVAL", -3, COUNTED, eval),
    server("EVALSHA", -3, COUNTED, evalsha),
    server(CONTAINER, -2, NO_KEY, |_, _, _| Err(Fault::SYNTAX)),
    server("SCRIPT|LOAD", 3, NO_KEY, script_load),
    server("SCRIPT|EXISTS", -3, NO_KEY, script_exists),
    server("SCRIPT|FLUSH", -2, NO_KEY, script_flush),
];

/// Sources by their SHA-1. Shared by all copies until one of them learns a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Scripts(Arc<BTreeMap<String, Bytes>>);

impl Scripts {
    /// All sources, in the order of their SHA-1.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Bytes> {
        self.0.values()
    }

    /// Adds a script under its SHA-1.
    pub(super) fn insert(&mut self, sha1: &str, source: &[u8]) {
        if !self.0.contains_key(sha1) {
            Arc::make_mut(&mut self.0).insert(sha1.to_owned(), Bytes::copy_from_slice(source));
        }
    }
}

fn eval(model: &mut Model, _: ClientId, args: &[Bytes]) -> Answer {
    let (keys, arguments) = split(&args[1..])?;
    let sha1 = sha1_hex(&args[0]);
    lua::compile(&sha1, &args[0])?;
    model.scripts.insert(&sha1, &args[0]);
    lua::run(&mut model.database, &sha1, &args[0], keys, arguments)
}

fn evalsha(model: &mut Model, _: ClientId, args: &[Bytes]) -> Answer {
    let (keys, arguments) = split(&args[1..])?;
    let sha1 = lower_case(&args[0]);
    let Some(source) = sha1.and_then(|sha1| model.scripts.0.get_key_value(sha1.as_ref())) else {
        return Err(Fault::fixed("NOSCRIPT No matching script. Please use EVAL."));
    };
    lua::run(&mut model.database, source.0, source.1, keys, arguments)
}

/// A SHA-1 may be written in either case; it is copied only when it has to be.
fn lower_case(sha1: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let text = std::str::from_utf8(sha1).ok()?;
    let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    Some(if lower { text.into() } else { text.to_ascii_lowercase().into() })
}

/// Parts `numkeys key… arg…` into keys and arguments.
fn split(args: &[Bytes]) -> Result<(&[Bytes], &[Bytes]), Fault> {
    let count = number::integer(&args[0])?;
    let count = usize::try_from(count).map_err(|_| Fault::fixed("ERR Number of keys can't be negative"))?;
    args[1..]
        .split_at_checked(count)
        .ok_or(Fault::fixed("ERR Number of keys can't be greater than number of args"))
}

fn script_load(model: &mut Model, _: ClientId, args: &[Bytes]) -> Answer {
    let sha1 = sha1_hex(&args[0]);
    lua::compile(&sha1, &args[0])?;
    model.scripts.insert(&sha1, &args[0]);
    Ok(Reply::bulk(sha1))
}

fn script_exists(model: &mut Model, _: ClientId, args: &[Bytes]) -> Answer {
    let known =
        |sha1: &Bytes| lower_case(sha1).is_some_and(|sha1| model.scripts.0.contains_key(sha1.as_ref()));
    Ok(Reply::Array(args.iter().map(|sha1| Reply::Int(i64::from(known(sha1)))).collect()))
}

fn script_flush(model: &mut Model, _: ClientId, args: &[Bytes]) -> Answer {
    let known = |mode: &Bytes| mode.eq_ignore_ascii_case(b"ASYNC") || mode.eq_ignore_ascii_case(b"SYNC");
    if args.len() > 1 || !args.iter().all(known) {
        return Err(Fault::fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
    }
    model.scripts = Scripts::default();
    Ok(Reply::ok())
}
