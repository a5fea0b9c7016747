//! How far a limit was exceeded.

use serde::{Deserialize, Serialize};

/// How far the limit was exceeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverAdmission {
    /// The highest number of holders above the limit, 0 if none was.
    pub max: u64,
    /// Under load: how often the limit was exceeded, each time until it was kept again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// The first of those times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Excess>,
}

/// A time during which more clients certainly held a permit than there are permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    /// When it began, since the measuring began.
    pub at_ns: u64,
    /// How long it lasted.
    pub duration_ns: u64,
    /// The highest number of holders.
    pub peak: u64,
}

impl OverAdmission {
    /// So many holders above the limit.
    pub fn by(max: u64) -> Self {
        Self { max, events: None, first: Vec::new() }
    }

    /// The over-admission of a peak number of holders.
    pub fn of_peak(peak: u32, limit: u64) -> Self {
        Self::by(u64::from(peak).saturating_sub(limit))
    }
}
