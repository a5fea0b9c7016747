//! Traces and results as a campaign would hand them over.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use gatecrash::report::latency::Latencies;
use gatecrash::report::{
    About, Counterexample, Coverage, Entry, EnumerateEvidence, Enumerated, Evidence, InterleavingCounts,
    Judgement, LoomEvidence, NotRun, OverAdmission, RedisInfo, Report, ScheduleEvidence, StoppedBy,
    StoreKind, Verdict,
};
use gatecrash::world::scenario::{Expected, OperationKind};
use gatecrash::world::schedule::{Choice, ClientId};
use gatecrash::world::trace::{Effect, StepEffect, Trace, TraceRow};
use gatecrash_limiter::{Algorithm, Atomic, Call, Naive, Operation, Outcome, Progress, Reply};

/// Plays turns against a set that only counts its members: enough of a store for both algorithms.
pub(crate) struct Stage {
    limit: u64,
    clients: Vec<VecDeque<(OperationKind, Operation)>>,
    slots: i64,
    holders: u32,
    now: Duration,
    rows: Vec<TraceRow>,
}

impl Stage {
    pub(crate) fn new(algorithm: &dyn Algorithm, clients: usize, limit: u64) -> Self {
        let program = || {
            VecDeque::from([
                (OperationKind::Acquire, algorithm.acquire()),
                (OperationKind::Release, algorithm.release()),
            ])
        };
        let clients = (0..clients).map(|_| program()).collect();
        Self { limit, clients, slots: 0, holders: 0, now: Duration::ZERO, rows: Vec::new() }
    }

    /// One letter per turn; `+` moves the clock by 30 s and `!A` crashes a client.
    pub(crate) fn play(mut self, turns: &str) -> Trace {
        for turn in turns.split(' ') {
            let client = |letter: &str| ClientId(u16::from(letter.as_bytes()[0] - b'A'));
            match (turn.strip_prefix('!'), turn) {
                (Some(crashed), _) => self.crash(client(crashed)),
                (None, "+") => self.advance(),
                (None, letter) => self.step(client(letter)),
            }
        }
        Trace { rows: self.rows, ..Trace::default() }
    }

    fn push(&mut self, choice: Choice, effect: Effect) {
        self.rows.push(TraceRow { choice, effect, holders: self.holders });
    }

    fn advance(&mut self) {
        self.now += Duration::from_secs(30);
        self.push(Choice::Advance(Duration::from_secs(30)), Effect::Advanced);
    }

    fn crash(&mut self, client: ClientId) {
        self.clients[client.index()].clear();
        self.holders -= 1;
        self.push(Choice::Crash(client), Effect::Crashed);
    }

    fn step(&mut self, client: ClientId) {
        let Some((kind, mut operation)) = self.clients[client.index()].pop_front() else {
            return self.push(Choice::Step(client), Effect::Passed);
        };
        let token = format!("{}1", char::from(b'A' + u8::try_from(client.0).unwrap()));
        let call = Call { key: "slots".into(), limit: self.limit, token: token.into() };
        let command = operation.command(&call, self.now);
        let reply = self.answer(command.name());
        let outcome = match operation.receive(&call, &reply) {
            Progress::More => {
                self.clients[client.index()].push_front((kind, operation));
                None
            }
            Progress::Done(outcome) => Some(outcome),
        };
        match outcome {
            Some(Outcome::Admitted) => self.holders += 1,
            Some(Outcome::Released) => self.holders -= 1,
            Some(_) => self.clients[client.index()].clear(),
            None => {}
        }
        let (first, took) = (true, Duration::ZERO);
        let step = StepEffect { client, operation: kind, first, command, reply, outcome, took };
        self.push(Choice::Step(client), Effect::Step(step));
    }

    fn answer(&mut self, command: &[u8]) -> Reply {
        let added = match command {
            b"ZCARD" => return Reply::Int(self.slots),
            b"EVALSHA" => i64::from(self.slots < i64::try_from(self.limit).unwrap()),
            b"ZADD" => 1,
            _ => -1,
        };
        self.slots += added;
        Reply::Int(added.abs())
    }
}

pub(crate) fn about(clients: usize, limit: u64) -> About {
    let name = |i| char::from(b'A' + u8::try_from(i).unwrap()).to_string();
    About {
        name: "last-slot".into(),
        title: "Two workers take the last slot".into(),
        limit,
        clients: (0..clients).map(name).collect(),
        file: Some("scenarios/last-slot.toml".into()),
    }
}

pub(crate) fn naive(clients: usize, limit: u64, turns: &str) -> Trace {
    Stage::new(&Naive, clients, limit).play(turns)
}

pub(crate) fn atomic(clients: usize, limit: u64, turns: &str) -> Trace {
    Stage::new(&Atomic, clients, limit).play(turns)
}

pub(crate) fn entry(
    limiter: &str,
    store: StoreKind,
    evidence: Evidence,
    verdict: Verdict,
    expected: Option<Expected>,
) -> Entry {
    Entry::new("last-slot", limiter, store, evidence, Judgement::new(verdict, expected))
}

fn enumerated(executions: u64, counts: InterleavingCounts, over_admission: OverAdmission) -> Evidence {
    Evidence::Enumerate(EnumerateEvidence { executions, counted: Enumerated::All(counts), over_admission })
}

/// All interleavings of two naive clients at limit 1.
pub(crate) fn naive_explored(store: StoreKind, expected: Option<Expected>) -> Entry {
    let peaks = BTreeMap::from([(0, 0u32), (1, 8), (2, 8)]);
    let evidence = enumerated(16, InterleavingCounts::from_peaks(1, &peaks), OverAdmission::of_peak(2, 1));
    Entry {
        counterexample: Some(Counterexample {
            order: "A B A B".into(),
            critical_pair: Some((1, 2)),
            explanation: Some("B counts the slots before A has taken one, so both find it free.".into()),
            confirmed_on: vec![StoreKind::Model, StoreKind::Redis],
            reproduce: "gatecrash replay scenarios/last-slot.toml --limiter naive --order \"A B A B\"".into(),
        }),
        trace: Some(naive(2, 1, "A B A B")),
        elapsed_ns: Some(412_345),
        ..entry("naive", store, evidence, Verdict::Violation, expected)
    }
}

pub(crate) fn atomic_explored(expected: Option<Expected>) -> Entry {
    let evidence =
        enumerated(6, InterleavingCounts::from_peaks(1, &BTreeMap::from([(1, 6u32)])), OverAdmission::by(0));
    Entry {
        elapsed_ns: Some(212_345),
        ..entry("atomic", StoreKind::Model, evidence, Verdict::Clean, expected)
    }
}

pub(crate) fn scripted(
    limiter: &str,
    store: StoreKind,
    trace: Trace,
    verdict: Verdict,
    expected: Expected,
) -> Entry {
    let max = u64::from(verdict == Verdict::Violation);
    let evidence = Evidence::Schedule(ScheduleEvidence {
        name: Some("both check before either adds".into()),
        order: "A B A B".into(),
        over_admission: Some(OverAdmission::by(max)),
        leak: None,
        latency_ns: None,
    });
    Entry {
        trace: Some(trace),
        rerun: Some(format!(
            "gatecrash replay scenarios/last-slot.toml --limiter {limiter} --order \"A B A B\""
        )),
        ..entry(limiter, store, evidence, verdict, Some(expected))
    }
}

pub(crate) fn stopped() -> Entry {
    let evidence = Evidence::Enumerate(EnumerateEvidence {
        executions: 1000,
        counted: Enumerated::Part { violating: 0 },
        over_admission: OverAdmission::by(0),
    });
    Entry {
        coverage: Some(Coverage {
            stopped_by: StoppedBy::MaxExecutions,
            covered: "1,000 of 1,680 interleavings".into(),
        }),
        ..entry("atomic", StoreKind::Model, evidence, Verdict::Undecided, Some(Expected::Clean))
    }
}

/// A violation that was found before the search was stopped.
pub(crate) fn found_and_stopped() -> Entry {
    let evidence = Evidence::Enumerate(EnumerateEvidence {
        executions: 1000,
        counted: Enumerated::Part { violating: 3 },
        over_admission: OverAdmission::by(1),
    });
    let found = naive_explored(StoreKind::Model, Some(Expected::Violation));
    Entry { evidence, coverage: stopped().coverage, ..found }
}

pub(crate) fn loom() -> Entry {
    let evidence = Evidence::Loom(LoomEvidence {
        executions: 14,
        violating_executions: 0,
        outcomes: 3,
        over_admission: OverAdmission::by(0),
    });
    entry("atomic", StoreKind::Loom, evidence, Verdict::Clean, Some(Expected::Clean))
}

pub(crate) fn report(results: Vec<Entry>) -> Report {
    Report { scenarios: vec![about(2, 1)], results, ..Report::new(7) }
}

/// Everything at once: both limiters, explored and scripted, on the model and on a server.
pub(crate) fn full() -> Report {
    let mut latencies = Latencies::default();
    latencies.record(OperationKind::Acquire, 81_000);
    latencies.record(OperationKind::Acquire, 95_000);
    latencies.record(OperationKind::Release, 40_000);
    let race = || naive(2, 1, "A B A B A B");
    let violation = Expected::Violation;
    let mut on_redis = Entry {
        elapsed_ns: Some(1_000_000),
        ..scripted("naive", StoreKind::Redis, race(), Verdict::Violation, violation)
    };
    if let Evidence::Schedule(schedule) = &mut on_redis.evidence {
        schedule.latency_ns = latencies.summaries();
    }
    let mut report = report(vec![
        naive_explored(StoreKind::Model, Some(violation)),
        naive_explored(StoreKind::Redis, Some(violation)),
        scripted("naive", StoreKind::Model, race(), Verdict::Violation, violation),
        on_redis,
        atomic_explored(Some(Expected::Clean)),
        loom(),
        scripted("atomic", StoreKind::Model, atomic(2, 1, "A B A B"), Verdict::Clean, Expected::Clean),
    ]);
    report.redis = Some(RedisInfo {
        version: "7.0.15".into(),
        source: "private".into(),
        run_id: Some("d2f1".into()),
        address: Some("redis+unix:///tmp/gc/redis.sock".into()),
    });
    report.not_run =
        vec![NotRun::unfit("last-slot", Some("naive"), StoreKind::Loom, "it has no thread form")];
    report
}
