//! A socket to a server: [RESP2](resp) read without a detour, and no wait without an end.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use gatecrash_limiter::Reply;
use redis::ConnectionAddr;

use super::deadline::left_until;
use super::reply_buffer::ReplyBuffer;
use super::tls::TlsStream;

/// The least that is read at once.
const READ: usize = 16 * 1024;

/// A socket and what was read from it that nobody has asked for yet.
#[derive(Debug)]
pub(super) struct Socket {
    stream: SocketStream,
    /// How long a whole reply may take, however its bytes come.
    timeout: Duration,
    /// When everything has to be done, if there is no time for more.
    end: Option<Instant>,
    buffer: ReplyBuffer,
    /// Whether the last reply was not there yet when it was asked for.
    waited: bool,
}

#[derive(Debug)]
enum SocketStream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Tls(Box<TlsStream>),
}

impl SocketStream {
    fn set_timeouts(&self, timeout: Duration) -> io::Result<()> {
        let tcp = match self {
            Self::Tcp(stream) => stream,
            #[cfg(unix)]
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(timeout))?;
                return stream.set_write_timeout(Some(timeout));
            }
            Self::Tls(stream) => stream.tcp(),
        };
        tcp.set_read_timeout(Some(timeout))?;
        tcp.set_write_timeout(Some(timeout))
    }

    /// Waits for the network once; `None` if what came cannot be read yet.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self {
            Self::Tcp(stream) => stream.read(buffer).map(Some),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer).map(Some),
            Self::Tls(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => write_all(bytes, deadline, |bytes| stream.write(bytes)),
            #[cfg(unix)]
            Self::Unix(stream) => write_all(bytes, deadline, |bytes| stream.write(bytes)),
            Self::Tls(stream) => stream.write_all(bytes, deadline),
        }
    }
}

fn write_all(
    mut bytes: &[u8],
    deadline: Instant,
    mut write: impl FnMut(&[u8]) -> io::Result<usize>,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if !bytes.is_empty() {
            left_until(deadline)?;
        }
    }
    Ok(())
}

impl Socket {
    /// Connects: each of a host's addresses has `patience` to accept, and each reply may take `timeout`.
    pub(super) fn connect(
        address: &ConnectionAddr,
        patience: Duration,
        timeout: Duration,
    ) -> io::Result<Self> {
        let stream = match address {
            ConnectionAddr::Tcp(host, port) => SocketStream::Tcp(connect_tcp(host, *port, patience)?),
            ConnectionAddr::TcpTls { host, port, insecure, .. } => {
                let tcp = connect_tcp(host, *port, patience)?;
                tcp.set_write_timeout(Some(timeout))?;
                let deadline = Instant::now() + timeout;
                SocketStream::Tls(Box::new(TlsStream::connect(tcp, host, *insecure, deadline)?))
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => SocketStream::Unix(UnixStream::connect(path)?),
            _ => return Err(io::Error::other("this kind of address is not supported")),
        };
        Self::new(stream, timeout)
    }

    fn new(stream: SocketStream, timeout: Duration) -> io::Result<Self> {
        stream.set_timeouts(timeout)?;
        Ok(Self { stream, timeout, end: None, buffer: ReplyBuffer::new(READ), waited: false })
    }

    /// From here on everything has to be done by then.
    pub(super) fn finish_by(&mut self, end: Instant) {
        self.end = Some(end);
    }

    /// Whether the last reply was not there yet when it was asked for.
    pub(super) fn has_waited(&self) -> bool {
        self.waited
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let deadline = self.deadline()?;
        self.stream.write_all(bytes, deadline)
    }

    /// The next reply, all of it within the timeout. What is no RESP2 is [`io::ErrorKind::InvalidData`].
    pub(super) fn receive(&mut self) -> io::Result<Reply> {
        // Most replies come as a whole: only for the others it is worth asking how long they have taken.
        let there = self.buffer.take()?;
        self.waited = there.is_none();
        if let Some(reply) = there {
            return Ok(reply);
        }
        let deadline = self.deadline()?;
        self.fill()?;
        if let Some(reply) = self.buffer.take()? {
            return Ok(reply);
        }
        let reply = self.receive_by(deadline);
        self.stream.set_timeouts(self.timeout)?;
        reply
    }

    /// The rest of a reply that has come in part.
    fn receive_by(&mut self, deadline: Instant) -> io::Result<Reply> {
        loop {
            self.stream.set_timeouts(left_until(deadline)?)?;
            self.fill()?;
            if let Some(reply) = self.buffer.take()? {
                return Ok(reply);
            }
        }
    }

    /// When the next thing that is waited for has to be there.
    fn deadline(&self) -> io::Result<Instant> {
        let deadline = Instant::now() + self.timeout;
        let Some(end) = self.end else { return Ok(deadline) };
        self.stream.set_timeouts(left_until(end)?.min(self.timeout))?;
        Ok(deadline.min(end))
    }

    /// Reads more.
    fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.stream.read(self.buffer.room()?) {
                Ok(Some(read)) => return self.buffer.filled(read),
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// To the first of the host's addresses that accepts.
fn connect_tcp(host: &str, port: u16, patience: Duration) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::resp::tests::{WIRE, replies};
    use super::*;

    fn socket() -> (UnixStream, Socket) {
        let (theirs, stream) = UnixStream::pair().unwrap();
        (theirs, Socket::new(SocketStream::Unix(stream), Duration::from_secs(5)).unwrap())
    }

    #[test]
    fn replies_are_read_wherever_they_are_cut() {
        for cut in 0..=WIRE.len() {
            let (mut theirs, mut socket) = socket();
            theirs.write_all(&WIRE[..cut]).unwrap();
            let rest = std::thread::spawn(move || {
                std::thread::yield_now();
                theirs.write_all(&WIRE[cut..]).unwrap();
            });
            let read: Vec<Reply> = replies().iter().map(|_| socket.receive().unwrap()).collect();
            assert_eq!(read, replies(), "{cut}");
            rest.join().unwrap();
            assert_eq!(socket.receive().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn long_replies_are_read_whole() {
        let (mut theirs, mut socket) = socket();
        let long = vec![b'x'; 3_000_000];
        let sent = long.clone();
        let writer = std::thread::spawn(move || {
            theirs.write_all(b"*2\r\n:1\r\n$3000000\r\n").unwrap();
            theirs.write_all(&sent).unwrap();
            theirs.write_all(b"\r\n:2\r\n").unwrap();
        });
        assert_eq!(socket.receive().unwrap(), Reply::Array(vec![Reply::Int(1), Reply::bulk(long)]));
        assert_eq!(socket.receive().unwrap(), Reply::Int(2));
        writer.join().unwrap();
    }

    #[test]
    fn a_reply_that_comes_byte_by_byte_is_not_waited_for_without_end() {
        let (mut theirs, stream) = UnixStream::pair().unwrap();
        let timeout = Duration::from_millis(100);
        let mut socket = Socket::new(SocketStream::Unix(stream), timeout).unwrap();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let writer = std::thread::spawn(move || {
            theirs.write_all(b"$100000\r\n").unwrap();
            // Each byte comes in time, all of them do not.
            while stopped
                .recv_timeout(timeout / 10)
                .is_err_and(|ended| ended.to_string().contains("timed out"))
            {
                if theirs.write_all(b"x").is_err() {
                    break;
                }
            }
        });
        let error = socket.receive().unwrap_err();
        assert!(matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{error}");
        drop(stop);
        writer.join().unwrap();
    }

    #[test]
    fn a_reply_that_is_too_long_is_not_waited_for() {
        let (mut theirs, mut socket) = socket();
        theirs.write_all(b"$100000000000\r\nxxxx").unwrap();
        assert_eq!(socket.receive().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn nothing_is_waited_for_once_all_has_to_be_done() {
        let (theirs, mut socket) = socket();
        let began = Instant::now();
        socket.finish_by(began + Duration::from_millis(50));
        for _ in 0..2 {
            let error = socket.receive().unwrap_err();
            assert!(matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        drop(theirs);
    }
}
