//! A real server beside the model: every reply is compared, and a difference ends the execution.

use std::time::Duration;

use gatecrash_limiter::{Command, Reply, Script};

use super::{Store, StoreError};
use crate::model::Model;
use crate::world::schedule::ClientId;

/// A store whose every reply is compared with the model's.
#[derive(Debug)]
pub struct ComparedStore<S> {
    server: S,
    model: Model,
}

impl<S: Store> ComparedStore<S> {
    /// Compares a store with a model that begins empty.
    pub fn new(server: S) -> Self {
        Self { server, model: Model::new() }
    }
}

impl<S: Store> Store for ComparedStore<S> {
    fn execute(&mut self, client: ClientId, command: &Command) -> Result<Reply, StoreError> {
        let server = self.server.execute(client, command)?;
        let model = self.model.execute(client, command)?;
        if server == model {
            Ok(server)
        } else {
            Err(StoreError::Differs { command: command.clone(), model, server })
        }
    }

    fn advance(&mut self, by: Duration) {
        self.server.advance(by);
        if self.server.has_virtual_time() {
            self.model.advance(by);
        }
    }

    fn has_virtual_time(&self) -> bool {
        self.server.has_virtual_time()
    }

    fn last_round_trip(&self) -> Duration {
        self.server.last_round_trip()
    }

    fn reset(&mut self) -> Result<(), StoreError> {
        self.model.reset()?;
        self.server.reset()
    }

    fn load(&mut self, scripts: &[Script]) -> Result<(), StoreError> {
        self.model.load(scripts)?;
        self.server.load(scripts)
    }

    fn fork(&self) -> Option<Self> {
        Some(Self { server: self.server.fork()?, model: self.model.clone() })
    }
}
