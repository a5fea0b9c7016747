//! Naive clients as loom threads.
//!
//! The fastest of the forms that were tried: the main thread is a client, nothing is joined, and a lock is held for
//! each command and for nothing else. Neither the account nor the peak is behind a lock that loom sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use loom::sync::Mutex;

use super::{Found, Store};

/// Runs everything that loom finds to run; one thread is loom's main thread, of four more at most.
///
/// # Panics
/// If loom runs into a bound.
pub fn explore(clients: u32, limit: u32) -> Found {
    let executions = Arc::new(AtomicU64::new(0));
    let highest = Arc::new(AtomicU32::new(0));
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 20_000;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = None;
    builder.checkpoint_file = None;
    builder.log = false;
    builder.location = false;
    let (count, peak) = (Arc::clone(&executions), Arc::clone(&highest));
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let store = Arc::new(Mutex::new(Store::default()));
        for client in 1..clients {
            let (store, peak) = (Arc::clone(&store), Arc::clone(&peak));
            loom::thread::spawn(move || run(client, limit, &store, &peak));
        }
        run(0, limit, &store, &peak);
    });
    Found { executions: executions.load(Ordering::Relaxed), highest: highest.load(Ordering::Relaxed) }
}

/// One acquire, and its release if it was admitted.
fn run(client: u32, limit: u32, store: &Mutex<Store>, peak: &AtomicU32) {
    let lock = || store.lock().expect("nobody panics");
    if lock().zcard() < limit {
        let holders = lock().zadd(client);
        peak.fetch_max(holders, Ordering::Relaxed);
        lock().zrem(client);
    }
}
