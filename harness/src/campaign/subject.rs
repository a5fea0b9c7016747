//! What a run is about: one limiter in one scenario, and what is expected of it.

use std::sync::Arc;

use gatecrash_limiter::Algorithm;

use crate::world::clients::World;
use crate::world::scenario::{Expected, Scenario};

/// What an entry is about.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) limiter: &'a Arc<dyn Algorithm>,
    pub(super) expected: Option<Expected>,
    /// The options by which the scenario differs from its file.
    pub(super) resized: String,
    /// The options that chose the search.
    pub(super) searched: String,
}

impl Subject<'_> {
    /// The clients before their first step.
    pub(super) fn world(&self) -> World {
        World::new(self.scenario, Arc::clone(self.limiter))
    }
}
