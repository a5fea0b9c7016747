//! loom against plain enumeration: the same verdicts and the same final results, by two independent engines.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use gatecrash::explore::loom;
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control};
use gatecrash::world::scenario::{OnReject, OperationKind};
use gatecrash::world::verdict::Verdict;
use gatecrash_limiter::algorithm;

mod common;
use common::scenario;

use OperationKind::{Acquire, Release};

fn world(limiter: &str, clients: usize, program: &[OperationKind], limit: u64) -> World {
    let scenario = scenario(&vec![program.to_vec(); clients], limit, 1, OnReject::Stop);
    World::new(&scenario, algorithm::by_name(limiter).expect("a built-in limiter"))
}

#[test]
fn loom_counts_the_violations_of_naive_and_finds_none_of_atomic() {
    let naive =
        loom::explore(&world("naive", 2, &[Acquire, Release], 1), &Control::default()).expect("loom runs");
    assert_eq!(naive.found.verdict(), Verdict::Violation);
    assert!(naive.found.executions > naive.found.violating && naive.found.violating > 1);
    assert_eq!(naive.found.peak(), 2);
    assert_eq!(naive.results.0.len(), 3, "both admitted, or either one alone");

    let atomic =
        loom::explore(&world("atomic", 3, &[Acquire, Release], 1), &Control::default()).expect("loom runs");
    assert_eq!(atomic.found.verdict(), Verdict::Clean);
    assert_eq!(atomic.found.violating, 0);
    assert_eq!(atomic.found.stopped, None);
}

#[test]
fn a_bound_makes_clean_undecided_but_a_violation_stays() {
    let bounded = Control { max_executions: Some(3), ..Control::default() };
    let atomic = loom::explore(&world("atomic", 2, &[Acquire, Release], 1), &bounded).expect("loom runs");
    assert_eq!(atomic.found.executions, 3);
    assert_eq!(atomic.found.stopped, Some(Bound::Executions(3)));
    assert_eq!(atomic.found.verdict(), Verdict::Undecided);

    let bounded = Control { max_executions: Some(30), ..Control::default() };
    let naive = loom::explore(&world("naive", 3, &[Acquire, Release], 1), &bounded).expect("loom runs");
    assert_eq!(naive.found.stopped, Some(Bound::Executions(30)));
    assert_eq!(naive.found.verdict(), Verdict::Violation);
}

#[test]
fn an_interrupt_stops_it() {
    let control = Control { interrupted: Arc::new(AtomicBool::new(true)), ..Control::default() };
    let naive = loom::explore(&world("naive", 3, &[Acquire, Release], 1), &control).expect("loom runs");
    assert_eq!((naive.found.executions, naive.found.stopped), (0, Some(Bound::Interrupted)));
}

#[test]
fn what_does_not_fit_is_told() {
    let control = Control::default();
    let fits = |world: World| loom::unfit(&world, &control).expect("the model does not fail");
    assert_eq!(fits(world("naive", 3, &[Acquire, Release], 1)), None);
    assert!(fits(world("naive", 5, &[Acquire], 1)).is_some_and(|why| why.contains("at most 4")));
    let long = scenario(&[vec![Acquire, Release]], 1, 1_000, OnReject::Stop);
    let long = World::new(&long, algorithm::by_name("naive").expect("a built-in limiter"));
    assert!(fits(long).is_some_and(|why| why.contains("3000 steps")));
    assert!(fits(world("naive", 4, &[Acquire, Release], 1)).is_some_and(|why| why.contains("interleavings")));
}
