//! Uniform sampling: each interleaving with exactly the same probability.
//!
//! The graph of merged states tells how many ways lead on from each state. A client is drawn with a probability in
//! proportion to the number of ways that begin with its step; then each of all `n` interleavings has the probability
//! `1/n`. Drawing a path of an acyclic graph by its counted completions is due to Nijenhuis and Wilf ("Combinatorial
//! Algorithms", 1975). URW estimates these numbers, here they are known.
//!
//! What it can miss: nothing in principle. It needs the whole graph, and that there is no cycle in it.

use std::sync::Arc;

use num_bigint::BigUint;

use crate::base::draws::Draws;
use crate::explore::states::{self, CountedState, Edge, Graph, StateSpace};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::schedule::ClientId;

/// The graph, and how many ways lead from each of its states to the end.
#[derive(Debug)]
pub(super) struct UniformPlan {
    graph: Graph,
    ways: Vec<BigUint>,
}

impl UniformPlan {
    /// Searches the graph; the inner error is what stopped that.
    pub(super) fn new(root: &World, control: &Control) -> Result<Result<Arc<Self>, Bound>, Error> {
        let graph = states::search(root, StateSpace::default(), &control.clone().uncounted())?;
        if let Some(bound) = graph.stopped {
            return Ok(Err(bound));
        }
        let order = match graph.order(control) {
            Ok(order) => order.ok_or(Error::Infinite)?,
            Err(bound) => return Ok(Err(bound)),
        };
        Ok(completions(&graph, &order, control).map(|ways| Arc::new(Self { graph, ways })))
    }

    pub(super) fn begin(self: &Arc<Self>) -> UniformWalk {
        UniformWalk { plan: Arc::clone(self), state: 0, pairs: self.graph.starts.clone() }
    }
}

fn completions(graph: &Graph, order: &[u32], control: &Control) -> Result<Vec<BigUint>, Bound> {
    let mut ways = vec![BigUint::ZERO; graph.len()];
    let (mut state, mut edges) = (CountedState::default(), Vec::<Edge>::new());
    for here in order.iter().rev() {
        control.stop(0).map_or(Ok(()), Err)?;
        graph.edges(*here, &mut state, &mut edges);
        let sum: BigUint = edges.iter().map(|edge| &ways[edge.target as usize] * edge.count).sum();
        ways[*here as usize] = if edges.is_empty() { BigUint::from(1u32) } else { sum };
    }
    Ok(ways)
}

/// One execution.
#[derive(Debug)]
pub(super) struct UniformWalk {
    plan: Arc<UniformPlan>,
    state: u32,
    /// The pair that each client is in.
    pairs: Vec<u32>,
}

impl UniformWalk {
    pub(super) fn choose(&mut self, draws: &mut Draws) -> ClientId {
        let UniformPlan { graph, ways } = &*self.plan;
        let (mut state, mut steps) = (CountedState::default(), Vec::new());
        graph.steps(self.state, &mut state, &mut steps);
        let mut way = below(draws, &ways[self.state as usize]);
        for ((pair, count, step), target) in steps.into_iter().zip(graph.targets(self.state)) {
            let each = &ways[*target as usize];
            let all = each * count;
            if way >= all {
                way -= all;
                continue;
            }
            // The clients of the pair share its ways alike.
            let which = usize::try_from(way / each).unwrap_or_default();
            let mut alike = (0..self.pairs.len()).filter(|client| self.pairs[*client] == pair);
            let client = alike.nth(which).expect("a pair has as many clients as the state counts");
            for pair in &mut self.pairs {
                *pair = graph.transitions.affected(*pair, step);
            }
            self.pairs[client] = step.to;
            self.state = *target;
            return ClientId(u16::try_from(client).unwrap_or(u16::MAX));
        }
        unreachable!("the ways of the steps add up to those of the state")
    }
}

/// A number below `bound`, which is not 0; each with exactly the same probability: as many bits as it has, until they
/// are below it.
fn below(draws: &mut Draws, bound: &BigUint) -> BigUint {
    let bits = bound.bits();
    loop {
        let words = (0..bits.div_ceil(64)).map(|_| draws.any());
        let digits = words.flat_map(|word| [word & 0xffff_ffff, word >> 32]);
        let mut digits: Vec<u32> = digits.filter_map(|digit| u32::try_from(digit).ok()).collect();
        let spare = digits.len() as u64 * 32 - bits;
        digits.truncate(usize::try_from(bits.div_ceil(32)).unwrap_or(usize::MAX));
        if let Some(last) = digits.last_mut() {
            *last >>= spare % 32;
        }
        let number = BigUint::new(digits);
        if number < *bound {
            return number;
        }
    }
}
