//! A real Redis as a store: one connection per client, one command when it is asked for, its own keys only.
//!
//! What a script makes of its keys by itself (`KEYS[1] .. ":waiting"`) lies under the prefix too, but only keys that
//! a command names are known here, and only those are deleted.

mod batch;
mod canary;
mod connection;
mod guard;
mod inquiry;
mod keys;
mod leftovers;
mod packed;
mod pipeline;
pub(crate) mod resp;
mod series;
pub mod server;
mod socket;
pub mod target;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply, Script};

use crate::observe::{Activity, Worker};
use crate::redis::server::{PrivateServer, ServerError};
use crate::redis::target::{Address, Source, Target};
use crate::world::schedule::ClientId;
use crate::world::store::{Store, StoreError};
pub(crate) use batch::Batch;
pub(crate) use canary::{Canary, Interference};
pub use connection::{CONNECT_TIMEOUT, OPEN_TIMEOUT, RESPONSE_TIMEOUT};
pub(crate) use connection::{Connection, Facts, choose_cryptography, from_value};
#[cfg(test)]
pub(crate) use inquiry::Time;
pub(crate) use inquiry::{Inquiry, Refusal};
use keys::Prefix;
pub(crate) use leftovers::{Leftover, Leftovers, Scan};
pub(crate) use packed::Packed;
pub(crate) use series::Series;

/// What every key that gatecrash writes begins with.
pub const KEY_NAMESPACE: &str = "gatecrash:";

/// A server that answers. Clones are the same server; a private one ends with the last of them.
#[derive(Clone, Debug)]
pub struct Server(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    address: Address,
    facts: Facts,
    target: Target,
    /// `gatecrash:` and what tells this run from all others.
    run_prefix: String,
    stores: AtomicU64,
    _private: Option<PrivateServer>,
}

impl Server {
    /// Starts the private server, or connects to the one that was given and asks who it is: within two seconds
    /// there is an answer or an error.
    pub fn open(target: &Target) -> Result<Self, OpenError> {
        let (address, facts, private) = match target {
            Target::Private => {
                let server = PrivateServer::start()?;
                (server.address(), server.facts().clone(), Some(server))
            }
            Target::Given { address, .. } => (address.clone(), Connection::greet(address)?, None),
        };
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run_prefix = format!("{KEY_NAMESPACE}{}-{:x}:", std::process::id(), since_epoch.as_nanos());
        let stores = AtomicU64::new(0);
        let target = target.clone();
        Ok(Self(Arc::new(Opened { address, facts, target, run_prefix, stores, _private: private })))
    }

    /// A store for one scenario and one limiter, with a connection for each client.
    pub fn store(&self, clients: usize) -> Result<RedisStore, StoreError> {
        let connections =
            (0..clients.max(1)).map(|_| Connection::open(&self.0.address)).collect::<Result<_, _>>()?;
        Ok(RedisStore {
            connections,
            prefix: Prefix::new(self.next_prefix()),
            touched: BTreeSet::new(),
            last_round_trip: Duration::ZERO,
            workers: Vec::new(),
            server: self.clone(),
        })
    }

    /// A connection for whoever is alone with his keys, which begin with a [prefix](Self::next_prefix) already.
    pub(crate) fn alone(&self) -> Result<Alone, StoreError> {
        Ok(Alone { connection: Connection::open(&self.0.address)?, guarded: !self.is_private() })
    }

    /// A prefix for keys that nobody else uses: `gatecrash:<run>:<n>:`.
    pub fn next_prefix(&self) -> String {
        let n = self.0.stores.fetch_add(1, Ordering::Relaxed);
        format!("{}{n}:", self.0.run_prefix)
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Its version, such as `7.0.15`.
    pub fn version(&self) -> &str {
        &self.0.facts.version
    }

    /// The id that it gave itself when it started.
    pub fn run_id(&self) -> &str {
        &self.0.facts.run_id
    }

    /// Who named it.
    pub fn source(&self) -> Source {
        self.0.target.source()
    }

    /// Whether it was started for this run, so that nobody else's data are on it.
    pub fn is_private(&self) -> bool {
        matches!(self.0.target, Target::Private)
    }

    /// One line: which server, of which version, and who named it.
    pub fn describe(&self) -> String {
        let Facts { program, version, .. } = &self.0.facts;
        match &self.0.target {
            Target::Private => format!("a private {program} {version}, started for this run"),
            given @ Target::Given { .. } => given.describe(),
        }
    }
}

/// One connection, and commands that are sent as they are.
#[derive(Debug)]
pub(crate) struct Alone {
    connection: Connection,
    guarded: bool,
}

impl Alone {
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

/// A server could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The private one could not be started.
    #[error(transparent)]
    Private(#[from] ServerError),
    /// The one that was given does not answer.
    #[error(transparent)]
    Given(#[from] StoreError),
}

/// A [`Store`] on a real server: real connections, the server's own clock, keys under a prefix of its own.
pub struct RedisStore {
    connections: Vec<Connection>,
    prefix: Prefix,
    /// The keys, with prefix, that commands named since the last reset.
    touched: BTreeSet<Bytes>,
    last_round_trip: Duration,
    /// Where each client tells what it waits for, if anybody watches.
    workers: Vec<Worker>,
    // Dropped last: the connections lead to it.
    server: Server,
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
    fn working(&mut self) -> Result<&mut Connection, StoreError> {
        let at = self.connections.iter().position(Connection::is_usable);
        if at.is_none() {
            self.connections[0] = Connection::open(&self.server.0.address)?;
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
            connection.make_ready(&self.server.0.address)?;
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
        let address = &self.server.0.address;
        let ready = self.connections.iter_mut().try_for_each(|connection| connection.make_ready(address));
        if let Err(error) = ready.and_then(|()| self.delete_touched()) {
            tracing::warn!(prefix = self.prefix(), %error, "keys may be left on the server");
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", &self.server.0.address)
            .field("prefix", &self.prefix.as_str())
            .field("clients", &self.connections.len())
            .field("touched", &self.touched)
            .finish_non_exhaustive()
    }
}
