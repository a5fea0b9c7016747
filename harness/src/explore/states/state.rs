//! Merged states, and the table of those that were visited: a few bytes each.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// A residue and how many clients are in which pair, in the order of pairs. No count is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CountedState {
    pub(crate) residue: u32,
    pub(crate) pairs: Vec<(u32, u32)>,
}

impl CountedState {
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
            write_pair(bytes, *pair, *count, &mut before);
        }
    }

    /// Writes the state that this one becomes when a client moves to another pair: what [`CountedState::take`], [`CountedState::add`]
    /// and [`CountedState::write`] would, at one go.
    fn write_moved(&self, from: u32, to: u32, residue: u32, bytes: &mut Vec<u8>) {
        write_number(bytes, residue.into());
        let mut before = 0;
        let mut arrives = true;
        for (pair, count) in &self.pairs {
            let mut count = *count - u32::from(*pair == from);
            if arrives && *pair >= to {
                arrives = false;
                if *pair == to {
                    count += 1;
                } else {
                    write_pair(bytes, to, 1, &mut before);
                }
            }
            if count > 0 {
                write_pair(bytes, *pair, count, &mut before);
            }
        }
        if arrives {
            write_pair(bytes, to, 1, &mut before);
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

#[inline]
fn write_pair(bytes: &mut Vec<u8>, pair: u32, count: u32, before: &mut u32) {
    write_number(bytes, u64::from(pair - *before) << 1 | u64::from(count > 1));
    if count > 1 {
        write_number(bytes, count.into());
    }
    *before = pair;
}

/// LEB128: seven bits a byte, the lowest first.
#[inline]
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
pub(crate) struct StateTable {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
    scratch: Vec<u8>,
}

impl StateTable {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a state, and whether it is new; `None` if there is no room left for it: there are four gigabytes.
    pub(crate) fn insert(&mut self, state: &CountedState) -> Option<(u32, bool)> {
        self.scratch.clear();
        state.write(&mut self.scratch);
        self.insert_scratch()
    }

    /// The same for the state that another becomes when a client moves from one pair to another.
    pub(crate) fn insert_moved(
        &mut self,
        state: &CountedState,
        from: u32,
        to: u32,
        residue: u32,
    ) -> Option<(u32, bool)> {
        self.scratch.clear();
        state.write_moved(from, to, residue, &mut self.scratch);
        self.insert_scratch()
    }

    fn insert_scratch(&mut self) -> Option<(u32, bool)> {
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

    /// Gives back what only insertions need: no other will be made.
    pub(crate) fn close(&mut self) {
        self.table = HashTable::new();
    }

    /// The same room without a state in it.
    pub(crate) fn emptied(mut self) -> Self {
        self.bytes.clear();
        self.ends.clear();
        self.table.clear();
        self
    }

    /// Writes a state of the table into `state`.
    pub(crate) fn read(&self, id: u32, state: &mut CountedState) {
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
        let mut states = StateTable::default();
        let all = [
            CountedState { residue: 0, pairs: vec![] },
            CountedState { residue: 300, pairs: vec![(0, 1), (1, 200), (127, 1), (20_000, 70_000)] },
            CountedState { residue: u32::MAX, pairs: vec![(u32::MAX, u32::MAX)] },
        ];
        for (id, state) in (0..).zip(&all) {
            assert_eq!(states.insert(state), Some((id, true)));
        }
        let mut read = CountedState::default();
        for (id, state) in (0..).zip(&all) {
            assert_eq!(states.insert(state), Some((id, false)));
            states.read(id, &mut read);
            assert_eq!(read, *state);
        }
    }

    #[test]
    fn a_client_that_moves_is_taken_and_added() {
        let pairs = vec![(2, 1), (5, 3), (9, 1), (200, 2)];
        let before = CountedState { residue: 7, pairs };
        for from in [2, 5, 9, 200] {
            for to in [0, 2, 3, 5, 9, 10, 200, 300] {
                let mut after = CountedState { residue: 1_000, ..before.clone() };
                after.take(from);
                after.add(to, 1);
                let (mut expected, mut written) = (Vec::new(), Vec::new());
                after.write(&mut expected);
                before.write_moved(from, to, 1_000, &mut written);
                assert_eq!(written, expected, "{from} to {to}");
            }
        }
    }

    #[test]
    fn clients_come_and_go() {
        let mut state = CountedState::default();
        state.add(3, 2);
        state.add(1, 1);
        state.take(3);
        assert_eq!(state.pairs, [(1, 1), (3, 1)]);
        state.take(1);
        assert_eq!(state.pairs, [(3, 1)]);
    }
}
