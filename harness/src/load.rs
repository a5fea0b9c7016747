//! Limiters under real concurrency, on a real server: over-admission that happened, and honest latencies.
//!
//! Each client has a connection of its own and runs acquire, hold, release, over and over. Closed loop: it begins again as
//! soon as it is done. Open loop: operations [fall due](arrivals) at a rate, however long others take.
//!
//! # Fair in time
//!
//! The measured time is cut into blocks. The limiters take turns, block by block, and before each round the floor is
//! measured: bare `PING`s over the same connections. So what else the machine does in those minutes hits all of them
//! alike, and each block has a floor of its own to be compared with.
//!
//! # What counts
//!
//! The warm-up counts nowhere. At the end of a block nothing more begins, and what has begun is waited for and counts.
//! `attempts = admitted + refused + errors + unknown`, always: an acquire that was sent and never answered is `unknown`.
//! In open loop, arrivals that are still waiting when a block has lasted twice its time never begin; they are `missed`.
//!
//! Over-admission is counted by certain holders only ([`monitor`](self)): what is seen, happened. That none is seen
//! proves nothing; that is what [`explore`](crate::explore) is for.

mod arrivals;
mod blocks;
mod client;
mod connection;
mod entry;
mod faults;
mod hold;
pub(crate) mod merge;
mod monitor;
mod probe;
mod stage;
mod tally;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use gatecrash_limiter::{Algorithm, Call};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

pub use entry::SCENARIO;
pub use faults::Faults;
pub use hold::Hold;

use crate::duration;
use crate::error::Error;
use crate::explore::{Bound, Control};
use crate::observe::{Extent, Phase};
use crate::redis_store::Server;
use crate::report::StoreKind;
use crate::report::histogram::IntervalLog;
use crate::report::load::Block;
use crate::shard::Share;
use arrivals::Arrivals;
use blocks::{Blocks, Turn};
use client::Client;
use monitor::Findings;
use stage::{Run, Stage, Subject};
use tally::Tally;

/// The most clients: as many connections as one address has ports for, about.
pub const MOST_CLIENTS: u32 = 20_000;
/// Files that are open besides the clients' connections, generously.
const OTHER_FILES: u64 = 64;
/// How often the stage that is on looks whether it should end.
const LOOK: Duration = Duration::from_millis(20);
/// How long an interrupted run waits for what has begun.
const GRACE: Duration = Duration::from_millis(500);

/// What is loaded, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How many clients, from 1 to [`MOST_CLIENTS`].
    pub clients: u32,
    /// How many permits, at least 1.
    pub limit: u64,
    /// How long each limiter is measured.
    pub duration: Duration,
    /// How long each limiter runs before that.
    pub warmup: Duration,
    /// Open loop: operations per second of all clients together. Closed loop without.
    pub rate: Option<f64>,
    /// How long a permit is held.
    pub hold: Hold,
    /// What goes wrong.
    pub faults: Faults,
    /// The seed of holds and faults.
    pub seed: u64,
    /// On how many threads the clients run.
    #[serde(skip, default = "one")]
    pub threads: NonZeroUsize,
}

// The rate is never not-a-number.
impl Eq for Settings {}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

impl Settings {
    /// What falls to one of several machines: its share of the clients, and of the rate. The error says why nothing does.
    pub fn share(&self, share: Share) -> Result<Self, String> {
        let range = share.range(self.clients.into());
        let clients = u32::try_from(range.end - range.start).unwrap_or(self.clients);
        if clients == 0 {
            return Err(format!("no client falls to shard {share}: there are only {}", self.clients));
        }
        let rate = self.rate.map(|rate| rate * f64::from(clients) / f64::from(self.clients));
        // Clients of different shards draw different numbers.
        let seed = self.seed.wrapping_add(range.start);
        Ok(Self { clients, rate, seed, ..self.clone() })
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loop_ = self.rate.map_or_else(|| "closed loop".to_owned(), |rate| format!("open loop, {rate}/s"));
        let clients = if self.clients == 1 { "client" } else { "clients" };
        write!(
            f,
            "{} {clients}, {loop_}, hold {}, {} each",
            self.clients,
            self.hold,
            duration::display(self.duration)
        )?;
        if self.faults.any() { write!(f, ", faults {}", self.faults) } else { Ok(()) }
    }
}

/// What the load of one limiter came to.
#[derive(Debug)]
pub struct Loaded {
    tally: Tally,
    findings: Findings,
    /// How long it was measured, without floors and other limiters.
    measured: Duration,
    blocks: Vec<Block>,
    admitted: Vec<u64>,
    leaked: Option<u64>,
}

/// What a load came to.
#[derive(Debug)]
pub struct Load {
    settings: Settings,
    /// In the order of the limiters.
    limiters: Vec<Loaded>,
    floor: Tally,
    floor_measured: Duration,
    /// Each block's durations, by limiter and operation.
    pub log: IntervalLog,
    /// What stopped it early.
    pub stopped: Option<Bound>,
}

/// Loads limiters on a server.
pub fn load(
    server: &Server,
    limiters: &[Arc<dyn Algorithm>],
    settings: &Settings,
    control: &Control,
) -> Result<Load, Error> {
    let threads = |error| Error::Load(format!("its threads cannot be started: {error}"));
    make_room(settings.clients)?;
    let runtime = runtime(settings.threads).map_err(threads)?;
    let clients = settings.clients as usize;
    let subjects: Vec<Arc<Subject>> = limiters
        .iter()
        .map(|algorithm| {
            let call = Call {
                key: format!("{}slots", server.next_prefix()).into(),
                limit: settings.limit,
                token: "none".into(),
            };
            Arc::new(Subject::new(Arc::clone(algorithm), call, clients))
        })
        .collect();
    for subject in &subjects {
        probe::prepare(server, subject)?;
    }
    let activity = &control.activity;
    let blocks = Blocks::of(settings, limiters.len());
    activity.begin(Phase {
        what: format!("load on {}", StoreKind::Redis),
        unit: "operations",
        extent: Extent::Time(blocks.length(settings.warmup)),
    });
    let run =
        Arc::new(Run::new(server.address().clone(), settings.hold, settings.faults, Arc::clone(activity)));
    let crew = (0..clients).map(|id| Some(Client::new(id, settings.seed, activity))).collect();
    let mut conductor = Conductor::new(runtime, run, subjects, crew, settings, control);
    let stopped = conductor.play(blocks);
    conductor.finish(server, stopped)
}

/// Lets the process have a connection for each client, as far as it may: many systems start one with a thousand.
#[cfg(unix)]
fn make_room(clients: u32) -> Result<(), Error> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let wanted = u64::from(clients) + OTHER_FILES;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return Ok(()) };
    if soft >= wanted || wanted <= hard && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok() {
        return Ok(());
    }
    Err(Error::Load(format!(
        "{clients} clients need a connection each, and this process may have {hard} files open: take fewer clients, or \
         raise the limit with ulimit -n {wanted}"
    )))
}

#[cfg(not(unix))]
fn make_room(_clients: u32) -> Result<(), Error> {
    Ok(())
}

fn runtime(threads: NonZeroUsize) -> std::io::Result<Runtime> {
    let mut builder = match threads.get() {
        1 => tokio::runtime::Builder::new_current_thread(),
        more => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(more);
            builder
        }
    };
    builder.enable_all().build()
}

/// Plays stage after stage, and keeps what they come to.
struct Conductor<'a> {
    runtime: Runtime,
    run: Arc<Run>,
    subjects: Vec<Arc<Subject>>,
    crew: Vec<Option<Client>>,
    settings: &'a Settings,
    control: &'a Control,
    began: Instant,
    log: IntervalLog,
    totals: Vec<(Tally, Duration, Vec<Block>)>,
    /// How many blocks of each limiter were played.
    played: Vec<u32>,
    floor: (Tally, Duration),
}

impl<'a> Conductor<'a> {
    fn new(
        runtime: Runtime,
        run: Arc<Run>,
        subjects: Vec<Arc<Subject>>,
        crew: Vec<Option<Client>>,
        settings: &'a Settings,
        control: &'a Control,
    ) -> Self {
        let totals = subjects.iter().map(|_| (Tally::default(), Duration::ZERO, Vec::new())).collect();
        let played = vec![0; subjects.len()];
        let (began, log) = (Instant::now(), IntervalLog::new(SystemTime::now()));
        let floor = (Tally::default(), Duration::ZERO);
        Self { runtime, run, subjects, crew, settings, control, began, log, totals, played, floor }
    }

    /// The whole programme. Says what ended it early.
    fn play(&mut self, blocks: Blocks) -> Option<Bound> {
        let mut floor = Tally::default();
        let mut floor_took = Duration::ZERO;
        for turn in blocks.turns() {
            if let Some(bound) = self.bound() {
                return Some(bound);
            }
            match turn {
                Turn::WarmUp(at) => {
                    self.stage(Some(at), Duration::ZERO, self.settings.warmup, false);
                }
                Turn::Floor => {
                    (floor, floor_took) = self.stage(None, Duration::ZERO, blocks.floor, true);
                    self.floor.0.add(&floor);
                    self.floor.1 += floor_took;
                }
                Turn::Limiter(at) => {
                    self.subjects[at].monitor().measure(Instant::now());
                    let since = self.began.elapsed();
                    let before = blocks.block * self.played[at];
                    let (tally, took) = self.stage(Some(at), before, blocks.block, true);
                    self.played[at] += 1;
                    self.write_log(at, since, took, &tally);
                    let (total, measured, list) = &mut self.totals[at];
                    total.add(&tally);
                    *measured += took;
                    // A block that was cut short is no fair one.
                    if self.run.lost().is_none() && !self.control.interrupted.load(Ordering::Relaxed) {
                        list.push(entry::block((&floor, floor_took), (&tally, took)));
                    }
                }
            }
        }
        self.bound()
    }

    fn bound(&self) -> Option<Bound> {
        let lost = self.run.lost().map(|why| Bound::LostServer(why.to_owned()));
        lost.or_else(|| self.control.bound(0))
    }

    /// Has every client do the same for that long, after earlier blocks that were to last so long; gives what they did,
    /// and how long it really took.
    fn stage(
        &mut self,
        limiter: Option<usize>,
        before: Duration,
        length: Duration,
        measured: bool,
    ) -> (Tally, Duration) {
        let began = Instant::now();
        let rate = self.settings.rate.filter(|_| limiter.is_some());
        let arrivals = rate.map(|rate| Arrivals::new(began, rate, before, length));
        let stage = Arc::new(Stage::new(Arc::clone(&self.run), began + length, measured, arrivals));
        let subject = limiter.map(|at| Arc::clone(&self.subjects[at]));
        let stop = AtomicBool::new(false);
        let crew = std::mem::take(&mut self.crew);
        let crew = std::thread::scope(|scope| {
            if let Some(arrivals) = &stage.arrivals {
                let stop = &stop;
                let activity = &self.control.activity;
                scope.spawn(move || arrivals.let_in(stop, activity));
            }
            let crew = self.runtime.block_on(self.perform(&stage, subject.as_ref(), crew));
            self.wait_for_the_end(&stage);
            stop.store(true, Ordering::Relaxed);
            crew
        });
        self.crew = crew;
        let mut tally = stage.take_tally();
        tally.missed = stage.arrivals.as_ref().map_or(0, Arrivals::missed);
        (tally, began.elapsed())
    }

    /// In open loop, the time after the last arrival of a block belongs to it: without, the rate would be too high.
    fn wait_for_the_end(&self, stage: &Stage) {
        while stage.goes_on() && self.bound().is_none() {
            self.control.activity.pulse();
            std::thread::sleep(LOOK.min(stage.ends.saturating_duration_since(Instant::now())));
        }
    }

    /// Lets the clients work, each as a task of its own, and waits for them.
    async fn perform(
        &self,
        stage: &Arc<Stage>,
        subject: Option<&Arc<Subject>>,
        crew: Vec<Option<Client>>,
    ) -> Vec<Option<Client>> {
        let mut places: Vec<Option<Client>> = crew.iter().map(|_| None).collect();
        let mut tasks = JoinSet::new();
        for (id, client) in crew.into_iter().enumerate() {
            // One that was cut off has no state that is worth anything.
            let mut client =
                client.unwrap_or_else(|| Client::new(id, self.settings.seed, &self.control.activity));
            let (stage, subject) = (Arc::clone(stage), subject.cloned());
            tasks.spawn(async move {
                match &subject {
                    Some(subject) => client.work(&stage, subject).await,
                    None => client.ping(&stage).await,
                }
                (id, client)
            });
        }
        // In open loop, those who wait are served for as long again.
        let gives_up = stage.ends + (stage.ends - Instant::now().min(stage.ends));
        let mut cut_off_at = None;
        loop {
            match tokio::time::timeout(LOOK, tasks.join_next()).await {
                Ok(None) => break,
                Ok(Some(Ok((id, client)))) => places[id] = Some(client),
                Ok(Some(Err(error))) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Ok(Some(Err(_))) => {}
                Err(_) => {
                    let now = Instant::now();
                    let ending = self.bound().is_some();
                    if ending || now >= gives_up {
                        stage.stop();
                    }
                    if ending && *cut_off_at.get_or_insert(now + GRACE) <= now {
                        tasks.abort_all();
                    }
                }
            }
        }
        places
    }

    fn write_log(&mut self, at: usize, since: Duration, took: Duration, tally: &Tally) {
        let name = self.subjects[at].algorithm.name();
        for (operation, durations) in entry::durations(tally, self.settings.rate.is_some()) {
            self.log.add(&format!("{name}.{operation}"), since, took, durations.histogram());
        }
    }

    /// Looks for leaks and cleans up.
    fn finish(self, server: &Server, stopped: Option<Bound>) -> Result<Load, Error> {
        drop(self.crew);
        drop(self.runtime);
        let now = Instant::now();
        let mut limiters = Vec::new();
        for (subject, (tally, measured, blocks)) in self.subjects.iter().zip(self.totals) {
            // Whoever was cut off may still hold something.
            let leaked = if stopped.is_none() { probe::leaked(server, subject)? } else { None };
            probe::clean_up(server, subject);
            limiters.push(Loaded {
                tally,
                findings: subject.take_monitor().findings(now),
                measured,
                blocks,
                admitted: subject.admitted.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
                leaked,
            });
        }
        let (floor, floor_measured) = self.floor;
        Ok(Load { settings: self.settings.clone(), limiters, floor, floor_measured, log: self.log, stopped })
    }
}
