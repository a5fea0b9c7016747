//! The verdict for every number of clients, held against the census for each number that it can count.

use gatecrash::explore::census::any::{AnyNumber, decide};
use gatecrash::explore::census::{self, CensusOptions};
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control};
use gatecrash::world::scenario::{OnReject, OperationKind, Scenario};
use gatecrash::world::verdict::Verdict;
use gatecrash_limiter::algorithm;

mod common;
use common::scenario;

use OperationKind::{Acquire, Release};

fn identical(program: &[OperationKind], clients: usize, limit: u64, on_reject: OnReject) -> Scenario {
    scenario(&vec![program.to_vec(); clients], limit, 1, on_reject)
}

fn world(scenario: &Scenario, limiter: &str) -> World {
    World::new(scenario, algorithm::by_name(limiter).expect("a built-in limiter"))
}

fn any(program: &[OperationKind], limit: u64, on_reject: OnReject, limiter: &str) -> AnyNumber {
    let scenario = identical(program, 1, limit, on_reject);
    decide(&world(&scenario, limiter), &Control::default()).expect("the model works").expect("it applies")
}

#[test]
fn the_atomic_limiter_is_safe_for_every_number_of_clients() {
    for (limit, nodes) in [(2, 6), (8, 18), (64, 130)] {
        let found = any(&[Acquire, Release], limit, OnReject::Stop, "atomic");
        assert_eq!(found, AnyNumber { nodes, violated: false, stopped: None });
    }
}

#[test]
fn what_holds_for_every_number_holds_for_each() {
    let programs: [&[OperationKind]; 4] = [
        &[Acquire],
        &[Acquire, Release],
        &[Acquire, Release, Acquire],
        &[Acquire, Acquire, Release, Release],
    ];
    for program in programs {
        for limiter in ["naive", "atomic"] {
            for on_reject in [OnReject::Stop, OnReject::Continue] {
                for limit in 1..=3 {
                    let every = any(program, limit, on_reject, limiter).verdict();
                    let each = (1..=5).map(|clients| {
                        let world = world(&identical(program, clients, limit, on_reject), limiter);
                        census::take(&world, CensusOptions::default(), &Control::default())
                            .expect("the model works")
                    });
                    let violated = each.into_iter().any(|census| census.verdict() == Verdict::Violation);
                    let expected = if violated { Verdict::Violation } else { Verdict::Clean };
                    assert_eq!(every, expected, "{limiter}, limit {limit}, {program:?}, {on_reject:?}");
                }
            }
        }
    }
}

#[test]
fn different_programs_are_told() {
    let scenario = scenario(&[vec![Acquire], vec![Acquire, Release]], 1, 1, OnReject::Stop);
    let why = decide(&world(&scenario, "atomic"), &Control::default()).expect("the model works").unwrap_err();
    assert!(why.to_string().contains("different programs"), "{why}");
}

#[test]
fn a_bound_leaves_clean_undecided() {
    let control = Control { max_states: Some(10), ..Control::default() };
    let scenario = identical(&[Acquire, Release], 1, 64, OnReject::Stop);
    let found = decide(&world(&scenario, "atomic"), &control).expect("the model works").expect("it applies");
    assert_eq!((found.verdict(), found.stopped), (Verdict::Undecided, Some(Bound::States(10))));
}
