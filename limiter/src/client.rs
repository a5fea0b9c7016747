//! The limiter over a real connection.

mod link;
mod permit;
mod settings;
mod token;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::Atomic;
use crate::algorithm::Algorithm;
use crate::command::Reply;
use crate::error::Error;
use crate::protocol::{Call, Operation, Outcome, Progress};
use link::Link;
use permit::Guard;

pub use permit::Permit;
pub use settings::{Backoff, Settings};
pub use token::Token;

/// Between the attempts at a background release: 6 attempts, the last one about 8 s after the first.
const BACKGROUND_PAUSES: Backoff =
    Backoff { retries: 5, first: Duration::from_millis(250), longest: Duration::from_secs(4) };

/// A limiter on a Redis server: at most `limit` permits of one key are taken at a time.
///
/// Clones are cheap and share one connection, on which the commands of all tasks are pipelined.
///
/// # Failures
///
/// No `acquire` is ever sent again on its own: repeated after a lost reply it could count twice. Instead each
/// [`Error`] says what is known. The connection is made anew when the next operation needs it, with the
/// [`Backoff`] of the [`Settings`].
///
/// # Cancellation
///
/// A permit that is dropped, an `acquire` whose future is dropped before its reply (by `select!`, by a timeout)
/// and an `acquire` with an unknown outcome each start a release of their token in the background, on the runtime
/// on which the limiter was connected. The release goes through the shared connection. Commands on one connection are
/// carried out in the order in which they are sent, so the release cannot overtake the `acquire` that it is to undo,
/// even if the server is stalled and answers neither for minutes.
///
/// It is best effort. The permit stays taken for good, in an algorithm without leases, if
/// - the process is killed, or the runtime shuts down, before the release was sent;
/// - six attempts within about 8 s fail (logged as an error, with the token);
/// - the connection broke, and the server reads what was left in the old one *after* the release on the new one.
///   [`Limiter::release_token`] then answers [`Released::NotHeld`] although the `acquire` is still to come.
///
/// Use [`Permit::release`] where it matters.
#[derive(Clone)]
pub struct Limiter {
    link: Link,
    key: Bytes,
    limit: u64,
}

/// What [`Limiter::release_token`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Released {
    /// The permit was taken and is free now.
    Freed,
    /// There was no such permit: it was never granted, or was released before.
    NotHeld,
}

/// What a [`Limiter`] is built from: see [`Limiter::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is connected"]
pub struct Builder {
    key: Bytes,
    limit: u64,
    algorithm: Arc<dyn Algorithm>,
    settings: Settings,
}

impl Builder {
    /// The algorithm. Default: [`Atomic`].
    pub fn algorithm(mut self, algorithm: Arc<dyn Algorithm>) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The settings of the connection. Default: [`Settings::default`].
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Connects to the server and loads the algorithm's scripts.
    ///
    /// `url` is `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, or `redis+unix:///path`. For TLS, a
    /// process that has not chosen a cryptography provider for `rustls` gets `ring`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn connect(self, url: &str) -> Result<Limiter, Error> {
        let link = Link::new(url, self.settings, self.algorithm)?;
        link.ready().await.map_err(|error| not_sent(None, error))?;
        Ok(Limiter { link, key: self.key, limit: self.limit })
    }
}

impl Limiter {
    /// A limiter of `limit` permits, kept under `key`. Every client of a key must use the same limit and algorithm.
    pub fn builder(key: impl Into<Bytes>, limit: u64) -> Builder {
        Builder { key: key.into(), limit, algorithm: Arc::new(Atomic), settings: Settings::default() }
    }

    /// Another limiter with the same algorithm, over the same connection.
    #[must_use]
    pub fn with_key(&self, key: impl Into<Bytes>, limit: u64) -> Self {
        Self { link: self.link.clone(), key: key.into(), limit }
    }

    /// The key under which the permits are kept.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// How many permits there are.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The algorithm that keeps count.
    pub fn algorithm(&self) -> &dyn Algorithm {
        &**self.link.algorithm()
    }

    /// Takes a permit if one is free; `None` if all are taken. It never waits for one to become free.
    pub async fn acquire(&self) -> Result<Option<Permit>, Error> {
        let token = Token::random()?;
        // Waits for a connection while there is nothing yet to be undone.
        self.link.ready().await.map_err(|error| not_sent(Some(&token), error))?;
        let guard = Guard::new(self.clone(), token);
        let error = match self.drive(self.algorithm().acquire(), guard.token()).await {
            Ok(Outcome::Admitted) => return Ok(Some(Permit::new(guard.because("it was dropped")))),
            Ok(Outcome::Refused) => {
                guard.disarm();
                return Ok(None);
            }
            Ok(other) => meaningless(guard.token(), other),
            Err(error) => error,
        };
        if error.is_unknown() {
            drop(guard.because("the outcome of its acquire is unknown"));
        } else {
            guard.disarm();
        }
        Err(error)
    }

    /// Releases the permit of that name, whoever holds it: settles an [`Error::UnknownOutcome`], or ends a permit
    /// that was [forgotten](Permit::forget). It may be called any number of times.
    pub async fn release_token(&self, token: &Token) -> Result<Released, Error> {
        match self.release_once(token).await? {
            Outcome::NotHeld => Ok(Released::NotHeld),
            _ => Ok(Released::Freed),
        }
    }

    /// Ends in [`Outcome::Released`] or [`Outcome::NotHeld`]; anything else is an error.
    async fn release_once(&self, token: &Token) -> Result<Outcome, Error> {
        match self.drive(self.algorithm().release(), token).await? {
            known @ (Outcome::Released | Outcome::NotHeld) => Ok(known),
            other => Err(meaningless(token, other)),
        }
    }

    /// Runs an operation to its end, one command after another.
    async fn drive(&self, mut operation: Operation, token: &Token) -> Result<Outcome, Error> {
        let call = Call { key: self.key.clone(), limit: self.limit, token: token.to_bytes() };
        let mut sent_before = false;
        loop {
            let command = operation.command(&call, now());
            let unknown = |error| Error::UnknownOutcome {
                token: token.clone(),
                command: command.name().escape_ascii().to_string(),
                source: Box::new(error),
            };
            let mut connection = match self.link.ready().await {
                Ok(connection) => connection,
                // An operation that stops half-way may have left something behind, for all that is known here.
                Err(error) if sent_before => return Err(unknown(error)),
                Err(error) => return Err(not_sent(Some(token), error)),
            };
            let reply = match connection.send(&command).await {
                Ok(reply) => reply,
                Err(error) => {
                    self.link.lost(&connection, &error).await;
                    return Err(unknown(error));
                }
            };
            sent_before = true;
            if let Progress::Done(outcome) = operation.receive(&call, &reply) {
                return Ok(outcome);
            }
        }
    }

    fn release_in_background(&self, token: Token) {
        let limiter = self.clone();
        self.link.runtime().spawn(async move {
            for retry in 0.. {
                // A second release of the same token finds nothing, so unlike an acquire it may be repeated.
                let Err(error) = limiter.release_once(&token).await else { return };
                if retry == BACKGROUND_PAUSES.retries {
                    tracing::error!(%token, %error, "a background release failed: the permit may stay taken");
                    return;
                }
                tracing::debug!(%token, %error, retry, "a background release failed, trying again");
                tokio::time::sleep(BACKGROUND_PAUSES.pause(retry, u8::MAX)).await;
            }
        });
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("algorithm", &self.algorithm().name())
            .field("key", &self.key)
            .field("limit", &self.limit)
            .field("server", &self.link)
            .finish()
    }
}

/// The client's clock. One that stands before 1970 counts as 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn not_sent(token: Option<&Token>, error: redis::RedisError) -> Error {
    let token = token.cloned();
    match wire::server_text(&error) {
        Some(text) => Error::Refused { token, text },
        None => Error::NotSent { token, source: Box::new(error) },
    }
}

/// The error for an outcome that is none of the operation's results.
fn meaningless(token: &Token, outcome: Outcome) -> Error {
    let token = token.clone();
    match outcome {
        Outcome::Failed(Reply::Error(text)) => Error::Refused { token: Some(token), text },
        Outcome::Failed(reply) => Error::Unexpected { token, reply },
        // An algorithm that mixes up its operations; none of this crate does.
        other => Error::Unexpected { token, reply: Reply::Status(format!("{other:?}")) },
    }
}
