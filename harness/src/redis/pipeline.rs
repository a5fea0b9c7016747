//! Many commands over one connection: written at once, their replies read in order.

use std::time::Instant;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::connection::ServerConnection;
use super::keys::Prefix;
use super::packed::Packed;
use super::resp::{header, key};
use super::target::Address;
use crate::world::store::StoreError;

/// A connection, the commands that it has yet to write, and how many replies it is owed.
#[derive(Debug)]
pub(super) struct Pipeline {
    connection: ServerConnection,
    /// Packed commands, and how many there are.
    unsent: (Vec<u8>, usize),
    owed: usize,
}

impl Pipeline {
    pub(super) fn open(address: &Address) -> Result<Self, StoreError> {
        Ok(Self { connection: ServerConnection::open(address)?, unsent: (Vec::new(), 0), owed: 0 })
    }

    /// Appends a command, with the prefix on the parts at these positions, which ascend.
    pub(super) fn push(&mut self, command: &Command, prefix: &Prefix, positions: &[usize]) {
        let (buffer, count) = &mut self.unsent;
        let mut keys = positions.iter().peekable();
        header(buffer, b'*', command.parts().len());
        for (at, part) in command.parts().iter().enumerate() {
            let before = if keys.next_if_eq(&&at).is_some() { prefix.as_str() } else { "" };
            key(buffer, before, part);
        }
        *count += 1;
    }

    /// Appends a command that was made ready, with the prefix on its keys.
    pub(super) fn push_packed(&mut self, packed: &Packed, prefix: &Prefix) {
        let (buffer, count) = &mut self.unsent;
        packed.write(buffer, prefix);
        *count += 1;
    }

    /// Appends the deletion of keys, of which there is at least one, with the prefix on each.
    pub(super) fn push_deletion<'a>(
        &mut self,
        keys: impl ExactSizeIterator<Item = &'a Bytes>,
        prefix: &Prefix,
    ) {
        let (buffer, count) = &mut self.unsent;
        header(buffer, b'*', 1 + keys.len());
        key(buffer, "", b"DEL");
        for name in keys {
            key(buffer, prefix.as_str(), name);
        }
        *count += 1;
    }

    /// How many bytes were appended and not yet written.
    pub(super) fn unsent(&self) -> usize {
        self.unsent.0.len()
    }

    /// Writes what was appended.
    pub(super) fn send(&mut self) -> Result<(), StoreError> {
        let (buffer, count) = &mut self.unsent;
        if *count == 0 {
            return Ok(());
        }
        self.connection.send(buffer)?;
        buffer.clear();
        self.owed += std::mem::take(count);
        Ok(())
    }

    /// Waits for the next reply.
    pub(super) fn receive(&mut self) -> Result<Reply, StoreError> {
        self.owed = self.owed.saturating_sub(1);
        self.connection.receive()
    }

    /// Whether the last reply was not there yet when it was asked for.
    pub(super) fn has_waited(&self) -> bool {
        self.connection.has_waited()
    }

    /// From here on everything has to be done by then.
    pub(super) fn finish_by(&mut self, end: Instant) {
        self.connection.finish_by(end);
    }

    /// Forgets what was not sent, waits for what is owed, and ends what was left open: a new connection, if this one
    /// is lost.
    pub(super) fn settle(&mut self, address: &Address) -> Result<(), StoreError> {
        self.unsent.0.clear();
        self.unsent.1 = 0;
        while self.owed > 0 && self.connection.is_usable() {
            // An answer that makes no sense is still an answer; a lost connection ends the loop.
            let _ = self.receive();
        }
        self.owed = 0;
        self.connection.make_ready(address)
    }

    /// The connection, for what is sent by itself.
    pub(super) fn connection(&mut self) -> &mut ServerConnection {
        &mut self.connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::server::Server;
    use crate::redis::target::Target;

    #[test]
    fn replies_come_in_order_and_keys_are_kept_apart() {
        let server = Server::open(&Target::Private).unwrap();
        let mut pipeline = Pipeline::open(server.address()).unwrap();
        let prefixes = ["a:", "b:"].map(|prefix| Prefix::new(prefix.into()));
        let increment = Command::new("INCRBY").arg("n").arg("7");
        let long = Command::new("SET").arg("long").arg(vec![b'x'; 100_000]);
        for prefix in &prefixes {
            pipeline.push(&increment, prefix, &[1]);
            pipeline.push(&long, prefix, &[1]);
        }
        pipeline.push(&Command::new("KEYS").arg("b:*"), &prefixes[1], &[]);
        let keys = ["n", "long", "none"].map(Bytes::from);
        pipeline.push_deletion(keys.iter(), &prefixes[0]);
        pipeline.send().unwrap();

        let replies: Vec<Reply> = (0..6).map(|_| pipeline.receive().unwrap()).collect();
        let Reply::Array(listed) = &replies[4] else { panic!("{replies:?}") };
        assert_eq!(listed.iter().collect::<std::collections::BTreeSet<_>>().len(), 2);
        assert_eq!(replies[..4], [Reply::Int(7), Reply::ok(), Reply::Int(7), Reply::ok()]);
        assert_eq!(replies[5], Reply::Int(2));
    }

    #[test]
    fn what_is_owed_does_not_get_in_the_way_of_what_follows() {
        let server = Server::open(&Target::Private).unwrap();
        let mut pipeline = Pipeline::open(server.address()).unwrap();
        let none = Prefix::new(String::new());
        pipeline.push(&Command::new("ECHO").arg("owed"), &none, &[]);
        pipeline.send().unwrap();
        pipeline.push(&Command::new("ECHO").arg("never sent"), &none, &[]);
        pipeline.settle(server.address()).unwrap();
        pipeline.push(&Command::new("ECHO").arg("next"), &none, &[]);
        pipeline.send().unwrap();
        assert_eq!(pipeline.receive().unwrap(), Reply::bulk("next"));
    }
}
