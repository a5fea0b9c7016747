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

mod entry;
mod interleavings;
mod loading;
mod rerun;
mod stopwatch;
mod subject;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use gatecrash_limiter::Algorithm;

use crate::error::Error;
use crate::explore::sample::Sampler;
use crate::explore::{Bound, Control, census};
use crate::model::Model;
use crate::observe::{Extent, Phase};
use crate::redis_store::{RedisStore, Server};
use crate::replay::{Passing, replay};
use crate::report::{About, Engine, NotRun, RedisInfo, Report, StoreKind};
use crate::scenario::{Expectations, Expected, Scenario};
use crate::schedule::Schedule;
use crate::store::{Compared, StoreError};

pub(crate) use entry::coverage;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    report: Report,
    lost: Option<StoreError>,
}

impl Campaign {
    /// A campaign that has run nothing yet.
    pub fn new(stores: Stores) -> Self {
        let mut report = Report::new(0);
        if let Redis::Open(server) = &stores.redis {
            report.redis = Some(RedisInfo {
                version: server.version().to_owned(),
                source: server.source().as_str().to_owned(),
                run_id: Some(server.run_id().to_owned()),
                address: Some(server.address().to_string()),
            });
        }
        Self {
            stores,
            control: Control::default(),
            search: Search::default(),
            overrides: Vec::new(),
            resized: String::new(),
            searched: String::new(),
            threads: NonZeroUsize::MIN,
            seed: 0,
            report,
            lost: None,
        }
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
        self.introduce(scenario);
        for limiter in &scenario.limiters {
            for script in &scenario.schedules {
                let subject = self.subject(scenario, limiter, Some(&script.expect));
                self.schedule(&subject, Some(&script.name), &script.order, Passing::Allowed)?;
            }
            if let Some(expect) = &scenario.explore {
                let subject = self.subject(scenario, limiter, Some(expect));
                self.interleavings(&subject)?;
            }
            self.control.activity.task_done();
        }
        Ok(())
    }

    /// One schedule against one limiter.
    pub fn replay(
        &mut self,
        scenario: &Scenario,
        limiter: &Arc<dyn Algorithm>,
        order: &Schedule,
        passing: Passing,
    ) -> Result<(), Error> {
        self.introduce(scenario);
        let subject = self.subject(scenario, limiter, None);
        self.schedule(&subject, None, order, passing)
    }

    /// All interleavings against one limiter, with the file's expectation if that still applies.
    pub fn explore(
        &mut self,
        scenario: &Scenario,
        limiter: &Arc<dyn Algorithm>,
        expect: Option<&Expectations>,
    ) -> Result<(), Error> {
        self.introduce(scenario);
        let subject = self.subject(scenario, limiter, expect);
        self.interleavings(&subject)?;
        self.control.activity.task_done();
        Ok(())
    }

    fn introduce(&mut self, scenario: &Scenario) {
        if self.report.about(&scenario.name).is_some() {
            return;
        }
        self.report.scenarios.push(About::from(scenario));
        if let Redis::Missing(reason) = &self.stores.redis {
            self.report.not_run.push(NotRun::no_server(&scenario.name, None, reason));
        }
    }

    fn subject<'a>(
        &self,
        scenario: &'a Scenario,
        limiter: &'a Arc<dyn Algorithm>,
        file: Option<&Expectations>,
    ) -> Subject<'a> {
        let expected = self.expected(limiter.name(), file);
        let (resized, searched) = (self.resized.clone(), self.searched.clone());
        Subject { scenario, limiter, expected, resized, searched }
    }

    /// What is expected of a limiter: what was said of it, else of all, else in the file.
    fn expected(&self, limiter: &str, file: Option<&Expectations>) -> Option<Expected> {
        let named = self.overrides.iter().rev().find(|given| given.limiter.as_deref() == Some(limiter));
        let all = || self.overrides.iter().rev().find(|given| given.limiter.is_none());
        named.or_else(all).map(|given| given.expected).or_else(|| file?.get(limiter).copied())
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

    fn schedule(
        &mut self,
        subject: &Subject<'_>,
        name: Option<&str>,
        order: &Schedule,
        passing: Passing,
    ) -> Result<(), Error> {
        if self.stores.model && !self.interrupted() {
            self.begin(subject, Engine::Schedule, StoreKind::Model, Extent::Units(1));
            let started = Instant::now();
            let trace = replay(subject.world(), Model::new(), order, passing, &self.control)?;
            self.control.count();
            let entry = subject.schedule(StoreKind::Model, name, order, Ok(trace), started.elapsed());
            self.report.results.push(entry);
        }
        if let Some(store) = self.open(subject)? {
            self.begin(subject, Engine::Schedule, StoreKind::Redis, Extent::Units(1));
            let started = Instant::now();
            let trace = match replay(subject.world(), Compared::new(store), order, passing, &self.control) {
                Err(refused @ Error::ServerClock { .. }) => {
                    self.unfit(subject, StoreKind::Redis, &refused.to_string());
                    return Ok(());
                }
                trace => self.unless_lost(subject, trace)?,
            };
            let Some(trace) = trace else { return Ok(()) };
            self.control.count();
            let entry = subject.schedule(StoreKind::Redis, name, order, trace, started.elapsed());
            self.report.results.push(entry);
        }
        Ok(())
    }

    fn unfit(&mut self, subject: &Subject<'_>, store: StoreKind, reason: &str) {
        let (scenario, limiter) = (&subject.scenario.name, subject.limiter.name());
        self.report.not_run.push(NotRun::unfit(scenario, Some(limiter), store, reason));
    }

    /// Notes once that a limiter could not be run on the server.
    fn without_server(&mut self, subject: &Subject<'_>, reason: &str) {
        let not_run = NotRun::no_server(&subject.scenario.name, Some(subject.limiter.name()), reason);
        if !self.report.not_run.contains(&not_run) {
            self.report.not_run.push(not_run);
        }
    }

    /// The server, if one is wanted and still there.
    fn server(&mut self, subject: &Subject<'_>) -> Option<Server> {
        let Redis::Open(server) = &self.stores.redis else { return None };
        if self.interrupted() {
            return None;
        }
        if let Some(lost) = &self.lost {
            let reason = lost.to_string();
            self.without_server(subject, &reason);
            return None;
        }
        Some(server.clone())
    }

    /// A store on the server, if one is wanted and still there.
    fn open(&mut self, subject: &Subject<'_>) -> Result<Option<RedisStore>, Error> {
        let Some(server) = self.server(subject) else { return Ok(None) };
        let store = server.store(subject.scenario.clients.len()).map_err(Error::from);
        let names = subject.scenario.client_names();
        let store = store.map(|store| store.watched_by(&self.control.activity, &names));
        Ok(self.unless_lost(subject, store)?.and_then(Result::ok))
    }

    /// Sorts out how a run on the server ended: a result, a difference from the model, or a server that is lost,
    /// which is noted; what needs none goes on.
    fn unless_lost<T>(
        &mut self,
        subject: &Subject<'_>,
        result: Result<T, Error>,
    ) -> Result<Option<Result<T, String>>, Error> {
        match result {
            Ok(value) => Ok(Some(Ok(value))),
            Err(Error::Store(differs @ StoreError::Differs { .. })) => Ok(Some(Err(differs.to_string()))),
            Err(Error::Store(lost @ StoreError::Unavailable { .. })) => {
                self.without_server(subject, &lost.to_string());
                self.lost = Some(lost);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Remembers that a search has lost the server.
    fn note_bound(&mut self, bound: Option<&Bound>) {
        if let Some(Bound::LostServer(why)) = bound {
            self.lost = Some(StoreError::Unavailable { what: "exploring".into(), why: why.clone() });
        }
    }
}
