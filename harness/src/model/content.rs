//! What a server holds, in pieces.
//!
//! A [`Piece`] is so small that it names at most one client's token wherever clients have entries of their own: one
//! member of a sorted set, one field of a hash. Content that is taken apart can be renamed, compared regardless of who
//! is who, and written to a real server.

use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::Command;

use crate::world::schedule::ClientId;

/// One piece of what a server holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// A key holds a string.
    Text { key: Bytes, value: Bytes },
    /// A list has an element at a place, counted from its left end.
    Item { key: Bytes, at: usize, value: Bytes },
    /// A set has a member.
    Member { key: Bytes, member: Bytes },
    /// A hash has a field.
    Field { key: Bytes, field: Bytes, value: Bytes },
    /// A sorted set has a member with a score, which is written as a reply writes it.
    Scored { key: Bytes, score: Bytes, member: Bytes },
    /// A key expires at a time since the epoch.
    Expiry { key: Bytes, at: Duration },
    /// The client is in a transaction and has queued this.
    Queued { client: ClientId, at: usize, command: Command },
    /// The client has begun a transaction.
    Begun { client: ClientId },
    /// The client is in a transaction that will fail.
    Aborted { client: ClientId },
    /// The client watches a key.
    Watched { client: ClientId, key: Bytes },
    /// A key that the client watched has changed.
    Dirty { client: ClientId },
    /// The server knows a script.
    Script { source: Bytes },
}

impl Piece {
    /// The client whose session it belongs to, if it is not data.
    pub(crate) fn session(&self) -> Option<ClientId> {
        match self {
            Self::Queued { client, .. }
            | Self::Begun { client }
            | Self::Aborted { client }
            | Self::Watched { client, .. }
            | Self::Dirty { client } => Some(*client),
            _ => None,
        }
    }

    /// The key that it is part of, if it is data.
    pub(crate) fn key(&self) -> Option<&Bytes> {
        match self {
            Self::Text { key, .. }
            | Self::Item { key, .. }
            | Self::Member { key, .. }
            | Self::Field { key, .. }
            | Self::Scored { key, .. }
            | Self::Expiry { key, .. } => Some(key),
            _ => None,
        }
    }

    /// When its key expires, if it says that.
    pub(crate) fn expires_at(&self) -> Option<Duration> {
        if let Self::Expiry { at, .. } = self { Some(*at) } else { None }
    }

    /// The same piece with every byte string put through `name`, and every session's client through `session`.
    pub(crate) fn renamed(
        &self,
        name: &mut dyn FnMut(&Bytes) -> Bytes,
        session: &mut dyn FnMut(ClientId) -> ClientId,
    ) -> Self {
        match self {
            Self::Text { key, value } => Self::Text { key: name(key), value: name(value) },
            Self::Item { key, at, value } => Self::Item { key: name(key), at: *at, value: name(value) },
            Self::Member { key, member } => Self::Member { key: name(key), member: name(member) },
            Self::Field { key, field, value } => {
                Self::Field { key: name(key), field: name(field), value: name(value) }
            }
            Self::Scored { key, score, member } => {
                Self::Scored { key: name(key), score: score.clone(), member: name(member) }
            }
            Self::Expiry { key, at } => Self::Expiry { key: name(key), at: *at },
            Self::Queued { client, at, command } => {
                Self::Queued { client: session(*client), at: *at, command: renamed(command, name) }
            }
            Self::Begun { client } => Self::Begun { client: session(*client) },
            Self::Aborted { client } => Self::Aborted { client: session(*client) },
            Self::Watched { client, key } => Self::Watched { client: session(*client), key: name(key) },
            Self::Dirty { client } => Self::Dirty { client: session(*client) },
            Self::Script { source } => Self::Script { source: source.clone() },
        }
    }
}

/// A command with every part put through `name`.
pub(crate) fn renamed(command: &Command, name: &mut dyn FnMut(&Bytes) -> Bytes) -> Command {
    Command::from_parts(command.parts().iter().map(name).collect()).unwrap_or_else(|| command.clone())
}
