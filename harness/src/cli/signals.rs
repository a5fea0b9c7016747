//! Signals on a thread of their own.
//!
//! A thread that waits for a server under a deadline is woken by a signal that it handles (`EINTR`, whatever
//! `SA_RESTART` says), and what was waited for is lost. So no thread but one handles any.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::base::exit::Exit;
use crate::redis::rescue;

/// How long an end at once may take.
const LAST_DEEDS: Duration = Duration::from_millis(900);

/// What ends a run.
const ENDING: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// The signals that end this run: a signal that whoever started it has it ignore, as `nohup` does, stays ignored.
fn ending() -> impl Iterator<Item = i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    ENDING.into_iter().map(|signal| signal as i32).filter(move |signal| ignored & (1 << (signal - 1)) == 0)
}

/// The signals are blocked on this thread, and on all that it will start.
pub(super) struct SignalThread(SigSet);

impl SignalThread {
    /// To be called while there is only one thread.
    pub(super) fn begin() -> io::Result<Self> {
        let signals: SigSet = ENDING.into_iter().chain([Signal::SIGUSR1]).collect();
        signals.thread_block()?;
        Ok(Self(signals))
    }

    /// From here on a thread handles them, those that came meanwhile too: the first ends the run gracefully, with a
    /// report; the second at once.
    pub(super) fn listen(self, interrupted: Arc<AtomicBool>) -> io::Result<()> {
        let mut signals = Signals::new(ending())?;
        let listen = move || {
            if let Err(error) = self.0.thread_unblock() {
                tracing::warn!(%error, "signals are not handled");
            }
            for _ in signals.forever() {
                if interrupted.swap(true, Ordering::Relaxed) {
                    end_at_once();
                }
            }
        };
        thread::Builder::new().name("signals".into()).spawn(listen).map(drop)
    }
}

/// A private server ends with us, and the next start sweeps its folder. Keys on a server of others would stay.
fn end_at_once() -> ! {
    rescue::delete_keys(LAST_DEEDS);
    low_level::exit(Exit::Interrupted.code().into())
}
