//! What ends a run before it is through: bounds, a timeout, the user.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::observe::Activity;

/// What ends a search before it is through. Checked before every step.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// The most executions to run.
    pub max_executions: Option<u64>,
    /// The most merged states to visit.
    pub max_states: Option<u64>,
    /// When to stop, and how much time that was.
    pub timeout: Option<Timeout>,
    /// Set from outside: stop as soon as possible.
    pub interrupted: Arc<AtomicBool>,
    /// Where searches under this control tell what they do; only shown, never read.
    pub activity: Arc<Activity>,
    /// What they run is not counted there: it is not what was asked for.
    pub uncounted: bool,
}

/// A point in time, and the duration that led to it.
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    /// As it was asked for.
    pub after: Duration,
    /// When it strikes.
    pub at: Instant,
}

impl Timeout {
    /// A timeout that begins now.
    pub fn starting_now(after: Duration) -> Option<Self> {
        Some(Self { after, at: Instant::now().checked_add(after)? })
    }
}

/// What stopped a search.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// [`Control::max_executions`].
    Executions(u64),
    /// [`Control::max_states`].
    States(u64),
    /// Interleavings with more preemptions than that were left out.
    Preemptions(u32),
    /// [`Control::timeout`].
    Timeout(Duration),
    /// [`Control::interrupted`].
    Interrupted,
    /// The server was there and is not any more; with what was seen of that.
    LostServer(String),
}

impl Control {
    /// What forbids another step after that many executions, if anything does. Who asks is about to take one: that is
    /// progress.
    pub fn stop(&self, executions: u64) -> Option<Bound> {
        self.activity.pulse();
        self.bound(executions)
    }

    /// The same, for who only waits until others are done.
    pub fn bound(&self, executions: u64) -> Option<Bound> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Some(Bound::Interrupted);
        }
        if let Some(max) = self.max_executions.filter(|max| executions >= *max) {
            return Some(Bound::Executions(max));
        }
        let timeout = self.timeout.filter(|timeout| Instant::now() >= timeout.at)?;
        Some(Bound::Timeout(timeout.after))
    }

    /// The same bounds, for a search that nobody asked for.
    pub(crate) fn uncounted(self) -> Self {
        Self { uncounted: true, ..self }
    }

    /// Counts an execution, or what else a search is made of, for whoever watches.
    pub(crate) fn count(&self) {
        if !self.uncounted {
            self.activity.advance(1);
        }
    }
}
