//! All interleavings of one scenario against one limiter, by one engine on one store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::done::Done;
use super::item::Item;
use super::part::Tally;
use super::resize::{most_held, resized};
use super::server::Landed;
use super::subject::Subject;
use super::{Campaign, Redis};
use crate::explore::census::{self, Census, any};
use crate::explore::certify::{Certified, CertifyOptions};
use crate::explore::counterexample::Violation;
use crate::explore::dpor::Classes;
use crate::explore::prefixes::Prefixes;
use crate::explore::replay::{Passing, replay};
use crate::explore::sample::{Sample, SampleSettings, Sampler, Sampling, sampled_on_model};
use crate::explore::states::{self, Graph, StateSpace};
use crate::explore::{Exploration, certify, dpor, lockstep, loom, parallel};
use crate::model::ComparedStore;
use crate::model::Model;
use crate::observe::Extent;
use crate::report::{Engine, Entry, StoreKind};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::scenario::{ClientCount, MAX_CLIENTS, Scenario, Size};
use crate::world::schedule::Schedule;

/// A census, the graph that it counts over, and how long both took.
pub(super) struct Counted {
    graph: Graph,
    census: Census,
    elapsed: Duration,
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The graph may have millions of states.
        f.debug_struct("Counted").field("census", &self.census).finish_non_exhaustive()
    }
}

impl Campaign {
    /// Counts on the model.
    pub(super) fn census(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        let counted = self.count(&item.subject)?;
        let done = item.subject.census(&counted.census, counted.elapsed)?.into();
        self.counted = Some((item.subject.limiter.name().to_owned(), counted));
        Ok(done)
    }

    /// Certifies on the server what is counted over.
    pub(super) fn certify(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        let subject = &item.subject;
        let server = match self.server(subject) {
            Ok(server) => server,
            Err(not_run) => return Ok(not_run.into()),
        };
        let counted = self.count(subject)?;
        self.begin(subject, item.engine(), item.store, Extent::Open);
        let started = Instant::now();
        let options =
            CertifyOptions { edges: self.search.certify_edges, seed: self.seed, ..CertifyOptions::default() };
        let world = subject.world();
        let certified = certify::certify_graph(&counted.graph, &world, &server, options, &self.control);
        if let Ok(Certified { refused: Some(reason), .. }) = &certified {
            return Ok(subject.unfit(StoreKind::Redis, &format!("not certified: {reason}")).into());
        }
        let stopped = |certified: &Certified| certified.stopped.clone();
        self.on_server(item, started, certified, stopped, |_, certified, elapsed| {
            Ok(subject.certificate(&counted.census, &certified, elapsed)?.into())
        })
    }

    /// The census of a limiter, unless it was just taken. Whoever needs it once more puts it back.
    fn count(&mut self, subject: &Subject<'_>) -> Result<Counted, Error> {
        if let Some((limiter, counted)) = self.counted.take()
            && limiter == subject.limiter.name()
        {
            return Ok(counted);
        }
        self.begin(subject, Engine::Census, StoreKind::Model, Extent::Open);
        let started = Instant::now();
        let world = subject.world();
        let graph = states::search(&world, self.search.census.space, &self.control)?;
        let census = census::count(&graph, world.limit(), self.search.census, &self.control);
        Ok(Counted { graph, census, elapsed: started.elapsed() })
    }

    /// What a run on the server came to: what was found, or how a reply differed from the model's. That the server was
    /// lost is noted.
    fn on_server<T>(
        &mut self,
        item: &Item<'_>,
        started: Instant,
        found: Result<T, Error>,
        stopped: impl FnOnce(&T) -> Option<Bound>,
        done: impl FnOnce(&Self, T, Duration) -> Result<Done, Error>,
    ) -> Result<Done, Error> {
        let landed = self.landed(&item.subject, found)?;
        let elapsed = started.elapsed();
        match landed {
            Landed::Found(found) => {
                self.note_bound(stopped(&found).as_ref());
                done(self, found, elapsed)
            }
            Landed::Differs(difference) => {
                Ok(item.subject.mismatch(item.store, item.engine(), difference, elapsed).into())
            }
            Landed::Lost(not_run) => Ok(not_run.into()),
        }
    }

    /// What executions came to: all there are, or those that fall to this shard.
    fn tallied(&self, item: &Item<'_>, tally: Tally, elapsed: Duration) -> Result<Done, Error> {
        Ok(match self.share() {
            Some(_) => item.part(tally, elapsed).into(),
            None => item.entry(tally, elapsed)?.into(),
        })
    }

    pub(super) fn enumerate(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        let (world, started) = (item.subject.world(), Instant::now());
        let tally = |found| Tally { found, ..Tally::default() };
        if item.store == StoreKind::Model {
            let found = match self.share() {
                Some(share) => parallel::enumerate_share(&world, &self.control, self.threads, share)?,
                None => parallel::enumerate(world, &self.control, self.threads)?,
            };
            return self.tallied(item, tally(found), started.elapsed());
        }
        let server = match self.server(&item.subject) {
            Ok(server) => server,
            Err(not_run) => return Ok(not_run.into()),
        };
        let mut all = match self.share() {
            Some(share) => Prefixes::of(parallel::beginnings(&world, share)?),
            None => Prefixes::new(),
        };
        let found = lockstep::run(&world, &server, &mut all, lockstep::WIDTH, &self.control, &mut ());
        let stopped = |found: &Exploration| found.stopped.clone();
        self.on_server(item, started, found, stopped, |campaign, found, elapsed| {
            campaign.tallied(item, tally(found), elapsed)
        })
    }

    /// Decides for every number of clients. A violation is shown with as few clients as have one.
    pub(super) fn any_number(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        let (subject, started) = (&item.subject, Instant::now());
        let found = match any::decide(&subject.world(), &self.control)? {
            Ok(found) => found,
            Err(fails) => {
                let reason = format!("not decided for every number: {fails}");
                return Ok(subject.unfit(StoreKind::Model, &reason).into());
            }
        };
        let mut entry = subject.any_number(&found, started.elapsed());
        let mut clients = None;
        if found.violated
            && let Some((scenario, violation)) = self.fewest(subject)?
        {
            let count = u16::try_from(scenario.clients.len()).ok().map(ClientCount::Number);
            let size = Size { clients: count, ..subject.size };
            let fewest = Subject { scenario: &scenario, size, ..subject.clone() };
            (entry.counterexample, entry.trace) =
                fewest.counterexample_of(StoreKind::Model, Some(&violation))?;
            clients = Some(scenario.clients.len());
        }
        Ok(Done { clients, ..entry.into() })
    }

    /// The scenario with the fewest clients that violate, and how they do; nothing if a bound stopped the search for it.
    fn fewest(&self, subject: &Subject<'_>) -> Result<Option<(Scenario, Violation)>, Error> {
        let scenario = subject.scenario;
        let Some(first) = scenario.clients.first() else { return Ok(None) };
        // Fewer could not hold as many permits, however they step.
        let least = scenario.limit / most_held(first, scenario.repeat).max(1) + 1;
        let least = usize::try_from(least).unwrap_or(usize::MAX);
        for count in least..=MAX_CLIENTS {
            let Some(scenario) = resized(scenario, count) else { return Ok(None) };
            let world = World::new(&scenario, Arc::clone(subject.limiter));
            let graph = states::search(&world, StateSpace::default(), &self.control)?;
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
    pub(super) fn sample(
        &mut self,
        item: &Item<'_>,
        sampler: Sampler,
        compared: bool,
    ) -> Result<Done, Error> {
        let (subject, world) = (&item.subject, item.subject.world());
        let server = match item.store {
            StoreKind::Redis => match self.server(subject) {
                Ok(server) => Some(server),
                Err(not_run) => return Ok(not_run.into()),
            },
            _ => None,
        };
        let mut exact_share = None;
        if compared {
            exact_share = self.exact_share(subject, sampler)?;
            self.begin(subject, item.engine(), item.store, self.extent(item.work));
        }
        let started = Instant::now();
        let settings = SampleSettings { sampler, executions: self.search.executions, seed: self.seed };
        let mut sampling = match Sampling::new(&world, settings, &self.control) {
            Err(unfit @ Error::Infinite) => return Ok(subject.unfit(item.store, &unfit.to_string()).into()),
            sampling => sampling?,
        };
        if let Some(share) = self.share() {
            sampling = sampling.share(share);
        }
        let tally = |drawn: Sample| Tally { first: drawn.first_violation, found: drawn.found, exact_share };
        let Some(server) = server else {
            let drawn = sampled_on_model(&world, sampling, self.threads, &self.control)?;
            return self.tallied(item, tally(drawn), started.elapsed());
        };
        // The bound on executions is in their number.
        let control = Control { max_executions: None, ..self.control.clone() };
        let found = lockstep::run(&world, &server, &mut sampling, lockstep::WIDTH, &control, &mut ());
        let drawn = found.map(|found| sampling.sample(found));
        let stopped = |drawn: &Sample| drawn.found.stopped.clone();
        self.on_server(item, started, drawn, stopped, |campaign, drawn, elapsed| {
            campaign.tallied(item, tally(drawn), elapsed)
        })
    }

    /// The odds of a violation that the census knows, where a sampler has them.
    fn exact_share(&mut self, subject: &Subject<'_>, sampler: Sampler) -> Result<Option<f64>, Error> {
        let counted = self.count(subject)?;
        let share = match sampler {
            Sampler::Random => counted.census.probability.as_ref().map(|odds| odds.value),
            Sampler::Uniform => counted.census.share_above(subject.scenario.limit),
            Sampler::Pct | Sampler::Pos | Sampler::Urw => None,
        };
        self.counted = Some((subject.limiter.name().to_owned(), counted));
        Ok(share)
    }

    /// One execution of each trace class.
    pub(super) fn dpor(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        let (subject, started) = (&item.subject, Instant::now());
        if item.store == StoreKind::Model {
            let found = dpor::explore(subject.world(), Model::new(), &self.control, &mut ())?;
            return Ok(subject.classes(item.store, &found, started.elapsed())?.into());
        }
        let store = match self.open(subject)? {
            Ok(store) => store,
            Err(not_run) => return Ok(not_run.into()),
        };
        let found = dpor::explore(subject.world(), ComparedStore::new(store), &self.control, &mut ());
        let stopped = |classes: &Classes| classes.found.stopped.clone();
        self.on_server(item, started, found, stopped, |_, found, elapsed| {
            Ok(subject.classes(item.store, &found, elapsed)?.into())
        })
    }

    /// Replays on the server what was found elsewhere, if there is one.
    pub(super) fn confirm(&mut self, item: &Item<'_>, done: &mut Done) -> Result<(), Error> {
        let orders = done.results.iter().map(unconfirmed);
        let part = done.part.as_ref().filter(|part| part.store != StoreKind::Redis);
        let part = part.and_then(|part| part.order.clone());
        let orders: Vec<_> = orders.chain([part]).collect();
        for (at, order) in orders.into_iter().enumerate() {
            let Some(order) = order.filter(|_| matches!(self.stores.redis, Redis::Open(_))) else { continue };
            let seen = self.seen_on_the_server(item, &order, done)?;
            match (seen, done.results.get_mut(at), &mut done.part) {
                (true, Some(Entry { counterexample: Some(found), .. }), _) => {
                    found.confirmed_on.push(StoreKind::Redis);
                }
                (true, _, Some(part)) => part.confirmed = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the server shows a violation too. A difference from the model is a result of its own.
    fn seen_on_the_server(&mut self, item: &Item<'_>, order: &str, done: &mut Done) -> Result<bool, Error> {
        let subject = &item.subject;
        let Ok(schedule) = Schedule::parse(order, &subject.scenario.client_names()) else { return Ok(false) };
        if self.interrupted() {
            return Ok(false);
        }
        let store = match self.open(subject)? {
            Ok(store) => store,
            Err(not_run) => {
                done.not_run.push(not_run);
                return Ok(false);
            }
        };
        let (canary, started) = (self.canary(subject).ok().flatten(), Instant::now());
        self.begin(subject, Engine::Schedule, StoreKind::Redis, Extent::Units(1));
        let trace =
            replay(subject.world(), ComparedStore::new(store), &schedule, Passing::Allowed, &self.control);
        self.control.count();
        match self.landed(subject, trace)? {
            Landed::Found(trace) => Ok(u64::from(trace.peak()) > subject.scenario.limit),
            Landed::Differs(difference) => {
                let elapsed = started.elapsed();
                let entry = subject.schedule(StoreKind::Redis, None, &schedule, Err(difference), elapsed);
                done.results.push(match canary.and_then(|mut canary| canary.interference().ok().flatten()) {
                    Some(interference) => subject.interfered(entry, &interference.to_string()),
                    None => entry,
                });
                Ok(false)
            }
            Landed::Lost(not_run) => {
                done.not_run.push(not_run);
                Ok(false)
            }
        }
    }

    pub(super) fn under_loom(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        let world = item.subject.world();
        if let Some(reason) = loom::unfit(&world, &self.control)? {
            return Ok(item.subject.unfit(StoreKind::Loom, &reason).into());
        }
        let started = Instant::now();
        let explored = loom::explore(&world, &self.control)?;
        Ok(item.subject.loom(&explored, started.elapsed())?.into())
    }
}

/// The order of a counterexample that was not seen on the server yet.
fn unconfirmed(entry: &Entry) -> Option<String> {
    let found = entry.counterexample.as_ref()?;
    let confirmed = entry.store == StoreKind::Loom || found.confirmed_on.contains(&StoreKind::Redis);
    (!confirmed).then(|| found.order.clone())
}
