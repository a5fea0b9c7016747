//! Hashes. Fields come in byte order.

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use super::number;
use super::reply::{bulk_or_nil, length};
use super::rows::{CommandRow, ONE_KEY, data};
use super::value::Hash;

pub(super) const COMMANDS: &[CommandRow] = &[
    data("HSET", -4, ONE_KEY, |db, args| set_fields(db, args, "hset").map(length)),
    data("HMSET", -4, ONE_KEY, |db, args| set_fields(db, args, "hmset").map(|_| Reply::ok())),
    data("HSETNX", 4, ONE_KEY, hsetnx),
    data("HGET", 3, ONE_KEY, |db, args| Ok(bulk_or_nil(field(db, args)?))),
    data("HMGET", -3, ONE_KEY, hmget),
    data("HDEL", -3, ONE_KEY, hdel),
    data("HLEN", 2, ONE_KEY, |db, args| Ok(length(db.get::<Hash>(&args[0])?.map_or(0, Hash::len)))),
    data("HEXISTS", 3, ONE_KEY, |db, args| Ok(Reply::Int(i64::from(field(db, args)?.is_some())))),
    data("HSTRLEN", 3, ONE_KEY, |db, args| Ok(length(field(db, args)?.map_or(0, Bytes::len)))),
    data("HGETALL", 2, ONE_KEY, |db, args| list(db, args, |field, value| vec![field, value])),
    data("HKEYS", 2, ONE_KEY, |db, args| list(db, args, |field, _| vec![field])),
    data("HVALS", 2, ONE_KEY, |db, args| list(db, args, |_, value| vec![value])),
    data("HINCRBY", 4, ONE_KEY, hincrby),
];

/// The value of the field that the second argument names.
fn field<'a>(db: &'a Database, args: &[Bytes]) -> Result<Option<&'a Bytes>, ErrorReply> {
    Ok(db.get::<Hash>(&args[0])?.and_then(|hash| hash.get(&args[1])))
}

/// Sets pairs of fields and values, and tells how many fields are new.
fn set_fields(db: &mut Database, args: &[Bytes], command: &str) -> Result<usize, ErrorReply> {
    let (pairs, rest) = args[1..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ErrorReply::arity(command));
    }
    db.edit(&args[0], |hash: &mut Hash| {
        let mut new = 0;
        for [field, value] in pairs {
            new += usize::from(hash.insert(field.clone(), value.clone()).is_none());
        }
        Ok((true, new))
    })
}

fn hsetnx(db: &mut Database, args: &[Bytes]) -> Answer {
    db.edit(&args[0], |hash: &mut Hash| {
        let new = !hash.contains_key(&args[1]);
        if new {
            hash.insert(args[1].clone(), args[2].clone());
        }
        Ok((new, Reply::Int(i64::from(new))))
    })
}

fn hmget(db: &mut Database, args: &[Bytes]) -> Answer {
    let hash = db.get::<Hash>(&args[0])?;
    let value = |field| bulk_or_nil(hash.and_then(|hash| hash.get(field)));
    Ok(Reply::Array(args[1..].iter().map(value).collect()))
}

fn hdel(db: &mut Database, args: &[Bytes]) -> Answer {
    db.edit(&args[0], |hash: &mut Hash| {
        let removed = args[1..].iter().filter(|field| hash.remove(*field).is_some()).count();
        Ok((removed > 0, length(removed)))
    })
}

/// What `pick` takes of each field and its value.
fn list(db: &Database, args: &[Bytes], pick: fn(Bytes, Bytes) -> Vec<Bytes>) -> Answer {
    let hash = db.get::<Hash>(&args[0])?;
    let picked = hash.into_iter().flatten().flat_map(|(field, value)| pick(field.clone(), value.clone()));
    Ok(Reply::Array(picked.map(Reply::Bulk).collect()))
}

fn hincrby(db: &mut Database, args: &[Bytes]) -> Answer {
    let by = number::integer(&args[2])?;
    let old = field(db, args)?.map_or(Ok(0), |text| number::integer(text));
    let old = old.map_err(|_| ErrorReply::fixed("ERR hash value is not an integer"))?;
    let new = old.checked_add(by).ok_or(ErrorReply::OVERFLOW)?;
    db.edit(&args[0], |hash: &mut Hash| {
        hash.insert(args[1].clone(), new.to_string().into());
        Ok((true, Reply::Int(new)))
    })
}
