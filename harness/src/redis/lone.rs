//! One connection, for whoever is alone with his keys.

use gatecrash_limiter::{Command, Reply, Script};

use super::connection::ServerConnection;
use super::target::Address;
use super::{guard, keys};
use crate::world::store::StoreError;

/// One connection, and commands that are sent as they are.
#[derive(Debug)]
pub(crate) struct LoneConnection {
    connection: ServerConnection,
    guarded: bool,
}

impl LoneConnection {
    /// `guarded`: others use the server too.
    pub(super) fn open(address: &Address, guarded: bool) -> Result<Self, StoreError> {
        Ok(Self { connection: ServerConnection::open(address)?, guarded })
    }

    /// Sends a command that others have seen to be harmless.
    pub(crate) fn call(&mut self, command: &Command) -> Result<Reply, StoreError> {
        self.connection.call(command)
    }

    /// Sends a command, unless it could do harm on a server that others use.
    pub(crate) fn call_guarded(&mut self, command: &Command) -> Result<Reply, StoreError> {
        if self.guarded {
            guard::check(command, &keys::positions(command)?, guard::NOT_PRIVATE)?;
        }
        self.call(command)
    }

    /// Makes scripts known to the server.
    pub(crate) fn load(&mut self, scripts: &[Script]) -> Result<(), StoreError> {
        self.connection.load(scripts)
    }
}
