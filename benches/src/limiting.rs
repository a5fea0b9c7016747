//! The limiters over a real connection, and the same number of round trips without them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatecrash::redis::Server;
use gatecrash_limiter::{Algorithm, Atomic, Limiter, Naive, Settings};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Value, cmd};
use tokio::runtime::Runtime;

/// More permits than are ever taken: every acquire is admitted.
const LIMIT: u64 = 10;

/// A server, the limiters on it, and the bare connection beside them.
///
/// One thread drives all of it, so that no figure depends on which core the other thread happened to wake up on.
#[derive(Debug)]
pub struct Rig {
    // In this order: connections end before what they lead to.
    runtime: Runtime,
    server: Server,
}

/// What is done over and over: one acquire and its release, or as many bare commands.
#[derive(Clone, Debug)]
pub enum Work {
    /// Through the client of `gatecrash-limiter`.
    Limiter(Limiter),
    /// On the same kind of connection, one after another.
    Commands(Bare),
}

/// Commands that were built beforehand, and the connection that they go over.
#[derive(Clone)]
pub struct Bare {
    connection: MultiplexedConnection,
    commands: Vec<Cmd>,
}

impl std::fmt::Debug for Bare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bare").field("commands", &self.commands).finish_non_exhaustive()
    }
}

/// A limiter beside its floors.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The limiter's name.
    pub name: String,
    /// How many round trips an acquire and a release take.
    pub round_trips: usize,
    /// The limiter.
    pub limiter: Work,
    /// The commands that it sends, without it: what is left is the client's own work.
    pub commands: Work,
    /// As many `PING`s: what is left is the client's and the server's work.
    pub pings: Work,
}

impl Rig {
    /// Starts a private server.
    ///
    /// # Panics
    /// If there is none to start.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self { runtime: runtime.expect("a runtime"), server: crate::private_server() }
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Both limiters, connected.
    ///
    /// # Panics
    /// If the server cannot be reached.
    pub fn subjects(&self) -> [Subject; 2] {
        let key = "by-hand";
        let (now, token) = (1_765_065_600_000_u64, "0123456789abcdef0123456789abcdef");
        let zadd = cmd("ZADD").arg(key).arg(now).arg(token).to_owned();
        let zrem = cmd("ZREM").arg(key).arg(token).to_owned();
        let script = Atomic.scripts().first().expect("it has a script").sha1();
        let evalsha = cmd("EVALSHA").arg(script).arg(1).arg(key).arg(LIMIT).arg(now).arg(token).to_owned();
        let naive = vec![cmd("ZCARD").arg(key).to_owned(), zadd, zrem.clone()];
        [self.subject(Arc::new(Naive), naive), self.subject(Arc::new(Atomic), vec![evalsha, zrem])]
    }

    fn subject(&self, algorithm: Arc<dyn Algorithm>, commands: Vec<Cmd>) -> Subject {
        let (name, round_trips) = (algorithm.name().to_owned(), commands.len());
        let url = self.server.address().to_string();
        let limiter = Limiter::builder(name.clone(), LIMIT).algorithm(algorithm).connect(&url);
        let limiter = self.runtime.block_on(limiter).expect("the private server answers");
        Subject {
            name,
            round_trips,
            limiter: Work::Limiter(limiter),
            commands: self.bare(&url, commands),
            pings: self.bare(&url, vec![cmd("PING"); round_trips]),
        }
    }

    /// A connection like the limiter's: multiplexed, with a deadline on each reply.
    fn bare(&self, url: &str, commands: Vec<Cmd>) -> Work {
        let settings = Settings::default();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            .set_response_timeout(Some(settings.response_timeout));
        let client = Client::open(url).expect("the server's own address");
        let connection = self
            .runtime
            .block_on(client.get_multiplexed_async_connection_with_config(&config))
            .expect("the private server answers");
        Work::Commands(Bare { connection, commands })
    }

    /// Does the work that many times, one after another, and says how long that took.
    ///
    /// # Panics
    /// If it is not done: an acquire was refused, or a command failed.
    pub fn time(&self, work: &mut Work, times: u64) -> Duration {
        self.runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..times {
                work.once().await;
            }
            start.elapsed()
        })
    }
}

impl Work {
    async fn once(&mut self) {
        match self {
            Self::Limiter(limiter) => {
                let permit = limiter.acquire().await.expect("the server answers");
                permit.expect("a permit is free").release().await.expect("the permit is held");
            }
            Self::Commands(Bare { connection, commands }) => {
                for command in commands {
                    let reply = connection.send_packed_command(command).await.expect("the server answers");
                    assert!(!matches!(reply, Value::ServerError(_)), "{reply:?}");
                }
            }
        }
    }
}
