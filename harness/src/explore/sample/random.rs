//! The random walk: any choice that there is, mostly some client's step, each with the same probability.
//!
//! The simplest sampler, and a biased one: an interleaving counts for less the longer several clients have steps
//! left, so violations that need many clients between two of their steps are rarer than among all interleavings.

use crate::base::draws::Draws;
use crate::world::clients::World;
use crate::world::schedule::Choice;

pub(super) fn choose(draws: &mut Draws, world: &World) -> Choice {
    let place = draws.index(world.enabled().count());
    world.enabled().nth(place).expect("the place is below their number")
}
