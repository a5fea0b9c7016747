//! The arguments of `gatecrash load`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::base::duration::{self, DurationError};
use crate::base::share::Share;
use crate::load::{Faults, Hold, MOST_CLIENTS};

/// The longest load.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug, Args)]
pub(crate) struct Load {
    /// A limiter; several are loaded in turns, block by block
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) limiter: Vec<String>,
    /// Run N clients, each with a connection of its own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_CLIENTS)))]
    pub(crate) clients: u32,
    /// The number of permits
    #[arg(long, value_name = "L", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit: u64,
    /// Measure each limiter for this long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Duration,
    /// Run each for this long before; nothing of that counts
    #[arg(long, value_name = "DURATION", value_parser = warmup, default_value = "1s")]
    pub(crate) warmup: Duration,
    /// Open loop: begin R acquires per second, all clients together [default: closed loop]
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Hold a permit for this long: 1ms, uniform:1ms..5ms or exp:2ms, to the next millisecond; 0s: not at all
    #[arg(long, value_name = "TIME", default_value = "1ms")]
    pub(crate) hold: Hold,
    /// Faults that strike operations: drop (a dropped future), cut (a cut connection), kill (a client that dies holding);
    /// such as drop,cut=0.5%. By itself, each strikes 1%
    #[arg(long, value_name = "FAULTS", default_value = None)]
    pub(crate) faults: Option<Faults>,
    /// How many operations may fail or go unanswered before the load proves nothing [default: 0; any number with
    /// --faults]
    #[arg(long, value_name = "N")]
    pub(crate) max_errors: Option<u64>,
    /// Load one of n parts, with its share of the clients and of the rate, on a key of its own; merge adds up the
    /// JSON reports
    #[arg(long, value_name = "k/n")]
    pub(crate) shard: Option<Share>,
    /// Write histograms to DIR: latency.hlog, and a .hgrm for each limiter and operation
    #[arg(long, value_name = "DIR")]
    pub(crate) histograms: Option<PathBuf>,
    /// Write the ratios to the floor to FILE, as a base for the command compare
    #[arg(long, value_name = "FILE")]
    pub(crate) save_baseline: Option<PathBuf>,
}

/// A time that no load lasts.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadTimeError {
    #[error(transparent)]
    NoDuration(#[from] DurationError),
    #[error("expected more than 0s")]
    None,
    #[error("expected at most 168h, a week")]
    TooLong,
}

pub(super) fn duration(text: &str) -> Result<Duration, LoadTimeError> {
    match warmup(text)? {
        Duration::ZERO => Err(LoadTimeError::None),
        time => Ok(time),
    }
}

fn warmup(text: &str) -> Result<Duration, LoadTimeError> {
    let time = duration::parse(text)?;
    if time > LONGEST { Err(LoadTimeError::TooLong) } else { Ok(time) }
}

/// A rate that no load has.
#[derive(Debug, thiserror::Error)]
#[error("expected a number from 0.01 to 10000000")]
struct NoRate;

fn rate(text: &str) -> Result<f64, NoRate> {
    text.parse().ok().filter(|rate| (0.01..=10_000_000.0).contains(rate)).ok_or(NoRate)
}
