//! What a load of real concurrency came to.
//!
//! Counts add up: `attempts = admitted + refused + errors + unknown`. Times are of operations: one `acquire` of the
//! naive limiter is two round trips, one of the atomic limiter is one.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::latency::{Quantiles, Summary};
use super::verdict::Verdict;

/// What applies to a load alone. Over-admission and latencies from the send are where every result has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredLoad {
    /// What was asked for.
    #[serde(flatten)]
    pub parameters: LoadParameters,
    /// How often an `acquire` began. Without the warm-up, like all counts.
    pub attempts: u64,
    /// How many were admitted.
    pub admitted: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many certainly failed: not sent, or answered with an error.
    pub errors: u64,
    /// How many may have been admitted or not: sent, and never answered.
    pub unknown: u64,
    /// Open loop: how many never began, because those before them took too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<u64>,
    /// How many were refused although a permit was certainly free throughout.
    pub refused_although_free: u64,
    /// How many releases found that their permit was gone.
    pub not_held: u64,
    /// How many permits were still taken when nobody held one any more; absent if that could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaked: Option<u64>,
    /// The faults that struck, where there were to be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<Faulted>,
    /// How evenly the clients were admitted.
    pub fairness: Fairness,
    /// Completed acquires and releases per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_per_s: Option<f64>,
    /// Open loop: how long operations took from when they were to begin, by the operation's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_corrected_ns: Option<BTreeMap<String, Summary>>,
    /// All durations as compressed HDR histograms (V2, base64), which can be added up: `acquire`, `release`, and
    /// `acquire_corrected` in open loop.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub histograms: BTreeMap<String, String>,
    /// What bare round trips reached between the blocks, with as many connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// The measured time, cut into blocks, each beside the floor that was measured right before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<LoadBlock>,
    /// What is said of each property.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<LoadCheck>,
}

// No number of it is ever not-a-number.
impl Eq for MeasuredLoad {}

impl MeasuredLoad {
    pub(super) fn leave_times_out(&mut self) {
        self.throughput_per_s = None;
        self.latency_corrected_ns = None;
        self.histograms.clear();
        self.floor = None;
        self.blocks.clear();
    }
}

/// What was asked of a load: two that can be compared have the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadParameters {
    /// How many clients there were, each with a connection of its own.
    pub clients: u32,
    /// How many permits.
    pub limit: u64,
    /// Open loop: how many operations were to begin per second, of all clients together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// How long permits were held, as `--hold` has it.
    pub hold: String,
}

/// What is said of one property of a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadCheck {
    /// The property.
    pub property: LoadProperty,
    /// Whether it was kept.
    pub verdict: Verdict,
    /// Why it is not clean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a load is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadProperty {
    /// No more clients hold a permit than there are permits.
    OverAdmission,
    /// Operations succeed, but for as many as may fail.
    Errors,
    /// In the end every permit can be had.
    Leaks,
    /// Somebody is admitted all along.
    Starvation,
    /// Nobody else changes the server.
    Interference,
}

impl fmt::Display for LoadProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OverAdmission => "over-admission",
            Self::Errors => "errors",
            Self::Leaks => "leaks",
            Self::Starvation => "starvation",
            Self::Interference => "interference",
        })
    }
}

/// How many faults struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faulted {
    /// Operations whose futures were dropped.
    pub drop: u64,
    /// Connections that were cut.
    pub cut: u64,
    /// Clients that died.
    pub kill: u64,
    /// Clients that died while they held a permit, or while it was unknown whether they did. Without a lease it is lost.
    pub killed_holding: u64,
}

impl Faulted {
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.drop += other.drop;
        self.cut += other.cut;
        self.kill += other.kill;
        self.killed_holding += other.killed_holding;
    }
}

/// How evenly the clients were admitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// Jain's index: 1 where all were admitted equally often, 1/n where one of n was always and the others never.
    pub jain: f64,
    /// The fewest admissions of a client.
    pub min: u64,
    /// The most.
    pub max: u64,
}

/// Bare round trips: what no limiter on this server and these connections can beat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// What was sent.
    pub command: String,
    /// Round trips per second.
    pub throughput_per_s: f64,
    /// How long one took.
    pub latency_ns: Summary,
}

/// Some of the measured time, and the floor right before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBlock {
    /// The floor.
    pub floor: Pace,
    /// The limiter: completed acquires and releases.
    pub load: Pace,
    /// Its acquires; absent if none came to an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquire: Option<Quantiles>,
    /// Its releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Quantiles>,
}

/// How fast something went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Per second.
    pub throughput_per_s: f64,
    /// How long each took; absent if none came to an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ns: Option<Quantiles>,
}
