//! What a long run is doing, for whoever watches: progress, what is waited for, and what each worker is at.
//!
//! The threads that work tell an [`Activity`], which costs them next to nothing; a [`Snapshot`] reads all of it, and
//! may take its time. What is shown of it (a heartbeat, a dump, metrics, a health endpoint) is made of snapshots alone.
//!
//! ```
//! use std::sync::Arc;
//! use gatecrash::observe::{Activity, Extent, Phase};
//!
//! let activity = Arc::new(Activity::default());
//! activity.begin(Phase {
//!     what: "atomic: load on redis".into(),
//!     unit: "operations",
//!     extent: Extent::Units(2),
//! });
//! activity.ready();
//!
//! // Each client registers once, and says what it does; it leaves the table when it is dropped.
//! let client = activity.worker("client 1");
//! for command in ["EVALSHA", "ZREM"] {
//!     client.waits("a reply of redis to", command);
//!     // ... send, and wait for the reply ...
//!     client.works("the reply to", command);
//!     activity.advance(1);
//! }
//! client.idle();
//!
//! let now = activity.snapshot();
//! assert_eq!(now.phase.map(|phase| phase.done), Some(2));
//! assert_eq!(now.workers[0].name, "client 1");
//! ```

pub mod health;
pub mod metrics;
pub mod snapshot;
pub mod stall;
pub mod text;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

pub use snapshot::{PhaseNow, Snapshot, WorkerNow};

/// What is being done now, told by those who do it.
#[derive(Debug)]
pub struct Activity {
    began: Instant,
    /// Units done in the phase under way. Written all the time, so it shares a cache line with nothing.
    done: Apart<AtomicU64>,
    /// Something happened since the last look. Mostly read, so that telling it costs nothing where it is known.
    pulse: Apart<AtomicBool>,
    ready: AtomicBool,
    phases: Mutex<Phases>,
    tasks: AtomicU64,
    tasks_done: AtomicU64,
    workers: Mutex<Table>,
    progress: Mutex<LastProgress>,
}

/// As large as the pair of cache lines that processors fetch together.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// One part of a run: what is done, and how far it will go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// In a few words, such as `last-slot, naive: enumerate on redis`.
    pub what: String,
    /// What is counted, such as `executions`.
    pub unit: &'static str,
    /// How far it goes.
    pub extent: Extent,
}

/// How far a phase goes, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Nobody knows.
    Open,
    /// Until so many units are done.
    Units(u64),
    /// For so long.
    Time(Duration),
}

/// The phase under way, and what all before it came to.
#[derive(Debug, Default)]
struct Phases {
    now: Option<(Phase, Instant)>,
    finished: BTreeMap<&'static str, u64>,
}

/// Who works, in the order in which they registered.
#[derive(Debug, Default)]
struct Table {
    next: u64,
    slots: BTreeMap<u64, Arc<Slot>>,
}

/// What one worker does.
#[derive(Debug)]
struct Slot {
    name: String,
    doing: Mutex<(Doing, Instant)>,
}

/// What a worker does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Nothing.
    Idle,
    /// It works on something.
    Works(WorkerSubject),
    /// It waits for something that others have to bring about.
    Waits(WorkerSubject),
}

/// What is worked on or waited for: words, and the one thing that changes all the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSubject {
    /// Such as `a reply of redis to`.
    pub what: &'static str,
    /// Such as `ZCARD`; may be empty.
    pub which: Bytes,
}

/// When something happened last, as far as anybody looked.
#[derive(Debug)]
struct LastProgress {
    at: Instant,
    done: u64,
    stalled: bool,
    stalls: u64,
}

impl Default for Activity {
    fn default() -> Self {
        let began = Instant::now();
        Self {
            began,
            done: Apart::default(),
            pulse: Apart::default(),
            ready: AtomicBool::default(),
            phases: Mutex::default(),
            tasks: AtomicU64::default(),
            tasks_done: AtomicU64::default(),
            workers: Mutex::default(),
            progress: Mutex::new(LastProgress { at: began, done: 0, stalled: false, stalls: 0 }),
        }
    }
}

impl Activity {
    /// What follows belongs to this phase. The one before it has ended.
    pub fn begin(&self, phase: Phase) {
        let mut phases = lock(&self.phases);
        phases.finish(self.done.0.swap(0, Ordering::Relaxed));
        phases.now = Some((phase, Instant::now()));
        drop(phases);
        self.pulse();
    }

    /// It became known how far the phase under way will go.
    pub fn expect(&self, extent: Extent) {
        if let Some((phase, _)) = &mut lock(&self.phases).now {
            phase.extent = extent;
        }
    }

    /// So many units are done, since the last that were told.
    pub fn advance(&self, units: u64) {
        self.done.0.fetch_add(units, Ordering::Relaxed);
    }

    /// Something goes on, although no unit is done. Who waits on purpose, such as until the next request is due, says
    /// so too: otherwise that is a stall.
    pub fn pulse(&self) {
        if !self.pulse.0.load(Ordering::Relaxed) {
            self.pulse.0.store(true, Ordering::Relaxed);
        }
    }

    /// Everything that was needed is there, and work begins.
    pub fn ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// There are so many more tasks: parts of the run that are alike, such as one limiter in one scenario.
    pub fn expect_tasks(&self, tasks: usize) {
        self.tasks.fetch_add(tasks as u64, Ordering::Relaxed);
    }

    /// One of the tasks is done.
    pub fn task_done(&self) {
        self.tasks_done.fetch_add(1, Ordering::Relaxed);
        self.pulse();
    }

    /// Somebody whose doings are worth a line: a client, a thread. Forgotten when the handle is dropped.
    pub fn worker(self: &Arc<Self>, name: impl Into<String>) -> Worker {
        let slot = Arc::new(Slot { name: name.into(), doing: Mutex::new((Doing::Idle, Instant::now())) });
        let mut table = lock(&self.workers);
        let number = table.next;
        table.next += 1;
        table.slots.insert(number, Arc::clone(&slot));
        Worker { slot, number, activity: Arc::clone(self) }
    }

    /// Looks whether anything happened since the last look, and gives for how long nothing did. Called now and then
    /// by the one who watches.
    pub fn look(&self, now: Instant) -> Duration {
        let mut progress = lock(&self.progress);
        let done = self.done.0.load(Ordering::Relaxed);
        let pulse = self.pulse.0.swap(false, Ordering::Relaxed);
        if pulse || done != progress.done {
            progress.done = done;
            progress.at = now;
        }
        now.saturating_duration_since(progress.at)
    }

    /// Notes that nothing happened for too long, or that something does again.
    pub fn note_stall(&self, stalled: bool) {
        let mut progress = lock(&self.progress);
        progress.stalls += u64::from(stalled && !progress.stalled);
        progress.stalled = stalled;
    }

    /// Whether it was noted that nothing has happened for too long.
    pub fn is_stalled(&self) -> bool {
        lock(&self.progress).stalled
    }

    /// How long it has lasted.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether work has begun.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

impl Phases {
    /// The phase under way ends with so many units.
    fn finish(&mut self, done: u64) {
        if let Some((phase, _)) = self.now.take() {
            *self.finished.entry(phase.unit).or_default() += done;
        }
    }
}

/// A worker's line in the table.
#[derive(Debug)]
pub struct Worker {
    slot: Arc<Slot>,
    number: u64,
    activity: Arc<Activity>,
}

impl Worker {
    /// It works on something.
    pub fn works(&self, what: &'static str, which: impl Into<Bytes>) {
        self.does(Doing::Works(WorkerSubject { what, which: which.into() }));
    }

    /// It waits for something, such as `a reply of redis to` a command. Copies of [`Bytes`] share their memory, so
    /// this allocates nothing.
    pub fn waits(&self, what: &'static str, which: impl Into<Bytes>) {
        self.does(Doing::Waits(WorkerSubject { what, which: which.into() }));
    }

    /// It has nothing to do.
    pub fn idle(&self) {
        self.does(Doing::Idle);
    }

    fn does(&self, doing: Doing) {
        *lock(&self.slot.doing) = (doing, Instant::now());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.activity.workers).slots.remove(&self.number);
    }
}

/// What is guarded is whole at any time: a panic elsewhere changes nothing in that.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
