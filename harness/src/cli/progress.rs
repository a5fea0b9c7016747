//! Progress on stderr: a bar on a terminal, now and then a whole line elsewhere.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::output;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

/// Shows how many executions have been run, until it is dropped.
pub(super) struct Progress {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    pub(super) fn start(executions: Arc<AtomicU64>, quiet: bool) -> Self {
        if quiet {
            return Self { done: None, thread: None };
        }
        let (done, stop) = channel();
        let thread = std::thread::spawn(move || {
            let started = Instant::now();
            let bar = std::io::stderr().is_terminal().then(bar);
            let every = if bar.is_some() { TICK } else { LINE_EVERY };
            while stop.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let count = executions.load(Ordering::Relaxed);
                match &bar {
                    Some(bar) => bar.set_position(count),
                    None => output::note(&format!("{count} executions in {}s", started.elapsed().as_secs())),
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        Self { done: Some(done), thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            // It only shows numbers: if it panicked, there is nothing to save.
            let _ = thread.join();
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} executions, {per_sec}, {elapsed}");
    let bar = ProgressBar::no_length();
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
