//! A result as the document has it: one flat object, in which what does not apply is absent.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::counts::{InterleavingCounts, Preemptions, RandomWalkProbability};
use super::coverage::{Coverage, StoppedBy};
use super::engine::{Engine, StoreKind};
use super::entry::{Counterexample, Entry};
use super::evidence::{
    AnyNumberEvidence, CensusEvidence, Certificate, CertifyEvidence, DporEvidence, EnumerateEvidence,
    Enumerated, Estimate, Evidence, Leak, LoadEvidence, LoomEvidence, SampleEvidence, ScheduleEvidence,
};
use super::latency::Summary;
use super::load::MeasuredLoad;
use super::over_admission::OverAdmission;
use super::verdict::Judgement;

/// The object, in the order of its fields. A load's own fields are written from the load itself, and read from what is
/// left over: so that what is wrong with one of them can be said.
#[derive(Serialize, Deserialize)]
struct FlatEntry<L> {
    scenario: String,
    limiter: String,
    store: StoreKind,
    engine: Engine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(flatten)]
    counts: Option<InterleavingCounts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    states: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    infinite: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    random_walk_probability: Option<RandomWalkProbability>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_preemptions: Option<Preemptions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nodes: Option<u64>,
    #[serde(flatten)]
    certificate: Option<Certificate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    classes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    estimate: Option<Estimate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    executions: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    violating_executions: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcomes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exhaustive: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mismatches: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over_admission: Option<OverAdmission>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leak: Option<Leak>,
    #[serde(flatten)]
    load: L,
    #[serde(flatten)]
    judgement: Judgement,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counterexample: Option<Counterexample>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latency_ns: Option<BTreeMap<String, Summary>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elapsed_ns: Option<u64>,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FlatEntry::from(self).serialize(serializer)
    }
}

impl<'a> From<&'a Entry> for FlatEntry<Option<&'a MeasuredLoad>> {
    fn from(entry: &'a Entry) -> Self {
        let flat = Self {
            scenario: entry.scenario.clone(),
            limiter: entry.limiter.clone(),
            store: entry.store,
            engine: entry.engine(),
            schedule: None,
            order: None,
            counts: entry.evidence.counts().cloned(),
            states: None,
            infinite: false,
            random_walk_probability: None,
            by_preemptions: None,
            nodes: None,
            certificate: None,
            classes: None,
            strategy: None,
            estimate: None,
            notes: entry.notes.clone(),
            executions: entry.evidence.executions(),
            violating_executions: None,
            outcomes: None,
            exhaustive: entry.exhaustive(),
            coverage: entry.coverage.clone(),
            mismatches: entry.mismatches(),
            over_admission: entry.evidence.over_admission().cloned(),
            leak: None,
            load: None,
            judgement: entry.judgement,
            counterexample: entry.counterexample.clone(),
            latency_ns: None,
            elapsed_ns: entry.elapsed_ns,
        };
        match &entry.evidence {
            Evidence::Schedule(found) => Self {
                schedule: found.name.clone(),
                order: Some(found.order.clone()),
                leak: found.leak,
                latency_ns: found.latency_ns.clone(),
                ..flat
            },
            Evidence::Census(found) => Self {
                states: Some(found.states),
                infinite: found.infinite,
                random_walk_probability: found.random_walk.clone(),
                by_preemptions: found.by_preemptions.clone(),
                ..flat
            },
            Evidence::AnyNumber(found) => Self { nodes: Some(found.nodes), ..flat },
            Evidence::Certify(found) => Self { certificate: Some(found.certificate), ..flat },
            Evidence::Enumerate(found) => match found.counted {
                Enumerated::All(_) => flat,
                Enumerated::Part { violating } => Self { violating_executions: Some(violating), ..flat },
            },
            Evidence::Dpor(found) => Self {
                classes: Some(found.classes),
                violating_executions: Some(found.violating_executions),
                ..flat
            },
            Evidence::Sample(found) => Self {
                strategy: Some(found.strategy.clone()),
                violating_executions: Some(found.violating_executions),
                estimate: found.estimate.clone(),
                ..flat
            },
            Evidence::Loom(found) => Self {
                violating_executions: Some(found.violating_executions),
                outcomes: Some(found.outcomes),
                ..flat
            },
            Evidence::Load(found) => {
                Self { load: Some(&found.load), latency_ns: found.latency_ns.clone(), ..flat }
            }
            Evidence::Void(_) => flat,
        }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let flat = FlatEntry::<Map<String, Value>>::deserialize(deserializer)?;
        flat.entry().map_err(serde::de::Error::custom)
    }
}

/// Why an object is no result.
#[derive(Debug, thiserror::Error)]
enum FlatEntryError {
    #[error("a result of the engine {engine} has no `{field}`")]
    Missing { engine: Engine, field: &'static str },
    #[error("the load of `{limiter}`: {error}")]
    Load { limiter: String, error: serde_json::Error },
}

impl FlatEntry<Map<String, Value>> {
    fn entry(mut self) -> Result<Entry, FlatEntryError> {
        let evidence = self.evidence()?;
        Ok(Entry {
            coverage: self.coverage,
            counterexample: self.counterexample,
            notes: self.notes,
            elapsed_ns: self.elapsed_ns,
            ..Entry::new(&self.scenario, &self.limiter, self.store, evidence, self.judgement)
        })
    }

    /// Takes out what the engine found.
    fn evidence(&mut self) -> Result<Evidence, FlatEntryError> {
        let engine = self.engine;
        let is_void = |it: &Coverage| matches!(it.stopped_by, StoppedBy::Mismatch | StoppedBy::Interference);
        let is_void = self.coverage.as_ref().is_some_and(is_void);
        if is_void && self.executions.is_none() && self.certificate.is_none() {
            return Ok(Evidence::Void(engine));
        }
        let missing = |field| FlatEntryError::Missing { engine, field };
        let executions = self.executions.ok_or_else(|| missing("executions"));
        let violating_executions = self.violating_executions.ok_or_else(|| missing("violating_executions"));
        let over_admission = self.over_admission.take();
        let known = |over: Option<OverAdmission>| over.ok_or_else(|| missing("over_admission"));
        Ok(match engine {
            Engine::Schedule => Evidence::Schedule(ScheduleEvidence {
                name: self.schedule.take(),
                order: self.order.take().ok_or_else(|| missing("order"))?,
                over_admission,
                leak: self.leak,
                latency_ns: self.latency_ns.take(),
            }),
            Engine::Census => Evidence::Census(CensusEvidence {
                counts: self.counts.take(),
                states: self.states.ok_or_else(|| missing("states"))?,
                infinite: self.infinite,
                random_walk: self.random_walk_probability.take(),
                by_preemptions: self.by_preemptions.take(),
                over_admission: known(over_admission)?,
            }),
            Engine::AnyNumber => {
                Evidence::AnyNumber(AnyNumberEvidence { nodes: self.nodes.ok_or_else(|| missing("nodes"))? })
            }
            Engine::Certify => Evidence::Certify(CertifyEvidence {
                certificate: self.certificate.ok_or_else(|| missing("pairs"))?,
                mismatches: self.mismatches.ok_or_else(|| missing("mismatches"))?,
                over_admission,
            }),
            Engine::Enumerate => Evidence::Enumerate(EnumerateEvidence {
                executions: executions?,
                counted: match self.counts.take() {
                    Some(counts) => Enumerated::All(counts),
                    None => Enumerated::Part { violating: violating_executions? },
                },
                over_admission: known(over_admission)?,
            }),
            Engine::Dpor => Evidence::Dpor(DporEvidence {
                executions: executions?,
                violating_executions: violating_executions?,
                classes: self.classes.ok_or_else(|| missing("classes"))?,
                over_admission: known(over_admission)?,
            }),
            Engine::Sample => Evidence::Sample(SampleEvidence {
                strategy: self.strategy.take().ok_or_else(|| missing("strategy"))?,
                executions: executions?,
                violating_executions: violating_executions?,
                estimate: self.estimate.take(),
                over_admission: known(over_admission)?,
            }),
            Engine::Loom => Evidence::Loom(LoomEvidence {
                executions: executions?,
                violating_executions: violating_executions?,
                outcomes: self.outcomes.ok_or_else(|| missing("outcomes"))?,
                over_admission: known(over_admission)?,
            }),
            Engine::Load => Evidence::Load(Box::new(LoadEvidence {
                load: serde_json::from_value(Value::Object(std::mem::take(&mut self.load)))
                    .map_err(|error| FlatEntryError::Load { limiter: self.limiter.clone(), error })?,
                over_admission,
                latency_ns: self.latency_ns.take(),
            })),
        })
    }
}
