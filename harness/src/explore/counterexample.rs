//! Counterexamples: which of many is shown, and which two of its steps matter.

mod explain;

pub use explain::explain;

use crate::world::clients::World;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::Store;

/// The choices of an execution so far, with what ranking a violation needs to know of each.
#[derive(Clone, Debug)]
pub struct Path {
    limit: u64,
    choices: Vec<Choice>,
    marks: Vec<Mark>,
}

/// The state of the path after one choice.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    peak: u32,
    preemptions: u32,
    /// The client that took the last step, if it could have gone on.
    unfinished: Option<ClientId>,
}

impl Path {
    /// An empty path, of an execution with that many permits.
    pub fn new(limit: u64) -> Self {
        Self { limit, choices: Vec::new(), marks: Vec::new() }
    }

    /// Appends a choice by which the world came to be as it is.
    #[inline]
    pub fn follow(&mut self, choice: Choice, world: &World) {
        let finished = choice.client().is_some_and(|client| world.client(client).finished());
        self.push(choice, world.holders(), finished);
    }

    /// Appends a choice, after which that many permits are held and its client, if it is about one, has finished or not.
    ///
    /// Only a step can preempt: when a clock moves or a fault strikes, nobody is switched to.
    #[inline]
    pub fn push(&mut self, choice: Choice, holders: u32, finished: bool) {
        let before = self.marks.last().copied().unwrap_or_default();
        let (preempts, unfinished) = match choice {
            Choice::Step(client) => {
                (before.unfinished.is_some_and(|running| running != client), (!finished).then_some(client))
            }
            Choice::Crash(client) => (false, before.unfinished.filter(|running| *running != client)),
            Choice::Advance(_) => (false, before.unfinished),
        };
        self.choices.push(choice);
        self.marks.push(Mark {
            peak: before.peak.max(holders),
            preemptions: before.preemptions + u32::from(preempts),
            unfinished,
        });
    }

    /// Goes back to the first `length` choices.
    pub fn truncate(&mut self, length: usize) {
        self.choices.truncate(length);
        self.marks.truncate(length);
    }

    /// How many permits there are.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The choices.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// How many choices there are.
    pub fn len(&self) -> usize {
        self.choices.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }

    /// The highest number of permits held at once.
    pub fn peak(&self) -> u32 {
        self.marks.last().map_or(0, |mark| mark.peak)
    }

    /// How many switches away from a client that had not finished there are.
    pub fn preemptions(&self) -> u32 {
        self.marks.last().map_or(0, |mark| mark.preemptions)
    }

    /// Whether the last choice is the one by which the limit was first exceeded.
    pub fn violates_here(&self) -> bool {
        let before = self.marks.iter().rev().nth(1).map_or(0, |mark| mark.peak);
        u64::from(self.peak()) > self.limit && u64::from(before) <= self.limit
    }

    /// The beginning of this path by which the limit is first exceeded, if it is.
    pub fn violation(&self) -> Option<Violation> {
        let last = self.marks.iter().position(|mark| u64::from(mark.peak) > self.limit)?;
        let mut beginning = self.clone();
        beginning.truncate(last + 1);
        Some(Violation::of(&beginning))
    }
}

/// An order of choices whose last one exceeds the limit.
///
/// The better of two is the shorter one, then the one with fewer clients, then with fewer preemptions, then the
/// first in the order of clients.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    length: usize,
    clients: usize,
    /// Switches away from a client that had not finished.
    preemptions: u32,
    /// The choices; the last one is the violating step.
    pub order: Vec<Choice>,
}

impl Violation {
    /// Replaces the kept violation by the path's, if that is better.
    pub(crate) fn keep_better(kept: &mut Option<Self>, path: &Path) {
        if kept.as_ref().is_some_and(|kept| kept.length < path.len()) {
            return;
        }
        let candidate = Self::of(path);
        if kept.as_ref().is_none_or(|kept| candidate < *kept) {
            *kept = Some(candidate);
        }
    }

    fn of(path: &Path) -> Self {
        let mut clients: Vec<ClientId> = path.choices.iter().filter_map(|choice| choice.client()).collect();
        clients.sort_unstable();
        clients.dedup();
        Self {
            length: path.len(),
            clients: clients.len(),
            preemptions: path.preemptions(),
            order: path.choices.clone(),
        }
    }
}

/// The positions `i < j` of the first two choices of `order` whose exchange removes the violation: smallest `i`,
/// then smallest `j`. The exchanged order is judged over the same choices only; turns of finished clients pass.
pub fn critical_pair<S: Store>(
    world: &World,
    mut store: S,
    order: &[Choice],
) -> Result<Option<(usize, usize)>, Error> {
    let mut exchanged = order.to_vec();
    for i in 0..order.len() {
        for j in i + 1..order.len() {
            if order[i] == order[j] {
                continue;
            }
            exchanged.swap(i, j);
            let mut execution = Execution::start(world.clone(), store)?;
            let violates = exceeds_the_limit(&mut execution, &exchanged)?;
            store = execution.store;
            exchanged.swap(i, j);
            if !violates {
                return Ok(Some((i, j)));
            }
        }
    }
    Ok(None)
}

fn exceeds_the_limit<S: Store>(execution: &mut Execution<S>, order: &[Choice]) -> Result<bool, Error> {
    for choice in order {
        execution.take(*choice)?;
        if execution.world.over_limit() {
            return Ok(true);
        }
    }
    Ok(false)
}
