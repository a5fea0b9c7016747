//! Scenarios, limiters and stores become a report.
//!
//! ```
//! use gatecrash::campaign::{Campaign, Redis, Stores};
//! use gatecrash::{exit::Exit, scenario};
//!
//! let text = r#"
//!     title = "Two workers take the last slot"
//!     why = "PIN-045"
//!     limit = 1
//!     limiters = ["naive", "atomic"]
//!     [clients]
//!     A = ["acquire", "release"]
//!     B = ["acquire", "release"]
//!     [explore]
//!     expect = { naive = "violation", atomic = "clean" }
//! "#;
//! let scenario = scenario::parse("last-slot.toml", text)?;
//! let mut campaign = Campaign::new(Stores { model: true, redis: Redis::Unwanted, loom: true });
//! campaign.run(&scenario)?;
//! let report = campaign.report();
//! assert_eq!(Exit::from(&report), Exit::Ok);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod done;
mod entry;
mod interleavings;
mod item;
mod part;
mod request;
mod rerun;
mod server;
mod stopwatch;
mod subject;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use gatecrash_limiter::Algorithm;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::explore::sample::Sampler;
use crate::explore::{Control, census};
use crate::journal::Journal;
use crate::model::Model;
use crate::redis_store::Server;
use crate::replay::{Passing, replay};
use crate::report::shard::{self, Shard};
use crate::report::{About, Engine, NotRun, RedisInfo, Report, StoreKind};
use crate::scenario::{Expectations, Expected, Scenario};
use crate::schedule::Schedule;
use crate::shard::Share;
use crate::store::{Compared, StoreError};

pub use done::{Done, Known};
pub use request::{Explore, Job, Request};

use interleavings::Counted;
use item::{Item, Work};
use server::Landed;
use subject::Subject;

/// Where scenarios are run.
#[derive(Clone, Debug)]
pub struct Stores {
    /// On the model.
    pub model: bool,
    /// On a real server.
    pub redis: Redis,
    /// Under loom, where they fit.
    pub loom: bool,
}

impl Stores {
    /// Those that are wanted, whether or not they are there.
    pub fn kinds(&self) -> Vec<StoreKind> {
        let redis = !matches!(self.redis, Redis::Unwanted);
        let wanted =
            [(StoreKind::Model, self.model), (StoreKind::Redis, redis), (StoreKind::Loom, self.loom)];
        wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(store, _)| store).collect()
    }

    /// What there is to say about the server, if there is one.
    pub fn info(&self) -> Option<RedisInfo> {
        let Redis::Open(server) = &self.redis else { return None };
        Some(RedisInfo {
            version: server.version().to_owned(),
            source: server.source().as_str().to_owned(),
            run_id: Some(server.run_id().to_owned()),
            address: Some(server.address().to_string()),
        })
    }
}

/// Whether there is a real server.
#[derive(Clone, Debug)]
pub enum Redis {
    /// Nobody asked for one.
    Unwanted,
    /// One would have been used, but there is none; with the reason, and how to get one.
    Missing(String),
    /// This one.
    Open(Server),
}

/// How interleavings are explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The engine.
    pub strategy: Strategy,
    /// What a census counts.
    pub census: census::Options,
    /// Whether every edge of the graph is certified, instead of every distinct pair of content and command.
    pub certify_edges: bool,
    /// How many executions a sampler runs.
    pub executions: u64,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            census: census::Options::default(),
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

/// A run of scenarios: what is asked for, and the report so far.
#[derive(Debug)]
pub struct Campaign {
    stores: Stores,
    /// Bounds on every exploration.
    pub control: Control,
    /// How interleavings are explored.
    pub search: Search,
    /// Expectations that replace those of the files.
    pub overrides: Vec<Override>,
    /// What `--clients` and `--limit` made of the scenario, for whoever repeats a run.
    pub resized: String,
    /// The options that chose the search, likewise.
    pub searched: String,
    /// On how many threads the model is explored. The report is the same for any number.
    pub threads: NonZeroUsize,
    /// The seed of whatever is drawn at random.
    pub seed: u64,
    /// Where what is done is kept, item by item.
    pub journal: Option<Journal>,
    /// What items came to elsewhere or before, by their numbers: these are not run again.
    pub known: BTreeMap<u64, Vec<Known>>,
    report: Report,
    lost: Option<StoreError>,
    /// The last census, as its certification comes next.
    counted: Option<(String, Counted)>,
    walked: Walked,
}

/// How far the list of items has been walked.
#[derive(Debug, Default)]
struct Walked {
    /// How many items were met.
    items: u64,
    /// How many of each kind, which are dealt out each on their own: they cost about the same.
    dealt: BTreeMap<(Engine, StoreKind), u64>,
    /// Where nothing is run and all is known: of how many shards.
    merging: Option<u32>,
    /// The items that nobody knows of, then.
    unknown: Vec<u64>,
}

impl Campaign {
    /// A campaign that has run nothing yet.
    pub fn new(stores: Stores) -> Self {
        let report = Report { redis: stores.info(), ..Report::new(0) };
        Self {
            stores,
            control: Control::default(),
            search: Search::default(),
            overrides: Vec::new(),
            resized: String::new(),
            searched: String::new(),
            threads: NonZeroUsize::MIN,
            seed: 0,
            journal: None,
            known: BTreeMap::new(),
            report,
            lost: None,
            counted: None,
            walked: Walked::default(),
        }
    }

    /// Whether there is a server.
    pub fn redis(&self) -> &Redis {
        &self.stores.redis
    }

    /// Leaves to others what does not fall to this shard.
    pub fn take_share(&mut self, shard: Shard) {
        self.report.shard = Some(shard);
    }

    /// Puts together what is known from so many shards, and runs nothing.
    pub(crate) fn only_merge(&mut self, shards: u32, redis: Option<RedisInfo>) {
        self.walked.merging = Some(shards);
        self.report.redis = redis;
    }

    /// Which items were met that nobody knows of, and how many were met in all.
    pub(crate) fn unknown(&self) -> (&[u64], u64) {
        (&self.walked.unknown, self.walked.items)
    }

    /// What was found so far.
    pub fn report(&self) -> Report {
        Report { seed: self.seed, interrupted: self.interrupted(), ..self.report.clone() }
    }

    /// Why the server was lost, if it was.
    pub fn lost(&self) -> Option<&StoreError> {
        self.lost.as_ref()
    }

    /// The main job: every schedule of a scenario, and all interleavings where it has `[explore]`, against each
    /// of its limiters, on every store.
    pub fn run(&mut self, scenario: &Scenario) -> Result<(), Error> {
        self.walk(scenario, item::of_run(self, scenario))
    }

    /// One schedule against one limiter.
    pub fn replay(
        &mut self,
        scenario: &Scenario,
        limiter: &Arc<dyn Algorithm>,
        order: &Schedule,
        passing: Passing,
    ) -> Result<(), Error> {
        let subject = self.subject(scenario, limiter, None);
        self.walk(scenario, item::of_schedule(self, &subject, Work::Schedule { name: None, order, passing }))
    }

    /// All interleavings against one limiter, with the file's expectation if that still applies.
    pub fn explore(
        &mut self,
        scenario: &Scenario,
        limiter: &Arc<dyn Algorithm>,
        expect: Option<&Expectations>,
    ) -> Result<(), Error> {
        self.walk(scenario, item::of_exploration(self, scenario, limiter, expect))
    }

    fn subject<'a>(
        &self,
        scenario: &'a Scenario,
        limiter: &'a Arc<dyn Algorithm>,
        file: Option<&Expectations>,
    ) -> Subject<'a> {
        let name = limiter.name();
        let named = self.overrides.iter().rev().find(|given| given.limiter.as_deref() == Some(name));
        let all = || self.overrides.iter().rev().find(|given| given.limiter.is_none());
        let given = named.or_else(all).map(|given| given.expected);
        let expected = given.or_else(|| file?.get(name).copied());
        let (resized, searched) = (self.resized.clone(), self.searched.clone());
        Subject { scenario, limiter, expected, resized, searched }
    }

    fn interrupted(&self) -> bool {
        self.control.interrupted.load(Ordering::Relaxed)
    }

    /// Which part of the campaign is run here, if not the whole.
    fn share(&self) -> Option<Share> {
        self.report.shard.as_ref().and_then(Shard::share)
    }

    /// Item after item: what is known of it is taken, what falls to this shard is run, the rest is for others.
    fn walk(&mut self, scenario: &Scenario, items: Vec<Item<'_>>) -> Result<(), Error> {
        if self.report.about(&scenario.name).is_none() {
            self.report.scenarios.push(About::from(scenario));
        }
        for item in items {
            let number = self.walked.items;
            self.walked.items += 1;
            let ours = self.falls_here(&item);
            let known = self.known.remove(&number).unwrap_or_default();
            let done = if !known.is_empty() {
                self.settle(&item, known).map_err(Error::Damaged)?
            } else if self.walked.merging.is_some() {
                self.walked.unknown.push(number);
                continue;
            } else if ours && !self.interrupted() {
                let done = self.carry_out(&item)?;
                self.keep(number, &done)?;
                done
            } else {
                continue;
            };
            self.take(number, &item, done);
        }
        self.counted = None;
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
    fn settle(&self, item: &Item<'_>, mut known: Vec<Known>) -> Result<Done, String> {
        match self.walked.merging {
            Some(shards) if item.is_spread() => item.merge(known, shards, self.interrupted()),
            _ => {
                let Known { origin, done } = known.remove(0);
                if let Some(other) = known.first() {
                    return Err(format!("{origin} and {} both have the same result", other.origin));
                }
                item.restore(done).map_err(|why| format!("{origin}: {why}"))
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

    /// Runs an item, and confirms on the server what was found elsewhere, if there is one.
    fn carry_out(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        let mut done = match item.work {
            Work::Schedule { name, order, passing } => self.schedule(item, name, order, passing)?,
            Work::Census if item.store == StoreKind::Redis => self.certify(item)?,
            Work::Census => self.census(item)?,
            Work::AnyNumber => self.any_number(item)?,
            Work::Enumerate => self.enumerate(item)?,
            Work::Dpor => self.dpor(item)?,
            Work::Sample { sampler, compared } => self.sample(item, sampler, compared)?,
            Work::Loom => return self.under_loom(item),
        };
        self.confirm(item, &mut done)?;
        Ok(done)
    }

    fn schedule(
        &mut self,
        item: &Item<'_>,
        name: Option<&str>,
        order: &Schedule,
        passing: Passing,
    ) -> Result<Done, Error> {
        let (subject, started) = (&item.subject, Instant::now());
        if item.store == StoreKind::Model {
            let trace = replay(subject.world(), Model::new(), order, passing, &self.control)?;
            return Ok(subject.schedule(StoreKind::Model, name, order, Ok(trace), started.elapsed()).into());
        }
        let store = match self.open(subject)? {
            Ok(store) => store,
            Err(not_run) => return Ok(not_run.into()),
        };
        let trace = match replay(subject.world(), Compared::new(store), order, passing, &self.control) {
            Err(refused @ Error::ServerClock { .. }) => {
                return Ok(subject.unfit(StoreKind::Redis, &refused.to_string()).into());
            }
            trace => self.landed(subject, trace)?,
        };
        let trace = match trace {
            Landed::Found(trace) => Ok(trace),
            Landed::Differs(difference) => Err(difference),
            Landed::Lost(not_run) => return Ok(not_run.into()),
        };
        Ok(subject.schedule(StoreKind::Redis, name, order, trace, started.elapsed()).into())
    }
}
