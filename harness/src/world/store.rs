//! The one seam to what commands act on: the model in memory, or a real Redis.

use std::time::Duration;

use gatecrash_limiter::{Command, Reply, Script};

use crate::world::schedule::ClientId;

/// What the commands of an execution act on.
pub trait Store: Sized {
    /// Runs one command for one client and gives its reply. An error reply of the store is a [`Reply`].
    fn execute(&mut self, client: ClientId, command: &Command) -> Result<Reply, StoreError>;

    /// Moves the store's clock on, where it has one that can be moved; a real server keeps its own.
    fn advance(&mut self, by: Duration);

    /// Whether its clock follows [`Store::advance`]. A real server's does not.
    fn has_virtual_time(&self) -> bool;

    /// How long the last command took from its sending to its reply; zero where nothing is sent.
    fn last_round_trip(&self) -> Duration;

    /// Makes everything ready for a new execution from an empty store: nothing of the last one remains.
    fn reset(&mut self) -> Result<(), StoreError>;

    /// Makes scripts known to the store, so that calling them by their SHA-1 finds them, also after a reset.
    fn load(&mut self, scripts: &[Script]) -> Result<(), StoreError>;

    /// A copy that goes on from here, where a store can be copied: a real server cannot.
    fn fork(&self) -> Option<Self>;
}

/// The store could not do its work. Never says a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The server is not there, does not answer in time, or broke the connection.
    #[error("{what}: {why}")]
    Unavailable {
        /// What was being done, with the server's address.
        what: String,
        /// What went wrong.
        why: String,
    },
    /// The server answered otherwise than the model.
    #[error("`{command}` was answered with {server} by the server and with {model} by the model")]
    Differs {
        /// The command.
        command: Command,
        /// The model's reply.
        model: Reply,
        /// The server's reply.
        server: Reply,
    },
    /// The command cannot be sent to a server that belongs to others.
    #[error("{0}")]
    Refused(String),
}
