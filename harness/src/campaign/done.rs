//! What an item came to, as it is kept and read back.

use serde::{Deserialize, Serialize};

use super::command_line::{explore_command, replay_command};
use super::item::{Item, Work};
use super::resize::resized;
use super::subject::Subject;
use crate::explore::replay::{Passing, replay};
use crate::model::Model;
use crate::report::shard::Part;
use crate::report::{self, About, Entry, NotRun, StoreKind};
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::scenario::Scenario;
use crate::world::schedule::{Schedule, TokenError};
use crate::world::trace::Trace;

/// What an item of a campaign came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// Its results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Entry>,
    /// What of it was not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_run: Vec<NotRun>,
    /// With how many clients the counterexample is shown, where not with the scenario's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<usize>,
    /// What the shard's part came to, where each shard has a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// What an item came to elsewhere or before, and where that is written.
#[derive(Clone, Debug)]
pub struct Known {
    /// The file, and the line if it has several.
    pub origin: String,
    /// What it came to.
    pub done: Done,
}

impl From<Entry> for Done {
    fn from(entry: Entry) -> Self {
        Self { results: vec![entry], ..Self::default() }
    }
}

impl From<NotRun> for Done {
    fn from(not_run: NotRun) -> Self {
        Self { not_run: vec![not_run], ..Self::default() }
    }
}

impl From<Part> for Done {
    fn from(part: Part) -> Self {
        Self { part: Some(part), ..Self::default() }
    }
}

impl Done {
    /// Whether it would come to the same again: nothing that has to do with this run alone stopped it.
    pub(super) fn is_final(&self) -> bool {
        use report::StoppedBy::{Interference, Interrupt, LostServer, Timeout};
        let passing = |entry: &Entry| {
            entry
                .coverage
                .as_ref()
                .is_some_and(|it| matches!(it.stopped_by, Interference | Interrupt | LostServer | Timeout))
        };
        let stopped = self.part.as_ref().and_then(|part| part.stopped.as_ref());
        let stopped = stopped.is_some_and(|bound| {
            matches!(bound, Bound::Interrupted | Bound::LostServer(_) | Bound::Timeout(_))
        });
        !stopped
            && !self.results.iter().any(passing)
            && !self.not_run.iter().any(NotRun::is_for_want_of_a_server)
    }

    /// What is known of the scenario, where it is shown in another size.
    pub(super) fn about(&self, scenario: &Scenario) -> Option<About> {
        resized(scenario, self.clients?).map(|scenario| About::from(&scenario))
    }
}

/// What was kept cannot be what an item came to.
#[derive(Debug, thiserror::Error)]
pub(super) enum DamagedItem {
    #[error("it is not about {limiter} of {scenario}")]
    Another { limiter: String, scenario: String },
    #[error("there are no {0} clients")]
    NoClients(usize),
    #[error("its part is not one of {scenario}, {limiter} on {store}")]
    AnotherPart { scenario: String, limiter: String, store: StoreKind },
    #[error("{}", .0.first().map_or_else(String::new, ToString::to_string))]
    NoSchedule(Vec<TokenError>),
    #[error(transparent)]
    NotRepeated(#[from] Error),
    #[error("steps {first} and {second}, counted from 0, are no pair of its steps")]
    NoSteps { first: usize, second: usize },
    #[error("the counts of its part do not add up")]
    WrongCounts,
    #[error("`{0}` does not end with a violation")]
    NoViolation(String),
    #[error(
        "only {known} of {shards} shards have a part of {limiter} in {scenario}: the others have not come to their end"
    )]
    MissingParts { known: usize, shards: u32, limiter: String, scenario: String },
    #[error("{one} and {other} both have the same result")]
    Twice { one: String, other: String },
    #[error("{origin}: {why}")]
    At { origin: String, why: Box<Self> },
}

impl DamagedItem {
    /// Says where it is written.
    pub(super) fn at(origin: String) -> impl FnOnce(Self) -> Self {
        |why| Self::At { origin, why: Box::new(why) }
    }
}

impl Item<'_> {
    /// Gives what was read back what no document holds: the steps, and the command line that shows them again.
    pub(super) fn restore(&self, mut done: Done) -> Result<Done, DamagedItem> {
        let Subject { scenario, limiter, .. } = &self.subject;
        let same = |name: &str, by: &str| name == scenario.name && by == limiter.name();
        let ours = done.results.iter().all(|entry| same(&entry.scenario, &entry.limiter))
            && done.not_run.iter().all(|not_run| not_run.scenario == scenario.name);
        if !ours {
            let (limiter, scenario) = (limiter.name().to_owned(), scenario.name.clone());
            return Err(DamagedItem::Another { limiter, scenario });
        }
        if let Some(part) = &done.part {
            self.check(part)?;
        }
        let another = match done.clients {
            Some(clients) => Some(resized(scenario, clients).ok_or(DamagedItem::NoClients(clients))?),
            None => None,
        };
        let shown = another.as_ref().unwrap_or(scenario);
        for entry in &mut done.results {
            entry.rerun = Some(match entry.schedule() {
                Some(schedule) => replay_command(&self.subject, &schedule.order, entry.store),
                None => explore_command(&self.subject, entry.store),
            });
            entry.trace = trace(&Subject { scenario: shown, ..self.subject.clone() }, entry)?;
        }
        Ok(done)
    }

    /// Whether a part is one of this item.
    pub(super) fn check(&self, part: &Part) -> Result<(), DamagedItem> {
        let strategy = match self.work {
            Work::Sample { sampler, .. } => Some(sampler.to_string()),
            _ => None,
        };
        let (scenario, limiter) = (&self.subject.scenario.name, self.subject.limiter.name());
        let ours = (&part.scenario, part.limiter.as_str(), part.store, part.engine, &part.strategy)
            == (scenario, limiter, self.store, self.engine(), &strategy);
        if ours && self.is_spread() {
            Ok(())
        } else {
            let (scenario, limiter) = (scenario.clone(), limiter.to_owned());
            Err(DamagedItem::AnotherPart { scenario, limiter, store: self.store })
        }
    }
}

/// The steps that a result shows: the model takes them again.
fn trace(subject: &Subject<'_>, entry: &Entry) -> Result<Option<Trace>, DamagedItem> {
    let found = entry.counterexample.as_ref();
    let order = match (found, entry.schedule()) {
        (Some(found), _) => &found.order,
        // A schedule that came to its end.
        (None, Some(schedule)) if entry.coverage.is_none() => &schedule.order,
        _ => return Ok(None),
    };
    let schedule =
        Schedule::parse(order, &subject.scenario.client_names()).map_err(DamagedItem::NoSchedule)?;
    let control = Control::default();
    let mut trace = replay(subject.world(), Model::new(), &schedule, Passing::Allowed, &control)?;
    if let Some(found) = found {
        trace.rows.truncate(schedule.turns.len());
        if let Some((first, second)) = found.critical_pair
            && !(first < second && second < trace.rows.len())
        {
            return Err(DamagedItem::NoSteps { first, second });
        }
    }
    Ok(Some(trace))
}
