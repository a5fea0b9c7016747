//! The one walk over a campaign's items: each is known, run here, or left to other shards.

use std::collections::BTreeMap;

use super::Campaign;
use super::done::{DamagedItem, Done, Known};
use super::item::Item;
use crate::base::share::Share;
use crate::report::shard::{self, Shard};
use crate::report::{About, Engine, NotRun, StoreKind};
use crate::world::error::Error;
use crate::world::scenario::Scenario;

/// How far the list of items has been walked.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// How many items were met.
    pub(super) items: u64,
    /// How many of each kind, which are dealt out each on their own: they cost about the same.
    dealt: BTreeMap<(Engine, StoreKind), u64>,
    /// Where nothing is run and all is known: of how many shards.
    pub(super) merging: Option<u32>,
    /// The items that nobody knows of, then.
    pub(super) unknown: Vec<u64>,
}

impl Campaign {
    /// Which part of the campaign is run here, if not the whole.
    pub(super) fn share(&self) -> Option<Share> {
        self.report.shard.as_ref().and_then(Shard::share)
    }

    /// Item after item: what is known of it is taken, what falls to this shard is run, the rest is for others.
    pub(super) fn walk(&mut self, scenario: &Scenario, items: &[Item<'_>]) -> Result<(), Error> {
        if self.report.about(&scenario.name).is_none() {
            self.report.scenarios.push(About::from(scenario));
        }
        for items in items.chunk_by(|one, next| one.subject.limiter.name() == next.subject.limiter.name()) {
            for item in items {
                self.meet(item)?;
            }
            self.control.activity.task_done();
        }
        self.counted = None;
        Ok(())
    }

    /// Takes what is known of the next item, or what comes of it if it falls to this shard.
    fn meet(&mut self, item: &Item<'_>) -> Result<(), Error> {
        let number = self.walked.items;
        self.walked.items += 1;
        let ours = self.falls_here(item);
        let known = self.known.remove(&number).unwrap_or_default();
        let done = if !known.is_empty() {
            self.settle(item, known).map_err(|damaged| Error::Damaged(damaged.to_string()))?
        } else if self.walked.merging.is_some() {
            self.walked.unknown.push(number);
            return Ok(());
        } else if ours && !self.interrupted() {
            let done = self.carry_out(item)?;
            self.keep(number, &done)?;
            done
        } else {
            return Ok(());
        };
        self.take(number, item, done);
        Ok(())
    }

    /// Whether an item, or a part of it, is run here.
    fn falls_here(&mut self, item: &Item<'_>) -> bool {
        let kind = (item.engine(), item.store);
        let nth = self.walked.dealt.entry(kind).or_default();
        // Each kind begins with another shard, so that few of many kinds do not all fall to the first.
        let number = *nth + kind.0 as u64 + kind.1 as u64;
        *nth += 1;
        item.is_spread() || self.share().is_none_or(|share| share.takes(number))
    }

    /// What an item came to elsewhere or before.
    fn settle(&self, item: &Item<'_>, mut known: Vec<Known>) -> Result<Done, DamagedItem> {
        match self.walked.merging {
            Some(shards) if item.is_spread() => item.merge(known, shards, self.interrupted()),
            _ => {
                let Known { origin, done } = known.remove(0);
                if let Some(other) = known.first() {
                    return Err(DamagedItem::Twice { one: origin, other: other.origin.clone() });
                }
                item.restore(done).map_err(DamagedItem::at(origin))
            }
        }
    }

    /// Keeps what an item came to, if it would come to the same again.
    fn keep(&mut self, number: u64, done: &Done) -> Result<(), Error> {
        let is_final = done.is_final() && self.lost.is_none() && self.control.stop(0).is_none();
        match &mut self.journal {
            Some(journal) if is_final => journal.append(number, done).map_err(Error::Journal),
            _ => Ok(()),
        }
    }

    /// Takes what an item came to into the report.
    fn take(&mut self, number: u64, item: &Item<'_>, done: Done) {
        let scenario = item.subject.scenario;
        if let Some(about) = done.about(scenario) {
            self.report.scenarios.retain(|known| known.name != scenario.name);
            self.report.scenarios.push(about);
        }
        let Done { results, not_run, clients, part } = done;
        let first = self.report.results.len();
        self.report.results.extend(results);
        let results = (first..self.report.results.len()).collect();
        let not_run = not_run.into_iter().map(|not_run| self.note(not_run)).collect();
        if let Some(shard) = &mut self.report.shard {
            shard.items.push(shard::Item { item: number, results, not_run, clients, part });
        }
    }

    /// Notes what was not run, the want of a server once. Gives its place.
    fn note(&mut self, not_run: NotRun) -> usize {
        let all = &mut self.report.not_run;
        let known = all.iter().position(|known| not_run.is_for_want_of_a_server() && *known == not_run);
        known.unwrap_or_else(|| {
            all.push(not_run);
            all.len() - 1
        })
    }
}
