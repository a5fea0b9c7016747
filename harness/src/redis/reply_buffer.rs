//! Bytes that were read from a server, and the replies in them.

use std::io;
use std::ops::Range;

use gatecrash_limiter::Reply;

use super::resp;

/// What was read and nobody has asked for yet.
#[derive(Debug)]
pub(crate) struct ReplyBuffer {
    bytes: Vec<u8>,
    unread: Range<usize>,
    /// The least that is read at once.
    least: usize,
}

impl ReplyBuffer {
    /// An empty buffer, for whoever reads at least so many bytes at once.
    pub(crate) fn new(least: usize) -> Self {
        Self { bytes: Vec::new(), unread: 0..0, least }
    }

    /// Takes the next reply, if all of it is there. What is no RESP2 is [`io::ErrorKind::InvalidData`].
    pub(crate) fn take(&mut self) -> io::Result<Option<Reply>> {
        let Some((reply, rest)) = resp::reply(&self.bytes[self.unread.clone()])? else { return Ok(None) };
        self.unread.start = self.unread.end - rest.len();
        Ok(Some(reply))
    }

    /// Room to read more of a reply that has come in part. The longer it is, the more: it is looked at anew each time.
    pub(crate) fn room(&mut self) -> io::Result<&mut [u8]> {
        self.bytes.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let end = self.unread.end;
        if end > resp::LONGEST {
            return Err(resp::too_long());
        }
        let wanted = (end + end.max(self.least)).min(resp::LONGEST + self.least);
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        Ok(&mut self.bytes[end..])
    }

    /// So many bytes of the room were filled: none is the end of what comes.
    pub(crate) fn filled(&mut self, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.unread.end += bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_takes_no_memory_beyond_the_longest_reply() {
        let mut buffer = ReplyBuffer::new(16);
        let error = loop {
            match buffer.room() {
                Ok(room) => {
                    room.fill(b'+');
                    let filled = room.len();
                    buffer.filled(filled).unwrap();
                }
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(buffer.bytes.len() <= resp::LONGEST + 16, "{}", buffer.bytes.len());
    }
}
