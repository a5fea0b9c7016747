//! Strings and the counters kept in them.

use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use super::extended::Extended;
use super::keys::{self, Deadline};
use super::number;
use super::reply::{bulk_or_nil, length};
use super::rows::{ALL_KEYS, CommandRow, KeyPlaces, ONE_KEY, data};
use super::value::{StoredValue, ValueKind};

const PAIRS: KeyPlaces = KeyPlaces::Every { first: 1, last: -1, step: 2 };
const LONGEST: usize = 512 * 1024 * 1024;

pub(super) const COMMANDS: &[CommandRow] = &[
    data("GET", 2, ONE_KEY, get),
    data("SET", -3, ONE_KEY, set),
    data("SETNX", 3, ONE_KEY, setnx),
    data("SETEX", 4, ONE_KEY, |db, args| set_for(db, args, "EX", "setex")),
    data("PSETEX", 4, ONE_KEY, |db, args| set_for(db, args, "PX", "psetex")),
    data("GETSET", 3, ONE_KEY, getset),
    data("GETDEL", 2, ONE_KEY, getdel),
    data("GETEX", -2, ONE_KEY, getex),
    data("APPEND", 3, ONE_KEY, append),
    data("STRLEN", 2, ONE_KEY, strlen),
    data("INCR", 2, ONE_KEY, |db, args| add(db, &args[0], 1)),
    data("DECR", 2, ONE_KEY, |db, args| add(db, &args[0], -1)),
    data("INCRBY", 3, ONE_KEY, |db, args| add(db, &args[0], number::integer(&args[1])?)),
    data("DECRBY", 3, ONE_KEY, decrby),
    data("INCRBYFLOAT", 3, ONE_KEY, incrbyfloat),
    data("MGET", -2, ALL_KEYS, mget),
    data("MSET", -3, PAIRS, mset),
    data("MSETNX", -3, PAIRS, msetnx),
    data("SETRANGE", 4, ONE_KEY, setrange),
    data("GETRANGE", 4, ONE_KEY, getrange),
    data("SUBSTR", 4, ONE_KEY, getrange),
];

fn get(db: &mut Database, args: &[Bytes]) -> Answer {
    Ok(bulk_or_nil(db.get(&args[0])?))
}

/// What `SET` and `GETEX` are told after the key and the value.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each word of the command")]
struct SetOptions {
    only_new: bool,
    only_old: bool,
    give_old: bool,
    keep: bool,
    persist: bool,
    deadline: Option<Deadline>,
}

impl SetOptions {
    /// `allowed` lists the words that the command knows besides those of deadlines.
    fn parse(args: &[Bytes], allowed: &[&str]) -> Result<Self, ErrorReply> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let word = String::from_utf8_lossy(arg).to_uppercase();
            match word.as_str() {
                "NX" if allowed.contains(&"NX") => options.only_new = true,
                "XX" if allowed.contains(&"XX") => options.only_old = true,
                "GET" if allowed.contains(&"GET") => options.give_old = true,
                "KEEPTTL" if allowed.contains(&"KEEPTTL") => options.keep = true,
                "PERSIST" if allowed.contains(&"PERSIST") => options.persist = true,
                unit => {
                    let deadline =
                        args.next().and_then(|n| Deadline::named(unit, n)).ok_or(ErrorReply::SYNTAX)?;
                    if options.deadline.as_ref().is_some_and(|other| !other.has_unit_of(&deadline)) {
                        return Err(ErrorReply::SYNTAX);
                    }
                    options.deadline = Some(deadline);
                }
            }
        }
        let lifetimes = [options.keep, options.persist, options.deadline.is_some()];
        if (options.only_new && options.only_old) || lifetimes.into_iter().filter(|set| *set).count() > 1 {
            return Err(ErrorReply::SYNTAX);
        }
        Ok(options)
    }

    fn expires_at(&self, now: Duration, command: &str) -> Result<Option<Duration>, ErrorReply> {
        self.deadline.as_ref().map(|deadline| deadline.resolve(now, command)).transpose()
    }
}

fn set(db: &mut Database, args: &[Bytes]) -> Answer {
    let options = SetOptions::parse(&args[2..], &["NX", "XX", "GET", "KEEPTTL"])?;
    let mut expires_at = options.expires_at(db.now(), "set")?;
    let key = &args[0];
    let old = if options.give_old { bulk_or_nil(db.get(key)?) } else { Reply::Nil };
    if (options.only_new && db.contains(key)) || (options.only_old && !db.contains(key)) {
        return Ok(old);
    }
    if options.keep {
        expires_at = db.entry(key).and_then(|entry| entry.expires_at);
    }
    db.insert(key.clone(), args[1].clone().wrap(), expires_at);
    Ok(if options.give_old { old } else { Reply::ok() })
}

fn setnx(db: &mut Database, args: &[Bytes]) -> Answer {
    if db.contains(&args[0]) {
        return Ok(Reply::Int(0));
    }
    db.insert(args[0].clone(), args[1].clone().wrap(), None);
    Ok(Reply::Int(1))
}

/// `SETEX` and `PSETEX`: key, time to live, value.
fn set_for(db: &mut Database, args: &[Bytes], unit: &str, command: &str) -> Answer {
    let deadline = Deadline::named(unit, &args[1]).ok_or(ErrorReply::SYNTAX)?;
    let expires_at = deadline.resolve(db.now(), command)?;
    db.insert(args[0].clone(), args[2].clone().wrap(), Some(expires_at));
    Ok(Reply::ok())
}

fn getset(db: &mut Database, args: &[Bytes]) -> Answer {
    let old = get(db, args)?;
    db.insert(args[0].clone(), args[1].clone().wrap(), None);
    Ok(old)
}

fn getdel(db: &mut Database, args: &[Bytes]) -> Answer {
    let old = get(db, args)?;
    db.remove(&args[0]);
    Ok(old)
}

fn getex(db: &mut Database, args: &[Bytes]) -> Answer {
    let options = SetOptions::parse(&args[1..], &["PERSIST"])?;
    let value = get(db, args)?;
    if value == Reply::Nil {
        return Ok(value);
    }
    if let Some(at) = options.expires_at(db.now(), "getex")? {
        keys::expire_at(db, &args[0], at);
    } else if options.persist && db.entry(&args[0]).is_some_and(|entry| entry.expires_at.is_some()) {
        db.set_expiry(&args[0], None);
    }
    Ok(value)
}

/// Changes a string and keeps its time to live; a missing one starts empty.
fn rewrite(
    db: &mut Database,
    key: &Bytes,
    change: impl FnOnce(&[u8]) -> Result<Bytes, ErrorReply>,
) -> Result<Bytes, ErrorReply> {
    db.edit(key, |text: &mut Bytes| {
        *text = change(text)?;
        Ok((true, text.clone()))
    })
}

fn append(db: &mut Database, args: &[Bytes]) -> Answer {
    let text = rewrite(db, &args[0], |old| Ok([old, &args[1]].concat().into()))?;
    Ok(length(text.len()))
}

fn strlen(db: &mut Database, args: &[Bytes]) -> Answer {
    Ok(length(db.get::<Bytes>(&args[0])?.map_or(0, Bytes::len)))
}

fn add(db: &mut Database, key: &Bytes, by: i64) -> Answer {
    let old = db.get::<Bytes>(key)?.map_or(Ok(0), |text| number::integer(text))?;
    let new = old.checked_add(by).ok_or(ErrorReply::OVERFLOW)?;
    rewrite(db, key, |_| Ok(new.to_string().into()))?;
    Ok(Reply::Int(new))
}

fn decrby(db: &mut Database, args: &[Bytes]) -> Answer {
    let by = number::integer(&args[1])?;
    let by = by.checked_neg().ok_or(ErrorReply::fixed("ERR decrement would overflow"))?;
    add(db, &args[0], by)
}

fn incrbyfloat(db: &mut Database, args: &[Bytes]) -> Answer {
    let old = db.get::<Bytes>(&args[0])?.map_or(&b"0"[..], |text| text);
    let new = Extended::parse(old)?.plus(Extended::parse(&args[1])?)?.to_bytes();
    rewrite(db, &args[0], |_| Ok(new)).map(Reply::Bulk)
}

fn mget(db: &mut Database, args: &[Bytes]) -> Answer {
    Ok(Reply::Array(args.iter().map(|key| bulk_or_nil(db.get(key).unwrap_or(None))).collect()))
}

fn mset(db: &mut Database, args: &[Bytes]) -> Answer {
    set_all(db, args, "mset")?;
    Ok(Reply::ok())
}

fn msetnx(db: &mut Database, args: &[Bytes]) -> Answer {
    if args.len().is_multiple_of(2) && args.iter().step_by(2).any(|key| db.contains(key)) {
        return Ok(Reply::Int(0));
    }
    set_all(db, args, "msetnx")?;
    Ok(Reply::Int(1))
}

fn set_all(db: &mut Database, pairs: &[Bytes], command: &str) -> Result<(), ErrorReply> {
    let (pairs, rest) = pairs.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ErrorReply::arity(command));
    }
    for [key, value] in pairs {
        db.insert(key.clone(), StoredValue::Text(value.clone()), None);
    }
    Ok(())
}

fn setrange(db: &mut Database, args: &[Bytes]) -> Answer {
    let offset = number::integer(&args[1])?;
    let offset = usize::try_from(offset).map_err(|_| ErrorReply::fixed("ERR offset is out of range"))?;
    let (patch, old) = (&args[2], db.get::<Bytes>(&args[0])?.map_or(0, Bytes::len));
    if patch.is_empty() {
        return Ok(length(old));
    }
    let end = offset.checked_add(patch.len()).filter(|end| *end <= LONGEST).ok_or(ErrorReply::TOO_LONG)?;
    let text = rewrite(db, &args[0], |old| {
        let mut text = old.to_vec();
        text.resize(old.len().max(end), 0);
        text[offset..end].copy_from_slice(patch);
        Ok(text.into())
    })?;
    Ok(length(text.len()))
}

fn getrange(db: &mut Database, args: &[Bytes]) -> Answer {
    let (start, end) = (number::integer(&args[1])?, number::integer(&args[2])?);
    let text = db.get::<Bytes>(&args[0])?.cloned().unwrap_or_default();
    if start < 0 && end < 0 && start > end {
        return Ok(Reply::Bulk(Bytes::new()));
    }
    // Unlike the other ranges, an end before the first byte means the first byte.
    let end = if end < 0 { end.saturating_add(length_of(&text)).max(0) } else { end };
    Ok(Reply::Bulk(text.slice(number::span(start, end, text.len()))))
}

fn length_of(text: &Bytes) -> i64 {
    i64::try_from(text.len()).expect("nothing is longer than i64::MAX")
}
