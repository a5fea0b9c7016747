//! What is spread over all shards: a part of it, and all parts together.

use std::time::Duration;

use super::done::{DamagedItem, Done, Known};
use super::item::{Item, Work};
use crate::explore::Exploration;
use crate::explore::counterexample::{Path, Violation};
use crate::explore::sample::Sample;
use crate::model::Model;
use crate::report::shard::Part;
use crate::report::{Entry, StoreKind};
use crate::world::control::Bound;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, Schedule, Turn};

/// What executions came to: all of an item, or a part of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) found: Exploration,
    /// The number of the first violating one, where they are numbered.
    pub(super) first: Option<u64>,
    /// The exact share of violating ones, where it is known.
    pub(super) exact_share: Option<f64>,
}

/// Parts, added up.
#[derive(Default)]
struct Sum {
    tally: Tally,
    elapsed: Duration,
    /// The orders that a server showed too.
    confirmed: Vec<String>,
    /// Why a part could not be run.
    lost: Option<String>,
}

impl Item<'_> {
    /// All executions of the item as a result.
    pub(super) fn entry(&self, tally: Tally, elapsed: Duration) -> Result<Entry, Error> {
        let Tally { found, first, exact_share } = tally;
        match self.work {
            Work::Sample { sampler, .. } => {
                let sample = Sample { sampler, found, first_violation: first };
                self.subject.sample(self.store, &sample, exact_share, elapsed)
            }
            _ => self.subject.enumeration(self.store, &found, elapsed),
        }
    }

    /// Some of its executions, to be added to others.
    pub(super) fn part(&self, tally: Tally, elapsed: Duration) -> Part {
        let Tally { found, first, exact_share } = tally;
        let names = self.subject.scenario.client_names();
        let order = found.violation.map(|violation| {
            let turns = violation.order.into_iter().map(Turn::Choice).collect();
            Schedule { turns }.display(&names).to_string()
        });
        Part {
            scenario: self.subject.scenario.name.clone(),
            limiter: self.subject.limiter.name().to_owned(),
            store: self.store,
            engine: self.engine(),
            strategy: match self.work {
                Work::Sample { sampler, .. } => Some(sampler.to_string()),
                _ => None,
            },
            executions: found.executions,
            violating_executions: found.violating,
            peaks: found.peaks,
            order,
            confirmed: false,
            first,
            exact_share,
            // That there are no more of them stops every sampler.
            stopped: found.stopped.filter(|bound| !matches!(bound, Bound::Executions(_))),
            expected: self.subject.expected,
            elapsed_ns: Some(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)),
        }
    }

    /// What all shards know of it as a result. One that was stopped early may know nothing.
    pub(super) fn merge(
        &self,
        known: Vec<Known>,
        shards: u32,
        interrupted: bool,
    ) -> Result<Done, DamagedItem> {
        let all_there = known.len() == shards as usize;
        if !all_there && !interrupted {
            return Err(DamagedItem::MissingParts {
                known: known.len(),
                shards,
                limiter: self.subject.limiter.name().to_owned(),
                scenario: self.subject.scenario.name.clone(),
            });
        }
        let mut all = Vec::new();
        for Known { origin, done } in known {
            let done = self.restore(done).map_err(DamagedItem::at(origin.clone()))?;
            all.push((origin, done));
        }
        // A difference from the model ends a search, wherever it is met first.
        if let Some((_, differs)) =
            all.iter().find(|(_, done)| done.part.is_none() && !done.results.is_empty())
        {
            return Ok(differs.clone());
        }
        if all.iter().all(|(_, done)| done.part.is_none()) {
            return Ok(all.into_iter().next().map(|(_, done)| done).unwrap_or_default());
        }
        let (mut sum, mut done) = (Sum::default(), Done::default());
        for (origin, Done { part, results, not_run, .. }) in all {
            match part {
                Some(part) => self.add(&mut sum, part).map_err(DamagedItem::at(origin))?,
                None => sum.lost = sum.lost.or(not_run.first().map(|why| why.reason.clone())),
            }
            done.not_run.extend(not_run);
            // The same difference was met by all who looked.
            if done.results.is_empty() {
                done.results = results;
            }
        }
        let lost = sum.lost.take().map(Bound::LostServer);
        let stopped = lost.or((!all_there).then_some(Bound::Interrupted));
        done.results.insert(0, self.result(sum, stopped)?);
        Ok(done)
    }

    /// The sum of all parts as a result.
    fn result(&self, sum: Sum, missing: Option<Bound>) -> Result<Entry, DamagedItem> {
        let Sum { mut tally, elapsed, confirmed, .. } = sum;
        let all =
            matches!(self.work, Work::Sample { .. }).then_some(Bound::Executions(tally.found.executions));
        tally.found.stopped = tally.found.stopped.or(missing).or(all);
        let mut entry = self.entry(tally, elapsed)?;
        if let Some(found) = entry.counterexample.as_mut().filter(|found| confirmed.contains(&found.order)) {
            found.confirmed_on.push(StoreKind::Redis);
        }
        Ok(entry)
    }

    /// Adds a part, if it can be one.
    fn add(&self, sum: &mut Sum, part: Part) -> Result<(), DamagedItem> {
        sum.elapsed = sum.elapsed.saturating_add(Duration::from_nanos(part.elapsed_ns.unwrap_or(0)));
        sum.confirmed.extend(part.order.clone().filter(|_| part.confirmed));
        let tally = &mut sum.tally;
        let above = |peak: u32| u64::from(peak) > self.subject.scenario.limit;
        let all = total(part.peaks.values());
        let violating = total(part.peaks.iter().filter(|(peak, _)| above(**peak)).map(|(_, count)| count));
        let adds_up = (all, violating) == (Some(part.executions), Some(part.violating_executions));
        if !adds_up || tally.found.executions.checked_add(part.executions).is_none() {
            return Err(DamagedItem::WrongCounts);
        }
        let violation = match &part.order {
            Some(order) => Some(self.violation(order)?),
            None => None,
        };
        tally.found.add(Exploration {
            executions: part.executions,
            violating: part.violating_executions,
            peaks: part.peaks,
            violation,
            stopped: part.stopped,
        });
        tally.first = tally.first.into_iter().chain(part.first).min();
        tally.exact_share = tally.exact_share.or(part.exact_share);
        Ok(())
    }

    /// An order that ends with a violation, as the explorers rank it.
    fn violation(&self, order: &str) -> Result<Violation, DamagedItem> {
        let none = || DamagedItem::NoViolation(order.to_owned());
        let (world, names) = (self.subject.world(), self.subject.scenario.client_names());
        let schedule = Schedule::parse(order, &names).map_err(|_| none())?;
        let mut path = Path::new(world.limit());
        let mut execution = Execution::start(world, Model::new())?;
        for turn in schedule.turns {
            let Turn::Choice(choice @ Choice::Step(client)) = turn else { return Err(none()) };
            if !execution.world.client(client).ready() {
                return Err(none());
            }
            execution.take(choice)?;
            let world = &execution.world;
            path.push(choice, world.holders(), world.client(client).finished());
        }
        path.violation().filter(|_| path.violates_here()).ok_or_else(none)
    }
}

/// Nothing if it is more than can be.
fn total<'a>(mut counts: impl Iterator<Item = &'a u64>) -> Option<u64> {
    counts.try_fold(0, |sum: u64, count| sum.checked_add(*count))
}
