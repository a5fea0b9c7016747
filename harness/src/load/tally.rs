//! What is counted and timed, of one limiter in one block or in all of them.

use std::time::Duration;

use gatecrash_limiter::Outcome;

use super::monitor::nanos;
use crate::report::latency::Durations;
use crate::report::load::Faulted;

/// Counts and durations.
#[derive(Clone, Debug, Default)]
pub(super) struct OperationTally {
    pub(super) attempts: u64,
    pub(super) admitted: u64,
    pub(super) refused: u64,
    pub(super) errors: u64,
    pub(super) unknown: u64,
    /// Open loop: arrivals that never began.
    pub(super) missed: u64,
    /// From the send to the reply, of acquires that were admitted or refused.
    pub(super) acquire: Durations,
    /// The same from when they were to begin.
    pub(super) corrected: Durations,
    /// From the send to the reply.
    pub(super) release: Durations,
    /// Releases that failed or were never answered.
    pub(super) release_failures: u64,
    /// Releases that found their permit gone.
    pub(super) not_held: u64,
    pub(super) faulted: Faulted,
    /// Blocks in which an acquire began, and those of them in which nobody was admitted.
    pub(super) blocks: u64,
    pub(super) starved_blocks: u64,
    /// The first outcome that no operation should have.
    pub(super) odd: Option<String>,
}

impl OperationTally {
    pub(super) fn add(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.admitted += other.admitted;
        self.refused += other.refused;
        self.errors += other.errors;
        self.unknown += other.unknown;
        self.missed += other.missed;
        self.acquire.merge(&other.acquire);
        self.corrected.merge(&other.corrected);
        self.release.merge(&other.release);
        self.release_failures += other.release_failures;
        self.not_held += other.not_held;
        self.faulted.add(other.faulted);
        self.blocks += other.blocks;
        self.starved_blocks += other.starved_blocks;
        self.odd = self.odd.take().or_else(|| other.odd.clone());
    }

    /// Operations that failed or were never answered.
    pub(super) fn failures(&self) -> u64 {
        self.errors + self.unknown + self.release_failures
    }

    /// A block has ended.
    pub(super) fn end_block(&mut self) {
        self.blocks = u64::from(self.attempts > 0);
        self.starved_blocks = u64::from(self.attempts > 0 && self.admitted == 0);
    }

    /// Completed acquires and releases.
    pub(super) fn completed(&self) -> u64 {
        self.acquire.count() + self.release.count()
    }

    /// An acquire was admitted or refused.
    pub(super) fn acquired(&mut self, took: Duration, since_due: Option<Duration>) {
        self.acquire.record(nanos(took));
        if let Some(since_due) = since_due {
            self.corrected.record(nanos(since_due));
        }
    }

    /// A release was carried out.
    pub(super) fn released(&mut self, took: Duration, outcome: &Outcome) {
        self.release.record(nanos(took));
        self.not_held += u64::from(*outcome == Outcome::NotHeld);
    }

    /// An acquire certainly failed.
    pub(super) fn failed(&mut self, outcome: &Outcome) {
        self.errors += 1;
        self.note(outcome);
    }

    /// Keeps the first outcome of this kind.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        self.odd.get_or_insert_with(|| match outcome {
            Outcome::Failed(reply) => reply.to_string(),
            other => format!("{other:?}"),
        });
    }
}

/// So many in that time, per second.
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than a few digits")]
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}
