//! Deletes what this run has on servers of others, where there is no time for an orderly end.
//!
//! What it can miss: keys of a server that does not answer in time, or that has so many keys that they cannot be looked
//! through in time. `doctor --clean-up` finds those.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::in_use::{self, KeysPlace};
use super::leftovers::Scan;
use crate::world::store::StoreError;

/// Deletes all keys of this run on all servers of others, and waits for that no longer than so long.
pub(crate) fn delete_keys(within: Duration) {
    let deadline = Instant::now() + within;
    let (done, results) = mpsc::channel();
    for place in in_use::all() {
        let done = done.clone();
        let spawned = thread::Builder::new().name("redis-rescue".into()).spawn(move || {
            let deleted = delete(&place);
            // Nobody listens any more when the time is up.
            let _ = done.send((place, deleted));
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "keys may be left on a server");
        }
    }
    drop(done);
    loop {
        match results.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((_, Ok(()))) => {}
            Ok((place, Err(error))) => warn(&place, &error.to_string()),
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                for place in in_use::all() {
                    warn(&place, "there was no time to delete all of them");
                }
                return;
            }
        }
    }
}

fn warn(place: &KeysPlace, why: &str) {
    tracing::warn!(server = %place.address, prefix = place.prefix, why, "keys may be left on the server");
}

/// Looks and deletes until there is nothing more: what was sent before may still make keys.
fn delete(place: &KeysPlace) -> Result<(), StoreError> {
    let mut scan = Scan::open(&place.address)?;
    while scan.remove_all(&place.prefix)? > 0 {}
    Ok(())
}
