//! The server of a run: its own, or one that was given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::connection::{Facts, ServerConnection, foreign};
use super::in_use::{InUse, KeysPlace};
use super::keys::KEY_NAMESPACE;
use super::lone::LoneConnection;
use super::private::{PrivateServer, ServerError};
use super::target::{Address, Target, TargetSource};
use crate::world::store::StoreError;

/// A server that answers. Clones are the same server; a private one ends with the last of them.
#[derive(Clone, Debug)]
pub struct Server(pub(super) Arc<Opened>);

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) address: Address,
    pub(super) facts: Facts,
    pub(super) target: Target,
    /// `gatecrash:` and what tells this run from all others.
    pub(super) run_prefix: String,
    pub(super) stores: AtomicU64,
    pub(super) _private: Option<PrivateServer>,
    pub(super) _in_use: Option<InUse>,
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
            Target::Given { address, .. } => {
                let facts = ServerConnection::greet(address)?;
                if facts.in_cluster {
                    return Err(OpenError::Cluster(address.clone()));
                }
                (address.clone(), facts, None)
            }
        };
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run_prefix = format!("{KEY_NAMESPACE}{}-{:x}:", std::process::id(), since_epoch.as_nanos());
        let stores = AtomicU64::new(0);
        let place = || KeysPlace { address: address.clone(), prefix: run_prefix.clone() };
        let in_use = private.is_none().then(|| InUse::new(place()));
        let target = target.clone();
        Ok(Self(Arc::new(Opened {
            address,
            facts,
            target,
            run_prefix,
            stores,
            _private: private,
            _in_use: in_use,
        })))
    }

    /// A connection for whoever is alone with his keys, which begin with a [prefix](Self::next_prefix) already.
    pub(crate) fn alone(&self) -> Result<LoneConnection, StoreError> {
        LoneConnection::open(&self.0.address, !self.is_private())
    }

    /// Deletes keys, over a connection of its own: others may be broken. It is told where that fails.
    pub(crate) fn unlink(&self, keys: &[Bytes]) {
        let unlink = keys.iter().cloned().fold(Command::new("UNLINK"), Command::arg);
        match self.alone().and_then(|mut alone| alone.call(&unlink)) {
            Ok(Reply::Error(why)) => may_be_left(keys, &foreign(&why)),
            Ok(_) => {}
            Err(error) => may_be_left(keys, &error.to_string()),
        }
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
    pub fn source(&self) -> TargetSource {
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

/// Says that keys could not be deleted.
pub(crate) fn may_be_left(keys: &[Bytes], why: &str) {
    for key in keys {
        tracing::warn!(key = %key.escape_ascii(), error = %why, "a key may be left on the server");
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
    /// The one that was given refuses keys of other nodes, and no redirection is followed.
    #[error(
        "{0}: it is a node of a cluster, whose keys lie on several servers; name a server that is not in cluster mode"
    )]
    Cluster(Address),
}
