//! A server taken apart into [pieces](Piece), and put together again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::Command;
use gatecrash_limiter::algorithm::sha1_hex;

use super::Model;
use super::content::Piece;
use super::database::{Database, KeyEntry};
use super::sorted_set::Score;
use super::transactions::Transaction;
use super::value::{Hash, List, Set, StoredValue};
use crate::world::schedule::ClientId;

impl Model {
    /// All that the server holds, in one fixed order.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (key, entry) in self.database.entries() {
            take_apart(key, entry, &mut pieces);
        }
        for (client, transaction) in self.transactions.iter() {
            match transaction {
                Transaction::Aborted => pieces.push(Piece::Aborted { client }),
                Transaction::Queued(commands) => {
                    pieces.push(Piece::Begun { client });
                    let queued = commands.iter().enumerate();
                    pieces.extend(queued.map(|(at, command)| Piece::Queued {
                        client,
                        at,
                        command: command.clone(),
                    }));
                }
            }
        }
        pieces.extend(self.database.watched());
        pieces.extend(self.scripts.sources().map(|source| Piece::Script { source: source.clone() }));
        pieces
    }

    /// A server with this server's clock that holds these pieces and no others, in whatever order they come.
    pub(crate) fn holding(&self, pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut content = Assembly::default();
        let mut model =
            Self { database: Database::at(self.database.now()), start: self.start, ..Self::default() };
        let mut watches = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Begun { client } => {
                    model.transactions.of(client);
                }
                Piece::Aborted { client } => {
                    *model.transactions.of(client) = Transaction::Aborted;
                }
                Piece::Queued { client, at, command } => content.queued.push((client, at, command)),
                Piece::Watched { .. } | Piece::Dirty { .. } => watches.push(piece),
                Piece::Script { source } => model.scripts.insert(&sha1_hex(&source), &source),
                data => content.add(data),
            }
        }
        content.put_into(&mut model);
        model.database.restore_watches(watches);
        model
    }
}

fn take_apart(key: &Bytes, entry: &KeyEntry, pieces: &mut Vec<Piece>) {
    let key = || key.clone();
    match &entry.value {
        StoredValue::Text(value) => pieces.push(Piece::Text { key: key(), value: value.clone() }),
        StoredValue::List(list) => {
            let items = list.iter().enumerate();
            pieces.extend(items.map(|(at, value)| Piece::Item { key: key(), at, value: value.clone() }));
        }
        StoredValue::Set(set) => {
            pieces.extend(set.iter().map(|member| Piece::Member { key: key(), member: member.clone() }));
        }
        StoredValue::Hash(hash) => pieces.extend(hash.iter().map(|(field, value)| Piece::Field {
            key: key(),
            field: field.clone(),
            value: value.clone(),
        })),
        StoredValue::Zset(zset) => pieces.extend(zset.members().iter().map(|(score, member)| {
            Piece::Scored { key: key(), score: score.text(), member: member.clone() }
        })),
    }
    pieces.extend(entry.expires_at.map(|at| Piece::Expiry { key: key(), at }));
}

/// Content that is being put together.
#[derive(Default)]
struct Assembly {
    values: BTreeMap<Bytes, StoredValue>,
    items: BTreeMap<Bytes, BTreeMap<usize, Bytes>>,
    expiries: BTreeMap<Bytes, Duration>,
    queued: Vec<(ClientId, usize, Command)>,
}

impl Assembly {
    fn add(&mut self, piece: Piece) {
        match piece {
            Piece::Text { key, value } => {
                self.values.insert(key, StoredValue::Text(value));
            }
            Piece::Item { key, at, value } => {
                self.items.entry(key).or_default().insert(at, value);
            }
            Piece::Member { key, member } => {
                let value = self.values.entry(key).or_insert_with(|| StoredValue::Set(Arc::new(Set::new())));
                if let StoredValue::Set(set) = value {
                    Arc::make_mut(set).insert(member);
                }
            }
            Piece::Field { key, field, value } => {
                let holder =
                    self.values.entry(key).or_insert_with(|| StoredValue::Hash(Arc::new(Hash::new())));
                if let StoredValue::Hash(hash) = holder {
                    Arc::make_mut(hash).insert(field, value);
                }
            }
            Piece::Scored { key, score, member } => {
                let value = self.values.entry(key).or_insert_with(|| StoredValue::Zset(Arc::default()));
                if let (StoredValue::Zset(zset), Some(score)) = (value, Score::parse(&score)) {
                    Arc::make_mut(zset).insert(score, member);
                }
            }
            Piece::Expiry { key, at } => {
                self.expiries.insert(key, at);
            }
            Piece::Queued { .. }
            | Piece::Begun { .. }
            | Piece::Aborted { .. }
            | Piece::Watched { .. }
            | Piece::Dirty { .. }
            | Piece::Script { .. } => unreachable!("only data are put together here"),
        }
    }

    fn put_into(mut self, model: &mut Model) {
        for (key, items) in self.items {
            self.values.insert(key, StoredValue::List(Arc::new(items.into_values().collect::<List>())));
        }
        for (key, value) in self.values {
            let expires_at = self.expiries.get(&key).copied();
            model.database.insert(key, value, expires_at);
        }
        self.queued.sort_by_key(|(client, at, _)| (*client, *at));
        for (client, _, command) in self.queued {
            if let Transaction::Queued(commands) = model.transactions.of(client) {
                commands.push(command);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(lines: &[&str]) -> Model {
        let mut model = Model::at(Duration::from_secs(7));
        for line in lines {
            let parts = line.split(' ').map(|part| Bytes::copy_from_slice(part.as_bytes())).collect();
            model.run(ClientId(1), &Command::from_parts(parts).unwrap());
        }
        model
    }

    #[test]
    fn what_is_taken_apart_is_put_together_as_it_was() {
        let lines = [
            "SET s v PX 500",
            "RPUSH l a b a",
            "SADD m x y",
            "HSET h f 1 g 2",
            "ZADD z 1.5 a -2 b 1.5 c inf d",
            "EXPIRE z 3",
            "EVAL return 0",
            "WATCH s z",
            "MULTI",
            "INCR n",
            "GET s",
            "SCRIPT LOAD return",
        ];
        for upto in 0..=lines.len() {
            let model = model(&lines[..upto]);
            let mut pieces = model.pieces();
            assert_eq!(model.holding(pieces.clone()), model);
            pieces.reverse();
            assert_eq!(model.holding(pieces), model, "the order of pieces does not matter");
        }
    }

    #[test]
    fn a_session_that_will_fail_is_kept_too() {
        let mut model = model(&["WATCH s", "MULTI", "NOPE"]);
        model.run(ClientId(2), &Command::new("SET").arg("s").arg("1"));
        assert_eq!(model.holding(model.pieces()), model);
        assert_eq!(model.pieces().iter().filter_map(Piece::session).count(), 2);
    }
}
