//! One result: a limiter in a scenario, on a store, by an engine.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::count::{Count, CountError};
use super::latency::Summary;
use super::verdict::Judgement;
use crate::trace::Trace;

/// One result. What does not apply is absent from the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The scenario's name.
    pub scenario: String,
    /// The limiter's name.
    pub limiter: String,
    /// What the commands acted on.
    pub store: StoreKind,
    /// How the schedules were chosen.
    pub engine: Engine,
    /// The name of a scripted schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The schedule that was run, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The exact counts, where all interleavings were covered.
    #[serde(flatten)]
    pub census: Option<Census>,
    /// How many executions took place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executions: Option<u64>,
    /// How many of them violate a property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violating_executions: Option<u64>,
    /// How many distinct final results they had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<u64>,
    /// Whether everything was covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhaustive: Option<bool>,
    /// What stopped the search and how far it came, where it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// How many replies of a real server differ from the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatches: Option<u64>,
    /// How far the limit was exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_admission: Option<OverAdmission>,
    /// What was found and whether that was expected.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The simplest schedule that violates a property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<Counterexample>,
    /// How long operations took on a real server, by the operation's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ns: Option<BTreeMap<String, Summary>>,
    /// How long it all took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ns: Option<u64>,
    /// The steps of the schedule, or of the counterexample, for people to read.
    #[serde(skip)]
    pub trace: Option<Trace>,
    /// The command line that shows this result again, where no counterexample has one. Without secrets.
    #[serde(skip)]
    pub rerun: Option<String>,
}

impl Entry {
    /// A result with nothing but its name and its judgement; the rest is absent.
    pub fn new(
        scenario: &str,
        limiter: &str,
        store: StoreKind,
        engine: Engine,
        judgement: Judgement,
    ) -> Self {
        Self {
            scenario: scenario.to_owned(),
            limiter: limiter.to_owned(),
            store,
            engine,
            schedule: None,
            order: None,
            census: None,
            executions: None,
            violating_executions: None,
            outcomes: None,
            exhaustive: None,
            coverage: None,
            mismatches: None,
            over_admission: None,
            judgement,
            counterexample: None,
            latency_ns: None,
            elapsed_ns: None,
            trace: None,
            rerun: None,
        }
    }

    /// Whether this result makes the run fail.
    pub fn failed(&self) -> bool {
        self.judgement.ok() == Some(false)
    }

    /// The command line that shows this result again.
    pub fn reproduce(&self) -> Option<&str> {
        let shortest = self.counterexample.as_ref().map(|found| found.reproduce.as_str());
        shortest.or(self.rerun.as_deref())
    }
}

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
    /// The one schedule that was asked for.
    Schedule,
    /// The interleavings that loom distinguishes.
    Loom,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Enumerate => "enumerate",
            Self::Schedule => "schedule",
            Self::Loom => "loom",
        })
    }
}

/// Exact counts over all interleavings. They exist together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// How many interleavings there are.
    pub interleavings: Count,
    /// How many of them over-admit.
    pub violating: Count,
    /// How many have which peak number of holders.
    pub peaks: Peaks,
}

impl Census {
    /// The census that follows from how many interleavings have which peak number of holders.
    pub fn from_peaks(limit: u64, tally: &BTreeMap<u32, u128>) -> Self {
        let over = tally.iter().filter(|(peak, _)| u64::from(**peak) > limit);
        let present = tally.iter().filter(|(_, count)| **count > 0);
        Self {
            interleavings: tally.values().sum::<u128>().into(),
            violating: over.map(|(_, count)| count).sum::<u128>().into(),
            peaks: Peaks(present.map(|(peak, count)| (*peak, Count::from(*count))).collect()),
        }
    }
}

/// How many interleavings have which peak number of holders, in numeric order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Count>")]
pub struct Peaks(pub BTreeMap<u32, Count>);

// Needed because serde turns no string back into a number below a flattened field.
impl TryFrom<BTreeMap<String, Count>> for Peaks {
    type Error = CountError;

    fn try_from(named: BTreeMap<String, Count>) -> Result<Self, CountError> {
        let numbered = |(peak, count): (String, Count)| match peak.parse() {
            Ok(number) => Ok((number, count)),
            Err(_) => Err(CountError::new(peak)),
        };
        named.into_iter().map(numbered).collect::<Result<_, _>>().map(Self)
    }
}

/// What stopped a search before it had covered everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// What stopped it.
    pub stopped_by: Bound,
    /// How far it came, in words that can follow "stopped after".
    pub covered: String,
}

/// What can stop a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// `--max-states`.
    MaxStates,
    /// `--max-executions`.
    MaxExecutions,
    /// `--preemptions`.
    Preemptions,
    /// `--timeout`.
    Timeout,
    /// The user.
    Interrupt,
    /// A server that was there and is not any more.
    LostServer,
    /// A reply that differs from the model's.
    Mismatch,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxStates => "--max-states",
            Self::MaxExecutions => "--max-executions",
            Self::Preemptions => "--preemptions",
            Self::Timeout => "--timeout",
            Self::Interrupt => "an interrupt",
            Self::LostServer => "the loss of the server",
            Self::Mismatch => "a difference from the model",
        })
    }
}

/// How far the limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverAdmission {
    /// The highest number of holders above the limit, 0 if none was.
    pub max: u64,
}

impl OverAdmission {
    /// The over-admission of a peak number of holders.
    pub fn of_peak(peak: u32, limit: u64) -> Self {
        Self { max: u64::from(peak).saturating_sub(limit) }
    }
}

/// The simplest schedule that violates a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterexample {
    /// The schedule as text; it ends with the violating step.
    pub order: String,
    /// The first two positions, counted from 0, whose exchange removes the violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_pair: Option<(usize, usize)>,
    /// What happens, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The stores on which it was seen.
    pub confirmed_on: Vec<StoreKind>,
    /// The command line that shows it again. Without secrets.
    pub reproduce: String,
}
