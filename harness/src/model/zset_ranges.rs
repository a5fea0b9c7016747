//! Ranges of sorted sets: by rank, by score and by the members' bytes.

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use super::number;
use super::reply::length;
use super::rows::{CommandRow, ONE_KEY, TWO_KEYS, data};
use super::sorted_set::{Score, Zset};
use super::value::{StoredValue, ValueKind};

pub(super) const COMMANDS: &[CommandRow] = &[
    data("ZRANGE", -4, ONE_KEY, |db, args| Query::parse(args, None, Scope::Free)?.answer(db, &args[0])),
    data("ZREVRANGE", -4, ONE_KEY, |db, args| range(db, args, By::Rank, true)),
    data("ZRANGEBYSCORE", -4, ONE_KEY, |db, args| range(db, args, By::Score, false)),
    data("ZREVRANGEBYSCORE", -4, ONE_KEY, |db, args| range(db, args, By::Score, true)),
    data("ZRANGEBYLEX", -4, ONE_KEY, |db, args| range(db, args, By::Lex, false)),
    data("ZREVRANGEBYLEX", -4, ONE_KEY, |db, args| range(db, args, By::Lex, true)),
    data("ZRANGESTORE", -5, TWO_KEYS, zrangestore),
    data("ZCOUNT", 4, ONE_KEY, |db, args| count(db, args, By::Score)),
    data("ZLEXCOUNT", 4, ONE_KEY, |db, args| count(db, args, By::Lex)),
    data("ZREMRANGEBYRANK", 4, ONE_KEY, |db, args| remove(db, args, By::Rank)),
    data("ZREMRANGEBYSCORE", 4, ONE_KEY, |db, args| remove(db, args, By::Score)),
    data("ZREMRANGEBYLEX", 4, ONE_KEY, |db, args| remove(db, args, By::Lex)),
];

/// What a range's ends are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// One end of a range by value.
enum RangeBound<T> {
    Lowest,
    Highest,
    Inclusive(T),
    Exclusive(T),
}

impl<T: Ord> RangeBound<T> {
    /// Whether `value` is not below this, taken as the lower end.
    fn admits_above(&self, value: &T) -> bool {
        match self {
            Self::Lowest => true,
            Self::Highest => false,
            Self::Inclusive(end) => value >= end,
            Self::Exclusive(end) => value > end,
        }
    }

    /// Whether `value` is not above this, taken as the upper end.
    fn admits_below(&self, value: &T) -> bool {
        match self {
            Self::Lowest => false,
            Self::Highest => true,
            Self::Inclusive(end) => value <= end,
            Self::Exclusive(end) => value < end,
        }
    }
}

/// A range with ends that were read.
enum Range {
    Rank(i64, i64),
    Score(RangeBound<Score>, RangeBound<Score>),
    Lex(RangeBound<Bytes>, RangeBound<Bytes>),
}

impl Range {
    fn parse(by: By, min: &Bytes, max: &Bytes) -> Result<Self, ErrorReply> {
        Ok(match by {
            By::Rank => Self::Rank(number::integer(min)?, number::integer(max)?),
            By::Score => Self::Score(score_bound(min)?, score_bound(max)?),
            By::Lex => Self::Lex(lex_bound(min)?, lex_bound(max)?),
        })
    }

    /// The places of the members inside, which are one stretch, without the first `skipped` of them. Searched from the
    /// end if `reverse`. Where scores differ, members are not in the order of their bytes; a range by bytes then finds
    /// what a server finds that walks its members one by one.
    fn places(&self, zset: &Zset, reverse: bool, skipped: usize) -> Places {
        let members = zset.members();
        match self {
            Self::Rank(start, end) if reverse => {
                let places = number::span(*start, *end, members.len());
                members.len() - places.end..members.len() - places.start
            }
            Self::Rank(start, end) => number::span(*start, *end, members.len()),
            Self::Score(min, max) => {
                stretch(members, |m| min.admits_above(&m.0), |m| max.admits_below(&m.0), reverse, skipped)
            }
            Self::Lex(min, max) => {
                stretch(members, |m| min.admits_above(&m.1), |m| max.admits_below(&m.1), reverse, skipped)
            }
        }
    }
}

type Places = std::ops::Range<usize>;
type Member = (Score, Bytes);

/// From the first member above the lower end, as long as members are below the upper end; or the other way round.
/// What is skipped is not asked whether it is inside.
fn stretch(
    members: &[Member],
    above: impl Fn(&Member) -> bool,
    below: impl Fn(&Member) -> bool,
    reverse: bool,
    skipped: usize,
) -> Places {
    if !members.last().is_some_and(&above) || !members.first().is_some_and(&below) {
        return 0..0;
    }
    if reverse {
        let last = members.iter().rposition(&below).filter(|last| above(&members[*last]));
        let end = last.map_or(0, |last| last + 1).saturating_sub(skipped);
        end - members[..end].iter().rev().take_while(|m| above(m)).count()..end
    } else {
        let first = members.iter().position(&above).filter(|first| below(&members[*first]));
        let start = first.map_or(members.len(), |first| first.saturating_add(skipped).min(members.len()));
        start..start + members[start..].iter().take_while(|m| below(m)).count()
    }
}

fn score_bound(text: &[u8]) -> Result<RangeBound<Score>, ErrorReply> {
    let (exclusive, digits) = text.strip_prefix(b"(").map_or((false, text), |rest| (true, rest));
    let score = Score::parse(digits).ok_or(ErrorReply::fixed("ERR min or max is not a float"))?;
    Ok(if exclusive { RangeBound::Exclusive(score) } else { RangeBound::Inclusive(score) })
}

fn lex_bound(text: &Bytes) -> Result<RangeBound<Bytes>, ErrorReply> {
    match text.first() {
        Some(b'-') if text.len() == 1 => Ok(RangeBound::Lowest),
        Some(b'+') if text.len() == 1 => Ok(RangeBound::Highest),
        Some(b'[') => Ok(RangeBound::Inclusive(text.slice(1..))),
        Some(b'(') => Ok(RangeBound::Exclusive(text.slice(1..))),
        _ => Err(ErrorReply::fixed("ERR min or max not valid string range item")),
    }
}

/// Which options a command knows: all of them, or those that its name leaves open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Free,
    Store,
    Fixed,
}

/// What `ZRANGE` and its relatives are asked for.
struct Query {
    range: Range,
    reverse: bool,
    with_scores: bool,
    offset: i64,
    limit: i64,
}

impl Query {
    /// From `key min max [option…]`. What the name of the command says is `given`: by what, and whether reversed.
    fn parse(args: &[Bytes], given: Option<(By, bool)>, scope: Scope) -> Result<Self, ErrorReply> {
        let (mut by, mut reverse) = given.unwrap_or((By::Rank, false));
        let (mut with_scores, mut offset, mut limit) = (false, 0, -1);
        let open = scope != Scope::Fixed;
        let mut rest = &args[3..];
        while let Some((word, tail)) = rest.split_first() {
            rest = tail;
            match (word.to_ascii_uppercase().as_slice(), rest) {
                (b"WITHSCORES", _) if scope != Scope::Store => with_scores = true,
                (b"LIMIT", [start, most, tail @ ..]) => {
                    (offset, limit) = (number::integer(start)?, number::integer(most)?);
                    rest = tail;
                }
                (b"REV", _) if open => reverse = true,
                (b"BYSCORE", _) if open => by = By::Score,
                (b"BYLEX", _) if open => by = By::Lex,
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        if limit != -1 && by == By::Rank {
            return Err(ErrorReply::fixed(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if with_scores && by == By::Lex {
            return Err(ErrorReply::fixed(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        // By rank, the one limit that gets here says "all", and a server then ignores where to start.
        if by == By::Rank {
            offset = 0;
        }
        // By value, a reversed range names its upper end first.
        let (min, max) = if reverse && by != By::Rank { (&args[2], &args[1]) } else { (&args[1], &args[2]) };
        Ok(Self { range: Range::parse(by, min, max)?, reverse, with_scores, offset, limit })
    }

    /// The members, in the order that was asked for.
    fn select(&self, zset: &Zset) -> Vec<(Score, Bytes)> {
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut members = zset.members()[self.range.places(zset, self.reverse, offset)].to_vec();
        if self.reverse {
            members.reverse();
        }
        members.truncate(limit);
        members
    }

    fn answer(&self, db: &Database, key: &Bytes) -> Answer {
        let members = db.get::<Zset>(key)?.map(|zset| self.select(zset)).unwrap_or_default();
        let replies = members.into_iter().flat_map(|(score, member)| {
            let score = self.with_scores.then(|| score.reply());
            [Some(Reply::Bulk(member)), score].into_iter().flatten()
        });
        Ok(Reply::Array(replies.collect()))
    }
}

fn range(db: &mut Database, args: &[Bytes], by: By, reverse: bool) -> Answer {
    Query::parse(args, Some((by, reverse)), Scope::Fixed)?.answer(db, &args[0])
}

/// `ZRANGESTORE destination source min max [option…]`.
fn zrangestore(db: &mut Database, args: &[Bytes]) -> Answer {
    let query = Query::parse(&args[1..], None, Scope::Store)?;
    let members = db.get::<Zset>(&args[1])?.map(|zset| query.select(zset)).unwrap_or_default();
    let mut result = Zset::default();
    for (score, member) in members {
        result.insert(score, member);
    }
    Ok(store(db, &args[0], result))
}

/// Makes a key hold a sorted set, or nothing if it is empty, and tells how many members it has.
pub(super) fn store(db: &mut Database, key: &Bytes, zset: Zset) -> Reply {
    let stored = length(zset.len());
    if zset.is_empty() {
        db.remove(key);
    } else {
        let value: StoredValue = zset.wrap();
        db.insert(key.clone(), value, None);
    }
    stored
}

fn count(db: &mut Database, args: &[Bytes], by: By) -> Answer {
    let range = Range::parse(by, &args[1], &args[2])?;
    Ok(length(db.get::<Zset>(&args[0])?.map_or(0, |zset| range.places(zset, false, 0).len())))
}

fn remove(db: &mut Database, args: &[Bytes], by: By) -> Answer {
    let range = Range::parse(by, &args[1], &args[2])?;
    db.edit(&args[0], |zset: &mut Zset| {
        let places = range.places(zset, false, 0);
        let removed = places.len();
        zset.drain(places);
        Ok((removed > 0, length(removed)))
    })
}
