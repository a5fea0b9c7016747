//! One client under load: acquire, hold, release, and again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use gatecrash_limiter::{Call, Command, Operation, Outcome, Progress};

use super::arrivals::Arrivals;
use super::connection::{LoadConnection, REPLY_TIMEOUT};
use super::faults::Strike;
use super::stage::{LimiterUnderLoad, LoadRun, LoadStage};
use crate::base::draws::Draws;
use crate::observe::{Activity, Worker};

/// Between two attempts to connect.
const CONNECT_AGAIN: Duration = Duration::from_millis(20);
/// How long a server may be gone before the run gives up.
const GONE_FOR: Duration = Duration::from_secs(2);
/// Holds are taken in parts as long as this.
const HOLD_BY: Duration = Duration::from_secs(1);
/// How many times the runtime looks at other clients, at most, before a future is dropped.
const LATEST_DROP: u64 = 8;

/// A client, between two operations.
#[derive(Debug)]
pub(super) struct LoadClient {
    id: usize,
    connection: Option<LoadConnection>,
    /// Tells what it does.
    worker: Worker,
    draws: Draws,
    tokens: u64,
    /// Permits of which it is unknown whether they are taken. They are released before anything else is done.
    debts: Vec<Bytes>,
    /// Since when connecting has failed, and when it did last.
    gone: Option<(Instant, Instant)>,
}

/// How an operation ended.
enum End {
    Outcome(Outcome),
    /// It was given up, or the connection broke.
    Unknown,
}

impl LoadClient {
    pub(super) fn new(id: usize, seed: u64, activity: &Arc<Activity>) -> Self {
        let worker = activity.worker(format!("client {id}"));
        let draws = Draws::new(seed, id as u64);
        Self { id, connection: None, worker, draws, tokens: 0, debts: Vec::new(), gone: None }
    }

    /// Bare round trips until the stage ends.
    pub(super) async fn ping(&mut self, stage: &LoadStage) {
        let ping = Command::new("PING");
        while stage.goes_on() {
            if self.connected(stage).await.is_none() {
                continue;
            }
            let Some(connection) = &mut self.connection else { continue };
            self.worker.waits("a reply of redis to", "PING");
            let sent = Instant::now();
            if let Ok(Ok(reply)) = tokio::time::timeout(REPLY_TIMEOUT, connection.call(&ping)).await {
                stage.tally().acquired(sent.elapsed(), None);
                stage.run.hears(&reply);
                stage.run.activity.pulse();
            } else {
                self.connection = None;
                stage.run.hears_nothing();
            }
        }
    }

    /// Operations until the stage ends: as fast as they go, or as they fall due.
    pub(super) async fn work(&mut self, stage: &LoadStage, subject: &LimiterUnderLoad) {
        match &stage.arrivals {
            None => {
                while stage.goes_on() {
                    self.cycle(stage, subject, None).await;
                }
            }
            Some(arrivals) => {
                while let Some(due) = self.next(arrivals).await {
                    self.cycle(stage, subject, Some(due)).await;
                }
            }
        }
        self.settle(stage, subject).await;
        self.worker.idle();
    }

    async fn next(&self, arrivals: &Arrivals) -> Option<Instant> {
        self.worker.idle();
        arrivals.next().await
    }

    /// One acquire, and if it is admitted, its hold and its release.
    async fn cycle(&mut self, stage: &LoadStage, subject: &LimiterUnderLoad, due: Option<Instant>) {
        self.settle(stage, subject).await;
        stage.run.activity.advance(1);
        let fault = self.draw_fault(stage);
        if fault == Some(Strike::CutBefore) {
            self.cut(stage);
        } else if self.connected(stage).await.is_some() {
            return self.acquire(stage, subject, due, fault).await;
        }
        let mut tally = stage.tally();
        tally.attempts += 1;
        tally.errors += 1;
    }

    async fn acquire(
        &mut self,
        stage: &LoadStage,
        subject: &LimiterUnderLoad,
        due: Option<Instant>,
        fault: Option<Strike>,
    ) {
        let token = self.token();
        let call = Call { token: token.clone(), ..subject.call.clone() };
        let attempt = Attempt::begin(stage, subject);
        let sent = Instant::now();
        let end = self.strike(stage, fault, &call, subject.algorithm.acquire()).await;
        if attempt.ended(&end, sent, due) {
            subject.admitted[self.id].fetch_add(u64::from(stage.measured), Ordering::Relaxed);
            return self.hold_and_release(stage, subject, call, fault).await;
        }
        match end {
            End::Outcome(Outcome::Refused) => {}
            // Whatever an algorithm had done by then is undone.
            End::Outcome(_) | End::Unknown => self.debts.push(token),
        }
    }

    async fn hold_and_release(
        &mut self,
        stage: &LoadStage,
        subject: &LimiterUnderLoad,
        call: Call,
        fault: Option<Strike>,
    ) {
        self.hold(stage).await;
        self.debts.push(call.token.clone());
        if fault == Some(Strike::Kill) {
            subject.monitor().lets_go(Instant::now());
            return self.die(stage);
        }
        let fault = self.draw_fault(stage).filter(|fault| *fault != Strike::Kill);
        let sent = Instant::now();
        subject.monitor().lets_go(sent);
        match self.strike(stage, fault, &call, subject.algorithm.release()).await {
            End::Outcome(outcome @ (Outcome::Released | Outcome::NotHeld)) => {
                stage.tally().released(sent.elapsed(), &outcome);
                subject.monitor().released();
                self.debts.pop();
            }
            End::Outcome(other) => {
                let mut tally = stage.tally();
                tally.release_failures += 1;
                tally.note(&other);
            }
            End::Unknown => stage.tally().release_failures += 1,
        }
    }

    /// Holding is no stall, however long it takes.
    async fn hold(&mut self, stage: &LoadStage) {
        let mut left = stage.run.hold.draw(&mut self.draws);
        while !left.is_zero() {
            self.worker.works("holding a permit", "");
            let part = left.min(HOLD_BY);
            tokio::time::sleep(part).await;
            stage.run.activity.pulse();
            left -= part;
        }
    }

    /// Runs an operation, unless a fault cuts it short.
    async fn strike(
        &mut self,
        stage: &LoadStage,
        fault: Option<Strike>,
        call: &Call,
        operation: Operation,
    ) -> End {
        let Some(fault @ (Strike::Drop | Strike::CutAfter | Strike::CutBefore)) = fault else {
            return self.drive(&stage.run, call, operation).await;
        };
        if fault == Strike::CutBefore {
            self.cut(stage);
            return End::Unknown;
        }
        let looks = self.draws.below(LATEST_DROP);
        let end = tokio::select! {
            biased;
            end = self.drive(&stage.run, call, operation) => end,
            () = yields(looks) => End::Unknown,
        };
        match (&end, fault) {
            (End::Outcome(_), _) => {}
            (End::Unknown, Strike::Drop) => stage.tally().faulted.drop += 1,
            (End::Unknown, _) => self.cut(stage),
        }
        end
    }

    /// Runs an operation to its end, one command after another.
    async fn drive(&mut self, run: &LoadRun, call: &Call, mut operation: Operation) -> End {
        loop {
            let Some(connection) = &mut self.connection else { return End::Unknown };
            let command = operation.command(call, clock());
            self.worker.waits("a reply of redis to", command.parts()[0].clone());
            let Ok(Ok(reply)) = tokio::time::timeout(REPLY_TIMEOUT, connection.call(&command)).await else {
                // Late or lost: what comes next shall not have to wait for it.
                self.connection = None;
                run.hears_nothing();
                return End::Unknown;
            };
            run.hears(&reply);
            if let Progress::Done(outcome) = operation.receive(call, &reply) {
                return End::Outcome(outcome);
            }
        }
    }

    /// Gives back what it is not known to have given back, as far as the server answers.
    pub(super) async fn settle(&mut self, stage: &LoadStage, subject: &LimiterUnderLoad) {
        while let Some(token) = self.debts.last().cloned() {
            if self.connected(stage).await.is_none() {
                return;
            }
            let call = Call { token, ..subject.call.clone() };
            match self.drive(&stage.run, &call, subject.algorithm.release()).await {
                End::Outcome(Outcome::Released | Outcome::NotHeld) => {
                    subject.monitor().released();
                    self.debts.pop();
                }
                End::Outcome(other) => return stage.tally().note(&other),
                // Later, with what is next: a server that is silent now must not keep the stage from ending.
                End::Unknown => return,
            }
        }
    }

    /// The connection, made anew if there is none. If that fails for too long, the run ends.
    async fn connected(&mut self, stage: &LoadStage) -> Option<&mut LoadConnection> {
        if self.connection.is_none() {
            self.worker.waits("a connection to redis", "");
            match LoadConnection::open(&stage.run.address).await {
                Ok(connection) => {
                    self.gone = None;
                    self.connection = Some(connection);
                }
                Err(why) => {
                    let now = Instant::now();
                    // What lies further back was another time.
                    let before = self.gone.filter(|(_, last)| now.duration_since(*last) < GONE_FOR);
                    let since = before.map_or(now, |(since, _)| since);
                    self.gone = Some((since, now));
                    if now.duration_since(since) >= GONE_FOR {
                        stage.run.lose(why.to_string());
                    }
                    tokio::time::sleep(CONNECT_AGAIN).await;
                }
            }
        }
        self.connection.as_mut()
    }

    fn cut(&mut self, stage: &LoadStage) {
        self.connection = None;
        stage.tally().faulted.cut += 1;
    }

    /// Another client takes its place. What this one held, nobody gives back.
    fn die(&mut self, stage: &LoadStage) {
        let mut tally = stage.tally();
        tally.faulted.kill += 1;
        tally.faulted.killed_holding += self.debts.len() as u64;
        self.debts.clear();
        self.connection = None;
    }

    /// Faults strike only while it counts: what they leave behind is to be told from what else is left.
    fn draw_fault(&mut self, stage: &LoadStage) -> Option<Strike> {
        if stage.measured { stage.run.faults.draw(&mut self.draws) } else { None }
    }

    /// A name that no other permit of this run has.
    fn token(&mut self) -> Bytes {
        self.tokens += 1;
        format!("{:x}-{:x}", self.id, self.tokens).into()
    }
}

/// An acquire that has begun. Unless it is ended, it counts as one whose outcome is unknown: nothing that was sent is
/// ever left out.
struct Attempt<'a> {
    stage: &'a LoadStage,
    subject: &'a LimiterUnderLoad,
    since: u64,
    known: bool,
}

impl<'a> Attempt<'a> {
    fn begin(stage: &'a LoadStage, subject: &'a LimiterUnderLoad) -> Self {
        stage.tally().attempts += 1;
        Self { stage, subject, since: subject.monitor().asks(), known: false }
    }

    /// Notes how it ended. Says whether the client is in.
    fn ended(mut self, end: &End, sent: Instant, due: Option<Instant>) -> bool {
        let End::Outcome(outcome) = end else { return false };
        self.known = true;
        let now = Instant::now();
        let mut tally = self.stage.tally();
        if matches!(outcome, Outcome::Admitted | Outcome::Refused) {
            tally.acquired(now - sent, due.map(|due| now.saturating_duration_since(due)));
        }
        match outcome {
            Outcome::Admitted => {
                tally.admitted += 1;
                self.subject.monitor().admitted(now);
            }
            Outcome::Refused => {
                tally.refused += 1;
                self.subject.monitor().refused(self.since);
            }
            other => tally.failed(other),
        }
        *outcome == Outcome::Admitted
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.known {
            self.stage.tally().unknown += 1;
        }
    }
}

/// Lets other clients run that many times.
async fn yields(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

/// The client's clock. One that stands before 1970 counts as 1970.
pub(super) fn clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
