//! Sorted sets: members with scores, one by one. Ranges are in `zset_ranges`.

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use super::number;
use super::reply::length;
use super::rows::{CommandRow, ONE_KEY, data};
use super::sorted_set::{Score, Zset};

pub(super) const COMMANDS: &[CommandRow] = &[
    data("ZADD", -4, ONE_KEY, zadd),
    data("ZINCRBY", 4, ONE_KEY, zincrby),
    data("ZREM", -3, ONE_KEY, zrem),
    data("ZCARD", 2, ONE_KEY, |db, args| Ok(length(db.get::<Zset>(&args[0])?.map_or(0, Zset::len)))),
    data("ZSCORE", 3, ONE_KEY, |db, args| Ok(score_or_nil(db.get(&args[0])?, &args[1]))),
    data("ZMSCORE", -3, ONE_KEY, zmscore),
    data("ZRANK", 3, ONE_KEY, |db, args| rank(db, args, |_, at| at)),
    data("ZREVRANK", 3, ONE_KEY, |db, args| rank(db, args, |len, at| len - 1 - at)),
    data("ZPOPMIN", -2, ONE_KEY, |db, args| pop(db, args, Zset::take_first)),
    data("ZPOPMAX", -2, ONE_KEY, |db, args| pop(db, args, Zset::take_last)),
];

/// What `ZADD` is told before the scores.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each word of the command")]
struct ZaddOptions {
    only_new: bool,
    only_old: bool,
    greater: bool,
    less: bool,
    count_changes: bool,
    increment: bool,
}

impl ZaddOptions {
    /// The options, and how many arguments they take.
    fn parse(args: &[Bytes]) -> (Self, usize) {
        let mut options = Self::default();
        for (at, arg) in args.iter().enumerate() {
            let set = match arg.len() {
                2 => match [arg[0].to_ascii_uppercase(), arg[1].to_ascii_uppercase()] {
                    [b'N', b'X'] => &mut options.only_new,
                    [b'X', b'X'] => &mut options.only_old,
                    [b'G', b'T'] => &mut options.greater,
                    [b'L', b'T'] => &mut options.less,
                    [b'C', b'H'] => &mut options.count_changes,
                    _ => return (options, at),
                },
                _ if arg.eq_ignore_ascii_case(b"INCR") => &mut options.increment,
                _ => return (options, at),
            };
            *set = true;
        }
        (options, args.len())
    }

    fn check(&self, pairs: usize) -> Result<(), ErrorReply> {
        if self.only_new && self.only_old {
            return Err(ErrorReply::fixed("ERR XX and NX options at the same time are not compatible"));
        }
        if [self.greater, self.less, self.only_new].into_iter().filter(|set| *set).count() > 1 {
            return Err(ErrorReply::fixed(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.increment && pairs > 1 {
            return Err(ErrorReply::fixed("ERR INCR option supports a single increment-element pair"));
        }
        Ok(())
    }

    /// The score that a member gets; `None` if the options forbid it.
    fn score(&self, old: Option<Score>, given: Score) -> Result<Option<Score>, ErrorReply> {
        let Some(old) = old else {
            return Ok((!self.only_old).then_some(given));
        };
        if self.only_new {
            return Ok(None);
        }
        let new = if self.increment { add(old, given)? } else { given };
        let forbidden = self.greater && new <= old || self.less && new >= old;
        Ok((!forbidden).then_some(new))
    }
}

fn add(a: Score, b: Score) -> Result<Score, ErrorReply> {
    Score::new(a.value() + b.value()).ok_or(ErrorReply::NOT_A_NUMBER)
}

/// What `ZADD` did to the members that it named.
#[derive(Default)]
struct ZaddTally {
    added: usize,
    updated: usize,
    /// The score that was set last, if one was.
    score: Option<Score>,
}

fn zadd(db: &mut Database, args: &[Bytes]) -> Answer {
    let (options, taken) = ZaddOptions::parse(&args[1..]);
    let (pairs, rest) = args[1 + taken..].as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(ErrorReply::SYNTAX);
    }
    options.check(pairs.len())?;
    // Nothing is done unless every score is a number.
    let parse = |score: &Bytes| Score::parse(score).ok_or(ErrorReply::NOT_FLOAT);
    let given = parse(&pairs[0][0])?;
    for [score, _] in &pairs[1..] {
        parse(score)?;
    }
    let tally = db.edit(&args[0], |zset: &mut Zset| {
        let mut tally = ZaddTally::default();
        put(zset, &options, given, &pairs[0][1], &mut tally)?;
        for [score, member] in &pairs[1..] {
            put(zset, &options, parse(score)?, member, &mut tally)?;
        }
        Ok((tally.added + tally.updated > 0, tally))
    })?;
    Ok(if options.increment {
        tally.score.map_or(Reply::Nil, Score::reply)
    } else {
        length(tally.added + if options.count_changes { tally.updated } else { 0 })
    })
}

fn put(
    zset: &mut Zset,
    options: &ZaddOptions,
    given: Score,
    member: &Bytes,
    tally: &mut ZaddTally,
) -> Result<(), ErrorReply> {
    let old = zset.score(member);
    let Some(new) = options.score(old, given)? else {
        return Ok(());
    };
    tally.score = Some(new);
    if old != Some(new) {
        zset.insert(new, member.clone());
        *(if old.is_none() { &mut tally.added } else { &mut tally.updated }) += 1;
    }
    Ok(())
}

fn zincrby(db: &mut Database, args: &[Bytes]) -> Answer {
    let by = Score::parse(&args[1]).ok_or(ErrorReply::NOT_FLOAT)?;
    db.edit(&args[0], |zset: &mut Zset| {
        let old = zset.score(&args[2]);
        let new = add(old.unwrap_or(Score::ZERO), by)?;
        if old != Some(new) {
            zset.insert(new, args[2].clone());
        }
        Ok((old != Some(new), new.reply()))
    })
}

fn zrem(db: &mut Database, args: &[Bytes]) -> Answer {
    db.edit(&args[0], |zset: &mut Zset| {
        let removed = args[1..].iter().filter(|member| zset.remove(member)).count();
        Ok((removed > 0, length(removed)))
    })
}

fn score_or_nil(zset: Option<&Zset>, member: &[u8]) -> Reply {
    zset.and_then(|zset| zset.score(member)).map_or(Reply::Nil, Score::reply)
}

fn zmscore(db: &mut Database, args: &[Bytes]) -> Answer {
    let zset = db.get(&args[0])?;
    Ok(Reply::Array(args[1..].iter().map(|member| score_or_nil(zset, member)).collect()))
}

fn rank(db: &mut Database, args: &[Bytes], count: fn(usize, usize) -> usize) -> Answer {
    let Some(zset) = db.get::<Zset>(&args[0])? else {
        return Ok(Reply::Nil);
    };
    Ok(zset.rank(&args[1]).map_or(Reply::Nil, |at| length(count(zset.len(), at))))
}

fn pop(db: &mut Database, args: &[Bytes], take: fn(&mut Zset) -> Option<(Score, Bytes)>) -> Answer {
    let count = match &args[1..] {
        [] => 1,
        [count] => number::count(count).map_err(|_| ErrorReply::NOT_POSITIVE)?,
        _ => return Err(ErrorReply::SYNTAX),
    };
    db.edit(&args[0], |zset: &mut Zset| {
        let taken: Vec<_> = (0..count).map_while(|_| take(zset)).collect();
        let changed = !taken.is_empty();
        let pairs = taken.into_iter().flat_map(|(score, member)| [Reply::Bulk(member), score.reply()]);
        Ok((changed, Reply::Array(pairs.collect())))
    })
}
