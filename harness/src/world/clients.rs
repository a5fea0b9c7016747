//! The world of clients and their clock. Sans-IO: it says which command a choice sends, and takes the reply.
//!
//! Whoever drives a world repeats [`World::enabled`], [`World::begin`] and, where a command was sent,
//! [`World::finish`]. Between the last two anything may happen elsewhere: the reply comes when it comes.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::{Algorithm, Call, Clock, Outcome, Reply};

use crate::world::client::{Client, Sent};
use crate::world::error::Error;
use crate::world::scenario::Scenario;
use crate::world::schedule::{Choice, ClientId};
use crate::world::setup::Setup;

/// All clients, and the clock that they read.
///
/// Two worlds of one setup are equal if every client is in the same state, the clock shows the same time and the same
/// is offered; how they got there does not count.
#[derive(Clone, Debug)]
pub struct World {
    setup: Arc<Setup>,
    clients: Vec<Client>,
    clock: Duration,
    /// Which of the setup's offers have been taken up, a bit for each.
    taken_up: u32,
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
        Self { setup: Arc::new(setup), clients, clock: Duration::ZERO, taken_up: 0 }
    }

    /// The same world, in which the adversary can make these choices too: each once, as long as some client has not
    /// finished and the choice would do something. None of them is a step.
    ///
    /// # Panics
    /// If there are more than 32.
    #[must_use]
    pub fn offering(mut self, offers: &[Choice]) -> Self {
        assert!(offers.len() <= 32, "a world has a bit for each of at most 32 offers");
        Arc::make_mut(&mut self.setup).offers = offers.to_vec();
        self
    }

    /// The clients that could step now, in their order.
    pub fn ready(&self) -> impl DoubleEndedIterator<Item = ClientId> {
        self.ids().filter(|id| self.client(*id).ready())
    }

    /// The choices that could be made now: the clients' steps in their order, then what else is offered.
    pub fn enabled(&self) -> impl DoubleEndedIterator<Item = Choice> {
        let offers = &self.setup.offers;
        let others = (0..offers.len()).filter(|at| self.is_open(*at)).map(|at| offers[at]);
        self.ready().map(Choice::Step).chain(others)
    }

    /// Whether an offer could be taken up now. Of two that are alike, the first is.
    fn is_open(&self, at: usize) -> bool {
        let offers = &self.setup.offers;
        let is_left = |at: usize| self.taken_up & (1 << at) == 0;
        let does_something = match offers[at].client() {
            Some(id) => !self.client(id).finished(),
            None => !self.clients.iter().all(Client::finished),
        };
        let is_first = !(0..at).any(|earlier| offers[earlier] == offers[at] && is_left(earlier));
        is_left(at) && is_first && does_something
    }

    /// Notes that an offer was taken up, if the choice is one.
    fn take_up(&mut self, choice: Choice) {
        let mut offers = self.setup.offers.iter().enumerate();
        let is_left = |at: usize| self.taken_up & (1 << at) == 0;
        if let Some((at, _)) = offers.find(|(at, offer)| **offer == choice && is_left(*at)) {
            self.taken_up |= 1 << at;
        }
    }

    /// An error if there is more to choose than whose step is next, for an engine that knows nothing else.
    pub fn steps_only(&self, engine: &'static str) -> Result<(), Error> {
        if self.setup.offers.is_empty() { Ok(()) } else { Err(Error::StepsOnly { engine }) }
    }

    /// Whether a choice moves a clock that the limiter reads on the server: it needs a store that can follow.
    pub(crate) fn moves_server_clock(&self, choice: Choice) -> bool {
        let moves = matches!(choice, Choice::Advance(by) if by > Duration::ZERO);
        moves && self.algorithm().clock() == Clock::Server
    }

    /// Begins a choice.
    ///
    /// # Panics
    /// If it is a step of a client that still waits for a reply.
    pub fn begin(&mut self, choice: Choice) -> Begun {
        match choice {
            Choice::Advance(by) => {
                self.take_up(choice);
                self.clock = self.clock.saturating_add(by);
                Begun::Advanced(by)
            }
            Choice::Step(id) | Choice::Crash(id) if self.client(id).finished() => Begun::Passed,
            Choice::Step(id) => Begun::Sent(id, self.begin_step(id)),
            Choice::Crash(id) => {
                self.take_up(choice);
                self.clients[id.index()].crash();
                Begun::Crashed
            }
        }
    }

    /// Begins the client's next step: gives what it sends.
    ///
    /// # Panics
    /// If it has finished, or still waits for a reply.
    pub(crate) fn begin_step(&mut self, id: ClientId) -> Sent {
        self.clients[id.index()].begin(self.clock)
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

    /// How somebody who is none of the clients asks for a permit, under that token.
    pub(crate) fn call(&self, token: Bytes) -> Call {
        self.setup.call_under(token)
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
        self.clock == other.clock && self.taken_up == other.taken_up && self.clients == other.clients
    }
}

impl Eq for World {}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.clock.hash(state);
        self.taken_up.hash(state);
        self.clients.hash(state);
    }
}
