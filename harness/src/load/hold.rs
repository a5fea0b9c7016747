//! How long a permit is held.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::draws::Draws;
use crate::base::duration::{self, DurationError};

/// No permit is held for longer, so that a run comes to an end.
const LONGEST: Duration = Duration::from_secs(3600);

/// An exponentially distributed hold lasts for at most this many means.
const MEANS: u32 = 20;

/// A fixed time, or a distribution to draw from.
///
/// A hold ends with the next tick of the runtime's timer, which ticks once per millisecond. None at all takes no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Hold {
    /// Always as long: `1ms`.
    Fixed(Duration),
    /// Each time between two as likely: `uniform:1ms..5ms`.
    Uniform(Duration, Duration),
    /// Exponentially distributed around a mean: `exp:2ms`. Cut at 20 times the mean, which two in a thousand million reach.
    Exponential(Duration),
}

impl Hold {
    /// The mean.
    pub fn mean(self) -> Duration {
        match self {
            Self::Fixed(time) | Self::Exponential(time) => time,
            Self::Uniform(least, most) => (least + most) / 2,
        }
    }

    /// The longest time that can be drawn.
    pub(super) fn longest(self) -> Duration {
        match self {
            Self::Fixed(time) | Self::Uniform(_, time) => time,
            Self::Exponential(mean) => mean * MEANS,
        }
    }

    /// How long this time.
    pub(super) fn draw(self, draws: &mut Draws) -> Duration {
        match self {
            Self::Fixed(time) => time,
            Self::Uniform(least, most) => {
                let nanos = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX - 1);
                least + Duration::from_nanos(draws.below(nanos + 1))
            }
            Self::Exponential(mean) => mean.mul_f64((-unit(draws).ln()).min(f64::from(MEANS))),
        }
    }
}

/// A number above 0 and at most 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
fn unit(draws: &mut Draws) -> f64 {
    ((draws.any() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// The text is no hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoldError {
    /// One of its times is none.
    #[error("`{0}` is {error}", error = DurationError::Unreadable)]
    NoTime(String),
    /// One of its times has something wrong with it.
    #[error(transparent)]
    Time(DurationError),
    /// A time that no run waits for.
    #[error("a permit is held for at most 1h")]
    TooLong,
    /// A range with nothing in it.
    #[error("the shortest time is longer than the longest")]
    EmptyRange,
    /// A range without its two ends.
    #[error("`uniform` needs two times, as in uniform:1ms..5ms")]
    NoRange,
    /// A distribution that does not exist.
    #[error("`{0}` is no distribution: there are exp:MEAN and uniform:LEAST..MOST")]
    UnknownDistribution(String),
}

/// One of the times of a hold.
fn time(text: &str) -> Result<Duration, HoldError> {
    let time = duration::parse(text).map_err(|error| match error {
        DurationError::Unreadable => HoldError::NoTime(text.to_owned()),
        error => HoldError::Time(error),
    })?;
    if time > LONGEST { Err(HoldError::TooLong) } else { Ok(time) }
}

impl FromStr for Hold {
    type Err = HoldError;

    fn from_str(text: &str) -> Result<Self, HoldError> {
        match text.split_once(':') {
            None => Ok(Self::Fixed(time(text)?)),
            Some(("exp", mean)) => Ok(Self::Exponential(time(mean)?)),
            Some(("uniform", range)) => match range.split_once("..") {
                Some((least, most)) => {
                    let (least, most) = (time(least)?, time(most)?);
                    if least > most { Err(HoldError::EmptyRange) } else { Ok(Self::Uniform(least, most)) }
                }
                None => Err(HoldError::NoRange),
            },
            Some((other, _)) => Err(HoldError::UnknownDistribution(other.to_owned())),
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(time) => write!(f, "{}", duration::display(*time)),
            Self::Uniform(least, most) => {
                write!(f, "uniform:{}..{}", duration::display(*least), duration::display(*most))
            }
            Self::Exponential(mean) => write!(f, "exp:{}", duration::display(*mean)),
        }
    }
}

impl From<Hold> for String {
    fn from(value: Hold) -> Self {
        value.to_string()
    }
}

impl TryFrom<String> for Hold {
    type Error = HoldError;

    fn try_from(text: String) -> Result<Self, HoldError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_printed_again() {
        for text in ["0s", "1ms", "uniform:1ms..5ms", "exp:2ms"] {
            let hold: Hold = text.parse().expect(text);
            assert_eq!(hold.to_string().parse(), Ok(hold), "{text}");
        }
        for bad in
            ["", "1", "2h", "exp:", "exp:x", "uniform:1ms", "uniform:5ms..1ms", "pareto:1ms", "uniform:.."]
        {
            assert!(bad.parse::<Hold>().is_err(), "{bad}");
        }
        for text in ["5", "exp:5", "uniform:1ms..5"] {
            let error = text.parse::<Hold>().unwrap_err();
            assert_eq!(error.to_string(), "`5` needs a unit, such as `5ms`", "{text}");
        }
    }

    #[test]
    fn draws_are_within_their_bounds_and_around_their_mean() {
        let mut draws = Draws::new(7, 0);
        let ms = Duration::from_millis;
        let mut mean = |hold: Hold| {
            let times: Vec<Duration> = (0..10_000).map(|_| hold.draw(&mut draws)).collect();
            if let Hold::Uniform(least, most) = hold {
                assert!(times.iter().all(|time| (least..=most).contains(time)));
            }
            times.iter().sum::<Duration>().as_secs_f64() / 10_000.0
        };
        assert!((mean(Hold::Uniform(ms(1), ms(5))) - 0.003).abs() < 0.000_05);
        assert!((mean(Hold::Exponential(ms(2))) - 0.002).abs() < 0.000_1);
        assert!((mean(Hold::Fixed(ms(2))) - 0.002).abs() < 1e-9);
    }
}
