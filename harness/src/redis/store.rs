//! One store for one scenario and one limiter: a connection for each client, keys under a prefix of its own.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply, Script};

use super::connection::{CLEAN_UP_TIMEOUT, ServerConnection};
use super::guard;
use super::keys::{self, Prefix};
use super::server::Server;
use crate::observe::{Activity, Worker};
use crate::world::schedule::ClientId;
use crate::world::store::{Store, StoreError};

/// A [`Store`] on a real server: real connections, the server's own clock, keys under a prefix of its own.
pub struct RedisStore {
    connections: Vec<ServerConnection>,
    prefix: Prefix,
    /// The keys, with prefix, that commands named since the last reset.
    touched: BTreeSet<Bytes>,
    last_round_trip: Duration,
    /// Where each client tells what it waits for, if anybody watches.
    workers: Vec<Worker>,
    // Dropped last: the connections lead to it.
    server: Server,
}

impl Server {
    /// A store for one scenario and one limiter, with a connection for each client.
    pub fn store(&self, clients: usize) -> Result<RedisStore, StoreError> {
        let connections =
            (0..clients.max(1)).map(|_| ServerConnection::open(self.address())).collect::<Result<_, _>>()?;
        Ok(RedisStore {
            connections,
            prefix: Prefix::new(self.next_prefix()),
            touched: BTreeSet::new(),
            last_round_trip: Duration::ZERO,
            workers: Vec::new(),
            server: self.clone(),
        })
    }
}

impl RedisStore {
    /// What this store's keys begin with on the server.
    pub fn prefix(&self) -> &str {
        self.prefix.as_str()
    }

    /// The server behind it.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The store, telling what each client waits for, by these names.
    #[must_use]
    pub fn watched_by(mut self, activity: &Arc<Activity>, names: &[String]) -> Self {
        self.workers = names.iter().map(|name| activity.worker(name)).collect();
        self
    }

    /// Deletes the keys that were touched, over whichever connection works.
    fn delete_touched(&mut self) -> Result<(), StoreError> {
        if self.touched.is_empty() {
            return Ok(());
        }
        let delete = self.touched.iter().cloned().fold(Command::new("DEL"), Command::arg);
        let connection = self.working()?;
        if let Reply::Error(why) = connection.call(&delete)? {
            return Err(connection.unavailable("deleting this run's keys", why));
        }
        self.touched.clear();
        Ok(())
    }

    /// A connection that has not failed; the first, made anew, where all have.
    fn working(&mut self) -> Result<&mut ServerConnection, StoreError> {
        let at = self.connections.iter().position(ServerConnection::is_usable);
        if at.is_none() {
            self.connections[0] = ServerConnection::open(self.server.address())?;
        }
        Ok(&mut self.connections[at.unwrap_or(0)])
    }
}

/// A client has its place in the list of connections: one that was not asked for at the start is a panic.
impl Store for RedisStore {
    fn execute(&mut self, client: ClientId, command: &Command) -> Result<Reply, StoreError> {
        let positions = keys::positions(command)?;
        if !self.server.is_private() {
            guard::check(command, &positions, guard::NOT_PRIVATE)?;
        }
        let command = self.prefix.put_on(command, &positions);
        // Before it is sent: a command can take effect although its reply is lost.
        self.touched.extend(positions.iter().map(|&at| command.parts()[at].clone()));

        if let Some(worker) = self.workers.get(client.index()) {
            worker.waits("a reply of redis to", command.parts()[0].clone());
        }
        let start = Instant::now();
        let reply = self.connections[client.index()].call(&command);
        self.last_round_trip = start.elapsed();
        if let Some(worker) = self.workers.get(client.index()) {
            worker.idle();
        }
        reply.map(|reply| self.prefix.take_off(reply))
    }

    /// Does nothing: the server keeps its own clock.
    fn advance(&mut self, _by: Duration) {}

    fn has_virtual_time(&self) -> bool {
        false
    }

    /// From before the command was written until its reply was read.
    fn last_round_trip(&self) -> Duration {
        self.last_round_trip
    }

    fn reset(&mut self) -> Result<(), StoreError> {
        for connection in &mut self.connections {
            connection.make_ready(self.server.address())?;
        }
        self.delete_touched()
    }

    fn load(&mut self, scripts: &[Script]) -> Result<(), StoreError> {
        self.working()?.load(scripts)
    }

    fn fork(&self) -> Option<Self> {
        None
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        // A transaction that is still open would only queue the deletion.
        let end = Instant::now() + CLEAN_UP_TIMEOUT;
        self.connections.iter_mut().for_each(|connection| connection.finish_by(end));
        let address = self.server.address();
        let ready = self.connections.iter_mut().try_for_each(|connection| connection.make_ready(address));
        if let Err(error) = ready.and_then(|()| self.delete_touched()) {
            tracing::warn!(prefix = self.prefix(), %error, "keys may be left on the server");
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", self.server.address())
            .field("prefix", &self.prefix.as_str())
            .field("clients", &self.connections.len())
            .field("touched", &self.touched)
            .finish_non_exhaustive()
    }
}
