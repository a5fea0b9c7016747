//! Keys of any type: whether they exist, until when, and under which name. Also the few commands without a key.

use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::{Database, KeyEntry};
use super::error_reply::{Answer, ErrorReply};
use super::reply::length;
use super::rows::{ALL_KEYS, CommandRow, NO_KEY, ONE_KEY, TWO_KEYS, data};
use super::{glob, number};

pub(super) const COMMANDS: &[CommandRow] = &[
    data("DEL", -2, ALL_KEYS, del),
    data("UNLINK", -2, ALL_KEYS, del),
    data("EXISTS", -2, ALL_KEYS, |db, keys| Ok(length(keys.iter().filter(|key| db.contains(key)).count()))),
    data("TOUCH", -2, ALL_KEYS, |db, keys| Ok(length(keys.iter().filter(|key| db.contains(key)).count()))),
    data("TYPE", 2, ONE_KEY, type_of),
    data("EXPIRE", -3, ONE_KEY, |db, args| expire(db, args, "EX", "expire")),
    data("PEXPIRE", -3, ONE_KEY, |db, args| expire(db, args, "PX", "pexpire")),
    data("EXPIREAT", -3, ONE_KEY, |db, args| expire(db, args, "EXAT", "expireat")),
    data("PEXPIREAT", -3, ONE_KEY, |db, args| expire(db, args, "PXAT", "pexpireat")),
    data("TTL", 2, ONE_KEY, |db, args| Ok(lifetime(db, &args[0], |at, now| seconds(at.saturating_sub(now))))),
    data("PTTL", 2, ONE_KEY, |db, args| Ok(lifetime(db, &args[0], Duration::saturating_sub))),
    data("EXPIRETIME", 2, ONE_KEY, |db, args| Ok(lifetime(db, &args[0], |at, _| seconds(at)))),
    data("PEXPIRETIME", 2, ONE_KEY, |db, args| Ok(lifetime(db, &args[0], |at, _| at))),
    data("PERSIST", 2, ONE_KEY, persist),
    data("RENAME", 3, TWO_KEYS, rename),
    data("RENAMENX", 3, TWO_KEYS, renamenx),
    data("KEYS", 2, NO_KEY, keys),
    data("SCAN", -2, NO_KEY, scan),
    data("DBSIZE", 1, NO_KEY, |db, _| Ok(length(db.entries().len()))),
    data("FLUSHDB", -1, NO_KEY, flush),
    data("FLUSHALL", -1, NO_KEY, flush),
    data("TIME", 1, NO_KEY, time),
    data("PING", -1, NO_KEY, ping),
    data("ECHO", 2, NO_KEY, |_, args| Ok(Reply::Bulk(args[0].clone()))),
    data("PUBLISH", 3, NO_KEY, |_, _| Ok(Reply::Int(0))),
];

/// A time at which a key is to expire, as it was written.
pub(super) struct Deadline {
    amount: Bytes,
    in_seconds: bool,
    relative: bool,
}

impl Deadline {
    /// From its unit: `EX` and `PX` count from now, `EXAT` and `PXAT` from the epoch.
    pub(super) fn named(unit: &str, amount: &Bytes) -> Option<Self> {
        let (in_seconds, relative) = match unit {
            "EX" => (true, true),
            "PX" => (false, true),
            "EXAT" => (true, false),
            "PXAT" => (false, false),
            _ => return None,
        };
        Some(Self { amount: amount.clone(), in_seconds, relative })
    }

    /// Whether both are counted in the same way.
    pub(super) fn has_unit_of(&self, other: &Self) -> bool {
        (self.in_seconds, self.relative) == (other.in_seconds, other.relative)
    }

    /// The time since the epoch, of a deadline that must be in the future of the epoch or of now.
    pub(super) fn resolve(&self, now: Duration, command: &str) -> Result<Duration, ErrorReply> {
        if number::integer(&self.amount)? <= 0 {
            return Err(ErrorReply::expire_time(command));
        }
        let millis = self.millis(now, command)?;
        Ok(Duration::from_millis(u64::try_from(millis).map_err(|_| ErrorReply::expire_time(command))?))
    }

    /// Milliseconds since the epoch, which may be in the past.
    fn millis(&self, now: Duration, command: &str) -> Result<i64, ErrorReply> {
        let amount = number::integer(&self.amount)?;
        let scaled = if self.in_seconds { amount.checked_mul(1000) } else { Some(amount) };
        let now = if self.relative { i64::try_from(now.as_millis()).unwrap_or(i64::MAX) } else { 0 };
        scaled.and_then(|scaled| scaled.checked_add(now)).ok_or_else(|| ErrorReply::expire_time(command))
    }
}

/// Makes a key that exists expire at a time; now or in the past, it vanishes at once.
pub(super) fn expire_at(db: &mut Database, key: &Bytes, at: Duration) {
    if at.as_millis() <= db.now().as_millis() {
        db.remove(key);
    } else {
        db.set_expiry(key, Some(at));
    }
}

fn expire(db: &mut Database, args: &[Bytes], unit: &str, command: &str) -> Answer {
    let condition = Condition::parse(&args[2..])?;
    let deadline = Deadline::named(unit, &args[1]).ok_or(ErrorReply::SYNTAX)?;
    let millis = deadline.millis(db.now(), command)?;
    let Some(entry) = db.entry(&args[0]) else {
        return Ok(Reply::Int(0));
    };
    let at = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    if !condition.allows(entry.expires_at, at) {
        return Ok(Reply::Int(0));
    }
    expire_at(db, &args[0], at);
    Ok(Reply::Int(1))
}

/// On which old expiry `EXPIRE` and its like depend.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each word of the command")]
struct Condition {
    none: bool,
    some: bool,
    later: bool,
    sooner: bool,
}

impl Condition {
    fn parse(args: &[Bytes]) -> Result<Self, ErrorReply> {
        let mut condition = Self::default();
        for arg in args {
            match arg.to_ascii_uppercase().as_slice() {
                b"NX" => condition.none = true,
                b"XX" => condition.some = true,
                b"GT" => condition.later = true,
                b"LT" => condition.sooner = true,
                _ => {
                    return Err(ErrorReply::new(format!(
                        "ERR Unsupported option {}",
                        String::from_utf8_lossy(arg)
                    )));
                }
            }
        }
        if condition.none && (condition.some || condition.later || condition.sooner) {
            return Err(ErrorReply::fixed(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if condition.later && condition.sooner {
            return Err(ErrorReply::fixed("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(condition)
    }

    /// A key that never expires counts as one that expires later than any other.
    fn allows(&self, old: Option<Duration>, new: Duration) -> bool {
        !(self.none && old.is_some()
            || self.some && old.is_none()
            || self.later && old.is_none_or(|old| new <= old)
            || self.sooner && old.is_some_and(|old| new >= old))
    }
}

/// A number of milliseconds made of a key's expiry and now; -2: no such key, -1: it never expires.
fn lifetime(db: &Database, key: &[u8], measure: fn(Duration, Duration) -> Duration) -> Reply {
    let Some(entry) = db.entry(key) else {
        return Reply::Int(-2);
    };
    let now = Duration::from_millis(u64::try_from(db.now().as_millis()).unwrap_or(u64::MAX));
    let measured = entry.expires_at.map(|at| measure(at, now).as_millis());
    Reply::Int(measured.map_or(-1, |millis| i64::try_from(millis).unwrap_or(i64::MAX)))
}

/// So many milliseconds as there are seconds, rounded to the nearest.
fn seconds(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from((time.as_millis() + 500) / 1000).unwrap_or(u64::MAX))
}

fn del(db: &mut Database, args: &[Bytes]) -> Answer {
    Ok(length(args.iter().filter(|key| db.remove(key).is_some()).count()))
}

fn type_of(db: &mut Database, args: &[Bytes]) -> Answer {
    Ok(Reply::Status(db.entry(&args[0]).map_or("none", |entry| entry.value.type_name()).into()))
}

fn persist(db: &mut Database, args: &[Bytes]) -> Answer {
    let expires = db.entry(&args[0]).is_some_and(|entry| entry.expires_at.is_some());
    if expires {
        db.set_expiry(&args[0], None);
    }
    Ok(Reply::Int(i64::from(expires)))
}

fn rename(db: &mut Database, args: &[Bytes]) -> Answer {
    if !db.contains(&args[0]) {
        return Err(ErrorReply::NO_SUCH_KEY);
    }
    if args[0] != args[1] {
        move_entry(db, args);
    }
    Ok(Reply::ok())
}

fn renamenx(db: &mut Database, args: &[Bytes]) -> Answer {
    if !db.contains(&args[0]) {
        return Err(ErrorReply::NO_SUCH_KEY);
    }
    if db.contains(&args[1]) {
        return Ok(Reply::Int(0));
    }
    move_entry(db, args);
    Ok(Reply::Int(1))
}

fn move_entry(db: &mut Database, args: &[Bytes]) {
    if let Some(KeyEntry { value, expires_at }) = db.remove(&args[0]) {
        db.insert(args[1].clone(), value, expires_at);
    }
}

fn keys(db: &mut Database, args: &[Bytes]) -> Answer {
    let matching = db.entries().map(|(key, _)| key).filter(|key| glob::matches(&args[0], key));
    Ok(Reply::Array(matching.cloned().map(Reply::Bulk).collect()))
}

fn scan(db: &mut Database, args: &[Bytes]) -> Answer {
    if !args[0].iter().all(u8::is_ascii_digit) {
        return Err(ErrorReply::fixed("ERR invalid cursor"));
    }
    let (mut pattern, mut kind) = (None, None);
    let (options, rest) = args[1..].as_chunks::<2>();
    for [option, value] in options {
        match option.to_ascii_uppercase().as_slice() {
            b"COUNT" if number::integer(value)? < 1 => return Err(ErrorReply::SYNTAX),
            b"COUNT" => {}
            b"MATCH" => pattern = Some(value),
            b"TYPE" => kind = Some(value),
            _ => return Err(ErrorReply::SYNTAX),
        }
    }
    if !rest.is_empty() {
        return Err(ErrorReply::SYNTAX);
    }
    let found = db.entries().filter(|(key, entry)| {
        pattern.is_none_or(|pattern| glob::matches(pattern, key))
            && kind.is_none_or(|kind| kind.eq_ignore_ascii_case(entry.value.type_name().as_bytes()))
    });
    let found = found.map(|(key, _)| Reply::Bulk(key.clone())).collect();
    Ok(Reply::Array(vec![Reply::bulk("0"), Reply::Array(found)]))
}

fn flush(db: &mut Database, args: &[Bytes]) -> Answer {
    match args {
        [] => {}
        [mode] if mode.eq_ignore_ascii_case(b"ASYNC") || mode.eq_ignore_ascii_case(b"SYNC") => {}
        _ => return Err(ErrorReply::SYNTAX),
    }
    db.clear();
    Ok(Reply::ok())
}

fn time(db: &mut Database, _: &[Bytes]) -> Answer {
    let parts = [db.now().as_secs(), u64::from(db.now().subsec_micros())];
    Ok(Reply::Array(parts.map(|part| Reply::bulk(part.to_string())).into()))
}

fn ping(_: &mut Database, args: &[Bytes]) -> Answer {
    match args {
        [] => Ok(Reply::Status("PONG".into())),
        [text] => Ok(Reply::Bulk(text.clone())),
        _ => Err(ErrorReply::arity("ping")),
    }
}
