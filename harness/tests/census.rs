//! The census is tested by exact counts: against known numbers, and against enumeration.

use std::collections::BTreeMap;

use gatecrash::explore::census::{self, Census, Options, preemptions};
use gatecrash::explore::{Control, enumerate::enumerate};
use gatecrash::merge::Merge;
use gatecrash::model::Model;
use gatecrash::scenario::{OnReject, OperationKind, Scenario};
use gatecrash::world::World;
use gatecrash_limiter::algorithm;
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

fn take(scenario: &Scenario, limiter: &str, options: Options) -> Census {
    census::take(&world(scenario, limiter), options, &Control::default()).expect("the model does not fail")
}

fn peaks(numbers: &[(u32, u64)]) -> Option<BTreeMap<u32, BigUint>> {
    Some(numbers.iter().map(|(peak, count)| (*peak, BigUint::from(*count))).collect())
}

#[test]
fn known_counts() {
    let two = take(&identical(2, 1, 1, OnReject::Stop), "naive", Options::default());
    assert_eq!((two.states, &two.peaks), (10, &peaks(&[(1, 8), (2, 8)])));
    let odds = two.odds.as_ref().expect("it got through");
    assert_eq!((odds.exact.as_ref().map(ToString::to_string), odds.value), (Some("1/4".into()), 0.25));

    let three = take(&identical(3, 1, 1, OnReject::Stop), "naive", Options::default());
    assert_eq!(three.peaks, peaks(&[(1, 132), (2, 456), (3, 216)]));

    let four = take(&identical(4, 2, 1, OnReject::Stop), "naive", Options::default());
    assert_eq!(four.states, 35);
    assert_eq!(four.peaks, peaks(&[(1, 6_720), (2, 99_216), (3, 114_048), (4, 34_560)]));
    assert!((four.odds.expect("it got through").value - 0.2655).abs() < 5e-5);

    let eight = take(&identical(8, 3, 1, OnReject::Stop), "naive", Options::default());
    assert_eq!((eight.states, eight.edges), (165, 360));
    assert_eq!(eight.interleavings(), "117369128717568000".parse().ok());
    assert_eq!(eight.above(3), "98284133503180800".parse().ok());

    let atomic = take(&identical(8, 3, 1, OnReject::Stop), "atomic", Options::default());
    assert_eq!((atomic.highest, atomic.violation.is_none(), atomic.above(3)), (3, true, Some(BigUint::ZERO)));
}

#[test]
fn clients_that_are_told_apart_make_more_states_and_the_same_counts() {
    let scenario = identical(4, 2, 1, OnReject::Stop);
    let merged = take(&scenario, "naive", Options::default());
    let apart = Merge { symmetry: false, outcomes: false };
    let apart = take(&scenario, "naive", Options { merge: apart, ..Options::default() });
    assert_eq!((merged.states, apart.states), (35, 256));
    assert_eq!((&merged.peaks, &merged.violation), (&apart.peaks, &apart.violation));
    let exact = |census: Census| census.odds.and_then(|odds| odds.exact);
    assert_eq!(exact(merged), exact(apart));
}

#[test]
fn preemptions_add_up_to_all_interleavings() {
    let options = Options { by_preemptions: true, ..Options::default() };
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
        let census = take(&scenario, "naive", Options::default());
        let found = enumerate(world(&scenario, "naive"), Model::new(), &Control::default(), &mut ());
        assert_eq!(census.violation, found.expect("the model does not fail").violation);
    }
}
