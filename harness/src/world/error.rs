//! What can go wrong with the tool or its surroundings. What is found about a limiter is never an error.

use gatecrash_limiter::{Command, Outcome, Reply};

use crate::world::store::StoreError;

/// Why an execution or an exploration could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store answered something that the limiter has no meaning for.
    #[error("client {client}: `{command}` was answered with {reply}")]
    Unexpected {
        /// The client's name.
        client: String,
        /// What it sent.
        command: Command,
        /// What came back.
        reply: Reply,
    },
    /// The same commands in the same order were answered differently: something else acts on the store.
    #[error(
        "`{command}` was answered with {first} once and with {second} when the same schedule was run again"
    )]
    NotRepeatable {
        /// The command.
        command: Command,
        /// The first reply.
        first: Reply,
        /// The second one.
        second: Reply,
    },
    /// `--strict`: a turn of a client that had already finished.
    #[error("turn {position} of the schedule passes: client {client} has already finished")]
    Passed {
        /// The turn, counted from 1.
        position: usize,
        /// The client's name.
        client: String,
    },
    /// The schedule moves the clock, but the limiter depends on a clock that cannot be moved.
    #[error(
        "the schedule moves the clock, and the limiter `{limiter}` depends on the server's clock, \
         which on a real server cannot be moved; run it on the model"
    )]
    ServerClock {
        /// The limiter's name.
        limiter: String,
    },
    /// An engine that knows steps only was given a world that offers more.
    #[error("{engine} explores the order of steps, and here clocks move or faults strike as well")]
    StepsOnly {
        /// The engine.
        engine: &'static str,
    },
    /// Uniform sampling needs to count interleavings, and there are infinitely many.
    #[error("there are infinitely many interleavings: none can be drawn uniformly")]
    Infinite,
    /// What was kept of an earlier run, or came from another machine, cannot be what it should be.
    #[error("{0}")]
    Damaged(String),
    /// What was done cannot be kept.
    #[error("{0}")]
    Journal(String),
    /// The process may not have a connection for each client.
    #[error(
        "{clients} clients need a connection each, and this process may have {most} files open: take fewer clients, or \
         raise the limit with ulimit -n {wanted}"
    )]
    OpenFiles {
        /// How many clients.
        clients: u32,
        /// How many files that needs.
        wanted: u64,
        /// How many it may have.
        most: u64,
    },
    /// The system starts no more threads.
    #[error(
        "no thread can be started ({0}): take fewer --threads, or let this user have more processes (ulimit -u)"
    )]
    Threads(std::io::Error),
    /// A load could not be carried out.
    #[error("the load was not carried out: {0}")]
    Load(String),
    /// loom panicked on its own account.
    #[error("loom stopped: {0}")]
    Loom(String),
}

impl Error {
    /// That the clock of a limiter cannot be moved.
    pub(crate) fn server_clock(limiter: &str) -> Self {
        Self::ServerClock { limiter: limiter.to_owned() }
    }

    /// An error if an operation ended with a reply that had no meaning for the limiter.
    #[inline]
    pub(crate) fn understood(outcome: Option<&Outcome>, client: &str, command: &Command) -> Result<(), Self> {
        match outcome {
            Some(Outcome::Failed(reply)) => Err(Self::Unexpected {
                client: client.to_owned(),
                command: command.clone(),
                reply: reply.clone(),
            }),
            _ => Ok(()),
        }
    }
}
