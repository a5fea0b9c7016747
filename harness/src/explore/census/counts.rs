//! How many interleavings reach which peak number of holders.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::explore::states::{CountedState, Edge, Graph};
use crate::world::control::{Bound, Control};

/// The ways to a state, by the peak number of holders along them: the lowest peak first, without gaps.
///
/// A count is `width` limbs of 64 bits, the lowest first, and all of them lie in one piece: nearly all of a census is
/// adding them up, and numbers that are allocated one by one take three times as long.
#[derive(Debug, Default)]
struct WaysByPeak {
    lowest: u32,
    width: usize,
    limbs: Vec<u64>,
}

impl WaysByPeak {
    /// The one way to the start, where that many permits are held.
    fn start(held: u32) -> Self {
        Self { lowest: held, width: 1, limbs: vec![1] }
    }

    /// Every peak with its count.
    fn counts(&self) -> impl Iterator<Item = (u32, &[u64])> {
        (self.lowest..).zip(self.limbs.chunks_exact(self.width.max(1)))
    }

    /// How many limbs the largest count takes.
    fn significant(&self) -> usize {
        let limbs = |count: &[u64]| count.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
        self.counts().map(|(_, count)| limbs(count)).max().unwrap_or(0)
    }

    /// One more than the highest peak.
    fn end(&self) -> u32 {
        self.counts().last().map_or(self.lowest, |(peak, _)| peak + 1)
    }

    /// Makes room for peaks from `lowest` up to `end` and for counts of that many limbs.
    fn make_room(&mut self, lowest: u32, end: u32, width: usize) {
        let room = if self.limbs.is_empty() {
            Self { lowest, width, limbs: Vec::new() }
        } else {
            let (lowest, width) = (self.lowest.min(lowest), self.width.max(width));
            Self { lowest, width, limbs: Vec::new() }
        };
        let end = end.max(self.end());
        let length = (end - room.lowest) as usize * room.width;
        if (room.lowest, room.width, length) == (self.lowest, self.width, self.limbs.len()) {
            return;
        }
        let mut limbs = vec![0; length];
        for (peak, count) in self.counts() {
            let at = (peak - room.lowest) as usize * room.width;
            limbs[at..at + count.len()].copy_from_slice(count);
        }
        *self = Self { limbs, ..room };
    }

    /// Adds `times` the ways `from` here, where `held` permits are held. No count of `from` takes more than that many
    /// limbs.
    fn add(&mut self, from: &Self, significant: usize, times: u32, held: u32) {
        // One limb more has room for the sum of as many products as there are edges.
        self.make_room(from.lowest.max(held), from.end().max(held + 1), significant + 1);
        for (peak, count) in from.counts() {
            let at = (peak.max(held) - self.lowest) as usize * self.width;
            add_product(&mut self.limbs[at..at + self.width], &count[..significant], times);
        }
    }
}

/// Adds a multiple of a number to another one that has room for the sum.
fn add_product(sum: &mut [u64], number: &[u64], times: u32) {
    let (low, high) = sum.split_at_mut(number.len());
    let mut carry = 0;
    for (limb, digit) in low.iter_mut().zip(number) {
        // The largest that this can be is less than 2^128.
        let wide = u128::from(*digit) * u128::from(times) + u128::from(*limb) + u128::from(carry);
        (*limb, carry) = halves(wide);
    }
    for limb in high {
        let overflowed;
        (*limb, overflowed) = limb.overflowing_add(carry);
        carry = u64::from(overflowed);
    }
    debug_assert_eq!(carry, 0, "there is room for the sum");
}

/// The lower and the upper half.
#[expect(clippy::cast_possible_truncation, reason = "halves are what is wanted")]
fn halves(wide: u128) -> (u64, u64) {
    (wide as u64, (wide >> 64) as u64)
}

fn big(count: &[u64]) -> BigUint {
    BigUint::from_bytes_le(&count.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<u8>>())
}

/// Counts the interleavings by their peak, over states in topological order. The ways to a state are dropped once they
/// were handed on.
pub(crate) fn by_peak(
    graph: &Graph,
    order: &[u32],
    control: &Control,
) -> Result<BTreeMap<u32, BigUint>, Bound> {
    let mut ways: Vec<Option<Box<WaysByPeak>>> = Vec::new();
    ways.resize_with(graph.len(), || None);
    ways[0] = Some(Box::new(WaysByPeak::start(graph.holders[0])));
    let mut peaks = BTreeMap::new();
    let (mut state, mut edges) = (CountedState::default(), Vec::<Edge>::new());
    for here in order {
        control.stop(0).map_or(Ok(()), Err)?;
        let Some(known) = ways[*here as usize].take() else { continue };
        graph.edges(*here, &mut state, &mut edges);
        let significant = known.significant();
        for edge in &edges {
            let target = edge.target as usize;
            let there = ways[target].get_or_insert_default();
            there.add(&known, significant, edge.count, graph.holders[target]);
        }
        if edges.is_empty() {
            for (peak, count) in known.counts().map(|(peak, count)| (peak, big(count))) {
                if count != BigUint::ZERO {
                    *peaks.entry(peak).or_default() += count;
                }
            }
        }
    }
    Ok(peaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_added_as_big_integers_are() {
        let (sum, number) = ([u64::MAX, u64::MAX, 7, 0], [u64::MAX, 3, u64::MAX]);
        for times in [1, 2, u32::MAX] {
            let mut limbs = sum;
            add_product(&mut limbs, &number, times);
            assert_eq!(big(&limbs), big(&sum) + big(&number) * times);
        }
    }

    #[test]
    fn room_is_made_below_above_and_in_width() {
        let mut ways = WaysByPeak::start(3);
        ways.add(&WaysByPeak { lowest: 1, width: 2, limbs: vec![5, 9, 0, 1] }, 2, 2, 0);
        ways.add(&WaysByPeak::start(2), 1, 4, 6);
        let counts: Vec<_> = ways.counts().map(|(peak, count)| (peak, count.to_vec())).collect();
        let expected = [[10, 18, 0], [0, 2, 0], [1, 0, 0], [0; 3], [0; 3], [4, 0, 0]];
        assert_eq!(counts, (1..).zip(expected.map(|count| count.to_vec())).collect::<Vec<_>>());
    }
}
