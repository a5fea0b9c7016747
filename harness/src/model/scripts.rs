//! The script cache, and the commands that fill it and run what is in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use gatecrash_limiter::Reply;
use gatecrash_limiter::algorithm::sha1_hex;

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use super::{lua, number};

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

    /// `EVAL`.
    pub(super) fn eval(&mut self, database: &mut Database, args: &[Bytes]) -> Answer {
        let (keys, arguments) = split(&args[1..])?;
        let sha1 = self.learn(&args[0])?;
        lua::run(database, &sha1, &args[0], keys, arguments)
    }

    /// `EVALSHA`.
    pub(super) fn eval_known(&self, database: &mut Database, args: &[Bytes]) -> Answer {
        let (keys, arguments) = split(&args[1..])?;
        let sha1 = lower_case(&args[0]);
        let Some((sha1, source)) = sha1.and_then(|sha1| self.0.get_key_value(sha1.as_ref())) else {
            return Err(ErrorReply::fixed("NOSCRIPT No matching script. Please use EVAL."));
        };
        lua::run(database, sha1, source, keys, arguments)
    }

    /// `SCRIPT LOAD`.
    pub(super) fn load(&mut self, args: &[Bytes]) -> Answer {
        self.learn(&args[0]).map(Reply::bulk)
    }

    /// `SCRIPT EXISTS`.
    pub(super) fn exist(&self, args: &[Bytes]) -> Answer {
        let known = |sha1: &Bytes| lower_case(sha1).is_some_and(|sha1| self.0.contains_key(sha1.as_ref()));
        Ok(Reply::Array(args.iter().map(|sha1| Reply::Int(i64::from(known(sha1)))).collect()))
    }

    /// `SCRIPT FLUSH`.
    pub(super) fn flush(&mut self, args: &[Bytes]) -> Answer {
        let known = |mode: &Bytes| mode.eq_ignore_ascii_case(b"ASYNC") || mode.eq_ignore_ascii_case(b"SYNC");
        if args.len() > 1 || !args.iter().all(known) {
            return Err(ErrorReply::fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
        }
        *self = Self::default();
        Ok(Reply::ok())
    }

    /// Adds a script that compiles, and gives its SHA-1.
    fn learn(&mut self, source: &[u8]) -> Result<String, ErrorReply> {
        let sha1 = sha1_hex(source);
        lua::compile(&sha1, source)?;
        self.insert(&sha1, source);
        Ok(sha1)
    }
}

/// A SHA-1 may be written in either case; it is copied only when it has to be.
fn lower_case(sha1: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let text = std::str::from_utf8(sha1).ok()?;
    let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    Some(if lower { text.into() } else { text.to_ascii_lowercase().into() })
}

/// Parts `numkeys key… arg…` into keys and arguments.
fn split(args: &[Bytes]) -> Result<(&[Bytes], &[Bytes]), ErrorReply> {
    let count = number::integer(&args[0])?;
    let count =
        usize::try_from(count).map_err(|_| ErrorReply::fixed("ERR Number of keys can't be negative"))?;
    args[1..]
        .split_at_checked(count)
        .ok_or(ErrorReply::fixed("ERR Number of keys can't be greater than number of args"))
}
