//! One execution per trace class, against plain enumeration and against known counts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gatecrash::explore::dpor::{self, Classes};
use gatecrash::explore::{Complete, FinalResults, Observer, enumerate::enumerate};
use gatecrash::model::ComparedStore;
use gatecrash::model::Footprint;
use gatecrash::model::Model;
use gatecrash::redis::{Server, Target};
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control};
use gatecrash::world::execution::Execution;
use gatecrash::world::scenario::{OnReject, OperationKind, Scenario};
use gatecrash::world::schedule::Choice;
use gatecrash::world::trace::{Effect, StepEffect};
use gatecrash::world::verdict::Verdict;
use gatecrash_limiter::{Algorithm, Call, Command, Machine, Operation, Outcome, Progress, Reply, algorithm};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

mod common;
use common::scenario;

use OperationKind::{Acquire, Release};

fn world(limiter: &str, clients: usize, limit: u64, repeat: u32) -> World {
    let scenario = scenario(&vec![vec![Acquire, Release]; clients], limit, repeat, OnReject::Continue);
    World::new(&scenario, algorithm::by_name(limiter).unwrap())
}

fn explore(world: World) -> Classes {
    dpor::explore(world, Model::new(), &Control::default(), &mut ()).unwrap()
}

#[test]
fn known_counts() {
    for (limiter, clients, limit, repeat, classes) in [
        ("naive", 2, 1, 1, 7),
        ("naive", 3, 1, 1, 103),
        ("naive", 4, 1, 1, 2_707),
        ("naive", 2, 1, 2, 95),
        ("naive", 3, 1, 2, 46_675),
        ("naive", 4, 99, 1, 22_617),
        ("atomic", 3, 1, 1, 24),
    ] {
        let found = explore(world(limiter, clients, limit, repeat));
        let case = format!("{clients} {limiter} clients, limit {limit}, {repeat} rounds");
        assert_eq!((found.classes, found.blocked, found.found.executions), (classes, 0, classes), "{case}");
        assert_eq!(found.found.peaks.values().sum::<u64>(), classes, "{case}");
        assert_eq!(found.found.stopped, None);
    }
}

/// A limiter that sends what it is told to: it is refused by the first integer above the limit, admitted after its last
/// command. In commands, `k` stands for the key and `t` for the token.
#[derive(Clone, Debug)]
struct Told {
    acquire: Arc<[String]>,
    release: Arc<[String]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Telling {
    kind: OperationKind,
    commands: Arc<[String]>,
    sent: usize,
}

impl Told {
    fn new(acquire: &[&str], release: &[&str]) -> Self {
        let owned = |commands: &[&str]| commands.iter().map(|command| (*command).to_owned()).collect();
        Self { acquire: owned(acquire), release: owned(release) }
    }
}

impl Algorithm for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Telling { kind: Acquire, commands: self.acquire.clone(), sent: 0 })
    }

    fn release(&self) -> Operation {
        Operation::new(Telling { kind: Release, commands: self.release.clone(), sent: 0 })
    }
}

impl Machine for Telling {
    fn command(&self, call: &Call, _: Duration) -> Command {
        let part = |part: &str| match part {
            "k" => call.key.clone(),
            "t" => call.token.clone(),
            other => other.to_owned().into(),
        };
        Command::from_parts(self.commands[self.sent].split(' ').map(part).collect()).unwrap()
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        self.sent += 1;
        let refused =
            |reply: &Reply| matches!(reply, Reply::Int(n) if u64::try_from(*n).is_ok_and(|n| n > call.limit));
        match self.kind {
            Acquire if refused(reply) => Progress::Done(Outcome::Refused),
            _ if self.sent < self.commands.len() => Progress::More,
            Acquire => Progress::Done(Outcome::Admitted),
            Release => Progress::Done(Outcome::Released),
        }
    }
}

/// All interleavings, by plain enumeration.
#[derive(Default)]
struct All {
    orders: Vec<Vec<Choice>>,
    results: FinalResults,
}

impl Observer for All {
    fn execution(&mut self, execution: &Complete<'_>) {
        self.orders.push(execution.choices.to_vec());
        self.results.execution(execution);
    }
}

/// A step: its client and which of the client's steps it is.
type Name = (u16, usize);

/// What is the same in all executions of a class and tells them from those of others: what each step sends, and in which
/// order those come whose order matters.
type Trace = (BTreeMap<Name, Command>, BTreeSet<(Name, Name)>);

/// A second way to the classes: one trace for each of all interleavings. Shares with the search the footprints alone.
fn traces(world: &World, orders: &[Vec<Choice>]) -> BTreeSet<Trace> {
    let runs: Vec<Vec<(Name, usize, StepEffect, i64)>> =
        orders.iter().map(|order| steps(world, order)).collect();
    let changing = |up: bool| -> BTreeSet<(OperationKind, usize)> {
        let steps = runs.iter().flatten().filter(|step| if up { step.3 > 0 } else { step.3 < 0 });
        steps.map(|(_, number, effect, _)| (effect.operation, *number)).collect()
    };
    let (raising, lowering) = (changing(true), changing(false));
    let mut traces = BTreeSet::new();
    for run in &runs {
        let mut footprints: Vec<Footprint> = Vec::new();
        for (.., effect, _) in run {
            let plain = Footprint::of(&effect.command);
            let footprint = footprints.iter().fold(plain, |f, earlier| f.after(earlier).unwrap_or(f));
            footprints.push(footprint);
        }
        let place = |i: usize| (run[i].2.operation, run[i].1);
        let ordered = |(i, j): &(usize, usize)| {
            let opposed = |i, j| raising.contains(&place(i)) && lowering.contains(&place(j));
            run[*i].0.0 == run[*j].0.0
                || footprints[*i].conflicts(&footprints[*j])
                || opposed(*i, *j)
                || opposed(*j, *i)
        };
        let pairs = (0..run.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
        traces.insert((
            run.iter().map(|(name, _, effect, _)| (*name, effect.command.clone())).collect(),
            pairs.filter(ordered).map(|(i, j)| (run[i].0, run[j].0)).collect(),
        ));
    }
    traces
}

/// The steps of one order: name, number within the operation, effect, and by how much it changed the number of holders.
fn steps(world: &World, order: &[Choice]) -> Vec<(Name, usize, StepEffect, i64)> {
    let mut execution = Execution::start(world.clone(), Model::new()).unwrap();
    let mut taken: BTreeMap<u16, (usize, usize)> = BTreeMap::new();
    let mut steps = Vec::new();
    for choice in order {
        let before = i64::from(execution.world.holders());
        let Effect::Step(effect) = execution.take(*choice).unwrap() else { panic!("an order holds steps") };
        let (count, number) = taken.entry(effect.client.0).or_default();
        *number = if effect.first { 0 } else { *number + 1 };
        steps.push((
            (effect.client.0, *count),
            *number,
            effect,
            i64::from(execution.world.holders()) - before,
        ));
        *count += 1;
    }
    steps
}

/// Whether the search finds what plain enumeration does, and runs each class once. Gives up on what is too large.
fn agrees_with_enumeration(world: &World, most: u64) -> Result<(), TestCaseError> {
    let (mut all, mut results) = (All::default(), FinalResults::default());
    let control = Control { max_executions: Some(most), ..Control::default() };
    let every = enumerate(world.clone(), Model::new(), &control, &mut all).unwrap();
    prop_assume!(every.stopped.is_none());
    let found = dpor::explore(world.clone(), Model::new(), &Control::default(), &mut results).unwrap();
    prop_assert_eq!(&results, &all.results);
    prop_assert_eq!(found.found.peaks.keys().collect::<Vec<_>>(), every.peaks.keys().collect::<Vec<_>>());
    prop_assert_eq!(found.found.verdict(), every.verdict());
    prop_assert!(found.found.violation >= every.violation, "no better than the best");
    prop_assert_eq!(found.classes, traces(world, &all.orders).len() as u64);
    prop_assert!(found.found.executions >= found.classes);
    prop_assert_eq!(found.blocked, 0);
    Ok(())
}

#[test]
fn classes_are_as_many_as_there_are_traces() {
    for (limiter, clients, limit, repeat) in
        [("naive", 2, 1, 1), ("naive", 2, 2, 2), ("naive", 3, 1, 1), ("naive", 3, 2, 1), ("atomic", 3, 2, 1)]
    {
        agrees_with_enumeration(&world(limiter, clients, limit, repeat), 2_000).unwrap();
    }
}

fn programs() -> impl Strategy<Value = Scenario> {
    let operation = prop_oneof![Just(Acquire), Just(Release)];
    let programs = prop::collection::vec(prop::collection::vec(operation, 1..=3), 1..=4);
    let reject = prop_oneof![Just(OnReject::Stop), Just(OnReject::Continue)];
    (programs, 1..=3u64, 1..=2u32, reject)
        .prop_map(|(programs, limit, repeat, reject)| scenario(&programs, limit, repeat, reject))
}

/// Commands in which members commute, keys are shared or not, expiry matters, and counts refuse.
const COMMANDS: &[&str] = &[
    "ZADD k 1 t",
    "ZREM k t",
    "ZCARD k",
    "ZADD k 1 all",
    "ZREM k all t",
    "EXPIRE k 100",
    "TTL k",
    "INCR t",
    "GET t",
    "INCR other",
    "HSET other t 1",
    "HDEL other t",
    "HLEN other",
    "RENAME k other",
    "DEL k",
    "PING",
    "EVAL return(redis.call('ZCARD',KEYS[1])) 1 k",
    "EVAL return(redis.call('INCR',KEYS[1])) 1 t",
];

fn told() -> impl Strategy<Value = Told> {
    let commands = |most| prop::collection::vec(prop::sample::select(COMMANDS), 1..=most);
    (commands(4), commands(2)).prop_map(|(acquire, release)| Told::new(&acquire, &release))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        max_global_rejects: 10_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/dpor.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn built_in_limiters_are_explored_as_by_enumeration(
        scenario in programs(),
        limiter in prop_oneof![Just("naive"), Just("atomic")],
    ) {
        agrees_with_enumeration(&World::new(&scenario, algorithm::by_name(limiter).unwrap()), 1_000)?;
    }

    #[test]
    fn random_limiters_are_explored_as_by_enumeration(
        limiter in told(),
        clients in 2..=3usize,
        limit in 1..=2u64,
        repeat in 1..=2u32,
    ) {
        let scenario = scenario(&vec![vec![Acquire, Release]; clients], limit, repeat, OnReject::Continue);
        agrees_with_enumeration(&World::new(&scenario, Arc::new(limiter)), 1_000)?;
    }
}

/// 4 clients with 4 commands of their own each: 63,063,000 interleavings without release.
#[test]
fn what_clients_do_on_keys_of_their_own_multiplies_no_classes() {
    let limiter = Told::new(&["INCR t", "GET t", "INCR t", "HSET other t 1"], &["HDEL other t"]);
    let explore = |program: &[OperationKind]| {
        let scenario = scenario(&vec![program.to_vec(); 4], 9, 1, OnReject::Stop);
        explore(World::new(&scenario, Arc::new(limiter.clone())))
    };
    let alone = explore(&[Acquire]);
    assert_eq!((alone.classes, alone.found.executions), (1, 1));
    // Who held a permit together with whom, of four: the interval orders on four elements.
    let with_release = explore(&[Acquire, Release]);
    assert_eq!((with_release.classes, with_release.found.peak()), (207, 4));
}

/// Here the first execution lets nobody out: what its classes would be is run anew once somebody is.
#[test]
fn what_is_learned_late_begins_the_search_anew() {
    let scenario = scenario(&[vec![Acquire], vec![Release, Acquire]], 1, 2, OnReject::Stop);
    let world = World::new(&scenario, algorithm::by_name("naive").unwrap());
    let found = explore(world.clone());
    assert_eq!((found.classes, found.blocked, found.found.executions), (12, 0, 13));
    assert_eq!(found.found.peaks.values().sum::<u64>(), 12);
    agrees_with_enumeration(&world, 2_000).unwrap();
}

/// A program on which Source-DPOR blocks, after an example of its authors: four clients in four roles.
#[derive(Clone, Debug)]
struct Four([usize; 4]);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OfFour {
    roles: [usize; 4],
    seen: Vec<Reply>,
}

impl Algorithm for Four {
    fn name(&self) -> &'static str {
        "four"
    }

    fn acquire(&self) -> Operation {
        Operation::new(OfFour { roles: self.0, seen: Vec::new() })
    }

    fn release(&self) -> Operation {
        self.acquire()
    }
}

impl OfFour {
    fn next(&self, call: &Call) -> Option<&'static str> {
        let role = self.roles[usize::from(call.token[0] - b'A')];
        match (role, self.seen.as_slice()) {
            (0, []) => Some("SET x 1"),
            (1, []) => Some("SET y 1"),
            (2, []) | (3, [_]) => Some("GET y"),
            (2, [Reply::Nil]) => Some("SET z 1"),
            (3, []) => Some("GET z"),
            (3, [Reply::Bulk(_), Reply::Nil]) => Some("SET x 2"),
            _ => None,
        }
    }
}

impl Machine for OfFour {
    fn command(&self, call: &Call, _: Duration) -> Command {
        let parts = self.next(call).unwrap().split(' ').map(|part| part.to_owned().into());
        Command::from_parts(parts.collect()).unwrap()
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        self.seen.push(reply.clone());
        if self.next(call).is_some() { Progress::More } else { Progress::Done(Outcome::Admitted) }
    }
}

#[test]
fn blocked_executions_are_counted_apart() {
    let scenario = scenario(&vec![vec![Acquire]; 4], 3, 1, OnReject::Stop);
    for (roles, blocked, executions) in [([1, 0, 2, 3], 4, 14), ([2, 3, 0, 1], 1, 8), ([2, 1, 3, 0], 0, 8)] {
        let world = World::new(&scenario, Arc::new(Four(roles)));
        let (mut all, mut results) = (All::default(), FinalResults::default());
        let every = enumerate(world.clone(), Model::new(), &Control::default(), &mut all).unwrap();
        let found = dpor::explore(world.clone(), Model::new(), &Control::default(), &mut results).unwrap();
        assert_eq!((found.classes, found.blocked, found.found.executions), (7, blocked, executions));
        assert_eq!(traces(&world, &all.orders).len(), 7);
        assert_eq!((found.found.peak(), found.found.violating, results), (every.peak(), 7, all.results));
    }
}

#[test]
fn bounds_are_obeyed_and_make_clean_undecided() {
    for max in [1, 102, 103] {
        let control = Control { max_executions: Some(max), ..Control::default() };
        let found = dpor::explore(world("naive", 3, 1, 1), Model::new(), &control, &mut ()).unwrap();
        assert_eq!(found.found.executions, max);
        assert_eq!(found.found.stopped, (max < 103).then_some(Bound::Executions(max)));
    }
    let control = Control { max_executions: Some(5), ..Control::default() };
    let atomic = dpor::explore(world("atomic", 3, 1, 1), Model::new(), &control, &mut ()).unwrap();
    assert_eq!(atomic.found.verdict(), Verdict::Undecided);
    let interrupted = Control::default();
    interrupted.interrupted.store(true, std::sync::atomic::Ordering::Relaxed);
    let none = dpor::explore(world("naive", 2, 1, 1), Model::new(), &interrupted, &mut ()).unwrap();
    assert_eq!((none.found.executions, none.found.stopped), (0, Some(Bound::Interrupted)));
}

#[test]
fn on_a_real_server_the_same_executions_are_run() {
    let server = Server::open(&Target::Private).unwrap();
    for (limiter, classes) in [("naive", 103), ("atomic", 24)] {
        let store = ComparedStore::new(server.store(3).unwrap());
        let (mut here, mut there) = (FinalResults::default(), FinalResults::default());
        let world = world(limiter, 3, 1, 1);
        let on_model = dpor::explore(world.clone(), Model::new(), &Control::default(), &mut here).unwrap();
        let on_redis = dpor::explore(world, store, &Control::default(), &mut there).unwrap();
        assert_eq!(on_redis.classes, classes);
        assert_eq!((on_redis, there), (on_model, here));
    }
}
