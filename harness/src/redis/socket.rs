//! A unix socket to a server that wants no password, such as a private one: [RESP2](resp) read without a detour.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use gatecrash_limiter::Reply;

use super::resp;

/// The least that is read at once.
const READ: usize = 16 * 1024;

/// A socket and what was read from it that nobody has asked for yet.
#[derive(Debug)]
pub(super) struct Socket {
    stream: UnixStream,
    buffer: Vec<u8>,
    /// What of the buffer has been read from the socket and not been taken.
    unread: std::ops::Range<usize>,
}

impl Socket {
    pub(super) fn connect(path: &Path, timeout: Duration) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Self { stream, buffer: Vec::new(), unread: 0..0 })
    }

    pub(super) fn send(&mut self, packed: &[u8]) -> io::Result<()> {
        self.stream.write_all(packed)
    }

    /// The next reply. What is no RESP2 is [`io::ErrorKind::InvalidData`].
    pub(super) fn receive(&mut self) -> io::Result<Reply> {
        loop {
            if let Some((reply, rest)) = resp::reply(&self.buffer[self.unread.clone()])? {
                self.unread.start = self.unread.end - rest.len();
                return Ok(reply);
            }
            self.fill()?;
        }
    }

    /// Reads more. The longer a reply is, the more at once: it is looked at anew each time.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
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

#[cfg(test)]
mod tests {
    use super::super::resp::tests::{WIRE, replies};
    use super::*;

    fn socket() -> (UnixStream, Socket) {
        let (theirs, stream) = UnixStream::pair().unwrap();
        (theirs, Socket { stream, buffer: Vec::new(), unread: 0..0 })
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
}
