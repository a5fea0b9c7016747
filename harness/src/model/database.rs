//! Keys and their values, their expiry under the virtual clock, and who watches them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use super::content::Piece;
use super::error_reply::ErrorReply;
use super::value::{StoredValue, ValueKind};
use crate::world::schedule::ClientId;

/// The data of a server. No key in it is expired.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Database {
    /// In byte order. A plain vector, as for `Zset`: there are few keys, and it is quick to copy, compare and hash.
    entries: Vec<(Bytes, KeyEntry)>,
    now: Duration,
    watches: BTreeMap<ClientId, WatchedKeys>,
    pub(super) notes: Unjudged<Option<Notes>>,
}

/// Which commands were run on a database, scripts' own included, while somebody took notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// Their names, in upper case.
    pub(crate) commands: BTreeSet<&'static str>,
    /// Whether one of them could tell the order of entries that only their names put in order.
    pub(crate) order_read: bool,
}

/// Something that is no part of a value's state: all are equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Unjudged<T>(pub(super) T);

impl<T> PartialEq for Unjudged<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Unjudged<T> {}

impl<T> std::hash::Hash for Unjudged<T> {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A key's value and when it expires, since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyEntry {
    pub(super) value: StoredValue,
    pub(super) expires_at: Option<Duration>,
}

/// What a client's next `EXEC` depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum WatchedKeys {
    /// No change to these keys.
    Keys(BTreeSet<Bytes>),
    /// One of them has changed. Which ones there were does not matter any more.
    Dirty,
}

impl Database {
    /// An empty database at a time since the epoch.
    pub(super) fn at(now: Duration) -> Self {
        Self { now, ..Self::default() }
    }

    /// The clock, since the epoch.
    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// Moves the clock on. Keys that expire by that vanish.
    pub(super) fn advance(&mut self, by: Duration) {
        self.now = self.now.saturating_add(by);
        let expired: Vec<Bytes> =
            self.entries.iter().filter(|(_, e)| self.is_past(e.expires_at)).map(|(k, _)| k.clone()).collect();
        for key in expired {
            self.remove(&key);
        }
    }

    /// Whether a key with this expiry is gone. In its last millisecond it is still there, as in Redis.
    fn is_past(&self, expires_at: Option<Duration>) -> bool {
        expires_at.is_some_and(|at| self.now.as_millis() > at.as_millis())
    }

    /// What a key holds, and until when.
    pub(super) fn entry(&self, key: &[u8]) -> Option<&KeyEntry> {
        self.place(key).ok().map(|at| &self.entries[at].1)
    }

    /// Where a key stands, or would stand.
    fn place(&self, key: &[u8]) -> Result<usize, usize> {
        self.entries.binary_search_by(|(other, _)| other.as_ref().cmp(key))
    }

    /// Whether a key exists.
    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.place(key).is_ok()
    }

    /// All keys and what they hold, in byte order.
    pub(super) fn entries(&self) -> impl ExactSizeIterator<Item = (&Bytes, &KeyEntry)> {
        self.entries.iter().map(|(key, entry)| (key, entry))
    }

    /// A key's value as one type; `None` if there is no such key.
    pub(super) fn get<T: ValueKind>(&self, key: &[u8]) -> Result<Option<&T>, ErrorReply> {
        match self.entry(key) {
            None => Ok(None),
            Some(entry) => T::view(&entry.value).map(Some).ok_or(ErrorReply::WRONG_TYPE),
        }
    }

    /// Changes a key's value as one type, from its empty value if there is no such key. `change` also says whether
    /// it changed anything, in the sense of `WATCH`. A key left with nothing vanishes.
    pub(super) fn edit<T: ValueKind, R>(
        &mut self,
        key: &Bytes,
        change: impl FnOnce(&mut T) -> Result<(bool, R), ErrorReply>,
    ) -> Result<R, ErrorReply> {
        let changed;
        let result;
        match self.place(key) {
            Ok(at) => {
                let value = T::view_mut(&mut self.entries[at].1.value).ok_or(ErrorReply::WRONG_TYPE)?;
                (changed, result) = change(value)?;
                if value.is_void() {
                    self.entries.remove(at);
                }
            }
            Err(at) => {
                let mut value = T::default();
                (changed, result) = change(&mut value)?;
                if changed && !value.is_void() {
                    self.entries
                        .insert(at, (key.clone(), KeyEntry { value: value.wrap(), expires_at: None }));
                }
            }
        }
        if changed {
            self.touch(key);
        }
        Ok(result)
    }

    /// Sets a key to a value that expires at a time, or never.
    pub(super) fn insert(&mut self, key: Bytes, value: StoredValue, expires_at: Option<Duration>) {
        self.touch(&key);
        match (self.place(&key), self.is_past(expires_at)) {
            (Ok(at), true) => drop(self.entries.remove(at)),
            (Err(_), true) => {}
            (Ok(at), false) => self.entries[at].1 = KeyEntry { value, expires_at },
            (Err(at), false) => self.entries.insert(at, (key, KeyEntry { value, expires_at })),
        }
    }

    /// Sets when a key that exists expires.
    pub(super) fn set_expiry(&mut self, key: &[u8], expires_at: Option<Duration>) {
        if let Ok(at) = self.place(key) {
            self.entries[at].1.expires_at = expires_at;
            self.touch(key);
        }
    }

    /// Removes a key and gives what it held.
    pub(super) fn remove(&mut self, key: &[u8]) -> Option<KeyEntry> {
        let (_, entry) = self.entries.remove(self.place(key).ok()?);
        self.touch(key);
        Some(entry)
    }

    /// Removes every key.
    pub(super) fn clear(&mut self) {
        for (key, _) in std::mem::take(&mut self.entries) {
            self.touch(&key);
        }
    }

    /// Makes a client's next `EXEC` depend on a key.
    pub(super) fn watch(&mut self, client: ClientId, key: Bytes) {
        let watch = self.watches.entry(client).or_insert_with(|| WatchedKeys::Keys(BTreeSet::new()));
        if let WatchedKeys::Keys(keys) = watch {
            keys.insert(key);
        }
    }

    /// Ends all watches of a client and says whether a key that it watched has changed.
    pub(super) fn unwatch(&mut self, client: ClientId) -> bool {
        self.watches.remove(&client) == Some(WatchedKeys::Dirty)
    }

    /// Every watch, as pieces.
    pub(super) fn watched(&self) -> impl Iterator<Item = Piece> {
        self.watches.iter().flat_map(|(client, watch)| {
            let client = *client;
            match watch {
                WatchedKeys::Dirty => vec![Piece::Dirty { client }],
                WatchedKeys::Keys(keys) => {
                    keys.iter().map(|key| Piece::Watched { client, key: key.clone() }).collect()
                }
            }
        })
    }

    /// Takes watches from pieces; any other piece is passed over.
    pub(super) fn restore_watches(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            match piece {
                Piece::Watched { client, key } => self.watch(client, key),
                Piece::Dirty { client } => {
                    self.watches.insert(client, WatchedKeys::Dirty);
                }
                _ => {}
            }
        }
    }

    /// Notes that a command is about to be run, if somebody takes notes. `reads_order`: it could tell the order of
    /// entries that only their names put in order.
    pub(super) fn note(&mut self, command: &'static str, reads_order: impl FnOnce(&Self) -> bool) {
        if self.notes.0.is_some() {
            let reads_order = reads_order(self);
            if let Some(notes) = &mut self.notes.0 {
                notes.commands.insert(command);
                notes.order_read |= reads_order;
            }
        }
    }

    /// Whether a key holds entries that only their names put in order.
    pub(super) fn ties(&self, key: &[u8]) -> bool {
        match self.entry(key).map(|entry| &entry.value) {
            None | Some(StoredValue::Text(_) | StoredValue::List(_)) => false,
            Some(StoredValue::Set(set)) => set.len() > 1,
            Some(StoredValue::Hash(hash)) => hash.len() > 1,
            Some(StoredValue::Zset(zset)) => zset.members().windows(2).any(|pair| pair[0].0 == pair[1].0),
        }
    }

    fn touch(&mut self, key: &[u8]) {
        for watch in self.watches.values_mut() {
            if matches!(watch, WatchedKeys::Keys(keys) if keys.contains(key)) {
                *watch = WatchedKeys::Dirty;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lives_through_its_last_millisecond() {
        let mut database = Database::default();
        database.insert("k".into(), StoredValue::Text("v".into()), Some(Duration::from_millis(10)));
        database.advance(Duration::from_micros(10_999));
        assert!(database.contains(b"k"));
        database.advance(Duration::from_micros(1));
        assert_eq!(database, Database::at(Duration::from_millis(11)));
    }

    #[test]
    fn an_expiry_is_a_change_to_who_watches() {
        let mut database = Database::default();
        database.insert("k".into(), StoredValue::Text("v".into()), Some(Duration::from_millis(10)));
        database.watch(ClientId(1), "k".into());
        database.advance(Duration::from_secs(1));
        assert!(database.unwatch(ClientId(1)));
        assert!(!database.unwatch(ClientId(1)));
    }
}
