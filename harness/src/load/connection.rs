//! One client's connection under load: one command at a time, never sent twice.
//!
//! Plain connections are read and written here, with one system call each for a command and for a reply, so that the
//! load costs little more than the server. TLS is the `redis` crate's.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use gatecrash_limiter::{Command, Reply};
use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionAddr, RedisError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::redis::target::Address;
use crate::redis::{CONNECT_TIMEOUT, choose_cryptography, from_value, resp};

/// How long a reply may take. Then it is given up, and whether the command took effect is unknown.
pub(super) const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// The least that is read at once.
const READ: usize = 4096;

/// A connection, and the replies that it is still owed.
#[derive(Debug)]
pub(super) struct LoadConnection {
    link: LoadLink,
    /// Replies that nobody waits for any more: their commands were given up after they had been sent.
    owed: usize,
}

#[derive(Debug)]
enum LoadLink {
    Plain(Plain),
    /// Pairs replies with commands itself.
    Tls(MultiplexedConnection),
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct Lost {
    why: String,
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self { why: error.to_string() }
    }
}

impl From<RedisError> for Lost {
    fn from(error: RedisError) -> Self {
        // The crate's texts never hold a password.
        Self { why: error.to_string() }
    }
}

impl LoadConnection {
    pub(super) async fn open(address: &Address) -> Result<Self, Lost> {
        let late = || Lost { why: format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()) };
        tokio::time::timeout(CONNECT_TIMEOUT, Self::connect(address)).await.map_err(|_| late())?
    }

    async fn connect(address: &Address) -> Result<Self, Lost> {
        if address.is_tls() {
            choose_cryptography();
            let client = Client::open(address.connection_info().clone())?;
            let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
            let link = client.get_multiplexed_async_connection_with_config(&config).await?;
            return Ok(Self { link: LoadLink::Tls(link), owed: 0 });
        }
        let stream = match address.connection_info().addr() {
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => PlainStream::Unix(UnixStream::connect(path).await?),
            ConnectionAddr::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                PlainStream::Tcp(stream)
            }
            _ => return Err(Lost { why: "this kind of address is not supported".into() }),
        };
        let link = LoadLink::Plain(Plain { stream, unsent: Vec::new(), buffer: Vec::new(), unread: 0..0 });
        let mut connection = Self { link, owed: 0 };
        connection.introduce(address).await?;
        Ok(connection)
    }

    /// What has to be said before the first command: who we are, and which database is meant.
    async fn introduce(&mut self, address: &Address) -> Result<(), Lost> {
        for word in address.introduction() {
            if let Reply::Error(why) = self.call(&word).await? {
                return Err(Lost { why: format!("{}: {why}", word.name().escape_ascii()) });
            }
        }
        Ok(())
    }

    /// Sends a command and waits for its reply. If the future is dropped, the command may have been sent or not, and
    /// the next call comes after it.
    pub(super) async fn call(&mut self, command: &Command) -> Result<Reply, Lost> {
        let plain = match &mut self.link {
            LoadLink::Tls(link) => {
                let mut packed = redis::Cmd::new();
                for part in command.parts() {
                    packed.arg(part.as_ref());
                }
                return Ok(from_value(link.send_packed_command(&packed).await?)?);
            }
            LoadLink::Plain(plain) => plain,
        };
        resp::command(&mut plain.unsent, command);
        self.owed += 1;
        plain.flush().await?;
        loop {
            let reply = plain.receive().await?;
            self.owed -= 1;
            if self.owed == 0 {
                return Ok(reply);
            }
        }
    }
}

/// A stream, what is yet to be written, and what was read that nobody has asked for yet.
#[derive(Debug)]
struct Plain {
    stream: PlainStream,
    unsent: Vec<u8>,
    buffer: Vec<u8>,
    unread: Range<usize>,
}

impl Plain {
    async fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let written = self.stream.write(&self.unsent).await?;
            self.unsent.drain(..written);
        }
        Ok(())
    }

    async fn receive(&mut self) -> io::Result<Reply> {
        loop {
            if let Some((reply, rest)) = resp::reply(&self.buffer[self.unread.clone()])? {
                self.unread.start = self.unread.end - rest.len();
                return Ok(reply);
            }
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
            let room = self.unread.end + self.unread.end.max(READ);
            if self.buffer.len() < room {
                self.buffer.resize(room, 0);
            }
            match self.stream.read(&mut self.buffer[self.unread.end..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.unread.end += read,
            }
        }
    }
}

/// A byte stream without a cipher.
#[derive(Debug)]
enum PlainStream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl AsyncRead for PlainStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for PlainStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
