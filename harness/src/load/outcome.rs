//! What a load came to, as it was measured.

use std::time::Duration;

use super::monitor::Findings;
use super::settings::LoadSettings;
use super::tally::OperationTally;
use crate::redis::Interference;
use crate::report::histogram::IntervalLog;
use crate::report::load::LoadBlock;
use crate::world::control::Bound;

/// What the load of one limiter came to.
#[derive(Debug, Default)]
pub(super) struct LoadedLimiter {
    pub(super) tally: OperationTally,
    pub(super) findings: Findings,
    /// How long it was measured, without floors and other limiters.
    pub(super) measured: Duration,
    pub(super) blocks: Vec<LoadBlock>,
    pub(super) admitted: Vec<u64>,
    pub(super) leaked: Option<u64>,
    /// What somebody else did to the server meanwhile.
    pub(super) meddling: Meddling,
}

/// What is known of others on the server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Meddling {
    /// Nobody was noticed.
    #[default]
    None,
    /// Somebody was.
    Seen(Interference),
    /// The server was not asked, or did not answer.
    NotAsked,
}

/// What a load came to.
#[derive(Debug)]
pub struct LoadOutcome {
    pub(super) settings: LoadSettings,
    /// In the order of the limiters.
    pub(super) limiters: Vec<LoadedLimiter>,
    pub(super) floor: OperationTally,
    pub(super) floor_measured: Duration,
    /// Each block's durations, by limiter and operation.
    pub log: IntervalLog,
    /// What stopped it early.
    pub stopped: Option<Bound>,
}
