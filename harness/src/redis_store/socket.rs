//! A unix socket to a server that wants no password, such as a private one: RESP2 read without a detour.
//!
//! The `redis` crate's parser takes 0.1 µs for a reply, and a server a few times that for a command. Where replies
//! come by the million that would be a good part of the time of a search; this reader takes a fifth of it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::Reply;

/// The least that is read at once.
const READ: usize = 16 * 1024;
/// The most arrays within arrays; nobody's replies have so many.
const DEEPEST: usize = 64;

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
            if let Some((reply, rest)) = reply(&self.buffer[self.unread.clone()], DEEPEST)? {
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

/// A reply and what follows it; `None` if there is not all of it yet.
fn reply(bytes: &[u8], depth: usize) -> io::Result<Option<(Reply, &[u8])>> {
    let Some((&kind, after_kind)) = bytes.split_first() else { return Ok(None) };
    if !b"+-:$*".contains(&kind) {
        return Err(malformed("not the beginning of a reply"));
    }
    let Some(end) = after_kind.iter().position(|byte| *byte == b'\r') else { return Ok(None) };
    let line = &after_kind[..end];
    let Some(rest) = line_end(&after_kind[end..])? else { return Ok(None) };
    Ok(match kind {
        b'+' => Some((Reply::Status(text(line)), rest)),
        b'-' => Some((Reply::Error(text(line)), rest)),
        b':' => Some((Reply::Int(integer(line)?), rest)),
        b'$' => bulk(integer(line)?, rest)?,
        _ => array(integer(line)?, rest, depth)?,
    })
}

fn bulk(length: i64, bytes: &[u8]) -> io::Result<Option<(Reply, &[u8])>> {
    let Ok(length) = usize::try_from(length) else { return Ok(Some((Reply::Nil, bytes))) };
    let Some((content, rest)) = bytes.split_at_checked(length) else { return Ok(None) };
    let Some(rest) = line_end(rest)? else { return Ok(None) };
    Ok(Some((Reply::Bulk(Bytes::copy_from_slice(content)), rest)))
}

fn array(length: i64, mut bytes: &[u8], depth: usize) -> io::Result<Option<(Reply, &[u8])>> {
    let Ok(length) = usize::try_from(length) else { return Ok(Some((Reply::Nil, bytes))) };
    let depth = depth.checked_sub(1).ok_or_else(|| malformed("too deep"))?;
    let mut items = Vec::new();
    for _ in 0..length {
        let Some((item, rest)) = reply(bytes, depth)? else { return Ok(None) };
        items.push(item);
        bytes = rest;
    }
    Ok(Some((Reply::Array(items), bytes)))
}

/// What follows `\r\n`; `None` if that is cut off.
fn line_end(bytes: &[u8]) -> io::Result<Option<&[u8]>> {
    match bytes {
        [b'\r', b'\n', rest @ ..] => Ok(Some(rest)),
        [] | [b'\r'] => Ok(None),
        _ => Err(malformed("a line that does not end where it should")),
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

fn integer(line: &[u8]) -> io::Result<i64> {
    let digits = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
    digits.ok_or_else(|| malformed("not a number"))
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All kinds of replies, one after another.
    const WIRE: &[u8] = b":-7\r\n+FINE\r\n-ERR no such\r\n$5\r\na\r\nb\0\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n\
                          *3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n:9\r\n";

    fn replies() -> Vec<Reply> {
        vec![
            Reply::Int(-7),
            Reply::Status("FINE".into()),
            Reply::Error("ERR no such".into()),
            Reply::bulk(&b"a\r\nb\0"[..]),
            Reply::bulk(""),
            Reply::Nil,
            Reply::Nil,
            Reply::Array(vec![]),
            Reply::Array(vec![Reply::Int(1), Reply::Array(vec![Reply::bulk("x")]), Reply::Nil]),
            Reply::Int(9),
        ]
    }

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
    fn a_part_of_a_reply_is_none_and_no_error() {
        let mut bytes = WIRE;
        for expected in replies() {
            let (whole, rest) = reply(bytes, DEEPEST).unwrap().unwrap();
            assert_eq!(whole, expected);
            for cut in 0..bytes.len() - rest.len() {
                assert_eq!(reply(&bytes[..cut], DEEPEST).unwrap(), None, "{}", bytes[..cut].escape_ascii());
            }
            bytes = rest;
        }
        assert!(bytes.is_empty());
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
    fn what_is_no_reply_is_an_error() {
        let deep = b"*1\r\n".repeat(DEEPEST + 1);
        let wrong: [&[u8]; 6] =
            [b"HTTP/1.1", b":x\r\n", b":1\rx", b"$1\r\nxy\r\n", b"$9999999999999999999\r\n", &deep];
        for bytes in wrong {
            let error = reply(bytes, DEEPEST).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{}", bytes.escape_ascii());
        }
    }
}
