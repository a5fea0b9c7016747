//! Exploring: which interleavings there are, and which of them let a client in past the limit.
//!
//! One file per strategy. All of them report an [`Exploration`], obey a
//! [`Control`](crate::world::control::Control), and tell an [`Observer`] what
//! they run.

pub mod census;
pub mod certify;
pub mod counterexample;
pub mod dpor;
pub mod enumerate;
pub mod lockstep;
pub mod loom;
pub mod parallel;
pub mod prefixes;
pub mod replay;
pub mod sample;
pub mod states;
pub mod strategy;

use std::collections::{BTreeMap, BTreeSet};

use gatecrash_limiter::{Outcome, Reply};

use crate::explore::counterexample::Violation;
use crate::world::clients::World;
use crate::world::control::Bound;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::Store;
use crate::world::trace::{Effect, StepEffect};
use crate::world::verdict::Verdict;

/// Brings an execution to the end of a path again, from an empty store. That every step is answered as it was the first
/// time is checked: otherwise something else acts on the store.
fn run_again<'a, S: Store>(
    execution: &mut Execution<S>,
    root: &World,
    steps: impl Iterator<Item = (Choice, &'a Reply)>,
    observer: &mut impl Observer,
) -> Result<(), Error> {
    execution.store.reset()?;
    execution.world = root.clone();
    for (choice, first) in steps {
        let Effect::Step(again) = execution.take(choice)? else { unreachable!("a path holds steps") };
        observer.step(&again);
        if again.reply != *first {
            let (command, first, second) = (again.command, first.clone(), again.reply);
            return Err(Error::NotRepeatable { command, first, second });
        }
    }
    Ok(())
}

/// Is told what a search runs. `()` does not listen.
pub trait Observer {
    /// A command took effect.
    fn step(&mut self, _step: &StepEffect) {}

    /// An execution has come to its end.
    fn execution(&mut self, _execution: &Complete<'_>) {}
}

impl Observer for () {}

/// An execution in which every client has finished.
#[derive(Clone, Copy, Debug)]
pub struct Complete<'a> {
    /// Its choices.
    pub choices: &'a [Choice],
    /// What each operation came to, in the order in which they ended.
    pub outcomes: &'a [(ClientId, Outcome)],
    /// The highest number of permits held at once.
    pub peak: u32,
}

/// What every operation of every client came to, in the order of clients: the result of an execution as the clients
/// see it.
pub type FinalResult = Vec<(ClientId, Outcome)>;

impl Complete<'_> {
    /// The final result.
    pub fn result(&self) -> FinalResult {
        let mut result = self.outcomes.to_vec();
        result.sort_by_key(|(client, _)| *client);
        result
    }
}

/// Collects the distinct final results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FinalResults(pub BTreeSet<FinalResult>);

impl Observer for FinalResults {
    fn execution(&mut self, execution: &Complete<'_>) {
        self.0.insert(execution.result());
    }
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exploration {
    /// How many executions were run.
    pub executions: u64,
    /// In how many of them more permits were held than there are.
    pub violating: u64,
    /// How many executions reached each peak number of holders and no higher one.
    pub peaks: BTreeMap<u32, u64>,
    /// The best counterexample, also of an execution that was cut short, among those that were run.
    pub violation: Option<Violation>,
    /// What stopped the search before it was through.
    pub stopped: Option<Bound>,
}

impl Exploration {
    /// A violation found is final; without one, only a search that got through is clean.
    pub fn verdict(&self) -> Verdict {
        match (&self.violation, &self.stopped) {
            (Some(_), _) => Verdict::Violation,
            (None, Some(_)) => Verdict::Undecided,
            (None, None) => Verdict::Clean,
        }
    }

    /// The highest number of holders that was seen.
    pub fn peak(&self) -> u32 {
        self.peaks.last_key_value().map_or(0, |(peak, _)| *peak)
    }

    /// Adds what a search of another part of the tree found.
    pub(crate) fn add(&mut self, other: Self) {
        self.executions += other.executions;
        self.violating += other.violating;
        for (peak, count) in other.peaks {
            *self.peaks.entry(peak).or_default() += count;
        }
        self.violation = [self.violation.take(), other.violation].into_iter().flatten().min();
        self.stopped = self.stopped.take().or(other.stopped);
    }

    /// Adds an execution.
    fn count(&mut self, peak: u32, limit: u64) {
        self.executions += 1;
        self.violating += u64::from(u64::from(peak) > limit);
        *self.peaks.entry(peak).or_default() += 1;
    }
}
