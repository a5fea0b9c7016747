//! Scenarios, limiters and stores become a report.
//!
//! ```
//! use gatecrash::campaign::{Campaign, Redis, Stores};
//! use gatecrash::{base::exit::Exit, scenario};
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

pub mod combine;
mod command_line;
mod done;
mod entry;
mod interleavings;
mod item;
pub mod journal;
mod loading;
pub mod nightly;
mod part;
mod request;
mod resize;
mod search;
mod server;
mod stopwatch;
mod stores;
mod subject;
mod walk;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use gatecrash_limiter::Algorithm;

use crate::base::share::Share;
use crate::campaign::journal::Journal;
use crate::explore::leak::replay_with_leaks;
use crate::explore::replay::Passing;
use crate::model::ComparedStore;
use crate::model::Model;
use crate::observe::{Extent, Phase};
use crate::report::shard::Shard;
use crate::report::{Engine, Invocation, RedisInfo, Report, StoreKind};
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::scenario::{Expectations, Expected, Scenario, Size};
use crate::world::schedule::Schedule;
use crate::world::store::StoreError;

pub use done::{Done, Known};
pub use request::{ExploreJob, Job, LoadJob, Request};
pub use search::{Override, Search, Strategy};
pub use stores::{Redis, Stores};

use interleavings::Counted;
use item::{Item, Work};
use server::Landed;
use subject::Subject;
use walk::Walked;

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
    /// How the size of the scenario differs from its file's.
    pub size: Size,
    /// How the command lines to reproduce call this program.
    pub invocation: Arc<Invocation>,
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

impl Campaign {
    /// A campaign that has run nothing yet.
    pub fn new(stores: Stores) -> Self {
        let report = Report { redis: stores.info(), ..Report::new(0) };
        Self {
            stores,
            control: Control::default(),
            search: Search::default(),
            overrides: Vec::new(),
            size: Size::default(),
            invocation: Arc::default(),
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
        self.report.shard = Some(Shard { server: self.invocation.server.clone(), ..shard });
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
        self.walk(scenario, &item::of_run(self, scenario))
    }

    /// One schedule against one limiter, with the expectation of the file's schedule that has the same order.
    pub fn replay(
        &mut self,
        scenario: &Scenario,
        limiter: &Arc<dyn Algorithm>,
        order: &Schedule,
        passing: Passing,
    ) -> Result<(), Error> {
        let known = scenario.schedules.iter().filter(|_| self.size.is_as_in_the_file());
        let same = known.into_iter().find(|scripted| scripted.order == *order);
        let subject = self.subject(scenario, limiter, same.map(|scripted| &scripted.expect));
        let items = item::of_schedule(self, &subject, Work::Schedule { name: None, order, passing });
        self.control.activity.expect_tasks(1);
        self.walk(scenario, &items)
    }

    /// All interleavings against one limiter, with the file's expectation if there is one.
    pub fn explore(
        &mut self,
        scenario: &Scenario,
        limiter: &Arc<dyn Algorithm>,
        expect: Option<&Expectations>,
    ) -> Result<(), Error> {
        self.walk(scenario, &item::of_exploration(self, scenario, limiter, expect))
    }

    fn subject<'a>(
        &self,
        scenario: &'a Scenario,
        limiter: &'a Arc<dyn Algorithm>,
        file: Option<&Expectations>,
    ) -> Subject<'a> {
        let expected = self.expected(limiter.name(), file);
        Subject {
            scenario,
            limiter,
            expected,
            size: self.size,
            search: self.search,
            seed: self.seed,
            invocation: Arc::clone(&self.invocation),
        }
    }

    /// What is expected of a limiter: what was said of it, else of all, else in the file.
    fn expected(&self, limiter: &str, file: Option<&Expectations>) -> Option<Expected> {
        let named = self.overrides.iter().rev().find(|given| given.limiter.as_deref() == Some(limiter));
        let all = || self.overrides.iter().rev().find(|given| given.limiter.is_none());
        named.or_else(all).map(|given| given.expected).or_else(|| file?.get(limiter).copied())
    }

    /// How many executions there are to be, where that is known.
    fn extent(&self, work: Work<'_>) -> Extent {
        match work {
            Work::Schedule { .. } => Extent::Units(1),
            Work::Sample { .. } => {
                let most = self.control.max_executions.unwrap_or(u64::MAX);
                let range = self.share().unwrap_or(Share::WHOLE).range(self.search.executions.min(most));
                Extent::Units(range.end - range.start)
            }
            _ => Extent::Open,
        }
    }

    /// Tells whoever watches what comes now.
    fn begin(&self, subject: &Subject<'_>, engine: Engine, store: StoreKind, extent: Extent) {
        let (scenario, limiter) = (&subject.scenario.name, subject.limiter.name());
        let unit = match engine {
            Engine::Census => "states",
            Engine::AnyNumber => "nodes",
            Engine::Certify => "cases",
            Engine::Load => "operations",
            Engine::Enumerate | Engine::Dpor | Engine::Sample | Engine::Schedule | Engine::Loom => {
                "executions"
            }
        };
        let what = format!("{scenario}, {limiter}: {engine} on {store}");
        self.control.activity.begin(Phase { what, unit, extent });
    }

    fn interrupted(&self) -> bool {
        self.control.interrupted.load(Ordering::Relaxed)
    }

    /// Runs an item, and confirms on the server what was found elsewhere, if there is one.
    fn carry_out(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        if let Some(reason) = item.unjudged() {
            return Ok(item.subject.unfit(item.store, &reason).into());
        }
        let canary = if item.store == StoreKind::Redis { self.canary(&item.subject) } else { Ok(None) };
        self.begin(&item.subject, item.engine(), item.store, self.extent(item.work));
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
        match canary.and_then(|canary| canary.map_or(Ok(None), |mut canary| canary.interference())) {
            Ok(Some(interference)) => Ok(item.interfered(done, &interference.to_string())),
            Ok(None) => Ok(done),
            Err(why) => {
                let unwatched =
                    format!("not looked at: whether somebody else changed the server meanwhile ({why})");
                let on_redis = done.results.iter_mut().filter(|entry| entry.store == StoreKind::Redis);
                on_redis.for_each(|entry| entry.notes.push(unwatched.clone()));
                Ok(done)
            }
        }
    }

    /// Whether the server answers all of a schedule as the model does.
    fn agrees(&mut self, subject: &Subject<'_>, order: &Schedule, passing: Passing) -> Result<bool, Error> {
        let Ok(store) = self.open(subject)? else { return Ok(false) };
        let store = ComparedStore::new(store);
        let trace = replay_with_leaks(subject.world(), store, order, passing, &self.control);
        Ok(matches!(self.landed(subject, trace)?, Landed::Found(_)))
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
            let trace = replay_with_leaks(subject.world(), Model::new(), order, passing, &self.control)?;
            self.control.count();
            return Ok(subject.schedule(StoreKind::Model, name, order, Ok(trace), started.elapsed()).into());
        }
        let store = match self.open(subject)? {
            Ok(store) => store,
            Err(not_run) => return Ok(not_run.into()),
        };
        let trace = match replay_with_leaks(
            subject.world(),
            ComparedStore::new(store),
            order,
            passing,
            &self.control,
        ) {
            Err(refused @ Error::ServerClock { .. }) => {
                return Ok(subject.unfit(StoreKind::Redis, &refused.to_string()).into());
            }
            trace => self.landed(subject, trace)?,
        };
        self.control.count();
        let trace = match trace {
            Landed::Found(trace) => Ok(trace),
            Landed::Differs(difference) if self.agrees(subject, order, passing)? => {
                let entry = subject.schedule(item.store, name, order, Err(difference), started.elapsed());
                let why = "somebody else changes its keys: run again, the same schedule went as on the model";
                return Ok(item.interfered(entry.into(), why));
            }
            Landed::Differs(difference) => Err(difference),
            Landed::Lost(not_run) => return Ok(not_run.into()),
        };
        Ok(subject.schedule(StoreKind::Redis, name, order, trace, started.elapsed()).into())
    }
}
