//! Limiters under real concurrency, on a real server: over-admission that happened, and honest latencies.
//!
//! Each client has a connection of its own and runs acquire, hold, release, over and over. Closed loop: it begins again as
//! soon as it is done. Open loop: operations fall due at a rate, however long others take.
//!
//! # Fair in time
//!
//! The measured time is cut into blocks. The limiters take turns, block by block, and before each round the floor is
//! measured: bare `PING`s over the same connections. So what else the machine does in those minutes hits all of them
//! alike, and each block has a floor of its own to be compared with.
//!
//! # What counts
//!
//! The warm-up counts nowhere. At the end of a block nothing more begins, and what has begun is waited for and counts.
//! `attempts = admitted + refused + errors + unknown`, always: an acquire that was sent and never answered is `unknown`.
//! In open loop, arrivals that are still waiting when a block has lasted twice its time never begin; they are `missed`.
//!
//! Over-admission is counted by certain holders only: from when a client has read the reply that admits it until just
//! before it sends its release. What is seen, happened. That none is seen proves nothing; that is what
//! [`explore`](crate::explore) is for.

mod arrivals;
mod attended;
mod blocks;
mod client;
pub mod compare;
mod conductor;
mod connection;
mod entry;
mod faults;
mod hold;
mod judging;
mod monitor;
mod outcome;
mod probe;
mod settings;
mod stage;
pub(crate) mod sum;
mod tally;

use std::num::NonZeroUsize;
use std::sync::Arc;

use gatecrash_limiter::{Algorithm, Call};
use tokio::runtime::Runtime;

pub use faults::{Faults, FaultsError};
pub use hold::{Hold, HoldError};
pub use outcome::LoadOutcome;
pub use settings::{LoadSettings, MOST_CLIENTS, NoClient, SCENARIO};

use crate::base::threads;
use crate::observe::{Extent, Phase};
use crate::redis::Server;

use crate::report::StoreKind;
use crate::world::control::Control;
use crate::world::error::Error;
use blocks::Blocks;
use client::LoadClient;
use conductor::Conductor;
use stage::{LimiterUnderLoad, LoadRun};

/// Files that are open besides the clients' connections, generously.
const OTHER_FILES: u64 = 64;

/// Loads limiters on a server.
pub fn load(
    server: &Server,
    limiters: &[Arc<dyn Algorithm>],
    settings: &LoadSettings,
    control: &Control,
) -> Result<LoadOutcome, Error> {
    make_room(settings.clients)?;
    // One more lets operations in as they fall due.
    threads::try_start(settings.threads.get() + 1).map_err(Error::Threads)?;
    let runtime = runtime(settings.threads).map_err(Error::Threads)?;
    let clients = settings.clients as usize;
    let subjects: Vec<Arc<LimiterUnderLoad>> = limiters
        .iter()
        .map(|algorithm| {
            let call = Call {
                key: format!("{}slots", server.next_prefix()).into(),
                limit: settings.limit,
                token: "none".into(),
            };
            Arc::new(LimiterUnderLoad::new(Arc::clone(algorithm), call, clients))
        })
        .collect();
    let canary = probe::before(server, &subjects, control)?;
    let activity = &control.activity;
    let blocks = Blocks::of(settings, limiters.len());
    activity.begin(Phase {
        what: format!("load on {}", StoreKind::Redis),
        unit: "operations",
        extent: Extent::Time(blocks.length(settings.warmup)),
    });
    let run = Arc::new(LoadRun::new(
        server.address().clone(),
        settings.hold,
        settings.faults,
        Arc::clone(activity),
    ));
    let crew = (0..clients).map(|id| Some(LoadClient::new(id, settings.seed, activity))).collect();
    let mut conductor = Conductor::new(runtime, run, subjects, crew, settings, control);
    let stopped = if canary.is_some() { conductor.play(blocks) } else { control.bound(0) };
    conductor.finish(server, canary, stopped)
}

/// Lets the process have a connection for each client, as far as it may: many systems start one with a thousand.
#[cfg(unix)]
fn make_room(clients: u32) -> Result<(), Error> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let wanted = u64::from(clients) + OTHER_FILES;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return Ok(()) };
    if soft >= wanted || wanted <= hard && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok() {
        return Ok(());
    }
    Err(Error::OpenFiles { clients, wanted, most: hard })
}

#[cfg(not(unix))]
fn make_room(_clients: u32) -> Result<(), Error> {
    Ok(())
}

fn runtime(threads: NonZeroUsize) -> std::io::Result<Runtime> {
    let mut builder = match threads.get() {
        1 => tokio::runtime::Builder::new_current_thread(),
        more => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(more);
            builder
        }
    };
    builder.enable_all().build()
}
