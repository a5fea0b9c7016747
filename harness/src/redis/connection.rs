//! One connection: made and used under deadlines, never retried (a retry would send a command twice).

use std::fmt;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use gatecrash_limiter::{Command, Reply, Script};

use super::resp;
use super::socket::Socket;
use super::target::Address;
use crate::base::words::{cut, printable};
use crate::world::store::StoreError;

/// How long one of a host's addresses may take to accept a connection.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a new connection may take in all: names, all of the host's addresses, TLS, password, first reply.
pub(super) const OPEN_TIMEOUT: Duration = Duration::from_millis(1800);
/// How long a server may take to reply. A command that blocks for longer than this is lost.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long cleaning up may take in all, however many replies that are.
pub(super) const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(3);

/// One client's connection, and what the server remembers about it.
pub(crate) struct ServerConnection {
    socket: Socket,
    /// The address as it may be shown.
    place: String,
    /// A reply was lost: the next one that arrives might not be the one that was asked for.
    lost: bool,
    in_transaction: bool,
    watching: bool,
    /// When everything has to be done, if there is no time for more.
    end: Option<Instant>,
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) program: &'static str,
    pub(crate) version: String,
    pub(crate) run_id: String,
    /// For how long it has been up, where it says so.
    pub(crate) uptime: Option<Duration>,
    /// It is a node of a cluster.
    pub(crate) in_cluster: bool,
}

impl ServerConnection {
    /// A new connection.
    pub(crate) fn open(address: &Address) -> Result<Self, StoreError> {
        open_within(address, Ok)
    }

    /// Connects, and asks the server who it is.
    pub(crate) fn greet(address: &Address) -> Result<Facts, StoreError> {
        open_within(address, |mut connection| connection.facts())
    }

    /// Whether replies still come in the order of commands.
    pub(super) fn is_usable(&self) -> bool {
        !self.lost
    }

    /// Sends one command and waits for its reply.
    pub(super) fn call(&mut self, command: &Command) -> Result<Reply, StoreError> {
        self.send(&packed(command))?;
        let reply = self.receive()?;
        self.remember(command.name());
        Ok(reply)
    }

    /// Sends packed commands and waits for nothing: as many replies are to be received.
    pub(super) fn send(&mut self, packed: &[u8]) -> Result<(), StoreError> {
        if !self.is_usable() {
            return Err(self.unavailable("sending a command", "the connection was lost before"));
        }
        self.socket.send(packed).map_err(|error| self.lose("sending a command", &error))
    }

    /// Waits for the next reply.
    pub(super) fn receive(&mut self) -> Result<Reply, StoreError> {
        self.socket.receive().map_err(|error| self.lose("waiting for a reply", &error))
    }

    /// Whether the last reply was not there yet when it was asked for.
    pub(super) fn has_waited(&self) -> bool {
        self.socket.has_waited()
    }

    /// From here on everything has to be done by then, also on a new connection in place of this one.
    pub(super) fn finish_by(&mut self, end: Instant) {
        self.end = Some(end);
        self.socket.finish_by(end);
    }

    /// From here on nobody knows which reply belongs to which command.
    fn lose(&mut self, doing: &str, error: &io::Error) -> StoreError {
        self.lost = true;
        self.unavailable(doing, explain(error, RESPONSE_TIMEOUT))
    }

    /// Makes scripts known to the server.
    pub(super) fn load(&mut self, scripts: &[Script]) -> Result<(), StoreError> {
        for script in scripts {
            let load = Command::new("SCRIPT").arg("LOAD").arg(script.source());
            if let Reply::Error(why) = self.call(&load)? {
                return Err(self.unavailable("loading a script", why));
            }
        }
        Ok(())
    }

    /// Ends what the last execution left open, on a new connection if this one is lost.
    pub(super) fn make_ready(&mut self, address: &Address) -> Result<(), StoreError> {
        if !self.is_usable() {
            let end = self.end;
            *self = Self::open(address)?;
            if let Some(end) = end {
                self.finish_by(end);
            }
        } else if self.in_transaction {
            self.call(&Command::new("DISCARD"))?;
        } else if self.watching {
            self.call(&Command::new("UNWATCH"))?;
        }
        Ok(())
    }

    pub(super) fn unavailable(&self, doing: &str, why: impl Into<String>) -> StoreError {
        StoreError::Unavailable { what: format!("{}: {doing}", self.place), why: foreign(&why.into()) }
    }

    /// What a command leaves behind on the server.
    pub(super) fn remember(&mut self, command: &[u8]) {
        match command.to_ascii_uppercase().as_slice() {
            b"MULTI" => self.in_transaction = true,
            b"WATCH" => self.watching = true,
            b"UNWATCH" => self.watching = false,
            b"EXEC" | b"DISCARD" => (self.in_transaction, self.watching) = (false, false),
            _ => {}
        }
    }

    fn facts(&mut self) -> Result<Facts, StoreError> {
        const ASKING: &str = "INFO failed";
        let text = match self.call(&Command::new("INFO").arg("server"))? {
            Reply::Bulk(text) => String::from_utf8_lossy(&text).into_owned(),
            Reply::Error(why) if why.starts_with("NOAUTH") => {
                return Err(self.unavailable(ASKING, "NOAUTH; put the password in the URL"));
            }
            Reply::Error(why) => return Err(self.unavailable(ASKING, why)),
            other => return Err(self.unavailable(ASKING, format!("it answered {other}"))),
        };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let (program, version) = match (field("valkey_version"), field("redis_version")) {
            (Some(version), _) => ("valkey-server", version),
            (None, Some(version)) => ("redis-server", version),
            (None, None) => return Err(self.unavailable(ASKING, "its INFO names no version")),
        };
        let run_id = field("run_id").unwrap_or_default().trim().to_owned();
        let uptime = field("uptime_in_seconds").and_then(|seconds| seconds.trim().parse().ok());
        Ok(Facts {
            program,
            version: foreign(version.trim()),
            run_id,
            uptime: uptime.map(Duration::from_secs),
            in_cluster: field("redis_mode").is_some_and(|mode| mode.trim() == "cluster"),
        })
    }
}

impl fmt::Debug for ServerConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConnection").field("place", &self.place).finish_non_exhaustive()
    }
}

fn packed(command: &Command) -> Vec<u8> {
    let mut packed = Vec::new();
    resp::command(&mut packed, command);
    packed
}

/// Connects and begins, on a thread that is left behind when the time is up: resolving a name cannot be
/// interrupted, and a host can have many addresses that swallow packets, each good for a timeout of its own.
fn open_within<T: Send + 'static>(
    address: &Address,
    begin: impl FnOnce(ServerConnection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (done, result) = mpsc::channel();
    let owned = address.clone();
    thread::Builder::new()
        .name("redis-connect".into())
        .spawn(move || {
            // Nobody listens any more when the time is up.
            let _ = done.send(connect(&owned).and_then(begin));
        })
        .map_err(|error| no_connection(address, error.to_string()))?;
    let late = |_| Err(no_connection(address, format!("no answer within {} ms", OPEN_TIMEOUT.as_millis())));
    result.recv_timeout(OPEN_TIMEOUT).unwrap_or_else(late)
}

fn connect(address: &Address) -> Result<ServerConnection, StoreError> {
    let socket = Socket::connect(address.connection_info().addr(), CONNECT_TIMEOUT, RESPONSE_TIMEOUT)
        .map_err(|error| no_connection(address, explain(&error, CONNECT_TIMEOUT)))?;
    let place = address.to_string();
    let mut connection =
        ServerConnection { socket, place, lost: false, in_transaction: false, watching: false, end: None };
    // Who we are, and which database is meant.
    for command in address.introduction() {
        if let Reply::Error(why) = connection.call(&command)? {
            let name = command.name().escape_ascii();
            return Err(no_connection(address, foreign(&format!("the server refused {name}: {why}"))));
        }
    }
    Ok(connection)
}

fn no_connection(address: &Address, why: String) -> StoreError {
    StoreError::Unavailable { what: format!("connecting to {address}"), why }
}

/// Text of a server in a message: nothing in it does anything to a terminal, and it is cut where nobody reads on.
pub(crate) fn foreign(text: &str) -> String {
    const LONGEST: usize = 400;
    cut(&printable(text), LONGEST)
}

/// What went wrong, on one line, with a way out where there is one. No text of ours or of TLS holds a password.
fn explain(error: &io::Error, limit: Duration) -> String {
    if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) {
        return format!("no answer within {} s", limit.as_secs());
    }
    if error.kind() == io::ErrorKind::InvalidData {
        return "what answers is no Redis server".to_owned();
    }
    let text = foreign(&error.to_string());
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => format!(
            "{text} (to trust it, have SSL_CERT_FILE name a file with its CA's certificate; to trust whoever answers, \
             end the URL with #insecure)"
        ),
        Some(rustls::Error::InvalidMessage(_)) => format!("what answers does not speak TLS ({text})"),
        _ => text,
    }
}
