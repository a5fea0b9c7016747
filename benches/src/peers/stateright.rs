//! stateright over the very states and steps that gatecrash searches: only the search is its own.

use std::sync::Arc;

use gatecrash::explore::states::{CountedState, Explorer, Move};
use stateright::{Checker, Model, Property};

/// The merged states of a world, as stateright wants to see them.
#[derive(Clone, Debug)]
pub struct Merged {
    explorer: Arc<Explorer>,
    /// A number of holders that is never reached: a search ends early once it has seen a violation.
    never: u32,
}

impl Merged {
    /// The states of a world of that many clients.
    pub fn new(explorer: Explorer, clients: u32) -> Self {
        Self { explorer: Arc::new(explorer), never: clients + 1 }
    }

    /// Depth-first, on one thread; gives the number of states.
    pub fn depth_first(&self) -> usize {
        self.clone().checker().threads(1).spawn_dfs().join().unique_state_count()
    }

    /// Breadth-first, on one thread; gives the number of states.
    pub fn breadth_first(&self) -> usize {
        self.clone().checker().threads(1).spawn_bfs().join().unique_state_count()
    }
}

impl Model for Merged {
    type State = CountedState;
    type Action = Move;

    fn init_states(&self) -> Vec<CountedState> {
        vec![self.explorer.start().clone()]
    }

    fn actions(&self, state: &CountedState, actions: &mut Vec<Move>) {
        actions.extend(self.explorer.moves(state));
    }

    fn next_state(&self, state: &CountedState, action: Move) -> Option<CountedState> {
        Some(self.explorer.follow(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let safe = |model: &Self, state: &CountedState| model.explorer.holders(state) < model.never;
        vec![Property::<Self>::always("no more holders than clients", safe)]
    }
}
