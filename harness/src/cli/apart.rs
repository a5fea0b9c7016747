//! Signals on a thread of their own.
//!
//! A thread that waits for a server under a deadline is woken by a signal that it handles (`EINTR`, whatever
//! `SA_RESTART` says), and what was waited for is lost. So no thread but one handles any.

use std::io;
use std::thread;

use nix::sys::signal::{SigSet, Signal};

/// The signals are blocked on this thread, and on all that it will start.
pub(super) struct Apart(SigSet);

impl Apart {
    /// To be called while there is only one thread.
    pub(super) fn begin() -> io::Result<Self> {
        let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1].into_iter().collect();
        signals.thread_block()?;
        Ok(Self(signals))
    }

    /// From here on a thread handles them, those that came meanwhile too.
    pub(super) fn listen(self) -> io::Result<()> {
        let listen = move || {
            if let Err(error) = self.0.thread_unblock() {
                tracing::warn!(%error, "signals are not handled");
            }
            loop {
                thread::park();
            }
        };
        thread::Builder::new().name("signals".into()).spawn(listen).map(drop)
    }
}
