//! Faults under load: how often, and which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::draws::Draws;

/// How likely each fault is at each operation, in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Faults {
    /// The operation's future is dropped after its command was sent, as by a timeout or `select!`.
    pub drop: u32,
    /// The connection is cut, before the command is sent or after.
    pub cut: u32,
    /// The client dies with what it holds, and another takes its place.
    pub kill: u32,
}

/// What strikes one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    Drop,
    CutBefore,
    CutAfter,
    Kill,
}

const WHOLE: u32 = 1_000_000;
/// Where only a fault's name is given: one operation in a hundred.
const DEFAULT: u32 = WHOLE / 100;

impl Faults {
    /// Whether there are any.
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// What strikes the next operation, if anything does.
    pub(super) fn draw(self, draws: &mut Draws) -> Option<Strike> {
        if !self.any() {
            return None;
        }
        let lot = u32::try_from(draws.below(WHOLE.into())).unwrap_or(0);
        let (drop, cut, kill) = (self.drop, self.drop + self.cut, self.drop + self.cut + self.kill);
        match lot {
            lot if lot < drop => Some(Strike::Drop),
            lot if lot < cut => Some(if draws.below(2) == 0 { Strike::CutBefore } else { Strike::CutAfter }),
            lot if lot < kill => Some(Strike::Kill),
            _ => None,
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [("drop", self.drop), ("cut", self.cut), ("kill", self.kill)];
        let given = all.into_iter().filter(|(_, often)| *often > 0);
        let words = given.map(|(name, often)| format!("{name}={}%", f64::from(often) / 10_000.0));
        f.write_str(&words.collect::<Vec<_>>().join(","))
    }
}

/// The text names no faults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsError {
    /// A fault that does not exist.
    #[error("`{0}` is no fault: there are drop, cut and kill")]
    Unknown(String),
    /// How often it strikes cannot be read.
    #[error("`{0}` is no share of operations, such as 0.5%")]
    NoShare(String),
    /// More faults than operations.
    #[error("together they strike more than 100% of all operations")]
    TooOften,
}

/// `drop,cut=0.5%,kill=0.01%`.
impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut faults = Self::default();
        for word in text.split(',') {
            let (name, often) = match word.split_once('=') {
                Some((name, share)) => (name, millionths(share)?),
                None => (word, DEFAULT),
            };
            let fault = match name {
                "drop" => &mut faults.drop,
                "cut" => &mut faults.cut,
                "kill" => &mut faults.kill,
                other => return Err(FaultsError::Unknown(other.to_owned())),
            };
            *fault = often;
        }
        if faults.drop + faults.cut + faults.kill > WHOLE {
            return Err(FaultsError::TooOften);
        }
        Ok(faults)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100 percent")]
fn millionths(share: &str) -> Result<u32, FaultsError> {
    let percent: Option<f64> = share.strip_suffix('%').and_then(|number| number.parse().ok());
    match percent {
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok((percent * 10_000.0).round() as u32),
        _ => Err(FaultsError::NoShare(share.to_owned())),
    }
}

impl From<Faults> for String {
    fn from(value: Faults) -> Self {
        value.to_string()
    }
}

impl TryFrom<String> for Faults {
    type Error = FaultsError;

    fn try_from(text: String) -> Result<Self, FaultsError> {
        if text.is_empty() { Ok(Self::default()) } else { text.parse() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_shares_are_read() {
        assert_eq!("drop".parse(), Ok(Faults { drop: 10_000, cut: 0, kill: 0 }));
        assert_eq!("cut=0.5%,kill=0.0001%".parse(), Ok(Faults { drop: 0, cut: 5000, kill: 1 }));
        for bad in ["", "dorp", "drop=1", "drop=101%", "drop=-1%", "drop=60%,cut=60%", "drop=nan%"] {
            assert!(bad.parse::<Faults>().is_err(), "{bad}");
        }
        let faults: Faults = "drop,cut=0.5%,kill=0.0001%".parse().unwrap();
        assert_eq!(faults.to_string().parse(), Ok(faults));
    }

    #[test]
    fn each_fault_strikes_as_often_as_it_should() {
        let faults: Faults = "drop=10%,cut=20%,kill=30%".parse().unwrap();
        let mut draws = Draws::new(3, 0);
        let mut seen = [0u32; 5];
        for _ in 0..100_000 {
            let place = match faults.draw(&mut draws) {
                Some(Strike::Drop) => 0,
                Some(Strike::CutBefore) => 1,
                Some(Strike::CutAfter) => 2,
                Some(Strike::Kill) => 3,
                None => 4,
            };
            seen[place] += 1;
        }
        for (seen, expected) in seen.into_iter().zip([10_000, 10_000, 10_000, 30_000, 40_000]) {
            assert!(seen.abs_diff(expected) < 1000, "{seen} for {expected}");
        }
        assert_eq!(Faults::default().draw(&mut draws), None);
    }
}
