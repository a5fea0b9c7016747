//! One execution under way: a world, the store that it acts on, and the one function that joins the two.

use std::time::Duration;

use gatecrash_limiter::Reply;

use crate::world::client::Sent;
use crate::world::clients::{Begun, World};
use crate::world::error::Error;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::Store;
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

    /// Takes one choice: its command takes effect on the store and the client learns the reply.
    pub fn take(&mut self, choice: Choice) -> Result<Effect, Error> {
        Ok(match self.world.begin(choice) {
            Begun::Sent(client, sent) => {
                let reply = self.store.execute(client, &sent.command)?;
                let took = self.store.last_round_trip();
                Effect::Step(finish(&mut self.world, client, sent, reply, took)?)
            }
            Begun::Passed => Effect::Passed,
            Begun::Advanced(by) => {
                self.store.advance(by);
                Effect::Advanced
            }
            Begun::Crashed => Effect::Crashed,
        })
    }

    /// A copy that goes on from here, where the store can be copied.
    pub fn fork(&self) -> Option<Self> {
        Some(Self { store: self.store.fork()?, world: self.world.clone() })
    }
}

/// The client learns the reply to what it sent.
pub(crate) fn finish(
    world: &mut World,
    client: ClientId,
    sent: Sent,
    reply: Reply,
    took: Duration,
) -> Result<StepEffect, Error> {
    let Sent { operation, first, command } = sent;
    let outcome = world.finish(client, &reply);
    let outcome = Error::understood(outcome, &world.names()[client.index()], &command)?;
    Ok(StepEffect { client, operation, first, command, reply, outcome, took })
}
