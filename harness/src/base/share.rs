//! What falls to one of several machines that share a campaign.
//!
//! Nobody talks to anybody: the part of each follows from its index and from how many there are. Together the parts are
//! the whole, and no two have anything in common.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The most parts that a campaign is cut into.
pub const MOST: u32 = 10_000;

/// One of several parts, written `k/n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: u32,
    of: u32,
}

impl Share {
    /// The only part.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Part `index`, counted from 1, of so many.
    pub fn new(index: u32, of: u32) -> Option<Self> {
        ((1..=MOST).contains(&of) && (1..=of).contains(&index)).then_some(Self { index, of })
    }

    /// Which part it is, counted from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many parts there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether a thing of that number, counted from 0, falls to this part: things are dealt out like cards.
    pub fn takes(self, number: u64) -> bool {
        number % u64::from(self.of) == u64::from(self.index - 1)
    }

    /// Which of so many things fall to this part, where each part takes neighbours.
    pub fn range(self, total: u64) -> Range<u64> {
        let until = |part: u32| u128::from(total) * u128::from(part) / u128::from(self.of);
        let until = |part| u64::try_from(until(part)).unwrap_or(total);
        until(self.index - 1)..until(self.index)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// The text is no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is k/n, such as 2/7: part k of n, with k from 1 to n and n at most {MOST}")]
pub struct ShareError;

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        // `parse` alone would take a sign.
        let number = |digits: &str| {
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        };
        let (index, of) = text.split_once('/').ok_or(ShareError)?;
        number(index).zip(number(of)).and_then(|(index, of)| Self::new(index, of)).ok_or(ShareError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_is_read_back() {
        for text in ["1/1", "2/7", "10000/10000"] {
            assert_eq!(text.parse::<Share>().unwrap().to_string(), text);
        }
        assert_eq!("1/1".parse(), Ok(Share::WHOLE));
        for bad in
            ["", "1", "/", "0/1", "2/1", "1/0", "1/10001", "+1/2", "1/+2", "1/2/3", " 1/2", "a/b", "-1/2"]
        {
            assert_eq!(bad.parse::<Share>(), Err(ShareError), "{bad}");
        }
    }

    #[test]
    fn all_parts_together_are_the_whole() {
        for of in [1, 2, 3, 7, MOST] {
            for total in [0, 1, 2, 6, 7, 8, 1_000, 123_457] {
                let parts = (1..=of).map(|index| Share::new(index, of).unwrap());
                let mut next = 0;
                for part in parts.clone() {
                    let range = part.range(total);
                    assert_eq!(range.start, next, "{part} of {total}");
                    next = range.end;
                }
                assert_eq!(next, total);
                if total < 10 {
                    let takers = |number| parts.clone().filter(|part| part.takes(number)).count();
                    assert!((0..total).all(|number| takers(number) == 1));
                }
            }
        }
        assert_eq!(Share::new(7, 7).unwrap().range(u64::MAX).end, u64::MAX);
    }
}
