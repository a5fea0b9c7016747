//! Sets. Members come in byte order.

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::Database;
use super::error_reply::Answer;
use super::reply::length;
use super::rows::{CommandRow, ONE_KEY, data};
use super::value::Set;

pub(super) const COMMANDS: &[CommandRow] = &[
    data("SADD", -3, ONE_KEY, sadd),
    data("SREM", -3, ONE_KEY, srem),
    data("SCARD", 2, ONE_KEY, |db, args| Ok(length(db.get::<Set>(&args[0])?.map_or(0, Set::len)))),
    data("SISMEMBER", 3, ONE_KEY, |db, args| Ok(has(db.get(&args[0])?, &args[1]))),
    data("SMISMEMBER", -3, ONE_KEY, smismember),
    data("SMEMBERS", 2, ONE_KEY, smembers),
];

fn sadd(db: &mut Database, args: &[Bytes]) -> Answer {
    count_changes(db, args, |set, member| set.insert(member.clone()))
}

fn srem(db: &mut Database, args: &[Bytes]) -> Answer {
    count_changes(db, args, Set::remove)
}

/// Does one thing for each member and tells how often it changed the set.
fn count_changes(db: &mut Database, args: &[Bytes], change: fn(&mut Set, &Bytes) -> bool) -> Answer {
    db.edit(&args[0], |set: &mut Set| {
        let changes = args[1..].iter().filter(|member| change(set, member)).count();
        Ok((changes > 0, length(changes)))
    })
}

fn has(set: Option<&Set>, member: &Bytes) -> Reply {
    Reply::Int(i64::from(set.is_some_and(|set| set.contains(member))))
}

fn smismember(db: &mut Database, args: &[Bytes]) -> Answer {
    let set = db.get(&args[0])?;
    Ok(Reply::Array(args[1..].iter().map(|member| has(set, member)).collect()))
}

fn smembers(db: &mut Database, args: &[Bytes]) -> Answer {
    let set = db.get::<Set>(&args[0])?;
    Ok(Reply::Array(set.into_iter().flatten().cloned().map(Reply::Bulk).collect()))
}
