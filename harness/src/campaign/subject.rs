//! What a run is about: one limiter in one scenario, and what is expected of it.

use std::sync::Arc;

use gatecrash_limiter::Algorithm;

use super::search::Search;
use crate::report::Invocation;
use crate::world::clients::World;
use crate::world::scenario::{Expected, Scenario, Size};

/// What an entry is about.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) limiter: &'a Arc<dyn Algorithm>,
    pub(super) expected: Option<Expected>,
    /// How the scenario's size differs from its file's.
    pub(super) size: Size,
    /// How its interleavings are explored.
    pub(super) search: Search,
    /// The seed of whatever is drawn at random.
    pub(super) seed: u64,
    /// How this program is called again.
    pub(super) invocation: Arc<Invocation>,
}

impl Subject<'_> {
    /// The clients before their first step.
    pub(super) fn world(&self) -> World {
        World::new(self.scenario, Arc::clone(self.limiter))
    }
}
