//! What the clients share: the run, one limiter in it, and the stage that is on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use gatecrash_limiter::{Algorithm, Call, Reply};

use super::arrivals::Arrivals;
use super::faults::Faults;
use super::hold::Hold;
use super::monitor::Monitor;
use super::tally::OperationTally;
use crate::observe::Activity;
use crate::redis::Address;

/// How long a server may be silent to everybody before the run gives up.
const SILENT_FOR: Duration = Duration::from_secs(10);

/// What stays the same for as long as the load lasts.
#[derive(Debug)]
pub(super) struct LoadRun {
    pub(super) address: Address,
    pub(super) hold: Hold,
    pub(super) faults: Faults,
    /// Where is told what goes on.
    pub(super) activity: Arc<Activity>,
    began: Instant,
    /// When a client got a reply last, in milliseconds since the run began.
    heard: AtomicU64,
    lost: OnceLock<String>,
    /// A script that was loaded was not known any more. Limiters send it again, so nothing else shows it.
    scripts_gone: AtomicBool,
}

impl LoadRun {
    pub(super) fn new(address: Address, hold: Hold, faults: Faults, activity: Arc<Activity>) -> Self {
        Self {
            address,
            hold,
            faults,
            activity,
            began: Instant::now(),
            heard: AtomicU64::new(0),
            lost: OnceLock::new(),
            scripts_gone: AtomicBool::new(false),
        }
    }

    /// A client got a reply.
    pub(super) fn hears(&self, reply: &Reply) {
        self.heard.store(self.elapsed_ms(), Ordering::Relaxed);
        if matches!(reply, Reply::Error(why) if why.starts_with("NOSCRIPT")) {
            self.scripts_gone.store(true, Ordering::Relaxed);
        }
    }

    /// Whether somebody else has flushed the server's scripts since they were loaded.
    pub(super) fn scripts_gone(&self) -> bool {
        self.scripts_gone.load(Ordering::Relaxed)
    }

    /// A client waited for a reply in vain. If nobody got one for too long, the server is gone.
    pub(super) fn hears_nothing(&self) {
        let silent = self.elapsed_ms().saturating_sub(self.heard.load(Ordering::Relaxed));
        if u128::from(silent) >= SILENT_FOR.as_millis() {
            self.lose(format!("{}: no reply to anybody for {} s", self.address, silent / 1000));
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The server is gone; the first reason is kept.
    pub(super) fn lose(&self, why: String) {
        let _ = self.lost.set(why);
    }

    /// Why the server is gone, if it is.
    pub(super) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }
}

/// One limiter under load.
#[derive(Debug)]
pub(super) struct LimiterUnderLoad {
    pub(super) algorithm: Arc<dyn Algorithm>,
    /// Its key and its limit. Each operation has a token of its own.
    pub(super) call: Call,
    monitor: Mutex<Monitor>,
    /// How often each client was admitted.
    pub(super) admitted: Vec<AtomicU64>,
}

impl LimiterUnderLoad {
    pub(super) fn new(algorithm: Arc<dyn Algorithm>, call: Call, clients: usize) -> Self {
        let monitor = Mutex::new(Monitor::new(call.limit));
        let admitted = (0..clients).map(|_| AtomicU64::new(0)).collect();
        Self { algorithm, call, monitor, admitted }
    }

    pub(super) fn monitor(&self) -> MutexGuard<'_, Monitor> {
        locked(&self.monitor)
    }

    /// What it saw; from now on it sees nothing any more.
    pub(super) fn take_monitor(&self) -> Monitor {
        std::mem::replace(&mut *self.monitor(), Monitor::new(self.call.limit))
    }
}

/// Some time during which all clients do the same.
#[derive(Debug)]
pub(super) struct LoadStage {
    pub(super) run: Arc<LoadRun>,
    pub(super) ends: Instant,
    /// Whether it counts.
    pub(super) measured: bool,
    /// Open loop.
    pub(super) arrivals: Option<Arrivals>,
    pub(super) stopped: AtomicBool,
    tally: Mutex<OperationTally>,
}

impl LoadStage {
    pub(super) fn new(run: Arc<LoadRun>, ends: Instant, measured: bool, arrivals: Option<Arrivals>) -> Self {
        Self { run, ends, measured, arrivals, stopped: AtomicBool::new(false), tally: Mutex::default() }
    }

    /// Whether another operation may begin.
    pub(super) fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed) && Instant::now() < self.ends
    }

    /// Lets nothing more begin. What has begun may end.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(arrivals) = &self.arrivals {
            arrivals.end();
        }
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, OperationTally> {
        locked(&self.tally)
    }

    /// What was counted, once every client is done.
    pub(super) fn take_tally(&self) -> OperationTally {
        std::mem::take(&mut *self.tally())
    }
}

/// A client that panicked has broken nothing that is behind these locks: each holds counts.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
