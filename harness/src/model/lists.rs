//! Lists.

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use super::number;
use super::reply::{bulk_or_nil, length};
use super::rows::{CommandRow, ONE_KEY, TWO_KEYS, data};
use super::value::List;

pub(super) const COMMANDS: &[CommandRow] = &[
    data("LPUSH", -3, ONE_KEY, |db, args| push(db, args, ListEnd::Left)),
    data("RPUSH", -3, ONE_KEY, |db, args| push(db, args, ListEnd::Right)),
    data("LPUSHX", -3, ONE_KEY, |db, args| push_if_exists(db, args, ListEnd::Left)),
    data("RPUSHX", -3, ONE_KEY, |db, args| push_if_exists(db, args, ListEnd::Right)),
    data("LPOP", -2, ONE_KEY, |db, args| pop(db, args, ListEnd::Left, "lpop")),
    data("RPOP", -2, ONE_KEY, |db, args| pop(db, args, ListEnd::Right, "rpop")),
    data("LLEN", 2, ONE_KEY, |db, args| Ok(length(db.get::<List>(&args[0])?.map_or(0, List::len)))),
    data("LRANGE", 4, ONE_KEY, lrange),
    data("LINDEX", 3, ONE_KEY, lindex),
    data("LREM", 4, ONE_KEY, lrem),
    data("LTRIM", 4, ONE_KEY, ltrim),
    data("LSET", 4, ONE_KEY, lset),
    data("LMOVE", 5, TWO_KEYS, lmove),
    data("RPOPLPUSH", 3, TWO_KEYS, |db, args| transfer(db, args, ListEnd::Right, ListEnd::Left)),
];

/// An end of a list.
#[derive(Clone, Copy)]
enum ListEnd {
    Left,
    Right,
}

impl ListEnd {
    fn parse(text: &[u8]) -> Result<Self, ErrorReply> {
        match text.to_ascii_uppercase().as_slice() {
            b"LEFT" => Ok(Self::Left),
            b"RIGHT" => Ok(Self::Right),
            _ => Err(ErrorReply::SYNTAX),
        }
    }

    fn push(self, list: &mut List, item: Bytes) {
        match self {
            Self::Left => list.push_front(item),
            Self::Right => list.push_back(item),
        }
    }

    fn pop(self, list: &mut List) -> Option<Bytes> {
        match self {
            Self::Left => list.pop_front(),
            Self::Right => list.pop_back(),
        }
    }
}

fn push(db: &mut Database, args: &[Bytes], end: ListEnd) -> Answer {
    db.edit(&args[0], |list: &mut List| {
        for item in &args[1..] {
            end.push(list, item.clone());
        }
        Ok((true, length(list.len())))
    })
}

fn push_if_exists(db: &mut Database, args: &[Bytes], end: ListEnd) -> Answer {
    match db.get::<List>(&args[0])? {
        None => Ok(Reply::Int(0)),
        Some(_) => push(db, args, end),
    }
}

fn pop(db: &mut Database, args: &[Bytes], end: ListEnd, command: &str) -> Answer {
    let count = match &args[1..] {
        [] => None,
        [count] => Some(number::count(count).map_err(|_| ErrorReply::NOT_POSITIVE)?),
        _ => return Err(ErrorReply::arity(command)),
    };
    if db.get::<List>(&args[0])?.is_none() {
        return Ok(Reply::Nil);
    }
    let popped = db.edit(&args[0], |list: &mut List| {
        let popped: Vec<Bytes> = (0..count.unwrap_or(1)).map_while(|_| end.pop(list)).collect();
        Ok((!popped.is_empty(), popped))
    })?;
    Ok(match count {
        None => bulk_or_nil(popped.first()),
        Some(_) => Reply::Array(popped.into_iter().map(Reply::Bulk).collect()),
    })
}

fn lrange(db: &mut Database, args: &[Bytes]) -> Answer {
    let (start, end) = (number::integer(&args[1])?, number::integer(&args[2])?);
    let Some(list) = db.get::<List>(&args[0])? else {
        return Ok(Reply::Array(Vec::new()));
    };
    let items = list.range(number::span(start, end, list.len()));
    Ok(Reply::Array(items.cloned().map(Reply::Bulk).collect()))
}

/// The place that an index names, where negative ones count from the end.
fn place(list: &List, index: i64) -> Option<usize> {
    let place = number::span(index, index, list.len());
    (!place.is_empty()).then_some(place.start)
}

fn lindex(db: &mut Database, args: &[Bytes]) -> Answer {
    let Some(list) = db.get::<List>(&args[0])? else {
        return Ok(Reply::Nil);
    };
    let index = number::integer(&args[1])?;
    Ok(bulk_or_nil(place(list, index).map(|at| &list[at])))
}

fn lrem(db: &mut Database, args: &[Bytes]) -> Answer {
    let count = number::integer(&args[1])?;
    db.edit(&args[0], |list: &mut List| {
        let hits = list.iter().enumerate().filter(|(_, item)| **item == args[2]).map(|(at, _)| at);
        let mut hits: Vec<usize> = hits.collect();
        let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        if count < 0 {
            hits.drain(..hits.len().saturating_sub(wanted));
        } else if count > 0 {
            hits.truncate(wanted);
        }
        for at in hits.iter().rev() {
            list.remove(*at);
        }
        Ok((!hits.is_empty(), length(hits.len())))
    })
}

fn ltrim(db: &mut Database, args: &[Bytes]) -> Answer {
    let (start, end) = (number::integer(&args[1])?, number::integer(&args[2])?);
    let exists = db.get::<List>(&args[0])?.is_some();
    db.edit(&args[0], |list: &mut List| {
        let kept = number::span(start, end, list.len());
        list.truncate(kept.end);
        list.drain(..kept.start);
        Ok((exists, Reply::ok()))
    })
}

fn lset(db: &mut Database, args: &[Bytes]) -> Answer {
    if db.get::<List>(&args[0])?.is_none() {
        return Err(ErrorReply::NO_SUCH_KEY);
    }
    let index = number::integer(&args[1])?;
    db.edit(&args[0], |list: &mut List| {
        let at = place(list, index).ok_or(ErrorReply::fixed("ERR index out of range"))?;
        list[at] = args[2].clone();
        Ok((true, Reply::ok()))
    })
}

fn lmove(db: &mut Database, args: &[Bytes]) -> Answer {
    transfer(db, args, ListEnd::parse(&args[2])?, ListEnd::parse(&args[3])?)
}

fn transfer(db: &mut Database, args: &[Bytes], from: ListEnd, to: ListEnd) -> Answer {
    if db.get::<List>(&args[0])?.is_none() {
        return Ok(Reply::Nil);
    }
    db.get::<List>(&args[1])?;
    // On one list the item is put back before the list could be found empty and lose its time to live.
    if args[0] == args[1] {
        return db.edit(&args[0], |list: &mut List| {
            let item = from.pop(list).expect("a list that exists has an item");
            to.push(list, item.clone());
            Ok((true, Reply::Bulk(item)))
        });
    }
    let item = db.edit(&args[0], |list: &mut List| {
        Ok((true, from.pop(list).expect("a list that exists has an item")))
    })?;
    db.edit(&args[1], |list: &mut List| {
        to.push(list, item.clone());
        Ok((true, Reply::Bulk(item)))
    })
}
