//! Exact counts of any size, as decimal digits.
//!
//! A census of many clients counts more interleavings than any machine integer holds, and JSON readers lose
//! digits above 2^53. So a count is its digits, in the document and here.

use std::fmt;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

/// A count: decimal digits without a sign and without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Count(String);

/// The text is not a count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal count")]
pub struct CountError(String);

impl CountError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

impl Count {
    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.0 == "0"
    }

    /// This count as a share of a whole, from 0 to 1; `None` of nothing.
    pub fn share_of(&self, whole: &Self) -> Option<f64> {
        if whole.is_zero() {
            return None;
        }
        let (part, part_exponent) = self.scientific();
        let (whole, whole_exponent) = whole.scientific();
        Some(part / whole * 10f64.powi(part_exponent - whole_exponent))
    }

    /// The leading digits and the power of ten that they lack, because all the digits may exceed an `f64`.
    fn scientific(&self) -> (f64, i32) {
        let kept = self.0.len().min(17);
        let digits = self.0[..kept].parse().unwrap_or(0.0);
        (digits, i32::try_from(self.0.len() - kept).unwrap_or(i32::MAX))
    }
}

impl From<u128> for Count {
    fn from(number: u128) -> Self {
        Self(number.to_string())
    }
}

impl From<&BigUint> for Count {
    fn from(number: &BigUint) -> Self {
        Self(number.to_string())
    }
}

impl From<u64> for Count {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl TryFrom<String> for Count {
    type Error = CountError;

    fn try_from(text: String) -> Result<Self, CountError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (text == "0" || !text.starts_with('0')) { Ok(Self(text)) } else { Err(CountError(text)) }
    }
}

impl From<Count> for String {
    fn from(count: Count) -> Self {
        count.0
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Result<Count, CountError> {
        Count::try_from(text.to_owned())
    }

    #[test]
    fn only_plain_digits_are_counts() {
        assert!(count("0").is_ok() && count("340282366920938463463374607431768211456").is_ok());
        for bad in ["", "007", "-1", "1.5", "1,000", "\u{663}"] {
            assert_eq!(count(bad), Err(CountError(bad.to_owned())));
        }
    }

    #[test]
    fn shares_survive_counts_beyond_a_double() {
        let big = |digit: &str| count(&digit.repeat(400)).expect("digits");
        let share = big("2").share_of(&big("4")).expect("not of nothing");
        assert!((share - 0.5).abs() < 1e-12);
        assert_eq!(Count::from(1u64).share_of(&Count::from(0u64)), None);
    }
}
