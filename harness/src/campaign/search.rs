//! How interleavings are explored, and what is expected of them.

use serde::{Deserialize, Serialize};

use crate::explore::census::CensusOptions;
use crate::explore::sample::Sampler;
use crate::world::scenario::Expected;

/// How interleavings are explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The engine.
    pub strategy: Strategy,
    /// What a census counts.
    pub census: CensusOptions,
    /// Whether every edge of the graph is certified, instead of every distinct pair of content and command.
    pub certify_edges: bool,
    /// How many executions a sampler runs.
    pub executions: u64,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            census: CensusOptions::default(),
            certify_edges: false,
            executions: 10_000,
        }
    }
}

/// An engine, or the one that each store has by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The census on the model, certified on a server.
    #[default]
    Census,
    /// The census for every number of clients.
    AnyNumber,
    /// Every interleaving, each once.
    Enumerate,
    /// One interleaving of each class of equivalent ones.
    Dpor,
    /// Interleavings drawn at random.
    Sample(Sampler),
    /// All samplers side by side, beside the exact odds.
    CompareSamplers,
    /// loom alone.
    Loom,
}

/// An expectation that replaces a file's, of one limiter or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The limiter's name; all of them if there is none.
    pub limiter: Option<String>,
    /// What is expected.
    pub expected: Expected,
}
