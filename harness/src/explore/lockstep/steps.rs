//! What the steps of executions come to on the model, each worked out once.
//!
//! What a client sends, what it is answered and where that leads follows from the state of clients and store alone,
//! and executions meet the same states over and over: they begin alike, and they come together again. So a step that
//! was taken before is looked up. Few states are remembered; an execution that leaves them works out its own steps
//! from there on.

use std::hash::BuildHasherDefault;
use std::rc::Rc;
use std::time::Duration;

use indexmap::IndexSet;
use rustc_hash::FxHasher;

use crate::model::Model;
use crate::redis::{Batch, Packed};
use crate::world::client::Sent;
use crate::world::clients::{Begun, World};
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::{Store, StoreError};
use crate::world::trace::StepEffect;

/// How many clients all states that are remembered have, taken together: some tens of megabytes.
const ROOM: usize = 32_768;

/// The states that are remembered, and the steps that were taken from them.
pub(super) struct Steps {
    states: IndexSet<Execution<Model>, BuildHasherDefault<FxHasher>>,
    /// Of each state, by client: the steps that were taken from there and led to such a state.
    taken: Vec<Vec<Option<Taken>>>,
    /// How many states there may be.
    room: usize,
}

#[derive(Clone)]
struct Taken {
    step: Rc<PreparedStep>,
    /// The number of the state that it leads to.
    to: usize,
}

/// A step from some state.
pub(super) struct PreparedStep {
    /// What it comes to on the model.
    pub(super) effect: StepEffect,
    /// Its command, ready to be sent.
    pub(super) packed: Packed,
}

/// The state of an execution.
pub(super) enum ExecutionState {
    /// One that is remembered, by its number.
    Known(usize),
    /// Another one.
    Own(Box<Execution<Model>>),
}

impl ExecutionState {
    /// Where every execution begins.
    pub(super) const START: Self = Self::Known(0);
}

impl Steps {
    /// Before any step was taken from that state of the clients and an empty store.
    pub(super) fn from(root: &World) -> Result<Self, Error> {
        let clients = root.names().len();
        let start = Execution::start(root.clone(), Model::new())?;
        let states = IndexSet::from_iter([start]);
        Ok(Self { states, taken: vec![vec![None; clients]], room: ROOM / clients.max(1) })
    }

    /// The state itself.
    pub(super) fn at<'a>(&'a self, place: &'a ExecutionState) -> &'a Execution<Model> {
        match place {
            ExecutionState::Known(number) => &self.states[*number],
            ExecutionState::Own(execution) => execution,
        }
    }

    /// Takes a step, whose command is packed for that batch: the execution comes to another place.
    pub(super) fn take(
        &mut self,
        place: &mut ExecutionState,
        choice: Choice,
        batch: &Batch,
    ) -> Result<Rc<PreparedStep>, StoreError> {
        let Choice::Step(client) = choice else { unreachable!("only steps are enabled") };
        let from = match place {
            ExecutionState::Known(from) => *from,
            ExecutionState::Own(execution) => return work_out(execution, client, batch),
        };
        if let Some(Taken { step, to }) = &self.taken[from][client.index()] {
            *place = ExecutionState::Known(*to);
            return Ok(Rc::clone(step));
        }
        let mut execution = self.states[from].clone();
        let step = work_out(&mut execution, client, batch)?;
        *place = self.remember(execution);
        if let ExecutionState::Known(to) = *place {
            self.taken[from][client.index()] = Some(Taken { step: Rc::clone(&step), to });
        }
        Ok(step)
    }

    /// Where an execution is in that state, which is remembered from now on if there is room.
    fn remember(&mut self, execution: Execution<Model>) -> ExecutionState {
        if let Some(number) = self.states.get_index_of(&execution) {
            return ExecutionState::Known(number);
        }
        if self.states.len() >= self.room {
            return ExecutionState::Own(execution.into());
        }
        self.taken.push(vec![None; execution.world.names().len()]);
        ExecutionState::Known(self.states.insert_full(execution).0)
    }
}

/// Takes a step on the model.
fn work_out(
    execution: &mut Execution<Model>,
    client: ClientId,
    batch: &Batch,
) -> Result<Rc<PreparedStep>, StoreError> {
    let Begun::Sent(client, sent) = execution.world.begin(Choice::Step(client)) else {
        unreachable!("only steps are enabled")
    };
    let Sent { operation, first, command } = sent;
    let mut packed = batch.pack(&command)?;
    let reply = execution.store.execute(client, &command)?;
    // Also those that scripts made of others.
    packed.may_leave(execution.store.keys());
    let outcome = execution.world.finish(client, &reply);
    let effect = StepEffect { client, operation, first, command, reply, outcome, took: Duration::ZERO };
    Ok(Rc::new(PreparedStep { effect, packed }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatecrash_limiter::Naive;

    use super::*;
    use crate::redis::Server;
    use crate::redis::target::Target;
    use crate::world::scenario;
    use crate::world::trace::Effect;

    /// The same orders twice, with room for so many states; gives how many there came to be.
    fn walk(world: &World, batch: &Batch, room: usize) -> usize {
        let mut steps = Steps { room, ..Steps::from(world).unwrap() };
        let orders = [[0, 1, 0, 1, 0, 1], [1, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1]];
        for order in orders.iter().cycle().take(2 * orders.len()) {
            let mut place = ExecutionState::START;
            let mut plain = Execution::start(world.clone(), Model::new()).unwrap();
            for choice in order.map(|client| Choice::Step(ClientId(client))) {
                let step = steps.take(&mut place, choice, batch).unwrap();
                assert_eq!(plain.take(choice).unwrap(), Effect::Step(step.effect.clone()));
                assert_eq!(*steps.at(&place), plain);
            }
        }
        assert_eq!(steps.states.len(), steps.taken.len());
        steps.states.len()
    }

    #[test]
    fn steps_come_to_the_same_whether_or_not_they_are_remembered() {
        let text = "title = 't'\nwhy = 'w'\nlimit = 2\nlimiters = ['naive']\n\
                    workers = { count = 2, program = ['acquire', 'release'] }\n";
        let world = World::new(&scenario::parse("t", text).unwrap(), Arc::new(Naive));
        let server = Server::open(&Target::Private).unwrap();
        let batch = Batch::open(&server, 1, 2).unwrap();
        for room in 1..5 {
            assert_eq!(walk(&world, &batch, room), room);
        }
        // Not 3 times 7: some are met on two ways.
        assert!((7..19).contains(&walk(&world, &batch, usize::MAX)));
    }
}
