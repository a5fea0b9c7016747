//! Durations as text: whole numbers with a unit and sums of them, without spaces (`30s`, `250ms`, `1m30s`).
//!
//! The same text is used in schedules, in scenario files and on the command line. It is as fine as a Redis
//! server's clock: microseconds.

use std::fmt;
use std::time::Duration;

/// The units, largest first, each with its length in microseconds.
const UNITS: [(&str, u64); 5] =
    [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// The text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// Not a sum of whole numbers, each with a unit.
    #[error("not a duration: expected whole numbers with units, like `30s`, `250ms` or `1m30s`")]
    Unreadable,
    /// A number without a unit.
    #[error("`{0}` needs a unit, such as `{0}ms`")]
    NoUnit(String),
    /// A unit that does not exist.
    #[error("unknown unit of time: expected `us`, `ms`, `s`, `m` or `h`")]
    UnknownUnit,
    /// More microseconds than 64 bits can count.
    #[error("the duration is too long")]
    TooLong,
}

/// Reads a duration: `30s`, `250ms`, `1m30s`.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text;
    let mut micros: u64 = 0;
    loop {
        let (number, unit, after) = split_term(rest);
        if number.is_empty() {
            return Err(DurationError::Unreadable);
        }
        if unit.is_empty() {
            return Err(if after.is_empty() { without_unit(number) } else { DurationError::Unreadable });
        }
        let scale = scale_of(unit)?;
        let number: u64 = number.parse().map_err(|_| DurationError::TooLong)?;
        micros = number
            .checked_mul(scale)
            .and_then(|term| micros.checked_add(term))
            .ok_or(DurationError::TooLong)?;
        if after.is_empty() {
            return Ok(Duration::from_micros(micros));
        }
        rest = after;
    }
}

/// Splits off the first term: its digits, its unit, and what comes after it.
fn split_term(text: &str) -> (&str, &str, &str) {
    let (number, rest) = text.split_at(prefix_len(text, |c| c.is_ascii_digit()));
    let (unit, after) = rest.split_at(prefix_len(rest, char::is_alphabetic));
    (number, unit, after)
}

/// How many bytes of the text belong to its longest start of such characters.
fn prefix_len(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// What is wrong with a number that ends the text. One that no clock counts has more wrong with it than its unit.
fn without_unit(number: &str) -> DurationError {
    if number.parse::<u64>().is_ok() {
        DurationError::NoUnit(number.to_owned())
    } else {
        DurationError::TooLong
    }
}

/// The length of a unit in microseconds.
fn scale_of(unit: &str) -> Result<u64, DurationError> {
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale).ok_or(DurationError::UnknownUnit)
}

/// The canonical text of a duration: one number in the largest unit that fits it exactly. What is finer than a
/// microsecond is left out.
pub fn display(duration: Duration) -> DurationText {
    DurationText(duration)
}

/// A duration that prints as its canonical text; see [`display`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationText(Duration);

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        if micros == 0 {
            return f.write_str("0s");
        }
        let fits = |scale: u64| micros.is_multiple_of(u128::from(scale));
        let (unit, scale) = UNITS.into_iter().find(|(_, scale)| fits(*scale)).unwrap_or(("us", 1));
        write!(f, "{}{unit}", micros / u128::from(scale))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sums_of_whole_numbers_are_read() {
        for (text, micros) in [
            ("0s", 0),
            ("250ms", 250_000),
            ("30s", 30_000_000),
            ("1m30s", 90_000_000),
            ("1h2m3s4ms5us", 3_723_004_005),
            ("007us", 7),
            ("18446744073709551615us", u64::MAX),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, error) in [
            ("", DurationError::Unreadable),
            ("s", DurationError::Unreadable),
            ("-1s", DurationError::Unreadable),
            ("1.5s", DurationError::Unreadable),
            ("1s ", DurationError::Unreadable),
            ("1s30", DurationError::NoUnit("30".into())),
            ("30", DurationError::NoUnit("30".into())),
            ("30sec", DurationError::UnknownUnit),
            ("30S", DurationError::UnknownUnit),
            ("1\u{b5}s", DurationError::UnknownUnit),
            ("18446744073709551616", DurationError::TooLong),
            ("18446744073709551616us", DurationError::TooLong),
            ("5124095577h", DurationError::TooLong),
            ("18446744073709551615us1us", DurationError::TooLong),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_canonical_text_uses_the_largest_unit_that_fits() {
        for (given, canonical) in [
            ("0h", "0s"),
            ("30s", "30s"),
            ("1s500ms", "1500ms"),
            ("60s", "1m"),
            ("90s", "90s"),
            ("120m", "2h"),
            ("1000001us", "1000001us"),
        ] {
            assert_eq!(parse(given).map(|d| display(d).to_string()), Ok(canonical.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn printed_durations_are_read_back(micros: u64) {
            let duration = Duration::from_micros(micros);
            prop_assert_eq!(parse(&display(duration).to_string()), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "\\PC*|[0-9usmh]*") {
            let _ = parse(&text);
        }
    }
}
