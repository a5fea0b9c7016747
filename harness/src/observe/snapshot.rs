//! An [`Activity`] at one point in time, as plain data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Activity, Doing, Phase, Slot, WorkerSubject, lock};
use crate::base::words;

/// What was going on.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// How long the run had lasted.
    pub elapsed: Duration,
    /// Whether work had begun.
    pub ready: bool,
    /// The phase that was under way.
    pub phase: Option<PhaseNow>,
    /// How many units were done in all phases, by what was counted.
    pub done: BTreeMap<&'static str, u64>,
    /// How many tasks there were, and how many of them were done.
    pub tasks: u64,
    /// How many of the tasks were done.
    pub tasks_done: u64,
    /// For how long nothing had happened.
    pub silent: Duration,
    /// Whether that was too long.
    pub stalled: bool,
    /// How often it had been too long.
    pub stalls: u64,
    /// Who worked, in the order in which they registered.
    pub workers: Vec<WorkerNow>,
}

/// A phase at one point in time.
#[derive(Clone, Debug)]
pub struct PhaseNow {
    /// The phase.
    pub phase: Phase,
    /// How many units of it were done.
    pub done: u64,
    /// How long it had lasted.
    pub elapsed: Duration,
}

/// A worker at one point in time.
#[derive(Clone, Debug)]
pub struct WorkerNow {
    /// Who.
    pub name: String,
    /// What it did.
    pub doing: Doing,
    /// For how long.
    pub lasting: Duration,
}

impl Activity {
    /// What is going on now.
    pub fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        // The table is left at once, so that nobody waits to register.
        let slots: Vec<Arc<Slot>> = lock(&self.workers).slots.values().map(Arc::clone).collect();
        let phases = lock(&self.phases);
        let units = self.done.0.load(Ordering::Relaxed);
        let mut done = phases.finished.clone();
        if let Some((phase, _)) = &phases.now {
            *done.entry(phase.unit).or_default() += units;
        }
        let phase = phases.now.as_ref().map(|(phase, since)| PhaseNow {
            phase: phase.clone(),
            done: units,
            elapsed: now.saturating_duration_since(*since),
        });
        drop(phases);
        let progress = lock(&self.progress);
        Snapshot {
            elapsed: now.saturating_duration_since(self.began),
            ready: self.is_ready(),
            phase,
            done,
            tasks: self.tasks.load(Ordering::Relaxed),
            tasks_done: self.tasks_done.load(Ordering::Relaxed),
            silent: now.saturating_duration_since(progress.at),
            stalled: progress.stalled,
            stalls: progress.stalls,
            workers: slots.iter().map(|slot| slot.at(now)).collect(),
        }
    }
}

impl Slot {
    fn at(&self, now: Instant) -> WorkerNow {
        let (doing, since) = lock(&self.doing).clone();
        WorkerNow { name: self.name.clone(), doing, lasting: now.saturating_duration_since(since) }
    }
}

impl Snapshot {
    /// The worker that has waited longest, if any waits.
    pub fn longest_wait(&self) -> Option<&WorkerNow> {
        let waiting = self.workers.iter().filter(|worker| matches!(worker.doing, Doing::Waits(_)));
        // The first of those that are equal.
        waiting.rev().max_by_key(|worker| worker.lasting)
    }
}

impl PhaseNow {
    /// How long it will go on, where that can be told.
    pub fn left(&self) -> Option<Duration> {
        match self.phase.extent {
            super::Extent::Open => None,
            super::Extent::Time(length) => Some(length.saturating_sub(self.elapsed)),
            super::Extent::Units(_) if self.done == 0 => None,
            super::Extent::Units(total) => {
                let left = total.saturating_sub(self.done);
                #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
                let seconds = self.elapsed.as_secs_f64() * (left as f64 / self.done as f64);
                Duration::try_from_secs_f64(seconds).ok()
            }
        }
    }

    /// How many units a second.
    pub fn rate(&self) -> u64 {
        let millis = self.elapsed.as_millis().max(1);
        u64::try_from(u128::from(self.done) * 1_000 / millis).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::Works(subject) => write!(f, "works on {subject}"),
            Self::Waits(subject) => write!(f, "waits for {subject}"),
        }
    }
}

impl fmt::Display for WorkerSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        if self.which.is_empty() {
            return Ok(());
        }
        write!(f, " {}", words::printable(&String::from_utf8_lossy(&self.which)))
    }
}
