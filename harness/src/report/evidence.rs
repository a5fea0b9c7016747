//! What a result rests on: for each engine, just what that engine finds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::counts::{InterleavingCounts, Preemptions, RandomWalkProbability};
use super::engine::Engine;
use super::latency::Summary;
use super::load::MeasuredLoad;
use super::over_admission::OverAdmission;

/// What an engine found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The one schedule that was asked for.
    Schedule(ScheduleEvidence),
    /// All interleavings counted, over merged states.
    Census(CensusEvidence),
    /// The census for every number of clients at once.
    AnyNumber(AnyNumberEvidence),
    /// What the census rests on, compared with a real server.
    Certify(CertifyEvidence),
    /// Every interleaving, one after another.
    Enumerate(EnumerateEvidence),
    /// One interleaving of each trace class.
    Dpor(DporEvidence),
    /// Interleavings drawn at random.
    Sample(SampleEvidence),
    /// The interleavings that loom distinguishes.
    Loom(LoomEvidence),
    /// Real concurrency.
    Load(Box<LoadEvidence>),
    /// A search by that engine counted nothing: a reply of the server was not the model's, or somebody else changed the
    /// server meanwhile.
    Void(Engine),
}

/// One schedule was run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleEvidence {
    /// Its name, if it is one of the scenario's.
    pub name: Option<String>,
    /// The schedule as text.
    pub order: String,
    /// How far the limit was exceeded; absent where a reply was not the model's.
    pub over_admission: Option<OverAdmission>,
    /// What is lost at its end, where that was looked for.
    pub leak: Option<Leak>,
    /// How long operations took on a real server, by the operation's name.
    pub latency_ns: Option<BTreeMap<String, Summary>>,
}

/// What is lost at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// How many permits nobody holds and nobody can have.
    pub permits: u64,
}

/// Merged states were counted over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CensusEvidence {
    /// The exact counts, where all interleavings were covered.
    pub counts: Option<InterleavingCounts>,
    /// How many merged states there are, identical clients counted.
    pub states: u64,
    /// Set where there are infinitely many interleavings, so that none are counted.
    pub infinite: bool,
    /// The probability that a scheduler which draws a client at random meets a violation.
    pub random_walk: Option<RandomWalkProbability>,
    /// How many interleavings have how many preemptions, where that was asked for.
    pub by_preemptions: Option<Preemptions>,
    /// How far the limit was exceeded.
    pub over_admission: OverAdmission,
}

/// Every number of clients was decided at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyNumberEvidence {
    /// How many nodes the search has.
    pub nodes: u64,
}

/// A server was asked for what the census rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifyEvidence {
    /// What was compared.
    pub certificate: Certificate,
    /// How many replies differ from the model's.
    pub mismatches: u64,
    /// How far the limit was exceeded, as the census has it; absent where the certification was stopped.
    pub over_admission: Option<OverAdmission>,
}

/// Interleavings were run, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumerateEvidence {
    /// How many executions took place.
    pub executions: u64,
    /// What was counted.
    pub counted: Enumerated,
    /// How far the limit was exceeded.
    pub over_admission: OverAdmission,
}

/// What an enumeration counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enumerated {
    /// All interleavings: exact counts.
    All(InterleavingCounts),
    /// Those before it was stopped: how many violate.
    Part {
        /// How many executions violate a property.
        violating: u64,
    },
}

/// One execution of each trace class was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DporEvidence {
    /// How many executions took place.
    pub executions: u64,
    /// How many of them violate a property.
    pub violating_executions: u64,
    /// How many classes of equivalent interleavings there are.
    pub classes: u64,
    /// How far the limit was exceeded.
    pub over_admission: OverAdmission,
}

/// Executions were drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleEvidence {
    /// How they were drawn.
    pub strategy: String,
    /// How many executions took place.
    pub executions: u64,
    /// How many of them violate a property.
    pub violating_executions: u64,
    /// What follows for all executions; absent if none was drawn.
    pub estimate: Option<Estimate>,
    /// How far the limit was exceeded.
    pub over_admission: OverAdmission,
}

/// loom ran what it distinguishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoomEvidence {
    /// How many executions took place.
    pub executions: u64,
    /// How many of them violate a property.
    pub violating_executions: u64,
    /// How many distinct final results they had.
    pub outcomes: u64,
    /// How far the limit was exceeded.
    pub over_admission: OverAdmission,
}

/// A server was under load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadEvidence {
    /// What it came to.
    pub load: MeasuredLoad,
    /// How far the limit was exceeded, where that was watched.
    pub over_admission: Option<OverAdmission>,
    /// How long operations took from the send, by the operation's name.
    pub latency_ns: Option<BTreeMap<String, Summary>>,
}

impl LoadEvidence {
    /// Leaves out what is measured in time. Counts differ from run to run as well, and stay.
    pub(super) fn leave_times_out(&mut self) {
        self.latency_ns = None;
        self.load.leave_times_out();
        if let Some(over) = &mut self.over_admission {
            over.first.clear();
        }
    }
}

impl Evidence {
    /// The engine that found it.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Schedule(_) => Engine::Schedule,
            Self::Census(_) => Engine::Census,
            Self::AnyNumber(_) => Engine::AnyNumber,
            Self::Certify(_) => Engine::Certify,
            Self::Enumerate(_) => Engine::Enumerate,
            Self::Dpor(_) => Engine::Dpor,
            Self::Sample(_) => Engine::Sample,
            Self::Loom(_) => Engine::Loom,
            Self::Load(_) => Engine::Load,
            Self::Void(engine) => *engine,
        }
    }

    /// How far the limit was exceeded, where that is known.
    pub fn over_admission(&self) -> Option<&OverAdmission> {
        match self {
            Self::Schedule(found) => found.over_admission.as_ref(),
            Self::Census(found) => Some(&found.over_admission),
            Self::Certify(found) => found.over_admission.as_ref(),
            Self::Enumerate(found) => Some(&found.over_admission),
            Self::Dpor(found) => Some(&found.over_admission),
            Self::Sample(found) => Some(&found.over_admission),
            Self::Loom(found) => Some(&found.over_admission),
            Self::Load(found) => found.over_admission.as_ref(),
            Self::AnyNumber(_) | Self::Void(_) => None,
        }
    }

    /// How many executions took place, where executions are what is counted.
    pub fn executions(&self) -> Option<u64> {
        match self {
            Self::Schedule(_) => Some(1),
            Self::Enumerate(found) => Some(found.executions),
            Self::Dpor(found) => Some(found.executions),
            Self::Sample(found) => Some(found.executions),
            Self::Loom(found) => Some(found.executions),
            Self::Census(_) | Self::Certify(_) | Self::AnyNumber(_) | Self::Load(_) | Self::Void(_) => None,
        }
    }

    /// The exact counts over all interleavings, where there are any.
    pub fn counts(&self) -> Option<&InterleavingCounts> {
        match self {
            Self::Census(found) => found.counts.as_ref(),
            Self::Enumerate(EnumerateEvidence { counted: Enumerated::All(counts), .. }) => Some(counts),
            _ => None,
        }
    }
}

/// What was compared with a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Distinct pairs of a content of the store and a command.
    pub pairs: u64,
    /// Edges of the graph, all of which those pairs stand for.
    pub edges: u64,
    /// Under how many namings of the clients each was compared.
    pub namings: u32,
    /// How many questions that comes to, and how many of them were put to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases: Option<Cases>,
}

/// How much of a certification was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cases {
    /// How many cases the server has answered.
    pub asked: u64,
    /// How many there are.
    pub of: u64,
}

/// What a sample says of all executions, each interval with 95 % confidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The share of violating executions.
    pub share: f64,
    /// Where it lies.
    pub share_interval: (f64, f64),
    /// How many executions it takes on average to the first that violates; absent if none was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executions_to_first: Option<f64>,
    /// Where that lies; an end that is absent is unbounded.
    pub executions_to_first_interval: (f64, Option<f64>),
    /// The exact share under this way of drawing, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_share: Option<f64>,
    /// The number of the first execution that violates, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
}

// No value is ever not-a-number.
impl Eq for Estimate {}
