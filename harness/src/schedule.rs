//! Schedules: lists of the adversary's choices, as plain data and as text.
//!
//! Tokens are separated by spaces; the same text is read and printed everywhere (`A B A* +30s A!crash`).

use std::time::Duration;

/// A client, by its place in the scenario's order of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u16);

impl ClientId {
    /// The place as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// One decision of the adversary: a step, a clock advance, or a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Choice {
    /// `A`: the client's next command takes effect.
    Step(ClientId),
    /// `+30s`: the clock, server and clients alike, moves on.
    Advance(Duration),
    /// `A!crash`: the client stops for ever.
    Crash(ClientId),
}

impl Choice {
    /// The client that it is about, if any.
    pub fn client(self) -> Option<ClientId> {
        match self {
            Self::Step(id) | Self::Crash(id) => Some(id),
            Self::Advance(_) => None,
        }
    }
}

impl Turn {
    /// The client whose turn it is, if it is a client's.
    pub fn client(self) -> Option<ClientId> {
        match self {
            Self::Operation(id) => Some(id),
            Self::Choice(choice) => choice.client(),
        }
    }
}

/// One token of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// A single choice.
    Choice(Choice),
    /// `A*`: the client steps until its current operation is done.
    Operation(ClientId),
}

/// A list of turns. What it does not name runs afterwards, client by client, in declared order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The turns, first to last.
    pub turns: Vec<Turn>,
}
