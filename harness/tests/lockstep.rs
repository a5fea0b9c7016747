//! Many executions at once on a real server. Needs `redis-server` or `valkey-server` on PATH.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use gatecrash::explore::prefixes::Prefixes;
use gatecrash::explore::{Complete, Exploration, Observer, chooser};
use gatecrash::explore::{enumerate::enumerate, lockstep};
use gatecrash::model::Model;
use gatecrash::redis::{PrivateServer, Server, Target};
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control, Timeout};
use gatecrash::world::error::Error;
use gatecrash::world::scenario::{OnReject, OperationKind};
use gatecrash::world::schedule::Choice;
use gatecrash::world::store::StoreError;
use gatecrash::world::trace::StepEffect;
use gatecrash_limiter::{Algorithm, Atomic, Naive};

#[path = "lockstep/algorithms.rs"]
mod algorithms;
mod common;
#[path = "common/servers.rs"]
mod servers;

use OperationKind::{Acquire, Release};
use algorithms::{Careless, Optimistic, Waiting};
use servers::{bystander, given, private};

fn world(algorithm: impl Algorithm + 'static, clients: usize, limit: u64) -> World {
    let scenario = common::scenario(&vec![vec![Acquire, Release]; clients], limit, 1, OnReject::Stop);
    World::new(&scenario, Arc::new(algorithm))
}

fn keys(connection: &mut redis::Connection) -> Vec<String> {
    redis::cmd("KEYS").arg("*").query(connection).unwrap()
}

/// All interleavings, that many at once.
fn run(
    world: &World,
    server: &Server,
    width: usize,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Exploration, Error> {
    let width = NonZeroUsize::new(width).unwrap();
    lockstep::run(world, server, &mut Prefixes::new(), width, control, observer)
}

fn run_all(world: &World, server: &Server, width: usize) -> Exploration {
    run(world, server, width, &Control::default(), &mut ()).unwrap()
}

fn on_the_model(world: &World) -> Exploration {
    enumerate(world.clone(), Model::new(), &Control::default(), &mut ()).unwrap()
}

/// Keeps every order it is shown.
#[derive(Default)]
struct Orders(BTreeSet<Vec<Choice>>, u64);

impl Observer for Orders {
    fn execution(&mut self, execution: &Complete<'_>) {
        self.0.insert(execution.choices.to_vec());
        self.1 += 1;
    }
}

/// Does something once, before a step.
struct Once<F>(u64, Option<F>);

impl<F: FnOnce()> Observer for Once<F> {
    fn choice(&mut self, _choice: Choice, _step: Option<&StepEffect>) {
        self.0 -= u64::from(self.0 > 0);
        if self.0 == 0
            && let Some(act) = self.1.take()
        {
            act();
        }
    }
}

#[test]
fn known_counts_at_any_width() {
    let server = private();
    let two = run_all(&world(Naive, 2, 1), &server, 256);
    assert_eq!((two.executions, two.violating), (16, 8));
    assert_eq!(two.peaks, BTreeMap::from([(1, 8), (2, 8)]));

    let three = world(Naive, 3, 1);
    let expected = on_the_model(&three);
    assert_eq!((expected.executions, expected.violating), (804, 672));
    assert_eq!(expected.peaks, BTreeMap::from([(1, 132), (2, 456), (3, 216)]));
    for width in [1, 2, 7, 256, 1_000] {
        assert_eq!(run_all(&three, &server, width), expected, "{width}");
    }
    assert_eq!(keys(&mut bystander(&server)), Vec::<String>::new());
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "it takes half a minute without optimisation; the benchmark asserts it too"
)]
fn four_clients_at_limit_two() {
    let found = run_all(&world(Naive, 4, 2), &private(), 256);
    assert_eq!((found.executions, found.violating), (254_544, 148_608));
    assert_eq!(found.peaks, BTreeMap::from([(1, 6_720), (2, 99_216), (3, 114_048), (4, 34_560)]));
    assert_eq!(found.violation, on_the_model(&world(Naive, 3, 2)).violation);
}

#[test]
fn other_programs_are_no_different() {
    let server = private();
    let programs = [vec![Acquire, Release], vec![Acquire], vec![Acquire, Release, Acquire]];
    for on_reject in [OnReject::Stop, OnReject::Continue] {
        let scenario = common::scenario(&programs, 1, 1, on_reject);
        let world = World::new(&scenario, Arc::new(Naive));
        assert_eq!(run_all(&world, &server, 256), on_the_model(&world));
    }
    let nothing_to_do = common::scenario(&[vec![Release], vec![]], 1, 1, OnReject::Stop);
    let world = World::new(&nothing_to_do, Arc::new(Naive));
    assert_eq!(run_all(&world, &server, 7).executions, 1);
}

#[test]
fn every_interleaving_is_run_once() {
    let mut orders = Orders::default();
    run(&world(Naive, 3, 1), &private(), 256, &Control::default(), &mut orders).unwrap();
    assert_eq!((orders.0.len(), orders.1), (804, 804));
}

/// The same strategy, one execution at a time, on the model: no pipeline, no comparison.
#[test]
fn prefixes_need_no_server() {
    for (limit, clients) in [(1, 2), (1, 3), (2, 3)] {
        let world = world(Naive, clients, limit);
        let mut prefixes = Prefixes::new();
        let found = chooser::run(&world, Model::new(), &mut prefixes, &Control::default(), &mut ()).unwrap();
        assert_eq!(found, on_the_model(&world));
    }
}

#[test]
fn scripts_are_loaded_before() {
    let found = run_all(&world(Atomic, 3, 1), &private(), 256);
    assert_eq!((found.executions, found.violating, found.stopped), (24, 0, None));
}

#[test]
fn a_bound_on_executions_is_met_exactly() {
    let server = private();
    let three = world(Naive, 3, 1);
    for width in [1, 7, 256] {
        for max in [0, 1, 300, 803, 804, 805] {
            let control = Control { max_executions: Some(max), ..Control::default() };
            let mut orders = Orders::default();
            let found = run(&three, &server, width, &control, &mut orders).unwrap();
            assert_eq!(found.executions, max.min(804));
            assert_eq!((orders.0.len() as u64, orders.1), (found.executions, found.executions));
            assert_eq!(found.stopped, (max < 804).then_some(Bound::Executions(max)));
        }
    }
    assert_eq!(keys(&mut bystander(&server)), Vec::<String>::new());
}

#[test]
fn a_timeout_and_an_interrupt_end_it_and_leave_nothing() {
    let (_theirs, server) = given();
    let four = world(Naive, 4, 2);
    let timeout = Timeout::starting_now(Duration::ZERO);
    let found = run(&four, &server, 256, &Control { timeout, ..Control::default() }, &mut ()).unwrap();
    assert_eq!((found.executions, found.stopped), (0, Some(Bound::Timeout(Duration::ZERO))));

    let interrupted = Arc::new(AtomicBool::new(false));
    let control = Control { interrupted: Arc::clone(&interrupted), ..Control::default() };
    let mut observer = Once(5_000, Some(|| interrupted.store(true, Ordering::Relaxed)));
    let found = run(&four, &server, 256, &control, &mut observer).unwrap();
    assert_eq!(found.stopped, Some(Bound::Interrupted));
    assert!(found.violation.is_some(), "5,000 steps go far enough");
    assert_eq!(keys(&mut bystander(&server)), Vec::<String>::new());
}

#[test]
fn a_server_that_answers_otherwise_than_the_model_is_caught() {
    let (_theirs, server) = given();
    let mut other = bystander(&server);
    let _: () = redis::cmd("SET").arg("theirs").arg("1").query(&mut other).unwrap();
    let intrude = || {
        let ours = keys(&mut other).into_iter().filter(|key| key.starts_with("gatecrash:"));
        for key in ours {
            let _: u64 = redis::cmd("ZADD").arg(key).arg(0).arg("intruder").query(&mut other).unwrap();
        }
    };
    let mut observer = Once(1_000, Some(intrude));
    let error = run(&world(Naive, 3, 1), &server, 256, &Control::default(), &mut observer).unwrap_err();
    let Error::Store(StoreError::Differs { command, .. }) = &error else { panic!("{error}") };
    assert_eq!(command.to_string(), "ZCARD slots");
    assert_eq!(keys(&mut bystander(&server)), ["theirs"]);
}

#[test]
fn a_server_that_goes_away_is_a_bound() {
    let (theirs, server) = given();
    let mut observer = Once(1_000, Some(|| drop(theirs)));
    let found = run(&world(Naive, 3, 1), &server, 256, &Control::default(), &mut observer).unwrap();
    assert!(matches!(found.stopped, Some(Bound::LostServer(_))), "{:?}", found.stopped);
    assert!(found.violation.is_some(), "what was seen before counts");
    let found = run_all(&world(Naive, 3, 1), &server, 256);
    assert!(matches!(found.stopped, Some(Bound::LostServer(_))), "{:?}", found.stopped);
}

#[test]
fn others_are_left_alone() {
    let (_theirs, server) = given();
    let mut other = bystander(&server);
    let before: BTreeSet<String> = ["slots", "gatecrash:somebody-else:0:0:slots"].map(str::to_owned).into();
    for key in &before {
        let _: () = redis::cmd("SET").arg(key).arg("theirs").query(&mut other).unwrap();
    }
    assert_eq!(run_all(&world(Naive, 2, 1), &server, 7).executions, 16);
    assert_eq!(keys(&mut other).into_iter().collect::<BTreeSet<_>>(), before);

    for server in [&server, &private()] {
        let error = run(&world(Careless, 2, 1), server, 7, &Control::default(), &mut ()).unwrap_err();
        assert!(error.to_string().starts_with("`FLUSHALL` is not sent: it can do harm"), "{error}");
    }
    assert_eq!(keys(&mut other).len(), 2);
}

/// A script may make keys that no command names: the model knows them.
#[test]
fn keys_that_scripts_made_are_deleted_too() {
    let server = private();
    let waiting = world(Waiting, 2, 1);
    assert_eq!(run_all(&waiting, &server, 2), on_the_model(&waiting));
    assert_eq!(keys(&mut bystander(&server)), Vec::<String>::new());
}

/// How many connections a server has accepted.
fn connections(server: &Server) -> u64 {
    let text: String = redis::cmd("INFO").arg("stats").query(&mut bystander(server)).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
    line.unwrap().parse().unwrap()
}

#[test]
fn clients_in_transactions_have_connections_of_their_own() {
    let server = private();
    let two = world(Optimistic, 2, 1);
    let expected = on_the_model(&two);
    assert_eq!((expected.violating, expected.executions), (0, 648));
    for width in [1, 7, 256] {
        let before = connections(&server);
        assert_eq!(run_all(&two, &server, width), expected, "{width}");
        // One to count, one that all share, one for each client that went into a transaction.
        let own = connections(&server) - before - 2;
        assert!((2..=64).contains(&own), "{own}");
    }
    assert_eq!(keys(&mut bystander(&server)), Vec::<String>::new());
}

#[test]
fn an_execution_cut_short_in_a_transaction_leaves_nothing() {
    let server = private();
    let control = Control { max_executions: Some(100), ..Control::default() };
    let interrupted = Arc::clone(&control.interrupted);
    let mut observer = Once(77, Some(move || interrupted.store(true, Ordering::Relaxed)));
    let found = run(&world(Optimistic, 3, 1), &server, 256, &control, &mut observer).unwrap();
    assert_eq!(found.stopped, Some(Bound::Interrupted));
    assert_eq!(keys(&mut bystander(&server)), Vec::<String>::new());
}

/// Passes everything on between whoever connects and a server, but takes its time with each number that it answers.
fn dawdle(at: &Path, server: &Path, pause: Duration) {
    let listener = UnixListener::bind(at).unwrap();
    let server = server.to_owned();
    thread::spawn(move || {
        for ours in listener.incoming() {
            let (mut ours, theirs) = (ours.unwrap(), UnixStream::connect(&server).unwrap());
            let (mut asked, mut asks) = (ours.try_clone().unwrap(), theirs.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut asked, &mut asks));
            thread::spawn(move || {
                let mut answers = BufReader::new(theirs);
                let mut line = Vec::new();
                while answers.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                    if line.starts_with(b":") {
                        thread::sleep(pause);
                    }
                    if ours.write_all(&line).is_err() {
                        return;
                    }
                    line.clear();
                }
            });
        }
    });
}

/// Each reply comes in time; those of one round together take longer than a search and its end may.
#[test]
fn a_server_that_takes_its_time_with_every_reply_does_not_hold_up_the_end() {
    let theirs = PrivateServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("slow.sock");
    dawdle(&socket, theirs.socket(), Duration::from_millis(100));
    let url = format!("redis+unix://{}", socket.display());
    let server = Server::open(&Target::choose(Some(&url), None, false).unwrap()).unwrap();

    let began = Instant::now();
    let timeout = Timeout::starting_now(Duration::from_millis(500));
    let control = Control { timeout, ..Control::default() };
    let found = run(&world(Naive, 4, 1), &server, 256, &control, &mut ()).unwrap();
    assert!(matches!(found.stopped, Some(Bound::Timeout(_))), "{:?}", found.stopped);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}
