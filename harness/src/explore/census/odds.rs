//! The odds that a scheduler which draws a client at random meets a violation.
//!
//! At every step it draws one of the clients that can step, each with the same chance, until more permits are held than
//! there are or all have finished. This is not the share of interleavings that over-admit: an interleaving with few
//! choices is more likely than one with many.

use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;

use crate::explore::states::{Edge, Graph, State};
use crate::world::control::{Bound, Control};

/// The largest graph on which the odds are computed as a fraction as well.
pub const MAX_EXACT_STATES: usize = 10_000;

/// Some odds.
#[derive(Clone, Debug, PartialEq)]
pub struct Odds {
    /// As a fraction in lowest terms, where the graph has at most [`MAX_EXACT_STATES`].
    pub exact: Option<BigRational>,
    /// As a number from 0 to 1.
    pub value: f64,
}

/// The odds from the start, over states in topological order.
pub(crate) fn of_random_walk(
    graph: &Graph,
    order: &[u32],
    limit: u64,
    control: &Control,
) -> Result<Odds, Bound> {
    let value = value(graph, order, limit, control)?;
    let exact =
        if graph.len() <= MAX_EXACT_STATES { Some(exact(graph, order, limit, control)?) } else { None };
    Ok(Odds { exact, value })
}

fn value(graph: &Graph, order: &[u32], limit: u64, control: &Control) -> Result<f64, Bound> {
    let mut odds = vec![0.0; graph.len()];
    let (mut state, mut edges) = (State::default(), Vec::<Edge>::new());
    for here in order.iter().rev() {
        control.stop(0).map_or(Ok(()), Err)?;
        odds[*here as usize] = if u64::from(graph.holders[*here as usize]) > limit {
            1.0
        } else {
            graph.edges(*here, &mut state, &mut edges);
            let clients: u32 = edges.iter().map(|edge| edge.count).sum();
            let sum: f64 = edges.iter().map(|edge| f64::from(edge.count) * odds[edge.target as usize]).sum();
            if clients == 0 { 0.0 } else { sum / f64::from(clients) }
        };
    }
    Ok(odds[0])
}

/// The same in whole numbers: the odds of a state with at most `n` steps before it are kept as a multiple of `1 / m^n`,
/// where every number of clients divides `m`. So there is one fraction to be reduced, at the end.
fn exact(graph: &Graph, order: &[u32], limit: u64, control: &Control) -> Result<BigRational, Bound> {
    let clients = u32::try_from(graph.starts.len()).unwrap_or(u32::MAX);
    let unit = (1..=clients).fold(BigUint::from(1u32), |unit, n| {
        let common = gcd(&unit, n);
        unit * n / common
    });
    let mut powers = vec![BigUint::from(1u32)];
    let mut longest = vec![0usize; graph.len()];
    let mut odds = vec![BigUint::ZERO; graph.len()];
    let (mut state, mut edges) = (State::default(), Vec::<Edge>::new());
    for here in order.iter().rev() {
        control.stop(0).map_or(Ok(()), Err)?;
        let here = *here as usize;
        if u64::from(graph.holders[here]) > limit {
            odds[here] = BigUint::from(1u32);
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
            if odds[target] != BigUint::ZERO {
                let share = &odds[target] * edge.count * (&unit / stepping);
                sum += share * &powers[steps - 1 - longest[target]];
            }
        }
        odds[here] = sum;
    }
    let whole = powers[longest[0]].clone();
    Ok(BigRational::new(BigInt::from(odds[0].clone()), BigInt::from(whole)))
}

fn order_id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn gcd(big: &BigUint, small: u32) -> u32 {
    let (mut a, mut b) = (small, u32::try_from(big % small).unwrap_or(0));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
