//! One result: a limiter in a scenario, on a store, by an engine.

use std::collections::BTreeMap;
use std::fmt;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::latency::Summary;
use super::load::Load;
use super::verdict::Judgement;
use crate::base::count::{Count, CountError};
use crate::base::duration;
use crate::world::control;
use crate::world::trace::Trace;

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
    /// How many merged states there are, identical clients counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<u64>,
    /// Set where there are infinitely many interleavings, so that none are counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub infinite: bool,
    /// The odds that a scheduler which draws a client at random meets a violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_walk_odds: Option<Odds>,
    /// How many interleavings have how many preemptions, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_preemptions: Option<Preemptions>,
    /// How many nodes the search over every number of clients has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u64>,
    /// What was compared with a real server.
    #[serde(flatten)]
    pub certificate: Option<Certificate>,
    /// How many classes of equivalent interleavings there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<u64>,
    /// How executions were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// The share of violating executions, and how many it takes to meet one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// What else there is to know of how it was found, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
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
    /// What is lost at the end of a schedule, where that was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leak: Option<Leak>,
    /// What a load came to.
    #[serde(flatten)]
    pub load: Option<Load>,
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
            states: None,
            infinite: false,
            random_walk_odds: None,
            by_preemptions: None,
            nodes: None,
            certificate: None,
            classes: None,
            strategy: None,
            estimate: None,
            notes: Vec::new(),
            executions: None,
            violating_executions: None,
            outcomes: None,
            exhaustive: None,
            coverage: None,
            mismatches: None,
            over_admission: None,
            leak: None,
            load: None,
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
    pub fn from_peaks<N: Clone + Into<BigUint>>(limit: u64, tally: &BTreeMap<u32, N>) -> Self {
        let tally: BTreeMap<u32, BigUint> =
            tally.iter().map(|(peak, count)| (*peak, count.clone().into())).collect();
        let over = tally.iter().filter(|(peak, _)| u64::from(**peak) > limit);
        let present = tally.iter().filter(|(_, count)| **count > BigUint::ZERO);
        Self {
            interleavings: Count::from(&tally.values().sum::<BigUint>()),
            violating: Count::from(&over.map(|(_, count)| count).sum::<BigUint>()),
            peaks: Peaks(present.map(|(peak, count)| (*peak, Count::from(count))).collect()),
        }
    }
}

/// Odds from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Odds {
    /// As a fraction in lowest terms, where that is not too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// As a number.
    pub value: f64,
}

// The value is never not-a-number.
impl Eq for Odds {}

/// Interleavings by their number of preemptions, in numeric order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Tally>")]
pub struct Preemptions(pub BTreeMap<u32, Tally>);

impl TryFrom<BTreeMap<String, Tally>> for Preemptions {
    type Error = CountError;

    fn try_from(named: BTreeMap<String, Tally>) -> Result<Self, CountError> {
        numbered(named).map(Self)
    }
}

/// How many interleavings there are, and how many of them over-admit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All of them.
    pub interleavings: Count,
    /// Those that over-admit.
    pub violating: Count,
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

/// How many interleavings have which peak number of holders, in numeric order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Count>")]
pub struct Peaks(pub BTreeMap<u32, Count>);

// Needed because serde turns no string back into a number below a flattened field.
impl TryFrom<BTreeMap<String, Count>> for Peaks {
    type Error = CountError;

    fn try_from(named: BTreeMap<String, Count>) -> Result<Self, CountError> {
        numbered(named).map(Self)
    }
}

fn numbered<T>(named: BTreeMap<String, T>) -> Result<BTreeMap<u32, T>, CountError> {
    let number = |(name, value): (String, T)| match name.parse() {
        Ok(number) => Ok((number, value)),
        Err(_) => Err(CountError::new(name)),
    };
    named.into_iter().map(number).collect()
}

/// What stopped a search before it had covered everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// What stopped it.
    pub stopped_by: Bound,
    /// How far it came, in words that can follow "stopped after".
    pub covered: String,
}

impl Coverage {
    /// How far a search came that was stopped after so many of what it counts.
    pub(crate) fn of(bound: &control::Bound, count: u64, unit: &str) -> Self {
        use control::Bound as By;
        let stopped_by = match bound {
            By::Executions(_) => Bound::MaxExecutions,
            By::States(_) => Bound::MaxStates,
            By::Preemptions(_) => Bound::Preemptions,
            By::Timeout(_) => Bound::Timeout,
            By::Interrupted => Bound::Interrupt,
            By::LostServer(_) => Bound::LostServer,
        };
        let counted = format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        let covered = match bound {
            By::Executions(_) | By::States(_) | By::Interrupted => counted,
            By::Preemptions(max) => format!("all interleavings with at most {max}"),
            By::Timeout(after) => format!("{} and {counted}", duration::display(*after)),
            By::LostServer(why) => format!("{counted} ({why})"),
        };
        Self { stopped_by, covered }
    }
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverAdmission {
    /// The highest number of holders above the limit, 0 if none was.
    pub max: u64,
    /// Under load: how often the limit was exceeded, each time until it was kept again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// The first of those times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Excess>,
}

/// A time during which more clients certainly held a permit than there are permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    /// When it began, since the measuring began.
    pub at_ns: u64,
    /// How long it lasted.
    pub duration_ns: u64,
    /// The highest number of holders.
    pub peak: u64,
}

impl OverAdmission {
    /// So many holders above the limit.
    pub fn by(max: u64) -> Self {
        Self { max, events: None, first: Vec::new() }
    }

    /// The over-admission of a peak number of holders.
    pub fn of_peak(peak: u32, limit: u64) -> Self {
        Self::by(u64::from(peak).saturating_sub(limit))
    }
}

/// What is lost at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// How many permits nobody holds and nobody can have.
    pub permits: u64,
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
