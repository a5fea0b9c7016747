//! The probability that a scheduler which draws a client at random meets a violation.
//!
//! At every step it draws one of the clients that can step, each with the same chance, until more permits are held than
//! there are or all have finished. This is not the share of interleavings that over-admit: an interleaving with few
//! choices is more likely than one with many.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer as _;
use num_rational::BigRational;

use crate::explore::states::{CountedState, Edge, Graph};
use crate::world::control::{Bound, Control};

/// The largest graph on which the probability is computed as a fraction as well.
pub const MAX_EXACT_STATES: usize = 10_000;

/// A probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Probability {
    /// As a fraction in lowest terms, where the graph has at most [`MAX_EXACT_STATES`].
    pub exact: Option<BigRational>,
    /// As a number from 0 to 1.
    pub value: f64,
}

/// The probability from the start, over states in topological order.
pub(crate) fn of_random_walk(
    graph: &Graph,
    order: &[u32],
    limit: u64,
    control: &Control,
) -> Result<Probability, Bound> {
    let value = value(graph, order, limit, control)?;
    let exact =
        if graph.len() <= MAX_EXACT_STATES { Some(exact(graph, order, limit, control)?) } else { None };
    Ok(Probability { exact, value })
}

fn value(graph: &Graph, order: &[u32], limit: u64, control: &Control) -> Result<f64, Bound> {
    let mut chance = vec![0.0; graph.len()];
    let (mut state, mut edges) = (CountedState::default(), Vec::<Edge>::new());
    for here in order.iter().rev() {
        control.stop(0).map_or(Ok(()), Err)?;
        chance[*here as usize] = if u64::from(graph.holders[*here as usize]) > limit {
            1.0
        } else {
            graph.edges(*here, &mut state, &mut edges);
            let clients: u32 = edges.iter().map(|edge| edge.count).sum();
            let sum: f64 =
                edges.iter().map(|edge| f64::from(edge.count) * chance[edge.target as usize]).sum();
            if clients == 0 { 0.0 } else { sum / f64::from(clients) }
        };
    }
    Ok(chance[0])
}

/// The same in whole numbers: the probability of a state with at most `n` steps before it is kept as a multiple of
/// `1 / m^n`, where every number of clients divides `m`. So there is one fraction to be reduced, at the end.
fn exact(graph: &Graph, order: &[u32], limit: u64, control: &Control) -> Result<BigRational, Bound> {
    let clients = u32::try_from(graph.starts.len()).unwrap_or(u32::MAX);
    let unit = (1..=clients).fold(BigUint::from(1u32), |unit, n| unit.lcm(&n.into()));
    let mut powers = vec![BigUint::from(1u32)];
    let mut longest = vec![0usize; graph.len()];
    let mut chance = vec![BigUint::ZERO; graph.len()];
    let (mut state, mut edges) = (CountedState::default(), Vec::<Edge>::new());
    for here in order.iter().rev() {
        control.stop(0).map_or(Ok(()), Err)?;
        let here = *here as usize;
        if u64::from(graph.holders[here]) > limit {
            chance[here] = BigUint::from(1u32);
            continue;
        }
        graph.edges(order_id(here), &mut state, &mut edges);
        let steps = edges.iter().map(|edge| longest[edge.target as usize] + 1).max().unwrap_or(0);
        longest[here] = steps;
        while powers.len() <= steps {
            let next = &powers[powers.len() - 1] * &unit;
            powers.push(next);
        }
        let stepping: u32 = edges.iter().map(|edge| edge.count).sum();
        let mut sum = BigUint::ZERO;
        for edge in &edges {
            let target = edge.target as usize;
            if chance[target] != BigUint::ZERO {
                let share = &chance[target] * edge.count * (&unit / stepping);
                sum += share * &powers[steps - 1 - longest[target]];
            }
        }
        chance[here] = sum;
    }
    let whole = powers[longest[0]].clone();
    Ok(BigRational::new(BigInt::from(chance[0].clone()), BigInt::from(whole)))
}

fn order_id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
