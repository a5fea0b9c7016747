//! The random walk: at each step, any client that can step, each with the same probability.
//!
//! The simplest sampler, and a biased one: an interleaving counts for less the longer several clients have steps
//! left, so violations that need many clients between two of their steps are rarer than among all interleavings.

use crate::base::draws::Draws;
use crate::world::clients::World;
use crate::world::schedule::ClientId;

pub(super) fn choose(draws: &mut Draws, world: &World) -> ClientId {
    let place = draws.index(world.ready().count());
    world.ready().nth(place).expect("the place is below their number")
}
