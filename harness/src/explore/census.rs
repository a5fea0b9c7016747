//! The census: exact counts over all interleavings, from the graph of merged states.
//!
//! The graph is searched once ([`crate::explore::states`] says what is merged and when that is sound). An interleaving is a path
//! through it, and an edge stands for as many steps as there are clients in its pair, so that dynamic programming over
//! the graph counts what nobody could enumerate: all interleavings, those that over-admit, by peak number of holders
//! (`counts`), by preemptions ([`preemptions`]); the probability that a scheduler which draws a client at random meets a
//! violation ([`probability`]); and it finds the best counterexample ([`shortest`]). The peak is kept beside the state and not
//! in it: a state's value is a vector, one count for each peak.
//!
//! What it can miss: nothing, where clients are interchangeable as assumed or told apart. A graph with a cycle, which a
//! client makes that tries again for ever, has infinitely many interleavings: none are counted then, but safety is
//! decided all the same, as the states are finitely many.

pub mod any;
mod counts;
mod passes;
pub mod preemptions;
pub mod probability;
pub mod results;
pub mod shortest;
mod ways;

use std::collections::BTreeMap;

use num_bigint::BigUint;
use num_rational::BigRational;
use num_traits::ToPrimitive as _;

use crate::explore::counterexample::Violation;
use crate::explore::states::{self, Graph, StateSpace};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::verdict::Verdict;
use preemptions::ByPreemptions;
use probability::Probability;

/// What to count besides the peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CensusOptions {
    /// Which states are told apart.
    pub space: StateSpace,
    /// Whether interleavings are counted by their preemptions too.
    pub by_preemptions: bool,
    /// Only interleavings with at most so many preemptions.
    pub max_preemptions: Option<u32>,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Census {
    /// How many merged states there are, or were met before something stopped the search.
    pub states: u64,
    /// How many edges lead from one to another.
    pub edges: u64,
    /// How many interleavings reach each peak number of holders and no higher one. `None` if the search was stopped or
    /// there are infinitely many.
    pub peaks: Option<BTreeMap<u32, BigUint>>,
    /// Whether there are infinitely many interleavings.
    pub infinite: bool,
    /// The highest number of holders in any state.
    pub highest: u32,
    /// In how many final states, among those met, the store holds something in the name of a client that holds no
    /// permit. `None` where clients were told apart: nothing is known to be in anybody's name then.
    pub leaks: Option<u64>,
    /// The probability that a random scheduler meets a violation, where the search got through.
    pub probability: Option<Probability>,
    /// Interleavings by preemptions, if that was asked for.
    pub by_preemptions: Option<ByPreemptions>,
    /// The best counterexample.
    pub violation: Option<Violation>,
    /// What stopped the search, or left interleavings out.
    pub stopped: Option<Bound>,
    /// Why clients that run the same program were told apart, if they were.
    pub asymmetry: Option<String>,
}

impl Census {
    /// A violation found is final; without one, only a search that got through is clean.
    pub fn verdict(&self) -> Verdict {
        match (&self.violation, &self.stopped) {
            (Some(_), _) => Verdict::Violation,
            (None, Some(_)) => Verdict::Undecided,
            (None, None) => Verdict::Clean,
        }
    }

    /// How many interleavings there are.
    pub fn interleavings(&self) -> Option<BigUint> {
        Some(self.peaks.as_ref()?.values().sum())
    }

    /// How many of them exceed a limit.
    pub fn above(&self, limit: u64) -> Option<BigUint> {
        let above = self.peaks.as_ref()?.iter().filter(|(peak, _)| u64::from(**peak) > limit);
        Some(above.map(|(_, count)| count).sum())
    }

    /// The share of interleavings that exceed a limit, as close as a number can be.
    pub fn share_above(&self, limit: u64) -> Option<f64> {
        let share = BigRational::new(self.above(limit)?.into(), self.interleavings()?.into());
        share.to_f64()
    }
}

/// Counts all interleavings of a world's clients, from an empty store.
pub fn take(world: &World, options: CensusOptions, control: &Control) -> Result<Census, Error> {
    Ok(count(&states::search(world, options.space, control)?, world.limit(), options, control))
}

/// Counts over a graph that was searched.
pub(crate) fn count(graph: &Graph, limit: u64, options: CensusOptions, control: &Control) -> Census {
    let order = graph.stopped.clone().map_or_else(|| graph.order(control), Err);
    let mut census = Census {
        states: graph.len() as u64,
        edges: graph.edge_count() as u64,
        peaks: None,
        infinite: order == Ok(None),
        highest: graph.holders.iter().copied().max().unwrap_or(0),
        leaks: graph.leaks(),
        probability: None,
        by_preemptions: None,
        violation: shortest::violation(graph, limit),
        stopped: order.as_ref().err().cloned(),
        asymmetry: graph.asymmetry.as_ref().map(ToString::to_string),
    };
    if let Ok(Some(order)) = order
        && let Err(bound) = count_in_order(&mut census, graph, &order, limit, options, control)
    {
        census.peaks = None;
        census.stopped = Some(bound);
    }
    if let Some(max) = options.max_preemptions {
        leave_out(&mut census, graph, limit, max, control);
    }
    census
}

/// What needs the states in order, each quantity by a sweep of its own.
fn count_in_order(
    census: &mut Census,
    graph: &Graph,
    order: &[u32],
    limit: u64,
    options: CensusOptions,
    control: &Control,
) -> Result<(), Bound> {
    census.peaks = Some(counts::by_peak(graph, order, control)?);
    census.probability = Some(probability::of_random_walk(graph, order, limit, control)?);
    if options.by_preemptions || options.max_preemptions.is_some() {
        census.by_preemptions = Some(preemptions::count(graph, order, limit, control)?);
    }
    Ok(())
}

/// Leaves out of a census what has more preemptions than that: a violation that needs more is not seen, and if
/// anything was left out, nothing that was counted is a count of all.
fn leave_out(census: &mut Census, graph: &Graph, limit: u64, max: u32, control: &Control) {
    let Some(counts) = &census.by_preemptions else { return };
    if counts.keys().all(|preemptions| *preemptions <= max) {
        return;
    }
    let (violation, stopped) = match preemptions::within(graph, limit, max, control) {
        Ok(violation) => (violation, Bound::Preemptions(max)),
        Err(bound) => (None, bound),
    };
    census.violation = violation;
    census.peaks = None;
    census.probability = None;
    census.highest = 0;
    census.stopped = Some(stopped);
}
