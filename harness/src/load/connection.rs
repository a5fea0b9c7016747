//! One client's connection under load: one command at a time, never sent twice.
//!
//! They are read and written here, with one system call each for a command and for a reply, so that the load costs little
//! more than the server.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use gatecrash_limiter::{Command, Reply};
use redis::ConnectionAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::redis::{Address, CONNECT_TIMEOUT, ReplyBuffer, foreign, resp, tls};

/// How long a reply may take. Then it is given up, and whether the command took effect is unknown.
pub(super) const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// The least that is read at once.
const READ: usize = 4096;

/// A connection, what is yet to be written, and the replies that it is still owed.
#[derive(Debug)]
pub(super) struct LoadConnection {
    stream: LoadStream,
    unsent: Vec<u8>,
    buffer: ReplyBuffer,
    /// Replies that nobody waits for any more: their commands were given up after they had been sent.
    owed: usize,
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct Lost {
    why: String,
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self { why: foreign(&error.to_string()) }
    }
}

impl LoadConnection {
    pub(super) async fn open(address: &Address) -> Result<Self, Lost> {
        let late = || Lost { why: format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()) };
        tokio::time::timeout(CONNECT_TIMEOUT, Self::connect(address)).await.map_err(|_| late())?
    }

    async fn connect(address: &Address) -> Result<Self, Lost> {
        let stream = match address.connection_info().addr() {
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => LoadStream::Unix(UnixStream::connect(path).await?),
            ConnectionAddr::Tcp(host, port) => LoadStream::Tcp(connect_tcp(host, *port).await?),
            ConnectionAddr::TcpTls { host, port, insecure, .. } => {
                let connector = TlsConnector::from(tls::client_config(*insecure)?);
                let tcp = connect_tcp(host, *port).await?;
                LoadStream::Tls(Box::new(connector.connect(tls::server_name(host)?, tcp).await?))
            }
            _ => return Err(Lost { why: "this kind of address is not supported".into() }),
        };
        let mut connection = Self { stream, unsent: Vec::new(), buffer: ReplyBuffer::new(READ), owed: 0 };
        connection.introduce(address).await?;
        Ok(connection)
    }

    /// What has to be said before the first command: who we are, and which database is meant.
    async fn introduce(&mut self, address: &Address) -> Result<(), Lost> {
        for word in address.introduction() {
            if let Reply::Error(why) = self.call(&word).await? {
                return Err(Lost { why: foreign(&format!("{}: {why}", word.name().escape_ascii())) });
            }
        }
        Ok(())
    }

    /// Sends a command and waits for its reply. If the future is dropped, the command may have been sent or not, and
    /// the next call comes after it.
    pub(super) async fn call(&mut self, command: &Command) -> Result<Reply, Lost> {
        resp::command(&mut self.unsent, command);
        self.owed += 1;
        self.flush().await?;
        loop {
            let reply = self.receive().await?;
            self.owed -= 1;
            if self.owed == 0 {
                return Ok(reply);
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let written = self.stream.write(&self.unsent).await?;
            self.unsent.drain(..written);
        }
        self.stream.flush().await
    }

    async fn receive(&mut self) -> io::Result<Reply> {
        loop {
            if let Some(reply) = self.buffer.take()? {
                return Ok(reply);
            }
            let read = self.stream.read(self.buffer.room()?).await?;
            self.buffer.filled(read)?;
        }
    }
}

async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A byte stream.
#[derive(Debug)]
enum LoadStream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for LoadStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for LoadStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
