//! The search that only decides is tested by exact counts: of states, and of how many of them it keeps.

use gatecrash::explore::census::{self, CensusOptions};
use gatecrash::explore::states::{self, Decision, StateSpace};
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control};
use gatecrash::world::scenario::{OnReject, OperationKind};
use gatecrash::world::verdict::Verdict;
use gatecrash_limiter::{Algorithm, Atomic, Naive};
use std::sync::Arc;

mod common;
#[path = "common/lines.rs"]
#[allow(dead_code, reason = "each test file has other limiters")]
mod lines;

use common::scenario;
use lines::{Line, Lines, To, When};

use OperationKind::{Acquire, Release};

const APART: StateSpace = StateSpace { symmetry: false, outcomes: true };

fn world(algorithm: Arc<dyn Algorithm>, clients: usize, rounds: u32) -> World {
    let programs = vec![vec![Acquire, Release]; clients];
    World::new(&scenario(&programs, 1, rounds, OnReject::Continue), algorithm)
}

fn decide(world: &World, space: StateSpace, max_states: Option<u64>) -> Decision {
    let control = Control { max_states, ..Control::default() };
    states::decide(world, space, &control).expect("the model does not fail")
}

#[test]
fn states_are_forgotten_once_they_cannot_be_met_again() {
    let found = decide(&world(Arc::new(Naive), 4, 1), APART, None);
    assert_eq!((found.states, found.kept, found.highest), (560, 230, 4));
    let rounds = decide(&world(Arc::new(Naive), 2, 4), APART, None);
    assert_eq!((rounds.states, rounds.kept, rounds.highest), (1955, 468, 2));
}

#[test]
fn only_a_search_that_got_through_is_clean() {
    let (naive, atomic) = (world(Arc::new(Naive), 3, 1), world(Arc::new(Atomic), 3, 1));
    for space in [StateSpace::default(), APART] {
        assert_eq!(decide(&naive, space, None).verdict(1), Verdict::Violation);
        assert_eq!(decide(&atomic, space, None).verdict(1), Verdict::Clean);
        let states = decide(&atomic, space, None).states;
        assert_eq!(decide(&atomic, space, Some(states)).stopped, None);
        let full = decide(&atomic, space, Some(states - 1));
        assert_eq!((full.states, &full.stopped), (states - 1, &Some(Bound::States(states - 1))));
        assert_eq!(full.verdict(1), Verdict::Undecided);
    }
}

const ADD: Line = Line(&["ZADD", "KEY", "NOW", "TOKEN"], When::Always, To::Admitted, To::Refused);
const REMOVE: &[Line] = &[Line(&["ZREM", "KEY", "TOKEN"], When::Some, To::Released, To::NotHeld)];

/// Looks again and again until a permit is free.
static PATIENT: Lines = Lines {
    name: "patient",
    acquire: &[Line(&["ZCARD", "KEY"], When::Below, To::Line(1), To::Line(0)), ADD],
    release: REMOVE,
};

/// Does something else in between, and so goes round in circles.
static BUSY: Lines = Lines {
    name: "busy",
    acquire: &[
        Line(&["ZCARD", "KEY"], When::Below, To::Line(1), To::Line(2)),
        ADD,
        Line(&["PING"], When::Always, To::Line(0), To::Line(0)),
    ],
    release: REMOVE,
};

#[test]
fn clients_that_try_again_for_ever_are_decided_all_the_same() {
    for (limiter, forgets) in [(&PATIENT, true), (&BUSY, false)] {
        let world = world(limiter.algorithm(), 3, 2);
        let census = census::take(&world, CensusOptions::default(), &Control::default());
        let census = census.expect("the model does not fail");
        assert!(census.infinite);
        let found = decide(&world, StateSpace::default(), None);
        assert_eq!((found.states, found.highest, found.stopped), (census.states, 3, None));
        assert_eq!(found.kept < found.states, forgets, "{}", limiter.name);
    }
}
