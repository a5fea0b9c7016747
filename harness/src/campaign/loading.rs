//! A load as part of a campaign: on its server, judged by its expectations, in its report.

use std::sync::Arc;

use gatecrash_limiter::Algorithm;

use super::{Campaign, Redis};
use crate::load::{self, LoadSettings};
use crate::report::About;
use crate::report::histogram::IntervalLog;
use crate::world::error::Error;

impl Campaign {
    /// Loads limiters, all in one run, on the campaign's server. Gives the log of their durations.
    ///
    /// # Panics
    ///
    /// Without a server.
    pub fn load(
        &mut self,
        limiters: &[Arc<dyn Algorithm>],
        settings: &LoadSettings,
    ) -> Result<IntervalLog, Error> {
        let Redis::Open(server) = &self.stores.redis else { panic!("a load needs a server") };
        let loaded = load::load(server, limiters, settings, &self.control)?;
        self.report.scenarios.push(About::from(settings));
        let expected = limiters.iter().map(|limiter| (&**limiter, self.expected(limiter.name(), None)));
        self.report.results.extend(loaded.entries(expected, &self.invocation));
        self.note_bound(loaded.stopped.as_ref());
        Ok(loaded.log)
    }
}
