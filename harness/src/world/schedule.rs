//! Schedules: lists of the adversary's choices, as plain data and as text.
//!
//! Tokens are separated by spaces; the same text is read and printed everywhere (`A B A* +30s A!crash`). In a
//! long schedule much repeats; it has a short form too (`2A..C* D`).

use std::fmt;
use std::time::Duration;

use crate::base::duration;

mod parse;
mod short;

pub use parse::TokenError;
pub use short::ShortForm;

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

impl Schedule {
    /// The schedule as text: its tokens, separated by spaces. [`Schedule::parse`] reads it back.
    pub fn display<'a>(&'a self, names: &'a [String]) -> WithNames<'a, Self> {
        WithNames { of: self, names }
    }
}

impl Turn {
    /// The turn as one token.
    pub fn display<'a>(&'a self, names: &'a [String]) -> WithNames<'a, Self> {
        WithNames { of: self, names }
    }
}

impl Choice {
    /// The choice as one token.
    pub fn display<'a>(&'a self, names: &'a [String]) -> WithNames<'a, Self> {
        WithNames { of: self, names }
    }
}

/// Something that prints with the clients' names.
#[derive(Clone, Copy, Debug)]
pub struct WithNames<'a, T> {
    of: &'a T,
    names: &'a [String],
}

impl<T> WithNames<'_, T> {
    /// A client's name. One that has none prints as its number, which no schedule can hold.
    fn write_name(&self, f: &mut fmt::Formatter<'_>, client: ClientId) -> fmt::Result {
        match self.names.get(client.index()) {
            Some(name) => f.write_str(name),
            None => write!(f, "#{}", client.0),
        }
    }
}

impl fmt::Display for WithNames<'_, Schedule> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, turn) in self.of.turns.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{}", turn.display(self.names))?;
        }
        Ok(())
    }
}

impl fmt::Display for WithNames<'_, Turn> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Turn::Choice(choice) => choice.display(self.names).fmt(f),
            Turn::Operation(client) => {
                self.write_name(f, *client)?;
                f.write_str("*")
            }
        }
    }
}

impl fmt::Display for WithNames<'_, Choice> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Choice::Step(client) => self.write_name(f, *client),
            Choice::Advance(by) => write!(f, "+{}", duration::display(*by)),
            Choice::Crash(client) => {
                self.write_name(f, *client)?;
                f.write_str("!crash")
            }
        }
    }
}
