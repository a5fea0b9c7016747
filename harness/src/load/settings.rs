//! What is loaded, and how: data, and its share for one of several machines.

use std::fmt::{self, Write as _};
use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::faults::Faults;
use super::hold::Hold;
use crate::base::duration;
use crate::base::share::Share;
use crate::report::{About, Invocation, StoreKind};

/// The scenario's name in entries: a load has none of its own.
pub const SCENARIO: &str = "load";

/// The most clients: as many connections as one address has ports for, about.
pub const MOST_CLIENTS: u32 = 20_000;
/// What is loaded, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadSettings {
    /// How many clients, from 1 to [`MOST_CLIENTS`].
    pub clients: u32,
    /// How many permits, at least 1.
    pub limit: u64,
    /// How long each limiter is measured.
    pub duration: Duration,
    /// How long each limiter runs before that.
    pub warmup: Duration,
    /// Open loop: operations per second of all clients together. Closed loop without.
    pub rate: Option<f64>,
    /// How long a permit is held.
    pub hold: Hold,
    /// What goes wrong.
    pub faults: Faults,
    /// How many operations may fail or go unanswered; without faults none if nothing is said, with faults any number.
    #[serde(default)]
    pub max_errors: Option<u64>,
    /// The seed of holds and faults.
    pub seed: u64,
    /// On how many threads the clients run.
    #[serde(skip, default = "one")]
    pub threads: NonZeroUsize,
}

/// Nothing falls to a shard: there are more shards than clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no client falls to shard {share}: there are only {clients}")]
pub struct NoClient {
    /// The shard.
    pub share: Share,
    /// How many clients there are.
    pub clients: u32,
}

// The rate is never not-a-number.
impl Eq for LoadSettings {}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

impl LoadSettings {
    /// How many operations may fail; any number if nothing is said.
    pub(super) fn most_errors(&self) -> Option<u64> {
        self.max_errors.or((!self.faults.any()).then_some(0))
    }

    /// What falls to one of several machines: its share of the clients, and of the rate.
    pub fn share(&self, share: Share) -> Result<Self, NoClient> {
        let range = share.range(self.clients.into());
        let clients = u32::try_from(range.end - range.start).unwrap_or(self.clients);
        if clients == 0 {
            return Err(NoClient { share, clients: self.clients });
        }
        let rate = self.rate.map(|rate| rate * f64::from(clients) / f64::from(self.clients));
        // Clients of different shards draw different numbers.
        let seed = self.seed.wrapping_add(range.start);
        Ok(Self { clients, rate, seed, ..self.clone() })
    }

    /// The command line that loads a limiter like this.
    pub(crate) fn command_line(&self, limiter: &str, call: &Invocation) -> String {
        let mut line = format!(
            "{} load --limiter {limiter} --clients {} --limit {} --duration {} --warmup {} --hold {}",
            call.program,
            self.clients,
            self.limit,
            duration::display(self.duration),
            duration::display(self.warmup),
            self.hold
        );
        if let Some(rate) = self.rate {
            let _ = write!(line, " --rate {rate}");
        }
        if self.faults.any() {
            let _ = write!(line, " --faults {}", self.faults);
        }
        if let Some(most) = self.max_errors {
            let _ = write!(line, " --max-errors {most}");
        }
        if self.seed != 0 {
            let _ = write!(line, " --seed {}", self.seed);
        }
        line + &call.server_for(StoreKind::Redis)
    }
}

impl fmt::Display for LoadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loop_ = self.rate.map_or_else(|| "closed loop".to_owned(), |rate| format!("open loop, {rate}/s"));
        let clients = if self.clients == 1 { "client" } else { "clients" };
        write!(
            f,
            "{} {clients}, {loop_}, hold {}, {} each",
            self.clients,
            self.hold,
            duration::display(self.duration)
        )?;
        if self.faults.any() { write!(f, ", faults {}", self.faults) } else { Ok(()) }
    }
}

/// A load has no scenario; this stands in its place.
impl From<&LoadSettings> for About {
    fn from(settings: &LoadSettings) -> Self {
        Self {
            name: SCENARIO.to_owned(),
            title: settings.to_string(),
            limit: settings.limit,
            clients: Vec::new(),
            file: None,
        }
    }
}

#[cfg(test)]
impl LoadSettings {
    /// Some load without faults.
    pub(super) fn for_tests() -> Self {
        Self {
            clients: 2,
            limit: 1,
            duration: Duration::from_secs(1),
            warmup: Duration::ZERO,
            rate: None,
            hold: "1ms".parse().unwrap(),
            faults: Faults::default(),
            max_errors: None,
            seed: 0,
            threads: NonZeroUsize::MIN,
        }
    }
}
