//! What the clients of a world have in common, and never change.

use std::sync::Arc;

use bytes::Bytes;
use gatecrash_limiter::{Algorithm, Call, Operation};

use crate::world::scenario::{OnReject, OperationKind, Scenario};
use crate::world::schedule::Choice;

/// What stays the same in every execution of a scenario against one limiter.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) algorithm: Arc<dyn Algorithm>,
    /// The limiter's operations, each in its first state.
    pub(crate) acquire: Operation,
    pub(crate) release: Operation,
    key: Bytes,
    pub(crate) limit: u64,
    pub(crate) on_reject: OnReject,
    pub(crate) names: Vec<String>,
    /// What the adversary can choose besides steps, each once.
    pub(crate) offers: Vec<Choice>,
    programs: Vec<Vec<OperationKind>>,
    rounds: usize,
}

impl Setup {
    /// What a scenario says, for clients that use that limiter.
    pub(crate) fn new(scenario: &Scenario, algorithm: Arc<dyn Algorithm>) -> Self {
        Self {
            acquire: algorithm.acquire(),
            release: algorithm.release(),
            algorithm,
            key: Bytes::from(scenario.key.clone()),
            limit: scenario.limit,
            on_reject: scenario.on_reject,
            names: scenario.client_names(),
            offers: Vec::new(),
            programs: scenario.clients.iter().map(|client| client.program.clone()).collect(),
            rounds: scenario.repeat as usize,
        }
    }

    /// The operation at that position of the client's program, repeats included.
    pub(crate) fn operation(&self, place: usize, position: usize) -> Option<OperationKind> {
        let program = &self.programs[place];
        (position < program.len() * self.rounds).then(|| program[position % program.len()])
    }

    /// The first client that runs the same program as this one.
    pub(crate) fn class(&self, place: usize) -> usize {
        self.programs.iter().position(|program| *program == self.programs[place]).unwrap_or(place)
    }

    /// How a client asks for its next permit. The token is unique, and chosen before the call.
    pub(crate) fn call(&self, place: usize, asked: u32) -> Call {
        self.call_under(
            [self.names[place].as_bytes(), itoa::Buffer::new().format(asked).as_bytes()].concat().into(),
        )
    }

    /// How a permit is asked for under that token.
    pub(crate) fn call_under(&self, token: Bytes) -> Call {
        Call { key: self.key.clone(), limit: self.limit, token }
    }
}
