//! The engines and the stores of results, by the names that the document has for them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the commands of a result acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// Redis in memory.
    Model,
    /// A real server.
    Redis,
    /// Loom's own model of threads.
    Loom,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Model => "model",
            Self::Redis => "redis",
            Self::Loom => "loom",
        })
    }
}

/// How the schedules of a result were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Every interleaving, one after another.
    Enumerate,
    /// All interleavings counted, over merged states.
    Census,
    /// The census for every number of clients at once.
    AnyNumber,
    /// What the census rests on, compared with a real server.
    Certify,
    /// One interleaving of each class of equivalent ones.
    Dpor,
    /// Interleavings drawn at random.
    Sample,
    /// The one schedule that was asked for.
    Schedule,
    /// The interleavings that loom distinguishes.
    Loom,
    /// None: clients ran at once, as the machines would have it.
    Load,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Enumerate => "enumerate",
            Self::Census => "census",
            Self::AnyNumber => "any-number",
            Self::Certify => "certify",
            Self::Dpor => "dpor",
            Self::Sample => "sample",
            Self::Schedule => "schedule",
            Self::Loom => "loom",
            Self::Load => "load",
        })
    }
}
