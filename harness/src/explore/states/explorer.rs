//! The step function of merged states for engines of others: everything is looked up, nothing is computed.

use super::state::CountedState;
use super::sweep::{Sweep, sweep};
use super::transitions::{PairStep, StateSpace, Transitions};
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;

/// The merged states of one world and their steps, for engines of others: everything is looked up.
#[derive(Debug)]
pub struct Explorer {
    transitions: Transitions,
    start: CountedState,
}

/// A step that clients of some pair can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    pair: u32,
    step: PairStep,
}

impl Explorer {
    /// Computes what every step does, by taking each once. `None` if a bound forbids that.
    pub fn new(world: &World, space: StateSpace, control: &Control) -> Result<Option<Self>, Error> {
        let Sweep { transitions, start, found, .. } = sweep(world, space, control)?;
        Ok(found.stopped.is_none().then_some(Self { transitions, start }))
    }

    /// The state before anybody's first step.
    pub fn start(&self) -> &CountedState {
        &self.start
    }

    /// The steps that clients can take in a state that can be reached.
    pub fn moves(&self, state: &CountedState) -> impl Iterator<Item = Move> {
        let steps = self.transitions.known(state);
        steps.map(|(pair, _, step)| Move { pair, step })
    }

    /// The state that a step leads to.
    pub fn follow(&self, state: &CountedState, by: Move) -> CountedState {
        let mut next = CountedState::default();
        self.transitions.follow(state, by.pair, by.step, &mut next);
        next
    }

    /// How many permits are held.
    pub fn holders(&self, state: &CountedState) -> u32 {
        self.transitions.holders(state)
    }
}
