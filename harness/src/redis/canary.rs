//! What shows that somebody else changed the server in the middle of a run: a key that only gatecrash knows of, beside
//! the limiter's keys; the scripts that were loaded; the id that a server gives itself when it starts, and for how long it
//! has been up.
//!
//! What it can miss: somebody who changes the limiter's keys and nothing else, or who puts all of it back.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply, Script};

use super::connection::{ServerConnection, foreign};
use super::lone::LoneConnection;
use super::server::Server;
use crate::world::store::StoreError;

/// A server counts its uptime in whole seconds, and its clock may be set while it runs.
const CLOCK_SLACK: Duration = Duration::from_secs(2);

/// Looks after a run on a server that others can reach. Dropping it deletes its key.
#[derive(Debug)]
pub(crate) struct Canary {
    server: Server,
    key: Bytes,
    scripts: Vec<Script>,
    connection: LoneConnection,
    planted: Instant,
}

/// What somebody else did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interference {
    /// Another process answers at the address.
    Restarted,
    /// The process that answers started after the run did.
    Younger,
    /// All keys were deleted, or those of this run.
    KeysDeleted,
    /// Scripts that were loaded are not known any more.
    ScriptsFlushed,
}

impl fmt::Display for Interference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restarted => "the server was restarted in the middle: it has another run_id",
            Self::Younger => "the server was restarted in the middle: it is younger than this run",
            Self::KeysDeleted => {
                "somebody else deleted keys in the middle: one that only gatecrash knows of is gone"
            }
            Self::ScriptsFlushed => {
                "somebody else flushed the server's scripts in the middle: one that was loaded was gone"
            }
        })
    }
}

impl Canary {
    /// Puts the key there, and the scripts.
    pub(crate) fn plant(server: &Server, scripts: &[Script]) -> Result<Self, StoreError> {
        let key = Bytes::from(format!("{}canary", server.next_prefix()));
        let mut connection = server.alone()?;
        connection.load(scripts)?;
        if let Reply::Error(why) = connection.call(&Command::new("SET").arg(key.clone()).arg("1"))? {
            let what = format!("{}: setting a key that shows what others do", server.address());
            return Err(StoreError::Unavailable { what, why: foreign(&why) });
        }
        let planted = Instant::now();
        Ok(Self { server: server.clone(), key, scripts: scripts.to_vec(), connection, planted })
    }

    /// Its key on the server.
    pub(crate) fn key(&self) -> Bytes {
        self.key.clone()
    }

    /// What somebody else has done since; nothing also if the server refuses to say. The error is that it does not answer.
    pub(crate) fn interference(&mut self) -> Result<Option<Interference>, StoreError> {
        let now = ServerConnection::greet(self.server.address())?;
        if now.run_id != self.server.run_id() {
            return Ok(Some(Interference::Restarted));
        }
        if now.uptime.is_some_and(|uptime| uptime + CLOCK_SLACK < self.planted.elapsed()) {
            return Ok(Some(Interference::Younger));
        }
        if self.misses(&Command::new("EXISTS").arg(self.key.clone()), &Reply::Int(1))? {
            return Ok(Some(Interference::KeysDeleted));
        }
        let known = Reply::Array(vec![Reply::Int(1)]);
        for script in self.scripts.clone() {
            if self.misses(&Command::new("SCRIPT").arg("EXISTS").arg(script.sha1().to_owned()), &known)? {
                return Ok(Some(Interference::ScriptsFlushed));
            }
        }
        Ok(None)
    }

    /// Whether the server answers with something else than expected. To refuse is no answer.
    fn misses(&mut self, command: &Command, expected: &Reply) -> Result<bool, StoreError> {
        let reply = self.connection.call(command)?;
        Ok(reply != *expected && !matches!(reply, Reply::Error(_)))
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.server.unlink(std::slice::from_ref(&self.key));
    }
}

#[cfg(test)]
mod tests {
    use gatecrash_limiter::{Algorithm, Atomic};

    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::redis::connection::Facts;
    use crate::redis::server::Opened;
    use crate::redis::target::Target;

    fn planted() -> (Server, Canary) {
        let server = Server::open(&Target::Private).unwrap();
        let canary = Canary::plant(&server, Atomic.scripts()).unwrap();
        (server, canary)
    }

    fn call(server: &Server, command: &str) -> Reply {
        let parts = command.split(' ').map(|part| Bytes::copy_from_slice(part.as_bytes())).collect();
        server.alone().unwrap().call(&Command::from_parts(parts).unwrap()).unwrap()
    }

    #[test]
    fn a_run_that_nobody_disturbs_has_no_interference_and_leaves_nothing() {
        let (server, mut canary) = planted();
        call(&server, "SET theirs 1");
        call(&server, "DEL theirs");
        assert_eq!(canary.interference().unwrap(), None);
        assert_eq!(call(&server, "DBSIZE"), Reply::Int(1));
        drop(canary);
        assert_eq!(call(&server, "DBSIZE"), Reply::Int(0));
    }

    #[test]
    fn keys_and_scripts_that_are_gone_are_noticed() {
        let (server, mut canary) = planted();
        call(&server, "SCRIPT FLUSH");
        assert_eq!(canary.interference().unwrap(), Some(Interference::ScriptsFlushed));
        call(&server, "FLUSHALL");
        assert_eq!(canary.interference().unwrap(), Some(Interference::KeysDeleted));
    }

    #[test]
    fn another_process_at_the_same_address_is_noticed() {
        let (server, mut canary) = planted();
        let facts = Facts { run_id: "of the one before".into(), ..server.0.facts.clone() };
        canary.server = Server(Arc::new(Opened {
            address: server.address().clone(),
            facts,
            target: Target::Private,
            run_prefix: server.0.run_prefix.clone(),
            stores: AtomicU64::new(0),
            _private: None,
            _in_use: None,
        }));
        assert_eq!(canary.interference().unwrap(), Some(Interference::Restarted));
    }

    #[test]
    fn a_process_that_is_younger_than_the_run_is_noticed() {
        let (_server, mut canary) = planted();
        canary.planted -= CLOCK_SLACK / 2;
        assert_eq!(canary.interference().unwrap(), None);
        canary.planted -= Duration::from_secs(60);
        assert_eq!(canary.interference().unwrap(), Some(Interference::Younger));
    }
}
