//! Naive clients as shuttle threads, under its depth-first search.
//!
//! A client offers to be switched away from before each command, and locks a mutex that shuttle does not see: locking
//! one of shuttle's own would be another scheduling point. It is fastest where the main thread is a client too.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use shuttle::scheduler::DfsScheduler;
use shuttle::{Config, Runner, thread};

use super::{Found, Store};

/// Runs everything that shuttle finds to run. The first client runs on the main thread, or each on one of its own.
///
/// # Panics
/// If a client does.
pub fn explore(clients: u32, limit: u32, on_main: bool) -> Found {
    let highest = Arc::new(AtomicU32::new(0));
    let peak = Arc::clone(&highest);
    let runner = Runner::new(DfsScheduler::new(None, false), Config::default());
    let executions = runner.run(move || {
        let store = Arc::new(Mutex::new(Store::default()));
        let threads: Vec<_> = (u32::from(on_main)..clients)
            .map(|client| {
                let (store, peak) = (Arc::clone(&store), Arc::clone(&peak));
                thread::spawn(move || run(client, limit, &store, &peak))
            })
            .collect();
        if on_main {
            run(0, limit, &store, &peak);
        }
        for thread in threads {
            thread.join().expect("no client panics");
        }
    });
    Found { executions: executions as u64, highest: highest.load(Ordering::Relaxed) }
}

/// One acquire, and its release if it was admitted.
fn run(client: u32, limit: u32, store: &Mutex<Store>, peak: &AtomicU32) {
    let lock = || {
        thread::yield_now();
        store.lock().expect("nobody panics")
    };
    if lock().zcard() < limit {
        let holders = lock().zadd(client);
        peak.fetch_max(holders, Ordering::Relaxed);
        lock().zrem(client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_that_all_can_hold_a_permit_at_once() {
        for on_main in [true, false] {
            assert_eq!(explore(2, 1, on_main).highest, 2);
        }
    }
}
