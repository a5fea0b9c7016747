//! A snapshot as whole lines for a log: the heartbeat, a stall, and what everybody does.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Doing, Extent, PhaseNow, Snapshot, WorkerNow};
use crate::base::words::{grouped, span};

/// The most workers that a dump names one by one.
const MOST_WORKERS: usize = 1_000;

/// One line: how far it has come, how fast, and how long it will go on where that can be told.
pub fn heartbeat(now: &Snapshot) -> String {
    let mut parts = Vec::new();
    if now.tasks > 1 {
        parts.push(format!("{} of {} done", grouped(now.tasks_done), grouped(now.tasks)));
    }
    if let Some(phase) = &now.phase {
        parts.push(progress(phase));
    }
    parts.push(format!("{} so far", span(now.elapsed)));
    parts.join("; ")
}

/// How far a phase has come.
pub fn progress(now: &PhaseNow) -> String {
    let PhaseNow { phase, done, .. } = now;
    let mut text = format!("{}: {}", phase.what, grouped(done));
    // Writing to a string does not fail.
    let _ = match phase.extent {
        Extent::Units(total) => {
            write!(text, " of {} {} ({}%)", grouped(total), phase.unit, percent(*done, total))
        }
        Extent::Open | Extent::Time(_) => write!(text, " {}", phase.unit),
    };
    let _ = write!(text, ", {} a second", grouped(now.rate()));
    if let Some(left) = now.left() {
        let _ = write!(text, ", about {} left", span(left));
    }
    text
}

/// Half a line: how far a phase has come, and how long it will go on where that can be told.
pub fn remaining(now: &PhaseNow) -> String {
    let mut text = match now.phase.extent {
        Extent::Units(total) => format!("{}%", percent(now.done, total)),
        Extent::Open | Extent::Time(_) => format!("{} {}", grouped(now.done), now.phase.unit),
    };
    if let Some(left) = now.left() {
        let _ = write!(text, ", about {} left", span(left));
    }
    text
}

fn percent(done: u64, of: u64) -> u128 {
    u128::from(done) * 100 / u128::from(of.max(1))
}

/// One line: for how long nothing has happened, and what is waited for since when.
pub fn stalled(now: &Snapshot) -> String {
    let waited = match (now.longest_wait(), &now.phase) {
        (Some(WorkerNow { name, doing: Doing::Waits(subject), lasting }), _) => {
            format!("{name} waits for {subject}, {}", span(*lasting))
        }
        (_, Some(PhaseNow { phase, .. })) => phase.what.clone(),
        _ if now.ready => "nobody says what is waited for".to_owned(),
        _ => "work has not begun".to_owned(),
    };
    format!("stalled: no progress for {}: {waited}", span(now.silent))
}

/// One line: that something happens again.
pub fn recovered(now: &Snapshot) -> String {
    match &now.phase {
        Some(phase) => format!("no longer stalled: {}", progress(phase)),
        None => "no longer stalled".to_owned(),
    }
}

/// What everybody does: the heartbeat, then a line for each worker.
pub fn dump(now: &Snapshot) -> String {
    let mut text = heartbeat(now);
    if now.silent >= Duration::from_secs(1) {
        let _ = write!(text, "\n  no progress for {}", span(now.silent));
    }
    for WorkerNow { name, doing, lasting } in now.workers.iter().take(MOST_WORKERS) {
        let _ = write!(text, "\n  {name}: {doing}, {}", span(*lasting));
    }
    if let Some(more) = now.workers.len().checked_sub(MOST_WORKERS).filter(|more| *more > 0) {
        let _ = write!(text, "\n  and {} more", grouped(more));
    }
    text
}
