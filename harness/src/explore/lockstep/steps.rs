//! What the choices of executions come to on the model, each step worked out once.
//!
//! What a client sends, what it is answered and where that leads follows from the state of clients and store alone,
//! and executions meet the same states over and over: they begin alike, and they come together again. So a step that
//! was taken before is looked up. Few states are remembered; an execution that leaves them works out its own steps
//! from there on. Choices of other kinds are few, and worked out each time.

use std::hash::BuildHasherDefault;
use std::rc::Rc;

use indexmap::IndexSet;
use rustc_hash::FxHasher;

use crate::model::Model;
use crate::redis::{Batch, Packed};
use crate::world::clients::{Begun, World};
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::StoreError;
use crate::world::trace::Effect;

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
    prepared: Rc<Prepared>,
    /// The number of the state that it leads to.
    to: usize,
}

/// A choice made in some state.
pub(super) struct Prepared {
    /// What it comes to on the model.
    pub(super) effect: Effect,
    /// The command that it sends, ready to be sent, and who sends it; nothing if it is no step.
    pub(super) sends: Option<(ClientId, Packed)>,
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

    /// Makes a choice, whose command is packed for that batch: the execution comes to another state.
    pub(super) fn take(
        &mut self,
        place: &mut ExecutionState,
        choice: Choice,
        batch: &Batch,
    ) -> Result<Rc<Prepared>, StoreError> {
        let from = match place {
            ExecutionState::Known(from) => *from,
            ExecutionState::Own(execution) => return work_out(execution, choice, batch),
        };
        if let Choice::Step(client) = choice
            && let Some(Taken { prepared, to }) = &self.taken[from][client.index()]
        {
            *place = ExecutionState::Known(*to);
            return Ok(Rc::clone(prepared));
        }
        let mut execution = self.states[from].clone();
        let prepared = work_out(&mut execution, choice, batch)?;
        *place = self.remember(execution);
        if let (ExecutionState::Known(to), Choice::Step(client)) = (&*place, choice) {
            self.taken[from][client.index()] = Some(Taken { prepared: Rc::clone(&prepared), to: *to });
        }
        Ok(prepared)
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

/// Makes a choice on the model. Its clock stays where it is, as the server's does, which cannot be moved.
fn work_out(
    execution: &mut Execution<Model>,
    choice: Choice,
    batch: &Batch,
) -> Result<Rc<Prepared>, StoreError> {
    let (effect, sends) = match execution.world.begin(choice) {
        Begun::Sent(client, sent) => {
            let mut packed = batch.pack(&sent.command)?;
            let step = execution.execute(client, sent)?;
            // Also those that scripts made of others.
            packed.may_leave(execution.store.keys());
            (Effect::Step(step), Some((client, packed)))
        }
        Begun::Passed => (Effect::Passed, None),
        Begun::Advanced(_) => (Effect::Advanced, None),
        Begun::Crashed => (Effect::Crashed, None),
    };
    Ok(Rc::new(Prepared { effect, sends }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatecrash_limiter::Naive;

    use super::*;
    use crate::redis::{Server, Target};
    use crate::world::scenario;

    /// The same orders twice, with room for so many states; gives how many there came to be.
    fn walk(world: &World, batch: &Batch, room: usize) -> usize {
        let mut steps = Steps { room, ..Steps::from(world).unwrap() };
        let orders = [[0, 1, 0, 1, 0, 1], [1, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1]];
        for order in orders.iter().cycle().take(2 * orders.len()) {
            let mut place = ExecutionState::START;
            let mut plain = Execution::start(world.clone(), Model::new()).unwrap();
            for choice in order.map(|client| Choice::Step(ClientId(client))) {
                let prepared = steps.take(&mut place, choice, batch).unwrap();
                assert_eq!(plain.take(choice).unwrap(), prepared.effect);
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
