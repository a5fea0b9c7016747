//! One execution under way: a world, the store that it acts on, and the one function that joins the two.

use crate::world::client::Sent;
use crate::world::clients::{Begun, World};
use crate::world::error::Error;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::{Store, StoreError};
use crate::world::trace::{Effect, StepEffect};

/// A world and the store that it acts on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Execution<S> {
    /// The clients.
    pub world: World,
    /// What their commands act on.
    pub store: S,
}

impl<S: Store> Execution<S> {
    /// The beginning: the clients before their first step, on an empty store that knows the limiter's scripts.
    pub fn start(world: World, mut store: S) -> Result<Self, Error> {
        store.load(world.algorithm().scripts())?;
        store.reset()?;
        Ok(Self { world, store })
    }

    /// Carries out a choice of any kind. A step's command takes effect on the store and the client learns the reply; a
    /// clock move reaches the clients, and the store if its clock can be moved.
    pub fn take(&mut self, choice: Choice) -> Result<Effect, Error> {
        if self.world.moves_server_clock(choice) && !self.store.has_virtual_time() {
            return Err(Error::server_clock(self.world.algorithm().name()));
        }
        Ok(match self.world.begin(choice) {
            Begun::Sent(client, sent) => {
                let step = self.execute(client, sent)?;
                step.check(self.world.names())?;
                Effect::Step(step)
            }
            Begun::Passed => Effect::Passed,
            Begun::Advanced(by) => {
                self.store.advance(by);
                Effect::Advanced
            }
            Begun::Crashed => Effect::Crashed,
        })
    }

    /// Takes a client's next step.
    ///
    /// # Panics
    /// If it has finished.
    pub fn step(&mut self, client: ClientId) -> Result<StepEffect, Error> {
        let sent = self.world.begin_step(client);
        let step = self.execute(client, sent)?;
        step.check(self.world.names())?;
        Ok(step)
    }

    /// Executes what a client sent; it learns the reply, whatever that means to it.
    #[inline]
    pub(crate) fn execute(&mut self, client: ClientId, sent: Sent) -> Result<StepEffect, StoreError> {
        let Sent { operation, first, command } = sent;
        let reply = self.store.execute(client, &command)?;
        let took = self.store.last_round_trip();
        let outcome = self.world.finish(client, &reply);
        Ok(StepEffect { client, operation, first, command, reply, outcome, took })
    }

    /// A copy that goes on from here, where the store can be copied.
    pub fn fork(&self) -> Option<Self> {
        Some(Self { store: self.store.fork()?, world: self.world.clone() })
    }
}

impl StepEffect {
    /// An error if the reply had no meaning for the limiter.
    #[inline]
    pub(crate) fn check(&self, names: &[String]) -> Result<(), Error> {
        Error::understood(self.outcome.as_ref(), &names[self.client.index()], &self.command)
    }
}
