//! The census is tested by exact counts: against known numbers, and against enumeration.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gatecrash::explore::census::results::final_results;
use gatecrash::explore::census::{self, Census, CensusOptions, preemptions};
use gatecrash::explore::states::StateSpace;
use gatecrash::explore::{FinalResults, enumerate::enumerate};
use gatecrash::model::Model;
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control};
use gatecrash::world::scenario::{OnReject, OperationKind, Scenario};
use gatecrash::world::verdict::Verdict;
use gatecrash_limiter::{Algorithm, Call, Command, Machine, Operation, Outcome, Progress, Reply, algorithm};
use num_bigint::BigUint;

mod common;
use common::scenario;

use OperationKind::{Acquire, Release};

fn identical(clients: usize, limit: u64, repeat: u32, on_reject: OnReject) -> Scenario {
    scenario(&vec![vec![Acquire, Release]; clients], limit, repeat, on_reject)
}

fn world(scenario: &Scenario, limiter: &str) -> World {
    World::new(scenario, algorithm::by_name(limiter).expect("a built-in limiter"))
}

fn take(scenario: &Scenario, limiter: &str, options: CensusOptions) -> Census {
    census::take(&world(scenario, limiter), options, &Control::default()).expect("the model does not fail")
}

fn peaks(numbers: &[(u32, u64)]) -> BTreeMap<u32, BigUint> {
    numbers.iter().map(|(peak, count)| (*peak, BigUint::from(*count))).collect()
}

#[test]
fn known_counts() {
    let two = take(&identical(2, 1, 1, OnReject::Stop), "naive", CensusOptions::default());
    assert_eq!((two.states, &two.peaks), (10, &Some(peaks(&[(1, 8), (2, 8)]))));
    let probability = two.probability.as_ref().expect("it got through");
    assert_eq!(
        (probability.exact.as_ref().map(ToString::to_string), probability.value),
        (Some("1/4".into()), 0.25)
    );

    let three = take(&identical(3, 1, 1, OnReject::Stop), "naive", CensusOptions::default());
    assert_eq!(three.peaks, Some(peaks(&[(1, 132), (2, 456), (3, 216)])));

    let four = take(&identical(4, 2, 1, OnReject::Stop), "naive", CensusOptions::default());
    assert_eq!(four.states, 35);
    assert_eq!(four.peaks, Some(peaks(&[(1, 6_720), (2, 99_216), (3, 114_048), (4, 34_560)])));
    assert!((four.probability.expect("it got through").value - 0.2655).abs() < 5e-5);

    let eight = take(&identical(8, 3, 1, OnReject::Stop), "naive", CensusOptions::default());
    assert_eq!((eight.states, eight.edges), (165, 360));
    assert_eq!(eight.interleavings(), "117369128717568000".parse().ok());
    assert_eq!(eight.above(3), "98284133503180800".parse().ok());

    let atomic = take(&identical(8, 3, 1, OnReject::Stop), "atomic", CensusOptions::default());
    assert_eq!((atomic.highest, atomic.violation.is_none(), atomic.above(3)), (3, true, Some(BigUint::ZERO)));
}

#[test]
fn clients_that_are_told_apart_make_more_states_and_the_same_counts() {
    let scenario = identical(4, 2, 1, OnReject::Stop);
    let merged = take(&scenario, "naive", CensusOptions::default());
    let apart = StateSpace { symmetry: false, outcomes: false };
    let apart = take(&scenario, "naive", CensusOptions { space: apart, ..CensusOptions::default() });
    assert_eq!((merged.states, apart.states), (35, 256));
    assert_eq!((&merged.peaks, &merged.violation), (&apart.peaks, &apart.violation));
    let exact = |census: Census| census.probability.and_then(|probability| probability.exact);
    assert_eq!(exact(merged), exact(apart));
}

#[test]
fn preemptions_add_up_to_all_interleavings() {
    let options = CensusOptions { by_preemptions: true, ..CensusOptions::default() };
    for limit in 1..=3 {
        let census = take(&identical(4, limit, 1, OnReject::Stop), "naive", options);
        let counts = census.by_preemptions.as_ref().expect("asked for");
        let sum: BigUint = counts.values().map(|tally| &tally.interleavings).sum();
        let violating: BigUint = counts.values().map(|tally| &tally.violating).sum();
        assert_eq!((Some(sum), Some(violating)), (census.interleavings(), census.above(limit)));
        assert_eq!(preemptions::first_violation(counts).map(u64::from), Some(limit + 1));
    }
}

#[test]
fn the_counterexample_is_that_of_enumeration() {
    for (clients, limit) in [(2, 1), (3, 1), (3, 2), (4, 2), (4, 3)] {
        let scenario = identical(clients, limit, 1, OnReject::Stop);
        let census = take(&scenario, "naive", CensusOptions::default());
        let found = enumerate(world(&scenario, "naive"), Model::new(), &Control::default(), &mut ());
        assert_eq!(census.violation, found.expect("the model does not fail").violation);
    }
}

#[test]
fn final_results_are_those_of_enumeration() {
    for (programs, limiter) in [
        (vec![vec![Acquire, Release]; 3], "naive"),
        (vec![vec![Acquire, Release], vec![Acquire], vec![Acquire, Acquire, Release]], "naive"),
        (vec![vec![Acquire, Release, Acquire]; 3], "atomic"),
    ] {
        let scenario = scenario(&programs, 1, 1, OnReject::Continue);
        let mut enumerated = FinalResults::default();
        let all = enumerate(world(&scenario, limiter), Model::new(), &Control::default(), &mut enumerated);
        assert_eq!(all.expect("the model does not fail").stopped, None);
        let merged = final_results(&world(&scenario, limiter), &Control::default());
        assert_eq!(merged.expect("the model does not fail"), Some(enumerated));
    }
}

#[test]
fn a_bound_on_states_leaves_clean_undecided_and_a_violation_found() {
    let control = Control { max_states: Some(20), ..Control::default() };
    let bounded = |limiter| {
        let world = world(&identical(8, 3, 1, OnReject::Stop), limiter);
        census::take(&world, CensusOptions::default(), &control).expect("the model does not fail")
    };
    let clean = bounded("atomic");
    assert_eq!(
        (clean.verdict(), &clean.stopped, clean.peaks),
        (Verdict::Undecided, &Some(Bound::States(20)), None)
    );
    let small = Control { max_states: Some(120), ..Control::default() };
    let world = world(&identical(8, 3, 1, OnReject::Stop), "naive");
    let found = census::take(&world, CensusOptions::default(), &small).expect("the model does not fail");
    assert_eq!((found.verdict(), found.stopped), (Verdict::Violation, Some(Bound::States(120))));
}

#[test]
fn a_bound_on_preemptions_misses_what_needs_more() {
    let scenario = identical(4, 2, 1, OnReject::Stop);
    let within = |max| {
        take(&scenario, "naive", CensusOptions { max_preemptions: Some(max), ..CensusOptions::default() })
    };
    for max in 0..=2 {
        assert_eq!(
            (within(max).verdict(), within(max).stopped),
            (Verdict::Undecided, Some(Bound::Preemptions(max)))
        );
    }
    let found = within(3);
    assert_eq!((found.verdict(), found.stopped), (Verdict::Violation, Some(Bound::Preemptions(3))));
    let all = within(99);
    assert_eq!((all.stopped, all.peaks.is_some()), (None, true));
    assert_eq!(found.violation, all.violation);
}

/// Tries again for ever: its interleavings are infinitely many, its states are not.
#[derive(Debug)]
struct Stubborn;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Retry;

impl Machine for Retry {
    fn command(&self, call: &Call, _: Duration) -> Command {
        Command::new("SET").arg(call.key.clone()).arg(call.token.clone()).arg("NX")
    }

    fn receive(&mut self, _: &Call, reply: &Reply) -> Progress {
        if *reply == Reply::ok() { Progress::Done(Outcome::Admitted) } else { Progress::More }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Delete;

impl Machine for Delete {
    fn command(&self, call: &Call, _: Duration) -> Command {
        Command::new("DEL").arg(call.key.clone())
    }

    fn receive(&mut self, _: &Call, _: &Reply) -> Progress {
        Progress::Done(Outcome::Released)
    }
}

impl Algorithm for Stubborn {
    fn name(&self) -> &'static str {
        "stubborn"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Retry)
    }

    fn release(&self) -> Operation {
        Operation::new(Delete)
    }
}

#[test]
fn a_cycle_is_told_and_safety_decided_all_the_same() {
    let scenario = identical(3, 1, 1, OnReject::Stop);
    let world = World::new(&scenario, Arc::new(Stubborn));
    let census =
        census::take(&world, CensusOptions::default(), &Control::default()).expect("the model does not fail");
    assert!(census.infinite && census.peaks.is_none());
    assert_eq!((census.verdict(), census.highest), (Verdict::Clean, 1));
}
