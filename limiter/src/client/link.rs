//! The connection that the clones of a limiter share, replaced when it breaks.
//!
//! This is not `redis::aio::ConnectionManager`, which does not say whether an error came from connecting or from a
//! command: the difference between "certainly nothing happened" and "unknown". Here the two are separate calls:
//! [`Link::ready`] connects, [`Connection::send`] sends. Neither ever sends a command twice.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::aio::MultiplexedConnection;
use redis::{IntoConnectionInfo, RedisError};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::settings::Settings;
use super::wire;
use crate::algorithm::Algorithm;
use crate::command::{Command, Reply};
use crate::error::Error;

/// One connection, shared by all clones.
#[derive(Clone)]
pub(crate) struct Link(Arc<Shared>);

struct Shared {
    client: redis::Client,
    settings: Settings,
    algorithm: Arc<dyn Algorithm>,
    /// Where connections live, and where a guard's release can run.
    runtime: Handle,
    state: Mutex<State>,
    /// How often connecting has failed; written with `state` locked.
    failures: AtomicU64,
}

enum State {
    Up(Connection),
    Down,
    Failed(RedisError),
}

/// A connection as it was when it was asked for. It may have broken since.
#[derive(Clone)]
pub(crate) struct Connection {
    inner: MultiplexedConnection,
    identity: Arc<()>,
}

impl Link {
    pub(crate) fn new(url: &str, settings: Settings, algorithm: Arc<dyn Algorithm>) -> Result<Self, Error> {
        // The library's reasons are fixed texts, except for a few that quote a query value.
        let unusable = |error: RedisError| Error::Url {
            reason: error.to_string().split(" - ").next().unwrap_or_default().to_owned(),
        };
        let info = url.into_connection_info().map_err(unusable)?.set_tcp_settings(settings.tcp());
        if matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }) {
            choose_cryptography();
        }
        Ok(Self(Arc::new(Shared {
            client: redis::Client::open(info).map_err(unusable)?,
            settings,
            algorithm,
            runtime: Handle::current(),
            state: Mutex::new(State::Down),
            failures: AtomicU64::new(0),
        })))
    }

    /// The shared connection; a new one if there is none. Many callers make one attempt between them: those who
    /// waited while another failed get its error instead of trying in turn.
    ///
    /// Dropping the future gives up an attempt; the next caller starts another.
    pub(crate) async fn ready(&self) -> Result<Connection, RedisError> {
        let shared = &*self.0;
        let seen = shared.failures.load(Ordering::Acquire);
        let mut state = shared.state.lock().await;
        match &*state {
            State::Up(connection) => return Ok(connection.clone()),
            State::Failed(error) if shared.failures.load(Ordering::Acquire) != seen => {
                return Err(error.clone());
            }
            State::Down | State::Failed(_) => {}
        }
        match shared.connect().await {
            Ok(inner) => {
                let connection = Connection { inner, identity: Arc::new(()) };
                *state = State::Up(connection.clone());
                Ok(connection)
            }
            Err(error) => {
                *state = State::Failed(error.clone());
                shared.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }

    /// After `error` on `connection`: lets go of it if it cannot be used any more. A reply that is merely late leaves
    /// the connection alone, so that what is sent next is still carried out after what was sent before.
    pub(crate) async fn lost(&self, connection: &Connection, error: &RedisError) {
        if !error.is_unrecoverable_error() {
            return;
        }
        let mut state = self.0.state.lock().await;
        if matches!(&*state, State::Up(current) if Arc::ptr_eq(&current.identity, &connection.identity)) {
            *state = State::Down;
        }
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    pub(crate) fn algorithm(&self) -> &Arc<dyn Algorithm> {
        &self.0.algorithm
    }
}

impl Connection {
    /// Sends a command once and waits for its reply. An error reply is a reply.
    pub(crate) async fn send(&mut self, command: &Command) -> Result<Reply, RedisError> {
        match self.inner.send_packed_command(&wire::to_cmd(command)).await {
            Ok(value) => Ok(wire::to_reply(value)),
            Err(error) => wire::server_text(&error).map(Reply::Error).ok_or(error),
        }
    }
}

impl Shared {
    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let backoff = &self.settings.reconnect;
        let mut retries = 0..backoff.retries;
        loop {
            let error = match self.attempt().await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            // Wrong credentials do not get better by trying again.
            let Some(n) = retries.next().filter(|_| error.is_io_error()) else {
                return Err(error);
            };
            tracing::debug!(%error, retry = n, "cannot connect to Redis, trying again");
            tokio::time::sleep(backoff.pause(n, jitter())).await;
        }
    }

    async fn attempt(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = self.settings.connection();
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        if self.settings.preload_scripts {
            for script in self.algorithm.scripts() {
                redis::cmd("SCRIPT").arg("LOAD").arg(script.source()).exec_async(&mut connection).await?;
            }
        }
        Ok(connection)
    }
}

impl fmt::Debug for Link {
    /// The address only: a URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.client.get_connection_info().addr())
    }
}

/// Without randomness all clients pause equally long, which is no reason to fail.
fn jitter() -> u8 {
    let mut byte = [u8::MAX];
    getrandom::fill(&mut byte).ok();
    byte[0]
}

/// rustls asks for a process-wide choice and panics without one. An application that has made it is left alone.
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread has just chosen.
        rustls::crypto::ring::default_provider().install_default().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Atomic;
    use crate::client::Backoff;

    #[tokio::test]
    async fn those_who_wait_while_an_attempt_fails_share_its_failure() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let reconnect = Backoff { retries: 0, ..Backoff::default() };
        let settings = Settings { reconnect, ..Settings::default() };
        let link = Link::new(&url, settings, Arc::new(Atomic)).unwrap();
        let callers: Vec<_> = (0..10)
            .map(|_| {
                let link = link.clone();
                tokio::spawn(async move { link.ready().await.is_err() })
            })
            .collect();
        // On this single thread, every caller gets to where it waits before any reply is looked at.
        let (connection, _) = listener.accept().await.unwrap();
        drop(connection);
        for caller in callers {
            assert!(caller.await.unwrap());
        }
        let again = listener.into_std().unwrap().accept().unwrap_err();
        assert_eq!(again.kind(), std::io::ErrorKind::WouldBlock, "one attempt for all");
    }
}
