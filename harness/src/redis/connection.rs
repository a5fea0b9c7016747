//! One connection: made and used under deadlines, never retried (a retry would send a command twice).

use std::fmt;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use gatecrash_limiter::{Command, Reply, Script};
use redis::{Client, ConnectionAddr, ConnectionLike, ErrorKind, RedisError, Value};

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

/// One client's connection, and what the server remembers about it.
pub(crate) struct ServerConnection {
    link: ServerLink,
    /// The address as it may be shown.
    place: String,
    /// A reply was lost: the next one that arrives might not be the one that was asked for.
    lost: bool,
    in_transaction: bool,
    watching: bool,
}

/// What carries bytes there and back.
enum ServerLink {
    /// A TCP or a unix socket.
    Socket(Socket),
    /// TLS, as the crate does it.
    Crate(Box<redis::Connection>),
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) program: &'static str,
    pub(crate) version: String,
    pub(crate) run_id: String,
    /// For how long it has been up, where it says so.
    pub(crate) uptime: Option<Duration>,
}

impl ServerConnection {
    /// A new connection. A TLS handshake comes with the first command.
    pub(crate) fn open(address: &Address) -> Result<Self, StoreError> {
        open_within(address, Ok)
    }

    /// Connects, and asks the server who it is.
    pub(crate) fn greet(address: &Address) -> Result<Facts, StoreError> {
        open_within(address, |mut connection| connection.facts())
    }

    /// Whether replies still come in the order of commands.
    pub(super) fn is_usable(&self) -> bool {
        !self.lost && self.link.is_open()
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
        self.link.send(packed).map_err(|error| self.lose("sending a command", &error))
    }

    /// Waits for the next reply.
    pub(super) fn receive(&mut self) -> Result<Reply, StoreError> {
        self.link.receive().map_err(|error| self.lose("waiting for a reply", &error))
    }

    /// From here on nobody knows which reply belongs to which command.
    fn lose(&mut self, doing: &str, error: &RedisError) -> StoreError {
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
            *self = Self::open(address)?;
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
        if field("redis_mode").is_some_and(|mode| mode.trim() == "cluster") {
            let why = "it is a node of a cluster, whose keys lie on several servers; name a server that is not in cluster mode";
            return Err(self.unavailable(ASKING, why));
        }
        let run_id = field("run_id").unwrap_or_default().trim().to_owned();
        let uptime = field("uptime_in_seconds").and_then(|seconds| seconds.trim().parse().ok());
        let (version, uptime) = (version.trim().to_owned(), uptime.map(Duration::from_secs));
        Ok(Facts { program, version, run_id, uptime })
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
    let unavailable = |why: String| StoreError::Unavailable { what: format!("connecting to {address}"), why };
    let (done, result) = mpsc::channel();
    let owned = address.clone();
    thread::Builder::new()
        .name("redis-connect".into())
        .spawn(move || {
            let connection = connect(&owned);
            // Nobody listens any more when the time is up.
            let _ = done.send(connection.map(begin));
        })
        .map_err(|error| unavailable(error.to_string()))?;
    match result.recv_timeout(OPEN_TIMEOUT) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Err(unavailable(explain(&error, CONNECT_TIMEOUT))),
        Err(_) => Err(unavailable(format!("no answer within {} ms", OPEN_TIMEOUT.as_millis()))),
    }
}

fn connect(address: &Address) -> Result<ServerConnection, RedisError> {
    let link = ServerLink::open(address)?;
    Ok(ServerConnection {
        link,
        place: address.to_string(),
        lost: false,
        in_transaction: false,
        watching: false,
    })
}

/// Lets the process have a provider of cryptography.
pub(crate) fn choose_cryptography() {
    // An error says that the process has one already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl ServerLink {
    fn open(address: &Address) -> Result<Self, RedisError> {
        let info = address.connection_info();
        let socket = match info.addr() {
            ConnectionAddr::Tcp(host, port) => {
                Some(Socket::connect_tcp(host, *port, CONNECT_TIMEOUT, RESPONSE_TIMEOUT)?)
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => Some(Socket::connect_unix(path, RESPONSE_TIMEOUT)?),
            _ => None,
        };
        if let Some(socket) = socket {
            let mut link = Self::Socket(socket);
            link.introduce(address)?;
            return Ok(link);
        }
        choose_cryptography();
        let client = Client::open(address.connection_info().clone())?;
        let link = client.get_connection_with_timeout(CONNECT_TIMEOUT)?;
        link.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
        link.set_write_timeout(Some(RESPONSE_TIMEOUT))?;
        Ok(Self::Crate(Box::new(link)))
    }

    /// Says who we are, and which database is meant.
    fn introduce(&mut self, address: &Address) -> Result<(), RedisError> {
        for command in address.introduction() {
            self.send(&packed(&command))?;
            if let Reply::Error(why) = self.receive()? {
                let kind = if command.name() == b"AUTH" {
                    ErrorKind::AuthenticationFailed
                } else {
                    ErrorKind::Client
                };
                return Err((kind, "the server refused", why).into());
            }
        }
        Ok(())
    }

    fn is_open(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Crate(link) => link.is_open(),
        }
    }

    fn send(&mut self, packed: &[u8]) -> Result<(), RedisError> {
        match self {
            Self::Socket(socket) => Ok(socket.send(packed)?),
            Self::Crate(link) => link.send_packed_command(packed),
        }
    }

    fn receive(&mut self) -> Result<Reply, RedisError> {
        match self {
            Self::Socket(socket) => socket.receive().map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => (ErrorKind::Parse, "not RESP2", error.to_string()).into(),
                _ => error.into(),
            }),
            Self::Crate(link) => from_value(link.recv_response()?),
        }
    }
}

/// Text of a server in a message: nothing in it does anything to a terminal, and it is cut where nobody reads on.
pub(super) fn foreign(text: &str) -> String {
    const LONGEST: usize = 400;
    cut(&printable(text), LONGEST)
}

/// What went wrong, on one line, with a way out where there is one. The crate's texts never hold a password.
fn explain(error: &RedisError, limit: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", limit.as_secs());
    }
    if error.kind() == ErrorKind::Parse {
        return "what answers is no Redis server".to_owned();
    }
    let text = error.to_string();
    if text.contains("peer certificate") {
        return format!(
            "{text} (to trust it, have SSL_CERT_FILE name a file with its CA's certificate; to trust whoever answers, \
             end the URL with #insecure)"
        );
    }
    text
}

/// A RESP2 value as a reply; the rest of the crate's values have no place on a RESP2 connection.
pub(crate) fn from_value(value: Value) -> Result<Reply, RedisError> {
    Ok(match value {
        Value::Nil => Reply::Nil,
        Value::Int(n) => Reply::Int(n),
        Value::Okay => Reply::ok(),
        Value::SimpleString(text) => Reply::Status(text),
        Value::BulkString(bytes) => Reply::Bulk(bytes.into()),
        Value::Array(items) => Reply::Array(items.into_iter().map(from_value).collect::<Result<_, _>>()?),
        Value::ServerError(error) => Reply::Error(match error.details() {
            Some(details) => format!("{} {details}", error.code()),
            None => error.code().to_owned(),
        }),
        other => return Err((ErrorKind::Parse, "not RESP2", format!("{other:?}")).into()),
    })
}
