//! One result: a limiter in a scenario, on a store, and what that rests on.

use serde::{Deserialize, Serialize};

use super::coverage::{Coverage, StoppedBy};
use super::engine::{Engine, StoreKind};
use super::evidence::{Evidence, LoadEvidence, ScheduleEvidence};
use super::verdict::Judgement;
use crate::world::trace::Trace;

/// One result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The scenario's name.
    pub scenario: String,
    /// The limiter's name.
    pub limiter: String,
    /// What the commands acted on.
    pub store: StoreKind,
    /// What was found.
    pub evidence: Evidence,
    /// What was found in a word, and whether that was expected.
    pub judgement: Judgement,
    /// What stopped it and how far it came, where it was stopped.
    pub coverage: Option<Coverage>,
    /// The simplest schedule that violates a property.
    pub counterexample: Option<Counterexample>,
    /// What else there is to know of how it was found, in sentences.
    pub notes: Vec<String>,
    /// How long it all took.
    pub elapsed_ns: Option<u64>,
    /// The steps of the schedule, or of the counterexample, for people to read. Not in the document.
    pub trace: Option<Trace>,
    /// The command line that shows this result again, where no counterexample has one. Without secrets, and not in the
    /// document.
    pub rerun: Option<String>,
}

impl Entry {
    /// A result with nothing but its name, its evidence and its judgement.
    pub fn new(
        scenario: &str,
        limiter: &str,
        store: StoreKind,
        evidence: Evidence,
        judgement: Judgement,
    ) -> Self {
        Self {
            scenario: scenario.to_owned(),
            limiter: limiter.to_owned(),
            store,
            evidence,
            judgement,
            coverage: None,
            counterexample: None,
            notes: Vec::new(),
            elapsed_ns: None,
            trace: None,
            rerun: None,
        }
    }

    /// The engine that found it.
    pub fn engine(&self) -> Engine {
        self.evidence.engine()
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

    /// The load, if it is one.
    pub fn load(&self) -> Option<&LoadEvidence> {
        if let Evidence::Load(load) = &self.evidence { Some(load) } else { None }
    }

    /// The scripted schedule, if it is one.
    pub fn schedule(&self) -> Option<&ScheduleEvidence> {
        if let Evidence::Schedule(schedule) = &self.evidence { Some(schedule) } else { None }
    }

    /// How many replies of a real server differ from the model's, where they were compared one by one or one differed.
    pub fn mismatches(&self) -> Option<u64> {
        let met =
            || self.coverage.as_ref().is_some_and(|it| it.stopped_by == StoppedBy::Mismatch).then_some(1);
        if let Evidence::Certify(found) = &self.evidence { Some(found.mismatches) } else { met() }
    }

    /// Whether everything was covered, where that is a question.
    pub fn exhaustive(&self) -> Option<bool> {
        match self.evidence {
            Evidence::Schedule(_) | Evidence::Load(_) => self.coverage.as_ref().map(|_| false),
            _ => Some(self.coverage.is_none()),
        }
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
