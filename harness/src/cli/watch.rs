//! Watching a command that can take long: progress, stalls, questions by signal, and the health endpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::args::Common;
use super::output;
use super::problem::Problem;
use super::progress::ProgressView;
use crate::observe::health::Health;
use crate::observe::stall::{Change, Detector};
use crate::observe::{Activity, text};

/// How often is looked.
const TICK: Duration = Duration::from_millis(100);

/// Watches an activity until it is dropped: what is printed afterwards stands by itself.
pub(super) struct Watch {
    activity: Arc<Activity>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _health: Option<Health>,
}

impl Watch {
    /// Begins to watch, as the options say.
    pub(super) fn start(common: &Common) -> Result<Self, Problem> {
        let activity = Arc::new(Activity::default());
        let health = serve(common, &activity)?;
        let observer = Observer {
            activity: Arc::clone(&activity),
            detector: Detector::new(common.observe.stall_after),
            progress: ProgressView::new(common.quiet),
            asked: asked()?,
        };
        // A silence is noticed in time even where it may be short.
        let tick = TICK.min(common.observe.stall_after / 2);
        let (end, ended) = channel();
        let thread = std::thread::Builder::new()
            .name("watch".into())
            .spawn(move || observer.run(&ended, tick))
            .map_err(|error| Problem::Io { what: "the run cannot be watched".into(), error })?;
        Ok(Self { activity, end: Some(end), thread: Some(thread), _health: health })
    }

    /// What is watched.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It only shows what is going on: if it panicked, there is nothing to save.
            let _ = thread.join();
        }
    }
}

/// Serves the health endpoint, if that is wanted.
fn serve(common: &Common, activity: &Arc<Activity>) -> Result<Option<Health>, Problem> {
    let Some(address) = common.observe.health else { return Ok(None) };
    if !address.ip().is_loopback() && !common.allow_remote {
        return Err(Problem::Usage(format!(
            "--health {address} could be reached from other machines: add --allow-remote to allow that"
        )));
    }
    let health = Health::serve(address, Arc::clone(activity)).map_err(|error| {
        Problem::Usage(format!("--health {address} cannot be served ({error}): name another port, or port 0"))
    })?;
    output::note(&format!("health: http://{}", health.address()));
    Ok(Some(health))
}

/// Set whenever somebody asks by SIGUSR1 what is going on.
fn asked() -> Result<Arc<AtomicBool>, Problem> {
    let asked = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&asked))
        .map_err(Problem::signals)?;
    Ok(asked)
}

/// The thread that looks.
struct Observer {
    activity: Arc<Activity>,
    detector: Detector,
    progress: ProgressView,
    asked: Arc<AtomicBool>,
}

impl Observer {
    fn run(mut self, ended: &Receiver<()>, tick: Duration) {
        while ended.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
            self.look(Instant::now());
        }
        self.progress.end();
    }

    fn look(&mut self, now: Instant) {
        let change = self.detector.look(self.activity.look(now));
        if let Some(change) = change {
            self.activity.note_stall(change == Change::Stalled);
        }
        let asked = self.asked.swap(false, Ordering::Relaxed);
        if change.is_none() && !asked && !self.progress.is_due(self.activity.elapsed()) {
            return;
        }
        let snapshot = self.activity.snapshot();
        match change {
            Some(Change::Stalled) => self.progress.say(&text::stalled(&snapshot)),
            Some(Change::Recovered) => self.progress.say(&text::recovered(&snapshot)),
            None => {}
        }
        if asked {
            self.progress.say(&text::dump(&snapshot));
        }
        self.progress.show(&snapshot);
    }
}
