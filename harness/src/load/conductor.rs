//! Plays a load stage after stage: who works, for how long, and what it comes to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::arrivals::Arrivals;
use super::blocks::{Blocks, LoadTurn};
use super::client::LoadClient;
use super::entry;
use super::outcome::{LoadOutcome, LoadedLimiter, Meddling};
use super::probe::{self, Aftermath};
use super::settings::LoadSettings;
use super::stage::{LimiterUnderLoad, LoadRun, LoadStage};
use super::tally::OperationTally;
use crate::redis::{Canary, Interference, Server};

use crate::report::histogram::IntervalLog;
use crate::report::load::LoadBlock;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;

/// How often the stage that is on looks whether it should end.
const LOOK: Duration = Duration::from_millis(20);
/// How long an interrupted run waits for what has begun.
const GRACE: Duration = Duration::from_millis(500);

/// How long a load may last beyond its time, all stages together.
const LATE_FOR: Duration = Duration::from_secs(10);

/// Plays stage after stage, and keeps what they come to.
pub(super) struct Conductor<'a> {
    runtime: Runtime,
    run: Arc<LoadRun>,
    subjects: Vec<Arc<LimiterUnderLoad>>,
    crew: Vec<Option<LoadClient>>,
    settings: &'a LoadSettings,
    control: &'a Control,
    began: Instant,
    log: IntervalLog,
    totals: Vec<(OperationTally, Duration, Vec<LoadBlock>)>,
    /// How many blocks of each limiter were played.
    played: Vec<u32>,
    floor: (OperationTally, Duration),
    /// For how long stages were waited for after their time, all together.
    late: Duration,
}

impl<'a> Conductor<'a> {
    pub(super) fn new(
        runtime: Runtime,
        run: Arc<LoadRun>,
        subjects: Vec<Arc<LimiterUnderLoad>>,
        crew: Vec<Option<LoadClient>>,
        settings: &'a LoadSettings,
        control: &'a Control,
    ) -> Self {
        let totals =
            subjects.iter().map(|_| (OperationTally::default(), Duration::ZERO, Vec::new())).collect();
        let played = vec![0; subjects.len()];
        let (began, log) = (Instant::now(), IntervalLog::new(SystemTime::now()));
        let floor = (OperationTally::default(), Duration::ZERO);
        let late = Duration::ZERO;
        Self { runtime, run, subjects, crew, settings, control, began, log, totals, played, floor, late }
    }

    /// The whole programme. Says what ended it early.
    pub(super) fn play(&mut self, blocks: Blocks) -> Option<Bound> {
        let mut floor = OperationTally::default();
        let mut floor_took = Duration::ZERO;
        for turn in blocks.turns() {
            if let Some(bound) = self.bound() {
                return Some(bound);
            }
            match turn {
                LoadTurn::WarmUp(at) => {
                    self.stage(Some(at), Duration::ZERO, self.settings.warmup, false);
                }
                LoadTurn::Floor => {
                    (floor, floor_took) = self.stage(None, Duration::ZERO, blocks.floor, true);
                    self.floor.0.add(&floor);
                    self.floor.1 += floor_took;
                }
                LoadTurn::Limiter(at) => {
                    self.subjects[at].monitor().measure(Instant::now());
                    let since = self.began.elapsed();
                    let before = blocks.block * self.played[at];
                    let (mut tally, took) = self.stage(Some(at), before, blocks.block, true);
                    tally.end_block();
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
    ) -> (OperationTally, Duration) {
        let began = Instant::now();
        let rate = self.settings.rate.filter(|_| limiter.is_some());
        let arrivals = rate.map(|rate| Arrivals::new(began, rate, before, length));
        let stage = Arc::new(LoadStage::new(Arc::clone(&self.run), began + length, measured, arrivals));
        let subject = limiter.map(|at| Arc::clone(&self.subjects[at]));
        // In open loop, those who wait are served for as long again.
        let gives_up = stage.ends + if stage.arrivals.is_some() { length } else { Duration::ZERO };
        let stop = AtomicBool::new(false);
        let crew = std::mem::take(&mut self.crew);
        let crew = std::thread::scope(|scope| {
            if let Some(arrivals) = &stage.arrivals {
                let stop = &stop;
                let activity = &self.control.activity;
                scope.spawn(move || arrivals.let_in(stop, activity));
            }
            let crew = self.runtime.block_on(self.perform(&stage, gives_up, subject.as_ref(), crew));
            self.wait_for_the_end(&stage);
            stop.store(true, Ordering::Relaxed);
            crew
        });
        self.crew = crew;
        self.late += self.late_by(gives_up);
        let mut tally = stage.take_tally();
        tally.missed = stage.arrivals.as_ref().map_or(0, Arrivals::missed);
        (tally, began.elapsed())
    }

    /// How long a stage has been waited for in vain. Permits that are held may be held to their end.
    fn late_by(&self, gives_up: Instant) -> Duration {
        Instant::now().saturating_duration_since(gives_up + self.settings.hold.longest())
    }

    /// In open loop, the time after the last arrival of a block belongs to it: without, the rate would be too high.
    fn wait_for_the_end(&self, stage: &LoadStage) {
        while stage.goes_on() && self.bound().is_none() {
            self.control.activity.pulse();
            std::thread::sleep(LOOK.min(stage.ends.saturating_duration_since(Instant::now())));
        }
    }

    /// Lets the clients work, each as a task of its own, and waits for them.
    async fn perform(
        &self,
        stage: &Arc<LoadStage>,
        gives_up: Instant,
        subject: Option<&Arc<LimiterUnderLoad>>,
        crew: Vec<Option<LoadClient>>,
    ) -> Vec<Option<LoadClient>> {
        let mut places: Vec<Option<LoadClient>> = crew.iter().map(|_| None).collect();
        let mut tasks = JoinSet::new();
        for (id, client) in crew.into_iter().enumerate() {
            // One that was cut off has no state that is worth anything.
            let mut client =
                client.unwrap_or_else(|| LoadClient::new(id, self.settings.seed, &self.control.activity));
            let (stage, subject) = (Arc::clone(stage), subject.cloned());
            tasks.spawn(async move {
                match &subject {
                    Some(subject) => client.work(&stage, subject).await,
                    None => client.ping(&stage).await,
                }
                (id, client)
            });
        }
        let mut cut_off_at = None;
        loop {
            match tokio::time::timeout(LOOK, tasks.join_next()).await {
                Ok(None) => break,
                Ok(Some(Ok((id, client)))) => places[id] = Some(client),
                Ok(Some(Err(error))) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Ok(Some(Err(_))) => {}
                Err(_) => {
                    let now = Instant::now();
                    if self.late + self.late_by(gives_up) >= LATE_FOR {
                        self.run.lose(format!(
                            "{}: replies come so late that the load is {} s behind its time",
                            self.run.address,
                            LATE_FOR.as_secs()
                        ));
                    }
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

    fn write_log(&mut self, at: usize, since: Duration, took: Duration, tally: &OperationTally) {
        let name = self.subjects[at].algorithm.name();
        for (operation, durations) in entry::durations(tally, self.settings.rate.is_some()) {
            self.log.add(&format!("{name}.{operation}"), since, took, durations.histogram());
        }
    }

    /// Asks what the server can say of the load, and cleans up. The canary notices what somebody else did.
    pub(super) fn finish(
        self,
        server: &Server,
        canary: Option<Canary>,
        stopped: Option<Bound>,
    ) -> Result<LoadOutcome, Error> {
        drop(self.crew);
        // What looks a name up cannot be ended, and is not waited for.
        self.runtime.shutdown_background();
        let now = Instant::now();
        let Aftermath { meddling, leaked } =
            probe::after(server, &self.subjects, canary, self.control, stopped.is_some())?;
        // That it was restarted, or that all of it was flushed, says more.
        let meddling = match meddling {
            Meddling::None | Meddling::NotAsked if self.run.scripts_gone() => {
                Meddling::Seen(Interference::ScriptsFlushed)
            }
            other => other,
        };
        let measured = self.subjects.iter().zip(self.totals).zip(leaked);
        let limiters = measured.map(|((subject, (tally, measured, blocks)), leaked)| LoadedLimiter {
            tally,
            findings: subject.take_monitor().findings(now),
            measured,
            blocks,
            admitted: subject.admitted.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
            leaked,
            meddling,
        });
        let limiters = limiters.collect();
        let (floor, floor_measured) = self.floor;
        Ok(LoadOutcome {
            settings: self.settings.clone(),
            limiters,
            floor,
            floor_measured,
            log: self.log,
            stopped,
        })
    }
}
