//! How many interleavings reach which peak number of holders.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::explore::{Bound, Control};
use crate::merge::{Edge, Graph, State};

/// The ways to a state, by the peak number of holders along them: the lowest peak first, without gaps.
#[derive(Clone, Debug, Default)]
struct Ways {
    lowest: u32,
    counts: Vec<BigUint>,
}

impl Ways {
    /// Adds `times` the ways `from` here, where `held` permits are held.
    fn add(&mut self, from: &Self, times: u32, held: u32) {
        if self.counts.is_empty() {
            self.lowest = from.lowest.max(held);
        }
        for (peak, count) in (from.lowest..).zip(&from.counts) {
            let peak = peak.max(held);
            if peak < self.lowest {
                let missing = (self.lowest - peak) as usize;
                self.counts.splice(0..0, std::iter::repeat_n(BigUint::ZERO, missing));
                self.lowest = peak;
            }
            let at = (peak - self.lowest) as usize;
            if at >= self.counts.len() {
                self.counts.resize(at + 1, BigUint::ZERO);
            }
            if times == 1 {
                self.counts[at] += count;
            } else {
                self.counts[at] += count * times;
            }
        }
    }
}

/// Counts the interleavings by their peak, over states in topological order. The ways to a state are dropped once they
/// were handed on.
pub(crate) fn by_peak(
    graph: &Graph,
    order: &[u32],
    control: &Control,
) -> Result<BTreeMap<u32, BigUint>, Bound> {
    let mut ways: Vec<Option<Box<Ways>>> = Vec::new();
    ways.resize_with(graph.len(), || None);
    ways[0] = Some(Box::new(Ways { lowest: graph.holders[0], counts: vec![BigUint::from(1u32)] }));
    let mut peaks = BTreeMap::new();
    let (mut state, mut edges) = (State::default(), Vec::<Edge>::new());
    for here in order {
        control.stop(0).map_or(Ok(()), Err)?;
        let Some(known) = ways[*here as usize].take() else { continue };
        graph.edges(*here, &mut state, &mut edges);
        for edge in &edges {
            let target = edge.target as usize;
            ways[target].get_or_insert_default().add(&known, edge.count, graph.holders[target]);
        }
        if edges.is_empty() {
            for (peak, count) in
                (known.lowest..).zip(&known.counts).filter(|(_, count)| **count != BigUint::ZERO)
            {
                *peaks.entry(peak).or_default() += count;
            }
        }
    }
    Ok(peaks)
}
