//! What a sorted set is: scores, and members in their order.

use bytes::Bytes;
use gatecrash_limiter::Reply;

use super::number;

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

    pub(super) fn rank(&self, member: &[u8]) -> Option<usize> {
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

    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        self.rank(member).map(|at| self.0.remove(at)).is_some()
    }

    pub(super) fn take_first(&mut self) -> Option<(Score, Bytes)> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }

    pub(super) fn take_last(&mut self) -> Option<(Score, Bytes)> {
        self.0.pop()
    }
}
