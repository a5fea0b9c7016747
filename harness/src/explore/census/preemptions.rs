//! How many interleavings have how many preemptions: switches away from a client that has not finished.
//!
//! The same dynamic programming as for peaks, over a state and the pair of the client that stepped last. From these
//! counts follows what a bound on preemptions (Musuvathi and Qadeer, PLDI 2007) would have missed.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::explore::counterexample::{Path, Violation};
use crate::explore::states::{CountedState, Graph, PairStep};
use crate::world::control::{Bound, Control};
use crate::world::schedule::{Choice, ClientId};

/// How many interleavings there are, and how many of them violate, by the number of preemptions.
pub type ByPreemptions = BTreeMap<u32, PreemptionCount>;

/// How many interleavings there are, and how many of them violate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreemptionCount {
    /// All of them.
    pub interleavings: BigUint,
    /// Those in which more permits are held than there are.
    pub violating: BigUint,
}

/// The fewest preemptions with which there is a violation: any smaller bound misses all of them.
pub fn first_violation(counts: &ByPreemptions) -> Option<u32> {
    counts.iter().find(|(_, tally)| tally.violating != BigUint::ZERO).map(|(preemptions, _)| *preemptions)
}

/// The ways to a state, by their preemptions: those without a violation so far, and those with one.
type WaysByPreemptions = Vec<[BigUint; 2]>;

/// Counts interleavings by their preemptions, over states in topological order.
pub(crate) fn count(
    graph: &Graph,
    order: &[u32],
    limit: u64,
    control: &Control,
) -> Result<ByPreemptions, Bound> {
    let mut ways: Vec<Vec<(Option<u32>, WaysByPreemptions)>> = vec![Vec::new(); graph.len()];
    ways[0].push((None, vec![[BigUint::from(1u32), BigUint::ZERO]]));
    let mut counts = ByPreemptions::new();
    let (mut state, mut steps) = (CountedState::default(), Vec::new());
    for here in order {
        control.stop(0).map_or(Ok(()), Err)?;
        graph.steps(*here, &mut state, &mut steps);
        for (last, known) in std::mem::take(&mut ways[*here as usize]) {
            if steps.is_empty() {
                finish(&known, &mut counts);
            }
            for ((pair, count, step), target) in steps.iter().zip(graph.targets(*here)) {
                let over = u64::from(graph.holders[*target as usize]) > limit;
                let next = Some(step.to).filter(|to| graph.transitions.is_ready(*to));
                let there = entry(&mut ways[*target as usize], next);
                let mine = last == Some(*pair);
                if mine {
                    add(there, &known, 1, 0, over);
                }
                add(there, &known, count - u32::from(mine), usize::from(last.is_some()), over);
            }
        }
    }
    Ok(counts)
}

fn entry(ways: &mut Vec<(Option<u32>, WaysByPreemptions)>, last: Option<u32>) -> &mut WaysByPreemptions {
    let at = ways.iter().position(|(known, _)| *known == last).unwrap_or_else(|| {
        ways.push((last, WaysByPreemptions::new()));
        ways.len() - 1
    });
    &mut ways[at].1
}

/// Adds `times` the ways `from`, with so many more preemptions.
fn add(ways: &mut WaysByPreemptions, from: &WaysByPreemptions, times: u32, more: usize, over: bool) {
    if times == 0 {
        return;
    }
    if ways.len() < from.len() + more {
        ways.resize_with(from.len() + more, Default::default);
    }
    for (sum, [clean, violating]) in ways[more..].iter_mut().zip(from) {
        if over {
            sum[1] += (clean + violating) * times;
        } else {
            sum[0] += clean * times;
            sum[1] += violating * times;
        }
    }
}

fn finish(ways: &WaysByPreemptions, counts: &mut ByPreemptions) {
    for (preemptions, [clean, violating]) in (0..).zip(ways) {
        let all = clean + violating;
        if all != BigUint::ZERO {
            let tally = counts.entry(preemptions).or_default();
            tally.interleavings += all;
            tally.violating += violating;
        }
    }
}

/// A point on a way: a state, the pair of the client that stepped last unless it has finished, and the preemptions.
type Point = (u32, Option<u32>, u32);

/// A shortest violation with at most so many preemptions: of the shortest the first that a breadth-first search meets,
/// clients in order.
pub(super) fn within(
    graph: &Graph,
    limit: u64,
    max: u32,
    control: &Control,
) -> Result<Option<Violation>, Bound> {
    let mut seen = FxHashSet::<Point>::default();
    let mut level = vec![(0, graph.starts.clone(), Path::new(limit))];
    let (mut state, mut steps) = (CountedState::default(), Vec::new());
    while !level.is_empty() {
        let mut next = Vec::new();
        for (id, pairs, path) in &level {
            control.stop(0).map_or(Ok(()), Err)?;
            graph.steps(*id, &mut state, &mut steps);
            let ways: FxHashMap<u32, (PairStep, u32)> = steps
                .iter()
                .zip(graph.targets(*id))
                .map(|((pair, _, step), to)| (*pair, (*step, *to)))
                .collect();
            for client in 0..pairs.len() {
                let Some((step, target)) = ways.get(&pairs[client]).copied() else { continue };
                let ready = graph.transitions.is_ready(step.to);
                let mut path = path.clone();
                let choice = Choice::Step(ClientId(u16::try_from(client).unwrap_or(u16::MAX)));
                path.push(choice, graph.holders[target as usize], !ready);
                if path.preemptions() > max {
                    continue;
                }
                if path.violates_here() {
                    return Ok(path.violation());
                }
                let point = (target, ready.then_some(step.to), path.preemptions());
                if seen.insert(point) {
                    let mut pairs: Vec<u32> =
                        pairs.iter().map(|pair| graph.transitions.affected(*pair, step)).collect();
                    pairs[client] = step.to;
                    next.push((target, pairs, path));
                }
            }
        }
        level = next;
    }
    Ok(None)
}
