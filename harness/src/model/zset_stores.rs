//! Unions and intersections of sorted sets and sets.

use bytes::Bytes;

use super::database::Database;
use super::error_reply::{Answer, ErrorReply};
use super::number;
use super::rows::{CommandRow, KeyPlaces, data};
use super::sorted_set::{Score, Zset};
use super::value::{Set, StoredValue};
use super::zset_ranges::store;

const DESTINATION: KeyPlaces = KeyPlaces::Destination { at: 2 };

pub(super) const COMMANDS: &[CommandRow] = &[
    data("ZUNIONSTORE", -4, DESTINATION, |db, args| combine(db, args, SetOperation::Union, "zunionstore")),
    data("ZINTERSTORE", -4, DESTINATION, |db, args| {
        combine(db, args, SetOperation::Intersection, "zinterstore")
    }),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum SetOperation {
    Union,
    Intersection,
}

/// How the scores of one member become one.
#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn parse(text: &[u8]) -> Result<Self, ErrorReply> {
        match text.to_ascii_uppercase().as_slice() {
            b"SUM" => Ok(Self::Sum),
            b"MIN" => Ok(Self::Min),
            b"MAX" => Ok(Self::Max),
            _ => Err(ErrorReply::SYNTAX),
        }
    }

    /// The sum of opposite infinities counts as zero.
    fn apply(self, a: Score, b: Score) -> Score {
        match self {
            Self::Sum => Score::new(a.value() + b.value()).unwrap_or(Score::ZERO),
            Self::Min => a.min(b),
            Self::Max => a.max(b),
        }
    }
}

/// What follows the keys.
struct StoreOptions {
    weights: Vec<f64>,
    aggregate: Aggregate,
}

impl StoreOptions {
    fn parse(mut args: &[Bytes], inputs: usize) -> Result<Self, ErrorReply> {
        let mut options = Self { weights: vec![1.0; inputs], aggregate: Aggregate::Sum };
        while let [word, rest @ ..] = args {
            match word.to_ascii_uppercase().as_slice() {
                b"WEIGHTS" if rest.len() >= inputs => {
                    let weight = |text: &Bytes| number::float(text);
                    let weights: Option<_> = rest[..inputs].iter().map(weight).collect();
                    options.weights = weights.ok_or(ErrorReply::fixed("ERR weight value is not a float"))?;
                    args = &rest[inputs..];
                }
                b"AGGREGATE" if !rest.is_empty() => {
                    options.aggregate = Aggregate::parse(&rest[0])?;
                    args = &rest[1..];
                }
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        Ok(options)
    }
}

fn combine(db: &mut Database, args: &[Bytes], operation: SetOperation, command: &str) -> Answer {
    let inputs = number::integer(&args[1])?;
    if inputs < 1 {
        return Err(ErrorReply::new(format!("ERR at least 1 input key is needed for '{command}' command")));
    }
    let inputs = usize::try_from(inputs).ok().filter(|n| *n <= args.len() - 2).ok_or(ErrorReply::SYNTAX)?;
    let (keys, rest) = args[2..].split_at(inputs);
    let members = keys.iter().map(|key| members(db, key)).collect::<Result<Vec<_>, ErrorReply>>()?;
    let options = StoreOptions::parse(rest, inputs)?;
    let mut result = Zset::default();
    for (nth, (weight, members)) in options.weights.iter().zip(&members).enumerate() {
        let mut next = if operation == SetOperation::Union { result.clone() } else { Zset::default() };
        for (score, member) in members {
            let score = Score::new(score.value() * weight).unwrap_or(Score::ZERO);
            match result.score(member) {
                Some(so_far) => next.insert(options.aggregate.apply(so_far, score), member.clone()),
                None if nth == 0 || operation == SetOperation::Union => next.insert(score, member.clone()),
                None => {}
            }
        }
        result = next;
    }
    Ok(store(db, &args[0], result))
}

/// The members of a sorted set, or of a set with score 1 each.
fn members(db: &Database, key: &Bytes) -> Result<Vec<(Score, Bytes)>, ErrorReply> {
    let one = || Score::new(1.0).expect("one is a number");
    match db.entry(key).map(|entry| &entry.value) {
        None => Ok(Vec::new()),
        Some(StoredValue::Set(_)) => {
            let set = db.get::<Set>(key)?;
            Ok(set.into_iter().flatten().map(|member| (one(), member.clone())).collect())
        }
        Some(_) => Ok(db.get::<Zset>(key)?.map(|zset| zset.members().to_vec()).unwrap_or_default()),
    }
}
