//! Exact counts over interleavings, as the document has them.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use crate::base::count::{Count, CountError};

/// Exact counts over all interleavings. They exist together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterleavingCounts {
    /// How many interleavings there are.
    pub interleavings: Count,
    /// How many of them over-admit.
    pub violating: Count,
    /// How many have which peak number of holders.
    pub peaks: Peaks,
}

impl InterleavingCounts {
    /// The census that follows from how many interleavings have which peak number of holders.
    pub fn from_peaks<N: Clone + Into<BigUint>>(limit: u64, tally: &BTreeMap<u32, N>) -> Self {
        let tally: BTreeMap<u32, BigUint> =
            tally.iter().map(|(peak, count)| (*peak, count.clone().into())).collect();
        let over = tally.iter().filter(|(peak, _)| u64::from(**peak) > limit);
        let present = tally.iter().filter(|(_, count)| **count > BigUint::ZERO);
        Self {
            interleavings: Count::from(&tally.values().sum::<BigUint>()),
            violating: Count::from(&over.map(|(_, count)| count).sum::<BigUint>()),
            peaks: Peaks(present.map(|(peak, count)| (*peak, Count::from(count))).collect()),
        }
    }
}

/// A probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomWalkProbability {
    /// As a fraction in lowest terms, where that is not too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// As a number.
    pub value: f64,
}

// The value is never not-a-number.
impl Eq for RandomWalkProbability {}

/// Interleavings by their number of preemptions, in numeric order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, PreemptionTally>")]
pub struct Preemptions(pub BTreeMap<u32, PreemptionTally>);

impl TryFrom<BTreeMap<String, PreemptionTally>> for Preemptions {
    type Error = CountError;

    fn try_from(named: BTreeMap<String, PreemptionTally>) -> Result<Self, CountError> {
        numbered(named).map(Self)
    }
}

/// How many interleavings there are, and how many of them over-admit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreemptionTally {
    /// All of them.
    pub interleavings: Count,
    /// Those that over-admit.
    pub violating: Count,
}

/// How many interleavings have which peak number of holders, in numeric order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Count>")]
pub struct Peaks(pub BTreeMap<u32, Count>);

// Needed because serde turns no string back into a number below a flattened field.
impl TryFrom<BTreeMap<String, Count>> for Peaks {
    type Error = CountError;

    fn try_from(named: BTreeMap<String, Count>) -> Result<Self, CountError> {
        numbered(named).map(Self)
    }
}

fn numbered<T>(named: BTreeMap<String, T>) -> Result<BTreeMap<u32, T>, CountError> {
    let number = |(name, value): (String, T)| match name.parse() {
        Ok(number) => Ok((number, value)),
        Err(_) => Err(CountError::new(name)),
    };
    named.into_iter().map(number).collect()
}
