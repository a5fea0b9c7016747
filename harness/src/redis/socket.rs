//! A socket to a server: [RESP2](resp) read without a detour, and no wait without an end.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;
use std::time::{Duration, Instant};

use gatecrash_limiter::Reply;

use super::resp;

/// The least that is read at once.
const READ: usize = 16 * 1024;

/// A socket and what was read from it that nobody has asked for yet.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    /// How long a whole reply may take, however its bytes come.
    timeout: Duration,
    buffer: Vec<u8>,
    /// What of the buffer has been read from the socket and not been taken.
    unread: std::ops::Range<usize>,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    fn set_timeouts(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }
}

impl Socket {
    /// Through TCP, to the first of the host's addresses that accepts within `patience`.
    pub(super) fn connect_tcp(
        host: &str,
        port: u16,
        patience: Duration,
        timeout: Duration,
    ) -> io::Result<Self> {
        let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Self::new(Stream::Tcp(stream), timeout);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    #[cfg(unix)]
    pub(super) fn connect_unix(path: &Path, timeout: Duration) -> io::Result<Self> {
        Self::new(Stream::Unix(UnixStream::connect(path)?), timeout)
    }

    fn new(stream: Stream, timeout: Duration) -> io::Result<Self> {
        stream.set_timeouts(timeout)?;
        Ok(Self { stream, timeout, buffer: Vec::new(), unread: 0..0 })
    }

    pub(super) fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let deadline = Instant::now() + self.timeout;
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
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

    /// The next reply, all of it within the timeout. What is no RESP2 is [`io::ErrorKind::InvalidData`].
    pub(super) fn receive(&mut self) -> io::Result<Reply> {
        // Most replies come as a whole: only for the others it is worth asking how long they have taken.
        if let Some(reply) = self.next_reply()? {
            return Ok(reply);
        }
        let deadline = Instant::now() + self.timeout;
        self.fill()?;
        if let Some(reply) = self.next_reply()? {
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
            if let Some(reply) = self.next_reply()? {
                return Ok(reply);
            }
        }
    }

    /// Takes a reply out of what was read, if all of it is there.
    fn next_reply(&mut self) -> io::Result<Option<Reply>> {
        let Some((reply, rest)) = resp::reply(&self.buffer[self.unread.clone()])? else { return Ok(None) };
        self.unread.start = self.unread.end - rest.len();
        Ok(Some(reply))
    }

    /// Reads more. The longer a reply is, the more at once: it is looked at anew each time.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        if self.unread.end > resp::LONGEST {
            return Err(resp::too_long());
        }
        let room = self.unread.end + self.unread.end.max(READ);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        loop {
            match self.stream.read(&mut self.buffer[self.unread.end..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.unread.end += read;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// How much time is left; an error if none is.
fn left_until(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::resp::tests::{WIRE, replies};
    use super::*;

    fn socket() -> (UnixStream, Socket) {
        let (theirs, stream) = UnixStream::pair().unwrap();
        (theirs, Socket::new(Stream::Unix(stream), Duration::from_secs(5)).unwrap())
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
        let mut socket = Socket::new(Stream::Unix(stream), timeout).unwrap();
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
    fn a_reply_that_is_too_long_takes_no_memory() {
        let (mut theirs, mut socket) = socket();
        theirs.write_all(b"$100000000000\r\nxxxx").unwrap();
        assert_eq!(socket.receive().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(socket.buffer.len() <= READ);
    }
}
