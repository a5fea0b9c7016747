//! The explorer is tested by exact counts: against known numbers, and against an independent count, by dynamic
//! programming over a second, much smaller description of the two limiters, over random programs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;

use gatecrash::explore::{Complete, Exploration, Observer, enumerate::enumerate, parallel};
use gatecrash::model::Model;
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::scenario::{OnReject, OperationKind, Scenario};
use gatecrash::world::schedule::Choice;
use gatecrash_limiter::algorithm;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

mod common;
use common::scenario;

use OperationKind::{Acquire, Release};

/// Keeps every order it is shown.
#[derive(Default)]
struct Orders(BTreeSet<Vec<Choice>>, u64);

impl Observer for Orders {
    fn execution(&mut self, execution: &Complete<'_>) {
        self.0.insert(execution.choices.to_vec());
        self.1 += 1;
    }
}

fn explore(scenario: &Scenario, limiter: &str) -> Exploration {
    let world = World::new(scenario, algorithm::by_name(limiter).expect("a built-in limiter"));
    enumerate(world, Model::new(), &Control::default(), &mut ()).expect("the model does not fail")
}

fn identical(clients: usize, limit: u64, repeat: u32, on_reject: OnReject) -> Scenario {
    scenario(&vec![vec![Acquire, Release]; clients], limit, repeat, on_reject)
}

#[test]
fn known_counts() {
    let two = explore(&identical(2, 1, 1, OnReject::Stop), "naive");
    assert_eq!((two.executions, two.violating), (16, 8));
    assert_eq!(two.peaks, BTreeMap::from([(1, 8), (2, 8)]));

    let three = explore(&identical(3, 1, 1, OnReject::Stop), "naive");
    assert_eq!((three.executions, three.violating), (804, 672));
    assert_eq!(three.peaks, BTreeMap::from([(1, 132), (2, 456), (3, 216)]));

    assert_eq!(explore(&identical(2, 1, 2, OnReject::Stop), "naive").executions, 364);
    assert_eq!(explore(&identical(2, 1, 2, OnReject::Continue), "naive").executions, 398);

    let without_release = scenario(&vec![vec![Acquire]; 2], 1, 1, OnReject::Stop);
    assert_eq!(explore(&without_release, "naive").executions, 6);

    let atomic = explore(&identical(3, 1, 1, OnReject::Stop), "atomic");
    assert_eq!((atomic.executions, atomic.violating), (24, 0));
}

#[test]
fn every_interleaving_is_run_once() {
    let world =
        World::new(&identical(3, 1, 1, OnReject::Stop), algorithm::by_name("naive").expect("built in"));
    let mut orders = Orders::default();
    enumerate(world, Model::new(), &Control::default(), &mut orders).expect("the model does not fail");
    assert_eq!(orders.1, 804);
    assert_eq!(orders.0.len(), 804);
}

#[test]
fn the_counterexample_is_the_first_of_the_shortest() {
    let found = explore(&identical(3, 2, 1, OnReject::Stop), "naive");
    let order = found.violation.expect("naive over-admits").order;
    let clients: Vec<u16> = order.iter().filter_map(|choice| choice.client()).map(|id| id.0).collect();
    // Two must read that one slot is free before either takes it: six steps, three preemptions, A before B before C.
    assert_eq!(clients, [0, 0, 1, 2, 2, 1]);
}

/// The second description: a client is a position, a flag and a number of permits; the store is a number.
///
/// That is all there is, as tokens are unique and nothing is lost: the store's count is the sum of what clients hold
/// and of what a client has added and not yet been told of, which here is the same step.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Small {
    clients: Vec<(usize, bool, u32, bool)>,
    peak: u32,
}

struct Counter<'a> {
    programs: &'a [Vec<OperationKind>],
    rounds: usize,
    limit: u32,
    go_on: bool,
    naive: bool,
    memo: HashMap<Small, BTreeMap<u32, u64>>,
}

impl Counter<'_> {
    fn next(&self, client: usize, state: &mut (usize, bool, u32, bool)) {
        let program = &self.programs[client];
        while state.0 < program.len() * self.rounds
            && program[state.0 % program.len()] == Release
            && state.2 == 0
        {
            state.0 += 1;
        }
        state.3 |= state.0 >= program.len() * self.rounds;
    }

    fn refuse(&self, state: &mut (usize, bool, u32, bool)) {
        state.0 += 1;
        state.3 |= !self.go_on;
    }

    fn count(&mut self, state: &Small) -> BTreeMap<u32, u64> {
        if let Some(known) = self.memo.get(state) {
            return known.clone();
        }
        let stored: u32 = state.clients.iter().map(|client| client.2).sum();
        let mut total = BTreeMap::new();
        for i in 0..state.clients.len() {
            if state.clients[i].3 {
                continue;
            }
            let mut after = state.clone();
            let client = &mut after.clients[i];
            let program = &self.programs[i];
            match program[client.0 % program.len()] {
                Release => *client = (client.0 + 1, false, client.2 - 1, false),
                Acquire if self.naive && !client.1 => {
                    if stored < self.limit {
                        client.1 = true;
                    } else {
                        self.refuse(client);
                    }
                }
                Acquire if self.naive || stored < self.limit => {
                    *client = (client.0 + 1, false, client.2 + 1, false);
                }
                Acquire => self.refuse(client),
            }
            if !client.1 && !client.3 {
                self.next(i, client);
            }
            after.peak = after.peak.max(after.clients.iter().map(|client| client.2).sum());
            for (peak, ways) in self.count(&after) {
                let sum: &mut u64 = total.entry(peak).or_default();
                *sum = sum.saturating_add(ways);
            }
        }
        if total.is_empty() {
            total.insert(state.peak, 1);
        }
        self.memo.insert(state.clone(), total.clone());
        total
    }
}

fn count_independently(scenario: &Scenario, limiter: &str) -> BTreeMap<u32, u64> {
    let programs: Vec<Vec<OperationKind>> =
        scenario.clients.iter().map(|client| client.program.clone()).collect();
    let mut counter = Counter {
        programs: &programs,
        rounds: scenario.repeat as usize,
        limit: u32::try_from(scenario.limit).expect("small"),
        go_on: scenario.on_reject == OnReject::Continue,
        naive: limiter == "naive",
        memo: HashMap::new(),
    };
    let mut start = Small { clients: vec![(0, false, 0, false); programs.len()], peak: 0 };
    for (i, client) in start.clients.iter_mut().enumerate() {
        counter.next(i, client);
    }
    counter.count(&start)
}

fn random_scenario() -> impl Strategy<Value = Scenario> {
    // Few clients with long programs, or more with short ones.
    let shape = prop_oneof![(Just(3usize), Just(4usize), 1..=2u32), (Just(4usize), Just(2usize), Just(1u32))];
    let programs = shape.prop_flat_map(|(clients, longest, repeat)| {
        let operation = prop_oneof![Just(Acquire), Just(Release)];
        let program = prop::collection::vec(operation, 1..=longest);
        (prop::collection::vec(program, 1..=clients), Just(repeat))
    });
    let reject = prop_oneof![Just(OnReject::Stop), Just(OnReject::Continue)];
    (programs, 1..=3u64, reject)
        .prop_map(|((programs, repeat), limit, reject)| scenario(&programs, limit, repeat, reject))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/counts.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn enumeration_agrees_with_an_independent_count(
        scenario in random_scenario(),
        limiter in prop_oneof![Just("naive"), Just("atomic")],
    ) {
        let expected = count_independently(&scenario, limiter);
        let total = expected.values().fold(0, |sum: u64, ways| sum.saturating_add(*ways));
        prop_assume!(total <= 2_000);
        let found = explore(&scenario, limiter);
        prop_assert_eq!(found.executions, total);
        prop_assert_eq!(&found.peaks, &expected);
        let over: u64 = expected.iter().filter(|(peak, _)| u64::from(**peak) > scenario.limit).map(|(_, n)| n).sum();
        prop_assert_eq!(found.violating, over);
        prop_assert_eq!(found.violation.is_some(), over > 0);
        let world = World::new(&scenario, algorithm::by_name(limiter).expect("a built-in limiter"));
        let threads = NonZeroUsize::new(3).expect("not zero");
        for max_executions in [None, Some(total / 2 + 1)] {
            let control = Control { max_executions, ..Control::default() };
            let alone = enumerate(world.clone(), Model::new(), &control, &mut ());
            let together = parallel::enumerate(world.clone(), &control, threads);
            prop_assert_eq!(together.expect("the model does not fail"), alone.expect("the model does not fail"));
        }
        if limiter == "atomic" {
            prop_assert_eq!(over, 0);
        }
    }
}

#[test]
fn a_bound_is_checked_before_every_execution() {
    let world = World::new(&identical(3, 1, 1, OnReject::Stop), Arc::new(gatecrash_limiter::Naive));
    for max in [1, 2, 803, 804] {
        let control = Control { max_executions: Some(max), ..Control::default() };
        let found =
            enumerate(world.clone(), Model::new(), &control, &mut ()).expect("the model does not fail");
        assert_eq!(found.executions, max);
        assert_eq!(found.stopped.is_some(), max < 804);
    }
}

/// 1,500 steps an execution are more than copies are kept for; the walk goes back beyond them by running again.
#[test]
fn a_walk_goes_back_beyond_its_copies() {
    let programs = [vec![Acquire, Release], vec![Acquire]];
    let scenario = scenario(&programs, 1, 500, OnReject::Continue);
    let world = World::new(&scenario, algorithm::by_name("atomic").expect("built in"));
    let mut orders = Orders::default();
    let control = Control { max_executions: Some(2_000), ..Control::default() };
    let found =
        enumerate(world, Model::new(), &control, &mut orders).expect("the replies are the same again");
    assert_eq!((found.executions, orders.0.len()), (2_000, 2_000));
}
