//! All interleavings of one scenario against one limiter: which engine on which store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::subject::Subject;
use super::{Campaign, Strategy};
use crate::counterexample::Violation;
use crate::error::Error;
use crate::explore::census::{self, Census, any};
use crate::explore::certify::Certified;
use crate::explore::dpor::Classes;
use crate::explore::prefixes::Prefixes;
use crate::explore::sample::{self, Sample, Sampler, Sampling, Settings};
use crate::explore::{Bound, Control, Exploration, certify, dpor, lockstep, loom, parallel};
use crate::merge::{self, Graph, Merge};
use crate::model::Model;
use crate::observe::Extent;
use crate::redis_store::Server;
use crate::replay::{Passing, replay};
use crate::report::{About, Engine, Entry, StoreKind};
use crate::scenario::{ClientSpec, MAX_CLIENTS, OperationKind, Scenario};
use crate::schedule::Schedule;
use crate::store::Compared;
use crate::world::World;

/// A census, the graph that it counts over, and how long both took.
struct Counted {
    graph: Graph,
    census: Census,
    elapsed: Duration,
}

impl Campaign {
    /// Explores on every store that is wanted, and confirms what was found on the server, if there is one.
    pub(super) fn interleavings(&mut self, subject: &Subject<'_>) -> Result<(), Error> {
        let first = self.report.results.len();
        match self.search.strategy {
            Strategy::Census => self.census(subject)?,
            Strategy::Enumerate => self.enumerate(subject)?,
            Strategy::AnyNumber => self.any_number(subject)?,
            Strategy::Dpor => self.dpor(subject)?,
            Strategy::Sample(sampler) => self.sample(subject, sampler, None)?,
            Strategy::CompareSamplers => self.compare_samplers(subject)?,
            Strategy::Loom => {}
        }
        self.confirm(subject, first)?;
        if self.stores.loom && !self.interrupted() {
            self.under_loom(subject)?;
        }
        Ok(())
    }

    /// Counts on the model, and certifies on the server what was counted over.
    fn census(&mut self, subject: &Subject<'_>) -> Result<(), Error> {
        let server = self.server(subject);
        if self.interrupted() || !self.stores.model && server.is_none() {
            return Ok(());
        }
        let counted = self.count(subject)?;
        if self.stores.model {
            let entry = subject.census(&counted.census, counted.elapsed)?;
            self.report.results.push(entry);
        }
        match server {
            Some(server) => self.certify(subject, &server, &counted),
            None => Ok(()),
        }
    }

    fn certify(&mut self, subject: &Subject<'_>, server: &Server, counted: &Counted) -> Result<(), Error> {
        self.begin(subject, Engine::Certify, StoreKind::Redis, Extent::Open);
        let started = Instant::now();
        let options = certify::Options {
            edges: self.search.certify_edges,
            seed: self.seed,
            ..certify::Options::default()
        };
        let world = subject.world();
        let certified = certify::certify_graph(&counted.graph, &world, server, options, &self.control);
        if let Ok(Certified { refused: Some(reason), .. }) = &certified {
            self.unfit(subject, StoreKind::Redis, &format!("not certified: {reason}"));
            return Ok(());
        }
        let stopped = |certified: &Certified| certified.stopped.clone();
        self.on_server(subject, Engine::Certify, started, certified, stopped, |certified, elapsed| {
            subject.certificate(&counted.census, certified, elapsed)
        })
    }

    /// What a run on the server came to, as an entry: what was found, or how a reply differed from the model's. That
    /// the server was lost is noted.
    fn on_server<T>(
        &mut self,
        subject: &Subject<'_>,
        engine: Engine,
        started: Instant,
        found: Result<T, Error>,
        stopped: impl FnOnce(&T) -> Option<Bound>,
        entry: impl FnOnce(&T, Duration) -> Result<Entry, Error>,
    ) -> Result<(), Error> {
        let Some(found) = self.unless_lost(subject, found)? else { return Ok(()) };
        let elapsed = started.elapsed();
        let entry = match found {
            Ok(found) => {
                self.note_bound(stopped(&found).as_ref());
                entry(&found, elapsed)?
            }
            Err(difference) => subject.mismatch(StoreKind::Redis, engine, difference, elapsed),
        };
        self.report.results.push(entry);
        Ok(())
    }

    fn count(&self, subject: &Subject<'_>) -> Result<Counted, Error> {
        self.begin(subject, Engine::Census, StoreKind::Model, Extent::Open);
        let started = Instant::now();
        let world = subject.world();
        let graph = merge::search(&world, self.search.census.merge, &self.control)?;
        let census = census::count(&graph, world.limit(), self.search.census, &self.control);
        Ok(Counted { graph, census, elapsed: started.elapsed() })
    }

    fn enumerate(&mut self, subject: &Subject<'_>) -> Result<(), Error> {
        if self.stores.model && !self.interrupted() {
            self.begin(subject, Engine::Enumerate, StoreKind::Model, Extent::Open);
            let started = Instant::now();
            let found = parallel::enumerate(subject.world(), &self.control, self.threads)?;
            let entry = subject.enumeration(StoreKind::Model, &found, started.elapsed())?;
            self.report.results.push(entry);
        }
        if let Some(server) = self.server(subject) {
            self.begin(subject, Engine::Enumerate, StoreKind::Redis, Extent::Open);
            let started = Instant::now();
            let (world, mut all) = (subject.world(), Prefixes::new());
            let found = lockstep::run(&world, &server, &mut all, lockstep::WIDTH, &self.control, &mut ());
            let stopped = |found: &Exploration| found.stopped.clone();
            self.on_server(subject, Engine::Enumerate, started, found, stopped, |found, elapsed| {
                subject.enumeration(StoreKind::Redis, found, elapsed)
            })?;
        }
        Ok(())
    }

    /// Decides for every number of clients. A violation is shown with as few clients as have one.
    fn any_number(&mut self, subject: &Subject<'_>) -> Result<(), Error> {
        self.begin(subject, Engine::AnyNumber, StoreKind::Model, Extent::Open);
        let started = Instant::now();
        let found = match any::decide(&subject.world(), &self.control)? {
            Ok(found) => found,
            Err(fails) => {
                self.unfit(subject, StoreKind::Model, &format!("not decided for every number: {fails}"));
                return Ok(());
            }
        };
        let mut entry = subject.any_number(&found, started.elapsed());
        if found.violated
            && let Some((scenario, violation)) = self.fewest(subject)?
        {
            let resized = format!(" --clients {}", scenario.clients.len());
            let resized = subject.resized.replace(" --clients any", &resized);
            let fewest = Subject { scenario: &scenario, resized, ..subject.clone() };
            (entry.counterexample, entry.trace) =
                fewest.counterexample_of(StoreKind::Model, Some(&violation))?;
            self.report.scenarios.retain(|about| about.name != scenario.name);
            self.report.scenarios.push(About::from(&scenario));
        }
        self.report.results.push(entry);
        Ok(())
    }

    /// The scenario with the fewest clients that violate, and how they do; nothing if a bound stopped the search for it.
    fn fewest(&self, subject: &Subject<'_>) -> Result<Option<(Scenario, Violation)>, Error> {
        let scenario = subject.scenario;
        let Some(first) = scenario.clients.first() else { return Ok(None) };
        // Fewer could not hold as many permits, however they step.
        let least = scenario.limit / most_held(first, scenario.repeat).max(1) + 1;
        let least = usize::try_from(least).unwrap_or(usize::MAX);
        for count in least..=MAX_CLIENTS {
            let clients = ClientSpec::workers(count, &first.program);
            let scenario = Scenario { clients, ..scenario.clone() };
            let world = World::new(&scenario, Arc::clone(subject.limiter));
            let graph = merge::search(&world, Merge::default(), &self.control)?;
            if let Some(violation) = census::shortest::violation(&graph, scenario.limit) {
                return Ok(Some((scenario, violation)));
            }
            if graph.stopped.is_some() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Draws executions at random.
    fn sample(&mut self, subject: &Subject<'_>, sampler: Sampler, exact: Option<f64>) -> Result<(), Error> {
        let world = subject.world();
        let settings = Settings { sampler, executions: self.search.executions, seed: self.seed };
        let most = self.control.max_executions.unwrap_or(u64::MAX);
        let drawn = Extent::Units(settings.executions.min(most));
        if self.stores.model && !self.interrupted() {
            self.begin(subject, Engine::Sample, StoreKind::Model, drawn);
            let started = Instant::now();
            match sample::on_model(&world, settings, self.threads, &self.control) {
                Err(unfit @ Error::Infinite) => self.unfit(subject, StoreKind::Model, &unfit.to_string()),
                drawn => {
                    let entry = subject.sample(StoreKind::Model, &drawn?, exact, started.elapsed())?;
                    self.report.results.push(entry);
                }
            }
        }
        if let Some(server) = self.server(subject) {
            self.begin(subject, Engine::Sample, StoreKind::Redis, drawn);
            let started = Instant::now();
            let mut sampling = match Sampling::new(&world, settings, &self.control) {
                Err(unfit @ Error::Infinite) => {
                    self.unfit(subject, StoreKind::Redis, &unfit.to_string());
                    return Ok(());
                }
                sampling => sampling?,
            };
            let control = Control { max_executions: None, ..self.control.clone() };
            let found = lockstep::run(&world, &server, &mut sampling, lockstep::WIDTH, &control, &mut ());
            let drawn = found.map(|found| sampling.sample(found));
            let stopped = |drawn: &Sample| drawn.found.stopped.clone();
            self.on_server(subject, Engine::Sample, started, drawn, stopped, |drawn, elapsed| {
                subject.sample(StoreKind::Redis, drawn, exact, elapsed)
            })?;
        }
        Ok(())
    }

    /// Every sampler with as many executions, beside the odds that the census knows.
    fn compare_samplers(&mut self, subject: &Subject<'_>) -> Result<(), Error> {
        let counted = self.count(subject)?.census;
        for sampler in Sampler::ALL {
            let exact = match sampler {
                Sampler::Random => counted.odds.as_ref().map(|odds| odds.value),
                Sampler::Uniform => counted.share_above(subject.scenario.limit),
                Sampler::Pct | Sampler::Pos | Sampler::Urw => None,
            };
            self.sample(subject, sampler, exact)?;
        }
        Ok(())
    }

    /// One execution of each trace class.
    fn dpor(&mut self, subject: &Subject<'_>) -> Result<(), Error> {
        if self.stores.model && !self.interrupted() {
            self.begin(subject, Engine::Dpor, StoreKind::Model, Extent::Open);
            let started = Instant::now();
            let found = dpor::explore(subject.world(), Model::new(), &self.control, &mut ())?;
            let entry = subject.classes(StoreKind::Model, &found, started.elapsed())?;
            self.report.results.push(entry);
        }
        if let Some(store) = self.open(subject)? {
            self.begin(subject, Engine::Dpor, StoreKind::Redis, Extent::Open);
            let started = Instant::now();
            let found = dpor::explore(subject.world(), Compared::new(store), &self.control, &mut ());
            let stopped = |classes: &Classes| classes.found.stopped.clone();
            self.on_server(subject, Engine::Dpor, started, found, stopped, |found, elapsed| {
                subject.classes(StoreKind::Redis, found, elapsed)
            })?;
        }
        Ok(())
    }

    /// Replays on the server what was found elsewhere.
    fn confirm(&mut self, subject: &Subject<'_>, first: usize) -> Result<(), Error> {
        let names = subject.scenario.client_names();
        for at in first..self.report.results.len() {
            let Some(order) = unconfirmed(&self.report.results[at]) else { continue };
            let Ok(schedule) = Schedule::parse(&order, &names) else { continue };
            let Some(store) = self.open(subject)? else { return Ok(()) };
            self.begin(subject, Engine::Schedule, StoreKind::Redis, Extent::Units(1));
            let started = Instant::now();
            let store = Compared::new(store);
            let trace = replay(subject.world(), store, &schedule, Passing::Allowed, &self.control);
            self.control.count();
            match self.unless_lost(subject, trace)? {
                Some(Ok(trace)) if u64::from(trace.peak()) > subject.scenario.limit => {
                    if let Some(found) = &mut self.report.results[at].counterexample {
                        found.confirmed_on.push(StoreKind::Redis);
                    }
                }
                Some(Err(difference)) => {
                    let elapsed = started.elapsed();
                    let entry = subject.schedule(StoreKind::Redis, None, &schedule, Err(difference), elapsed);
                    self.report.results.push(entry);
                }
                Some(Ok(_)) | None => {}
            }
        }
        Ok(())
    }

    fn under_loom(&mut self, subject: &Subject<'_>) -> Result<(), Error> {
        let world = subject.world();
        if let Some(reason) = loom::unfit(&world, &self.control)? {
            self.unfit(subject, StoreKind::Loom, &reason);
            return Ok(());
        }
        self.begin(subject, Engine::Loom, StoreKind::Loom, Extent::Open);
        let started = Instant::now();
        let explored = loom::explore(&world, &self.control)?;
        let entry = subject.loom(&explored, started.elapsed())?;
        self.report.results.push(entry);
        Ok(())
    }
}

/// The most permits that a client can hold at once.
fn most_held(client: &ClientSpec, repeat: u32) -> u64 {
    let (mut held, mut most) = (0u64, 0);
    for _ in 0..repeat {
        for operation in &client.program {
            held = match operation {
                OperationKind::Acquire => held + 1,
                OperationKind::Release => held.saturating_sub(1),
            };
            most = most.max(held);
        }
    }
    most
}

/// The order of a counterexample that was not seen on the server yet.
fn unconfirmed(entry: &Entry) -> Option<String> {
    let found = entry.counterexample.as_ref()?;
    let confirmed = entry.store == StoreKind::Loom || found.confirmed_on.contains(&StoreKind::Redis);
    (!confirmed).then(|| found.order.clone())
}
