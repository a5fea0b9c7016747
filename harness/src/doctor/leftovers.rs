//! Keys that killed runs left on a server, and which of them may be removed.
//!
//! A run uses its keys all the time: where one of them was used within the last ten minutes, the run may still go on,
//! and its keys stay. What this can miss: a run that was itself stopped for longer (a suspended process, a laptop
//! asleep) loses its keys; and where the server evicts by frequency (an LFU policy) it does not tell when a key was
//! used last, so nothing is removed there. Values that are small numbers are shared between keys on the server, with one
//! idle time for all: such keys may look used although they are not, never the other way round.

use std::time::Duration;

use super::finding::{Fact, Finding, Severity};
use crate::base::words::{grouped, plural, printable, span};
use crate::redis::{Leftover, Leftovers, Scan, Server};
use crate::world::store::StoreError;

/// How long no key of a run may have been used before the run counts as dead.
pub const IDLE_ENOUGH: Duration = Duration::from_secs(600);

const TOPIC: &str = "left by runs";
/// How many keys of a run are named.
const MOST_NAMED: usize = 5;

/// Looks for what runs left in the server's database, and removes what no run uses any more, until it shall stop.
pub fn clean_up(server: &Server, stop: impl Fn() -> bool) -> Result<(Vec<Fact>, Vec<Finding>), StoreError> {
    let mut scan = Scan::open(server.address())?;
    let Leftovers { runs, cut_short } = scan.find(&stop)?;
    let mut findings = Vec::new();
    let mut removed = 0;
    for (run, leftover) in &runs {
        if !is_dead(leftover) {
            findings.push(kept(run, leftover));
        } else if !stop() {
            removed += scan.remove(&leftover.keys)?;
            findings.push(gone(run, leftover));
        }
    }
    if cut_short {
        let message = "not all keys of the server were looked at";
        let fix = "run it again; on a server with more than ten million keys, at a database that has fewer";
        findings.push(Finding::new("clean-up-cut-short", Severity::Warning, message, fix));
    }
    let facts = vec![
        Fact::new(TOPIC, "runs", grouped(runs.len())),
        Fact::new(TOPIC, "removed", plural(removed, "key")),
    ];
    Ok((facts, findings))
}

fn is_dead(leftover: &Leftover) -> bool {
    leftover.idle.is_some_and(|idle| idle >= IDLE_ENOUGH)
}

/// That a run's keys were removed.
fn gone(run: &str, leftover: &Leftover) -> Finding {
    let idle = leftover.idle.map(span).unwrap_or_default();
    let message = format!("run {run} left {}, idle for {idle}: removed", keys(leftover));
    Finding::new("keys-removed", Severity::Note, message, "nothing is left to do")
}

/// Why a run's keys stay.
fn kept(run: &str, leftover: &Leftover) -> Finding {
    let (why, fix) = match leftover.idle {
        Some(idle) => (
            format!("one of them was used {} ago, so it may still go on", span(idle)),
            format!("if it does not, clean up again once they were idle for {}", span(IDLE_ENOUGH)),
        ),
        None => (
            "the server does not tell when they were used last".to_owned(),
            format!("if it is dead, remove what begins with gatecrash:{run}: yourself"),
        ),
    };
    let message = format!("run {run} has {}, which stay: {why}", keys(leftover));
    Finding::new("keys-kept", Severity::Note, message, fix)
}

/// How many keys, and which.
fn keys(leftover: &Leftover) -> String {
    let keys = &leftover.keys;
    let named = keys.iter().take(MOST_NAMED).map(|key| printable(&String::from_utf8_lossy(key)));
    let more = keys.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
    format!("{} ({}{more})", plural(keys.len(), "key"), named.collect::<Vec<_>>().join(", "))
}
