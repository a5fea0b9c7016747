//! What is measured of a limiter's speed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that is measured in every block, of the limiter and of the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Completed acquires and releases per second.
    Throughput,
    /// The median of an acquire's latency.
    AcquireP50,
    /// The latency that 99 of 100 acquires do not exceed.
    AcquireP99,
    /// The median of a release's latency.
    ReleaseP50,
    /// The latency that 99 of 100 releases do not exceed.
    ReleaseP99,
}

impl Metric {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::Throughput, Self::AcquireP50, Self::AcquireP99, Self::ReleaseP50, Self::ReleaseP99];

    /// Whether more of it is better.
    pub fn more_is_better(self) -> bool {
        self == Self::Throughput
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Throughput => "throughput",
            Self::AcquireP50 => "acquire p50",
            Self::AcquireP99 => "acquire p99",
            Self::ReleaseP50 => "release p50",
            Self::ReleaseP99 => "release p99",
        })
    }
}
