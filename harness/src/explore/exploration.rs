//! What a search came to.

use std::collections::BTreeMap;

use crate::explore::counterexample::Violation;
use crate::world::control::Bound;
use crate::world::verdict::Verdict;

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
    pub(super) fn count(&mut self, peak: u32, limit: u64) {
        self.executions += 1;
        self.violating += u64::from(u64::from(peak) > limit);
        *self.peaks.entry(peak).or_default() += 1;
    }
}
