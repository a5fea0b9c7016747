//! Merged states, and the table of those that were visited: a few bytes each.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// A residue and how many clients are in which pair, in the order of pairs. No count is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) residue: u32,
    pub(crate) pairs: Vec<(u32, u32)>,
}

impl State {
    /// Adds clients to a pair.
    pub(crate) fn add(&mut self, pair: u32, count: u32) {
        match self.pairs.binary_search_by_key(&pair, |(pair, _)| *pair) {
            Ok(at) => self.pairs[at].1 += count,
            Err(at) => self.pairs.insert(at, (pair, count)),
        }
    }

    /// Takes one client out of a pair, which has one.
    pub(crate) fn take(&mut self, pair: u32) {
        if let Ok(at) = self.pairs.binary_search_by_key(&pair, |(pair, _)| *pair) {
            self.pairs[at].1 -= 1;
            if self.pairs[at].1 == 0 {
                self.pairs.remove(at);
            }
        }
    }

    /// The residue, then for each pair the distance to the one before, with the count if that is not one.
    fn write(&self, bytes: &mut Vec<u8>) {
        write_number(bytes, self.residue.into());
        let mut before = 0;
        for (pair, count) in &self.pairs {
            write_number(bytes, u64::from(pair - before) << 1 | u64::from(*count > 1));
            if *count > 1 {
                write_number(bytes, (*count).into());
            }
            before = *pair;
        }
    }

    fn read(&mut self, mut bytes: &[u8]) {
        self.residue = low(read_number(&mut bytes));
        self.pairs.clear();
        let mut pair = 0;
        while !bytes.is_empty() {
            let distance = read_number(&mut bytes);
            pair += low(distance >> 1);
            let count = if distance & 1 == 1 { low(read_number(&mut bytes)) } else { 1 };
            self.pairs.push((pair, count));
        }
    }
}

/// LEB128: seven bits a byte, the lowest first.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn read_number(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    while let Some((byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
    }
    number
}

/// What was written as 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "nothing longer is written")]
fn low(number: u64) -> u32 {
    number as u32
}

/// The states that were visited, numbered in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct States {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
    scratch: Vec<u8>,
}

impl States {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a state, and whether it is new; `None` if there is no room left for it: there are four gigabytes.
    pub(crate) fn insert(&mut self, state: &State) -> Option<(u32, bool)> {
        self.scratch.clear();
        state.write(&mut self.scratch);
        let (bytes, ends, new) = (&self.bytes, &self.ends, &self.scratch);
        let hash = hash(new);
        if let Some(known) = self.table.find(hash, |id| slice(bytes, ends, *id) == new.as_slice()) {
            return Some((*known, false));
        }
        let id = u32::try_from(ends.len()).ok()?;
        let end = u32::try_from(bytes.len() + new.len()).ok()?;
        self.bytes.extend_from_slice(&self.scratch);
        self.ends.push(end);
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.table.insert_unique(hash, id, |id| self::hash(slice(bytes, ends, *id)));
        Some((id, true))
    }

    /// Writes a state of the table into `state`.
    pub(crate) fn read(&self, id: u32, state: &mut State) {
        state.read(slice(&self.bytes, &self.ends, id));
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[u32], id: u32) -> &'a [u8] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] };
    &bytes[start as usize..ends[id] as usize]
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let mut states = States::default();
        let all = [
            State { residue: 0, pairs: vec![] },
            State { residue: 300, pairs: vec![(0, 1), (1, 200), (127, 1), (20_000, 70_000)] },
            State { residue: u32::MAX, pairs: vec![(u32::MAX, u32::MAX)] },
        ];
        for (id, state) in (0..).zip(&all) {
            assert_eq!(states.insert(state), Some((id, true)));
        }
        let mut read = State::default();
        for (id, state) in (0..).zip(&all) {
            assert_eq!(states.insert(state), Some((id, false)));
            states.read(id, &mut read);
            assert_eq!(read, *state);
        }
    }

    #[test]
    fn clients_come_and_go() {
        let mut state = State::default();
        state.add(3, 2);
        state.add(1, 1);
        state.take(3);
        assert_eq!(state.pairs, [(1, 1), (3, 1)]);
        state.take(1);
        assert_eq!(state.pairs, [(3, 1)]);
    }
}
