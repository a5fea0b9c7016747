//! RESP2, written and read without a detour.
//!
//! The `redis` crate's parser takes 0.1 µs for a reply, and a server a few times that for a command. Where replies
//! come by the million that would be a good part of the time of a search; this reader takes a fifth of it.

use std::io;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

/// What every line ends with, and every bulk string.
pub(super) const LINE_END: &[u8] = b"\r\n";

/// The most arrays within arrays; nobody's replies have so many.
const DEEPEST: usize = 64;

/// How much memory a reply may take. A server that announces a longer one is not waited for, and no memory is taken for
/// it.
pub(super) const LONGEST: usize = 64 << 20;

/// Appends a command as it is sent.
pub(crate) fn command(buffer: &mut Vec<u8>, command: &Command) {
    header(buffer, b'*', command.parts().len());
    for part in command.parts() {
        key(buffer, "", part);
    }
}

/// What a RESP array or bulk string begins with: its kind and its length.
pub(super) fn header(buffer: &mut Vec<u8>, kind: u8, length: usize) {
    buffer.push(kind);
    buffer.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    buffer.extend_from_slice(LINE_END);
}

/// A bulk string in two pieces: a key, and what stands before it on the server.
pub(super) fn key(buffer: &mut Vec<u8>, before: &str, part: &[u8]) {
    header(buffer, b'$', before.len() + part.len());
    buffer.extend_from_slice(before.as_bytes());
    buffer.extend_from_slice(part);
    buffer.extend_from_slice(LINE_END);
}

/// A reply and what follows it; `None` if there is not all of it yet. What is no RESP2 is
/// [`io::ErrorKind::InvalidData`].
pub(crate) fn reply(bytes: &[u8]) -> io::Result<Option<(Reply, &[u8])>> {
    let mut left = LONGEST;
    nested(bytes, DEEPEST, &mut left)
}

/// `left` is how much memory may still be taken.
fn nested<'a>(bytes: &'a [u8], depth: usize, left: &mut usize) -> io::Result<Option<(Reply, &'a [u8])>> {
    let Some((&kind, after_kind)) = bytes.split_first() else { return Ok(None) };
    if !b"+-:$*".contains(&kind) {
        return Err(malformed("not the beginning of a reply"));
    }
    let Some(end) = after_kind.iter().position(|byte| *byte == b'\r') else { return Ok(None) };
    let line = &after_kind[..end];
    take(left, line.len())?;
    let Some(rest) = line_end(&after_kind[end..])? else { return Ok(None) };
    Ok(match kind {
        b'+' => Some((Reply::Status(text(line)), rest)),
        b'-' => Some((Reply::Error(text(line)), rest)),
        b':' => Some((Reply::Int(integer(line)?), rest)),
        b'$' => bulk(integer(line)?, rest, left)?,
        _ => array(integer(line)?, rest, depth, left)?,
    })
}

fn bulk<'a>(length: i64, bytes: &'a [u8], left: &mut usize) -> io::Result<Option<(Reply, &'a [u8])>> {
    let Ok(length) = usize::try_from(length) else { return Ok(Some((Reply::Nil, bytes))) };
    take(left, length)?;
    let Some((content, rest)) = bytes.split_at_checked(length) else { return Ok(None) };
    let Some(rest) = line_end(rest)? else { return Ok(None) };
    Ok(Some((Reply::Bulk(Bytes::copy_from_slice(content)), rest)))
}

fn array<'a>(
    length: i64,
    mut bytes: &'a [u8],
    depth: usize,
    left: &mut usize,
) -> io::Result<Option<(Reply, &'a [u8])>> {
    let Ok(length) = usize::try_from(length) else { return Ok(Some((Reply::Nil, bytes))) };
    take(left, length.saturating_mul(size_of::<Reply>()))?;
    let depth = depth.checked_sub(1).ok_or_else(|| malformed("too deep"))?;
    // No item takes less than four bytes: there are no more of them here yet.
    let mut items = Vec::with_capacity(length.min(bytes.len() / 4 + 1));
    for _ in 0..length {
        let Some((item, rest)) = nested(bytes, depth, left)? else { return Ok(None) };
        items.push(item);
        bytes = rest;
    }
    Ok(Some((Reply::Array(items), bytes)))
}

/// So much memory is about to be taken: an error if that is too much.
fn take(left: &mut usize, bytes: usize) -> io::Result<()> {
    *left = left.checked_sub(bytes).ok_or_else(too_long)?;
    Ok(())
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

pub(super) fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("a reply of more than {} MiB", LONGEST >> 20))
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// All kinds of replies, one after another.
    pub(crate) const WIRE: &[u8] =
        b":-7\r\n+FINE\r\n-ERR no such\r\n$5\r\na\r\nb\0\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n\
                          *3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n:9\r\n";

    pub(crate) fn replies() -> Vec<Reply> {
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

    #[test]
    fn a_command_is_packed_part_by_part() {
        let mut buffer = Vec::new();
        command(&mut buffer, &Command::new("ZADD").arg("k").number(1).arg(&b"\x00\r\n"[..]));
        assert_eq!(buffer, b"*4\r\n$4\r\nZADD\r\n$1\r\nk\r\n$1\r\n1\r\n$3\r\n\0\r\n\r\n");
    }

    #[test]
    fn a_part_of_a_reply_is_none_and_no_error() {
        let mut bytes = WIRE;
        for expected in replies() {
            let (whole, rest) = reply(bytes).unwrap().unwrap();
            assert_eq!(whole, expected);
            for cut in 0..bytes.len() - rest.len() {
                assert_eq!(reply(&bytes[..cut]).unwrap(), None, "{}", bytes[..cut].escape_ascii());
            }
            bytes = rest;
        }
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        let deep = b"*1\r\n".repeat(DEEPEST + 1);
        let wrong: [&[u8]; 6] =
            [b"HTTP/1.1", b":x\r\n", b":1\rx", b"$1\r\nxy\r\n", b"$9999999999999999999\r\n", &deep];
        for bytes in wrong {
            let error = reply(bytes).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{}", bytes.escape_ascii());
        }
        for bytes in [&b"$67108865\r\n"[..], b"*99999999\r\n", b"*1\r\n$1000000000000\r\n"] {
            assert_eq!(
                reply(bytes).unwrap_err().kind(),
                io::ErrorKind::FileTooLarge,
                "{}",
                bytes.escape_ascii()
            );
        }
        assert_eq!(reply(b"$67100000\r\n").unwrap(), None);
    }

    /// On the wire, each of these items takes four bytes.
    #[test]
    fn tiny_items_are_counted_by_what_they_take_in_memory() {
        let most = LONGEST / size_of::<Reply>() - 1;
        assert_eq!(reply(format!("*{most}\r\n:1\r\n").as_bytes()).unwrap(), None);
        let nested = format!("*2\r\n*{0}\r\n{1}*{0}\r\n", most / 2 + 1, ":1\r\n".repeat(most / 2 + 1));
        for too_many in [format!("*{}\r\n", most + 2), nested] {
            assert_eq!(reply(too_many.as_bytes()).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        }
    }
}
