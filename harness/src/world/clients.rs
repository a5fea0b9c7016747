//! The world of clients and their clock. Sans-IO: it says which command a choice sends, and takes the reply.
//!
//! Whoever drives a world repeats [`World::enabled`], [`World::begin`] and, where a command was sent,
//! [`World::finish`]. Between the last two anything may happen elsewhere: the reply comes when it comes.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use gatecrash_limiter::{Algorithm, Outcome, Reply};

use crate::world::client::{Client, Sent};
use crate::world::scenario::Scenario;
use crate::world::schedule::{Choice, ClientId};
use crate::world::setup::Setup;

/// All clients, and the clock that they read.
///
/// Two worlds of one setup are equal if every client is in the same state and the clock shows the same time; how
/// they got there does not count.
#[derive(Clone, Debug)]
pub struct World {
    setup: Arc<Setup>,
    clients: Vec<Client>,
    clock: Duration,
}

/// What a choice began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The client sent a command, whose reply [`World::finish`] wants.
    Sent(ClientId, Sent),
    /// The client had already finished: nothing happened.
    Passed,
    /// The clock moved on by that much. The store's must follow.
    Advanced(Duration),
    /// The client stopped for ever.
    Crashed,
}

impl World {
    /// The clients of a scenario before their first step, using that limiter, at the Unix epoch.
    pub fn new(scenario: &Scenario, algorithm: Arc<dyn Algorithm>) -> Self {
        let setup = Setup::new(scenario, algorithm);
        let clients = (0..setup.names.len()).map(|place| Client::new(&setup, place)).collect();
        Self { setup: Arc::new(setup), clients, clock: Duration::ZERO }
    }

    /// The clients that could step now, in their order.
    pub fn ready(&self) -> impl DoubleEndedIterator<Item = ClientId> {
        self.ids().filter(|id| self.client(*id).ready())
    }

    /// The steps that could be taken now, in the order of clients.
    pub fn enabled(&self) -> impl DoubleEndedIterator<Item = Choice> {
        self.ready().map(Choice::Step)
    }

    /// Begins a choice.
    ///
    /// # Panics
    /// If it is a step of a client that still waits for a reply.
    pub fn begin(&mut self, choice: Choice) -> Begun {
        match choice {
            Choice::Advance(by) => {
                self.clock = self.clock.saturating_add(by);
                Begun::Advanced(by)
            }
            Choice::Step(id) | Choice::Crash(id) if self.client(id).finished() => Begun::Passed,
            Choice::Step(id) => Begun::Sent(id, self.clients[id.index()].begin(self.clock)),
            Choice::Crash(id) => {
                self.clients[id.index()].crash();
                Begun::Crashed
            }
        }
    }

    /// What a client would send if it were to step now; `None` if it cannot.
    pub fn pending(&self, id: ClientId) -> Option<Sent> {
        self.client(id).pending(self.clock)
    }

    /// Takes the reply to the command that the client sent last, and says what the operation came to if that
    /// ended it.
    ///
    /// # Panics
    /// If the client waits for no reply.
    pub fn finish(&mut self, id: ClientId, reply: &Reply) -> Option<Outcome> {
        self.clients[id.index()].finish(&self.setup, id.index(), reply)
    }

    /// How many permits are certainly held. A client that holds two counts twice.
    pub fn holders(&self) -> u32 {
        self.clients.iter().map(Client::held).sum()
    }

    /// One client.
    pub fn client(&self, id: ClientId) -> &Client {
        &self.clients[id.index()]
    }

    /// All clients, in declared order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ClientId> + use<> {
        // A scenario has at most 256 clients.
        (0..u16::try_from(self.clients.len()).unwrap_or(u16::MAX)).map(ClientId)
    }

    /// The clients' names, in declared order.
    pub fn names(&self) -> &[String] {
        &self.setup.names
    }

    /// How many permits there are.
    pub fn limit(&self) -> u64 {
        self.setup.limit
    }

    /// Whether more permits are held than there are.
    pub fn over_limit(&self) -> bool {
        u64::from(self.holders()) > self.setup.limit
    }

    /// The clients' clock.
    pub fn clock(&self) -> Duration {
        self.clock
    }

    /// The limiter that the clients use.
    pub fn algorithm(&self) -> &dyn Algorithm {
        &*self.setup.algorithm
    }

    /// Takes the world apart, for an engine that runs each client on a thread of its own.
    pub(crate) fn into_clients(self) -> (Arc<Setup>, Vec<Client>) {
        (self.setup, self.clients)
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.clock == other.clock && self.clients == other.clients
    }
}

impl Eq for World {}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.clock.hash(state);
        self.clients.hash(state);
    }
}
