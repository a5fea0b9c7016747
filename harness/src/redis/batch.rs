//! One server for many executions at once, side by side, each on keys of its own.
//!
//! Executions on disjoint keys do not depend on each other, so their commands can travel together: what every one of
//! them sends next is written at once, over one connection. A client that sends `WATCH` or `MULTI` cannot share a
//! connection, as the server remembers them by connection; it gets one of its own, and the execution that it belongs
//! to a [`Lane`] to keep such connections in. There are few lanes, so an execution may have to wait for one; it
//! never waits while it has one, so they all come through.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply, Script};

use super::connection::CLEAN_UP_TIMEOUT;
use super::guard;
use super::keys::{self, Prefix};
use super::packed::Packed;
use super::pipeline::Pipeline;
use super::server::Server;
use crate::world::schedule::ClientId;
use crate::world::store::StoreError;

/// About how many connections clients may have for themselves, all executions taken together.
const MAX_OWN_CONNECTIONS: usize = 64;

/// Commands after which the server's answers depend on the connection, or after which nothing else gets through it.
const SESSION: [&[u8]; 11] = [
    b"WATCH",
    b"MULTI",
    b"BLPOP",
    b"BRPOP",
    b"BLMOVE",
    b"BLMPOP",
    b"BRPOPLPUSH",
    b"BZPOPMIN",
    b"BZPOPMAX",
    b"BZMPOP",
    b"WAIT",
];

/// A place on the server for each of many executions. Dropping it deletes what they left.
pub(crate) struct Batch {
    shared: Pipeline,
    seats: Vec<Seat>,
    free_lanes: Vec<Lane>,
    /// How many more lanes may be made.
    lanes_left: usize,
    clients: usize,
    /// Whether the last reply was not there yet when it was asked for.
    waited: bool,
    // Dropped last: the connections lead to it.
    server: Server,
}

/// The place of one execution, and of those that follow it.
#[derive(Debug)]
struct Seat {
    prefix: Prefix,
    /// The keys, without prefix, that may exist on the server. What was deleted stays in it: the next execution mostly
    /// names the same keys, and a deletion that was never answered has to be made again.
    touched: BTreeSet<Bytes>,
    lane: Option<Lane>,
    /// The execution that touched the keys has ended: they are deleted before anything else is sent.
    stale: bool,
    /// Who waits for a reply, and whether that of a deletion comes first.
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// The client over whose own connection it is.
    own: Option<ClientId>,
    after_deletion: bool,
}

/// Connections of the clients of one execution, each opened when it is first needed.
#[derive(Debug)]
struct Lane(Vec<Option<Pipeline>>);

impl Batch {
    /// Places for that many executions of so many clients.
    pub(crate) fn open(server: &Server, seats: usize, clients: usize) -> Result<Self, StoreError> {
        let prefix = server.next_prefix();
        // All prefixes are as long as each other: a packed command has room for any of them.
        let digits = seats.to_string().len();
        let seat = |n| Seat {
            prefix: Prefix::new(format!("{prefix}{n:0digits$}:")),
            touched: BTreeSet::new(),
            lane: None,
            stale: false,
            waiting: None,
        };
        Ok(Self {
            shared: Pipeline::open(server.address())?,
            seats: (0..seats).map(seat).collect(),
            free_lanes: Vec::new(),
            lanes_left: (MAX_OWN_CONNECTIONS / clients.max(1)).max(1),
            clients,
            waited: false,
            server: server.clone(),
        })
    }

    /// Makes scripts known to the server.
    pub(crate) fn load(&mut self, scripts: &[Script]) -> Result<(), StoreError> {
        self.shared.connection().load(scripts)
    }

    /// Makes a command ready for any seat, if it does no harm beyond its keys.
    pub(crate) fn pack(&self, command: &Command) -> Result<Packed, StoreError> {
        let positions = keys::positions(command)?;
        guard::check(command, &positions, guard::SIDE_BY_SIDE)?;
        Ok(Packed::new(command, &positions, &self.seats[0].prefix))
    }

    /// Appends a command of one client of the execution at that seat, which waits for no reply. Says no if it needs a
    /// lane and all are taken: then it is to be tried again.
    pub(crate) fn push(
        &mut self,
        seat: usize,
        client: ClientId,
        command: &Packed,
    ) -> Result<bool, StoreError> {
        if is_session(&command.name) && !self.give_own_connection(seat, client)? {
            return Ok(false);
        }
        let seat = &mut self.seats[seat];
        let own = seat.lane.as_mut().and_then(|lane| lane.0[client.index()].as_mut());
        let is_own = own.is_some();
        let pipeline = own.unwrap_or(&mut self.shared);
        let after_deletion = std::mem::take(&mut seat.stale) && !seat.touched.is_empty();
        if after_deletion {
            pipeline.push_deletion(seat.touched.iter(), &seat.prefix);
        }
        for key in &command.keys {
            if !seat.touched.contains(key) {
                seat.touched.insert(key.clone());
            }
        }
        pipeline.push_packed(command, &seat.prefix);
        if is_own {
            pipeline.send()?;
            pipeline.connection().remember(&command.name);
        }
        seat.waiting = Some(Waiting { own: is_own.then_some(client), after_deletion });
        Ok(true)
    }

    /// Sees to it that the client has a connection of its own, unless all lanes are taken.
    fn give_own_connection(&mut self, seat: usize, client: ClientId) -> Result<bool, StoreError> {
        let lane = &mut self.seats[seat].lane;
        if lane.is_none() {
            *lane = self.free_lanes.pop();
        }
        if lane.is_none() && self.lanes_left > 0 {
            self.lanes_left -= 1;
            *lane = Some(Lane((0..self.clients).map(|_| None).collect()));
        }
        let Some(lane) = lane else { return Ok(false) };
        let own = &mut lane.0[client.index()];
        if own.is_none() {
            *own = Some(Pipeline::open(self.server.address())?);
        }
        Ok(true)
    }

    /// Writes what was appended.
    pub(crate) fn send(&mut self) -> Result<(), StoreError> {
        self.shared.send()
    }

    /// Waits for the reply to the command of the execution at that seat. The order of seats must be that of
    /// [`Batch::push`].
    pub(crate) fn receive(&mut self, seat: usize) -> Result<Reply, StoreError> {
        let seat = &mut self.seats[seat];
        let Some(Waiting { own, after_deletion }) = seat.waiting.take() else {
            unreachable!("the execution waits for a reply")
        };
        let own = own.and_then(|client| seat.lane.as_mut().and_then(|lane| lane.0[client.index()].as_mut()));
        let pipeline = own.unwrap_or(&mut self.shared);
        if after_deletion && let Reply::Error(why) = pipeline.receive()? {
            return Err(pipeline.connection().unavailable("deleting an execution's keys", why));
        }
        let reply = pipeline.receive()?;
        self.waited = pipeline.has_waited();
        Ok(seat.prefix.take_off(reply))
    }

    /// Whether the last reply was not there yet when it was asked for.
    pub(crate) fn has_waited(&self) -> bool {
        self.waited
    }

    /// The execution at that seat has ended: what is sent next belongs to another, which begins without keys.
    pub(crate) fn end(&mut self, seat: usize) -> Result<(), StoreError> {
        let seat = &mut self.seats[seat];
        seat.stale = true;
        if let Some(mut lane) = seat.lane.take() {
            lane.settle(&self.server)?;
            self.free_lanes.push(lane);
        }
        Ok(())
    }

    /// Deletes every key, once nothing is under way any more that could make another.
    fn delete_touched(&mut self) -> Result<(), StoreError> {
        let end = Instant::now() + CLEAN_UP_TIMEOUT;
        for lane in self.seats.iter_mut().filter_map(|seat| seat.lane.as_mut()) {
            lane.0.iter_mut().flatten().for_each(|own| own.finish_by(end));
            lane.settle(&self.server)?;
        }
        self.shared.finish_by(end);
        self.shared.settle(self.server.address())?;
        let mut deletions = 0;
        for seat in self.seats.iter().filter(|seat| !seat.touched.is_empty()) {
            self.shared.push_deletion(seat.touched.iter(), &seat.prefix);
            deletions += 1;
        }
        self.shared.send()?;
        for _ in 0..deletions {
            if let Reply::Error(why) = self.shared.receive()? {
                return Err(self.shared.connection().unavailable("deleting this run's keys", why));
            }
        }
        Ok(())
    }
}

impl Lane {
    /// Makes its connections ready for another execution.
    fn settle(&mut self, server: &Server) -> Result<(), StoreError> {
        self.0.iter_mut().flatten().try_for_each(|own| own.settle(server.address()))
    }
}

/// Whether a command is one of [`SESSION`].
fn is_session(name: &[u8]) -> bool {
    SESSION.iter().any(|session| name.eq_ignore_ascii_case(session))
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Err(error) = self.delete_touched() {
            tracing::warn!(%error, "keys may be left on the server");
        }
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("server", self.server.address())
            .field("seats", &self.seats.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::target::Target;

    #[test]
    fn what_the_server_remembers_by_connection_needs_one() {
        assert!(is_session(b"watch") && is_session(b"MULTI") && is_session(b"BLPOP"));
        assert!(!is_session(b"EXEC") && !is_session(b"GET"));
    }

    /// 40 clients leave room for one lane: the second execution waits until the first has ended.
    #[test]
    fn an_execution_waits_for_a_lane_until_another_gives_it_back() {
        let (server, client) = (Server::open(&Target::Private).unwrap(), ClientId(39));
        let mut batch = Batch::open(&server, 2, 40).unwrap();
        let [multi, get] = [Command::new("MULTI"), Command::new("GET").arg("k")]
            .map(|command| batch.pack(&command).unwrap());
        assert!(batch.push(0, client, &multi).unwrap());
        assert!(!batch.push(1, client, &multi).unwrap());
        assert_eq!(batch.receive(0).unwrap(), Reply::ok());

        // The client's own connection is the one that has the transaction.
        assert!(batch.push(0, client, &get).unwrap());
        assert_eq!(batch.receive(0).unwrap(), Reply::Status("QUEUED".into()));
        batch.end(0).unwrap();
        assert!(batch.push(1, client, &multi).unwrap());
        assert_eq!(batch.receive(1).unwrap(), Reply::ok());
        assert!(batch.push(0, client, &get).unwrap());
        batch.send().unwrap();
        assert_eq!(batch.receive(0).unwrap(), Reply::Nil);
    }
}
