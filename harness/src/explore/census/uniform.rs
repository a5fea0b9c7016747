//! Interleavings drawn uniformly: each of them with exactly the same chance.
//!
//! The graph of merged states tells how many ways lead on from each state. A client is drawn with a chance proportional
//! to the number of ways that begin with its step; then every interleaving has the chance `1 / n` of all `n`. Uniform
//! random walks on an acyclic graph from counted completions are due to Nijenhuis and Wilf (1975). Nothing is estimated,
//! as it is in URW (Zhao, Wolff, Mathur and Roychoudhury, ASPLOS 2025).

use num_bigint::BigUint;

use crate::explore::{Bound, Control};
use crate::merge::{Edge, Graph, State};

/// How many ways lead from each state to the end.
pub(crate) fn completions(graph: &Graph, order: &[u32], control: &Control) -> Result<Vec<BigUint>, Bound> {
    let mut ways = vec![BigUint::ZERO; graph.len()];
    let (mut state, mut edges) = (State::default(), Vec::<Edge>::new());
    for here in order.iter().rev() {
        control.stop(0).map_or(Ok(()), Err)?;
        graph.edges(*here, &mut state, &mut edges);
        let sum: BigUint = edges.iter().map(|edge| &ways[edge.target as usize] * edge.count).sum();
        ways[*here as usize] = if edges.is_empty() { BigUint::from(1u32) } else { sum };
    }
    Ok(ways)
}
