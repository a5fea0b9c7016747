//! A command made ready to be sent many times, each time with another prefix on its keys.

use bytes::Bytes;
use gatecrash_limiter::Command;

use super::keys::Prefix;
use super::resp;

/// How many bytes most commands take.
const MOST: usize = 192;

/// A command as it is sent, with room for a prefix of one length before each of its keys.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(super) name: Bytes,
    /// The keys that may exist once it was sent, without prefix, in byte order.
    pub(super) keys: Vec<Bytes>,
    bytes: Vec<u8>,
    /// Where among the bytes prefixes stand.
    prefixes: Vec<usize>,
}

impl Packed {
    /// A command whose keys are the parts at these positions, for prefixes as long as this one.
    pub(super) fn new(command: &Command, positions: &[usize], prefix: &Prefix) -> Self {
        let parts = command.parts();
        let mut packed = Self {
            name: parts[0].clone(),
            keys: Vec::new(),
            bytes: Vec::with_capacity(MOST),
            prefixes: Vec::new(),
        };
        packed.may_leave(positions.iter().map(|&at| &parts[at]));
        resp::header(&mut packed.bytes, b'*', parts.len());
        for (at, part) in parts.iter().enumerate() {
            if positions.contains(&at) {
                resp::key(&mut packed.bytes, prefix.as_str(), part);
                let end = packed.bytes.len() - resp::LINE_END.len();
                packed.prefixes.push(end - part.len() - prefix.as_str().len());
            } else {
                resp::key(&mut packed.bytes, "", part);
            }
        }
        packed
    }

    /// There are more keys that may exist once it was sent.
    pub(crate) fn may_leave<'a>(&mut self, keys: impl Iterator<Item = &'a Bytes>) {
        self.keys.extend(keys.cloned());
        self.keys.sort_unstable();
        self.keys.dedup();
    }

    /// Appends the command, with this prefix on each key.
    pub(super) fn write(&self, buffer: &mut Vec<u8>, prefix: &Prefix) {
        let start = buffer.len();
        buffer.extend_from_slice(&self.bytes);
        let prefix = prefix.as_str().as_bytes();
        for at in &self.prefixes {
            buffer[start + at..][..prefix.len()].copy_from_slice(prefix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_prefix_takes_the_place_of_another() {
        let command = Command::new("EVALSHA").arg("k").arg("2").arg("k").arg("long key").arg("k");
        let [first, second] = ["a:01:", "a:02:"].map(|prefix| Prefix::new(prefix.into()));
        let mut packed = Packed::new(&command, &[3, 4], &first);
        packed.may_leave(["k", "another"].map(Bytes::from).iter());
        assert_eq!(
            (&packed.name[..], &packed.keys[..]),
            (&b"EVALSHA"[..], &["another", "k", "long key"].map(Bytes::from)[..])
        );
        for prefix in [&second, &first] {
            let (mut expected, mut written) = (b"before".to_vec(), b"before".to_vec());
            resp::command(&mut expected, &prefix.put_on(&command, &[3, 4]));
            packed.write(&mut written, prefix);
            assert_eq!(written.escape_ascii().to_string(), expected.escape_ascii().to_string());
        }
    }
}
