//! URW: a client is chosen with a probability in proportion to the steps that it has left.
//!
//! Zhao, Wolff, Mathur and Roychoudhury, "Selectively Uniform Concurrency Testing" (ASPLOS 2025). If every client
//! takes as many steps as it was expected to, each interleaving has exactly the same probability.
//!
//! Ours: what a client has left is what it takes alone on an empty store ([`probe`](super::probe)) minus what it has
//! taken. A client that branches differently in company is expected to take what it would alone: one that is refused
//! and stops was chosen too often until then, and does not count any more; one that goes on for longer counts as if
//! it had one step left. So for a limiter that refuses, it is uniform only about.
//!
//! What it can miss: nothing in principle, every interleaving has a probability above zero.

use crate::base::draws::Draws;
use crate::world::clients::World;
use crate::world::schedule::ClientId;

/// How many steps each client is expected to take.
#[derive(Debug)]
pub(super) struct UrwPlan {
    expected: Vec<u64>,
}

impl UrwPlan {
    pub(super) fn new(steps_of_each: &[u64]) -> Self {
        Self { expected: steps_of_each.iter().map(|steps| u64::max(1, *steps)).collect() }
    }

    pub(super) fn begin(&self) -> UrwWalk {
        UrwWalk { left: self.expected.clone() }
    }
}

/// One execution: how many steps each client is expected to have left, never below 1.
#[derive(Debug)]
pub(super) struct UrwWalk {
    left: Vec<u64>,
}

impl UrwWalk {
    pub(super) fn choose(&mut self, draws: &mut Draws, world: &World) -> ClientId {
        let mut place = draws.below(world.ready().map(|client| self.left[client.index()]).sum());
        let chosen = world.ready().find(|client| {
            let left = self.left[client.index()];
            let here = place < left;
            place = place.saturating_sub(left);
            here
        });
        let client = chosen.expect("the place is below the sum");
        let left = &mut self.left[client.index()];
        *left = u64::max(1, *left - 1);
        client
    }
}
