//! Sorted sets: members with scores, one by one. Ranges are in `zset_ranges`.

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::Database;
use super::fault::Fault;
use super::reply::length;
use super::table::{CommandRow, ONE_KEY, data};
use super::{Answer, number};

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

/// A score: any double but not-a-number. Negative zero is zero, as in a server's small sorted sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score(f64);

impl Score {
    pub(super) const ZERO: Self = Self(0.0);

    /// `None` for not-a-number.
    pub(super) fn new(value: f64) -> Option<Self> {
        if value.is_nan() { None } else { Some(Self(value + 0.0)) }
    }

    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        number::float(text).and_then(Self::new)
    }

    pub(super) fn value(self) -> f64 {
        self.0
    }

    /// As a reply writes it; [`Score::parse`] reads the same score back.
    pub(super) fn text(self) -> Bytes {
        number::general(self.0).into()
    }

    pub(super) fn reply(self) -> Reply {
        Reply::Bulk(self.text())
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

impl std::hash::Hash for Score {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// Members in order of their scores, then of their bytes. A plain vector: these sets are small, and it is quick to
/// copy, compare and hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Zset(Vec<(Score, Bytes)>);

impl Zset {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members in order.
    pub(super) fn members(&self) -> &[(Score, Bytes)] {
        &self.0
    }

    /// Removes members by their places.
    pub(super) fn drain(&mut self, places: std::ops::Range<usize>) {
        self.0.drain(places);
    }

    fn rank(&self, member: &[u8]) -> Option<usize> {
        self.0.iter().position(|(_, m)| m == member)
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<Score> {
        self.rank(member).map(|at| self.0[at].0)
    }

    /// Sets a member's score; adds the member if it is not there.
    pub(super) fn insert(&mut self, score: Score, member: Bytes) {
        self.remove(&member);
        let entry = (score, member);
        let at = self.0.partition_point(|other| *other < entry);
        self.0.insert(at, entry);
    }

    fn remove(&mut self, member: &[u8]) -> bool {
        self.rank(member).map(|at| self.0.remove(at)).is_some()
    }

    fn take_first(&mut self) -> Option<(Score, Bytes)> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }

    fn take_last(&mut self) -> Option<(Score, Bytes)> {
        self.0.pop()
    }
}

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

    fn check(&self, pairs: usize) -> Result<(), Fault> {
        if self.only_new && self.only_old {
            return Err(Fault::fixed("ERR XX and NX options at the same time are not compatible"));
        }
        if [self.greater, self.less, self.only_new].into_iter().filter(|set| *set).count() > 1 {
            return Err(Fault::fixed("ERR GT, LT, and/or NX options at the same time are not compatible"));
        }
        if self.increment && pairs > 1 {
            return Err(Fault::fixed("ERR INCR option supports a single increment-element pair"));
        }
        Ok(())
    }

    /// The score that a member gets; `None` if the options forbid it.
    fn score(&self, old: Option<Score>, given: Score) -> Result<Option<Score>, Fault> {
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

fn add(a: Score, b: Score) -> Result<Score, Fault> {
    Score::new(a.0 + b.0).ok_or(Fault::NOT_A_NUMBER)
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
        return Err(Fault::SYNTAX);
    }
    options.check(pairs.len())?;
    // Nothing is done unless every score is a number.
    let parse = |score: &Bytes| Score::parse(score).ok_or(Fault::NOT_FLOAT);
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
) -> Result<(), Fault> {
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
    let by = Score::parse(&args[1]).ok_or(Fault::NOT_FLOAT)?;
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
        [count] => number::count(count).map_err(|_| Fault::NOT_POSITIVE)?,
        _ => return Err(Fault::SYNTAX),
    };
    db.edit(&args[0], |zset: &mut Zset| {
        let taken: Vec<_> = (0..count).map_while(|_| take(zset)).collect();
        let changed = !taken.is_empty();
        let pairs = taken.into_iter().flat_map(|(score, member)| [Reply::Bulk(member), score.reply()]);
        Ok((changed, Reply::Array(pairs.collect())))
    })
}
