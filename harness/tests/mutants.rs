//! Limiters with one fault each, all of which must be caught; a limiter without a fault must not be.
//!
//! A harness that cannot fail is worth nothing.

use std::sync::Arc;

use gatecrash::explore::census::{self, CensusOptions};
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::scenario::{OnReject, OperationKind};
use gatecrash_limiter::{Algorithm, Atomic, Naive};
use num_bigint::BigUint;

mod common;
#[path = "common/lines.rs"]
#[allow(dead_code, reason = "each test file has other limiters")]
mod lines;

use common::scenario;
use lines::{Line, Lines, To, When};

use To::{Admitted, NotHeld, Refused, Released};
use When::{Always, AtMost, Below};

/// What a limiter can be caught at.
#[derive(Debug, Default, PartialEq, Eq)]
struct Caught {
    /// More permits were held than there are.
    over_admits: bool,
    /// In some interleaving nobody ever gets a permit, although all are free at first.
    refuses_all: bool,
    /// When all have finished, the store still holds something in the name of one that holds no permit.
    leaks: bool,
}

/// Four clients, two permits: the smallest world in which all of these faults show.
fn caught(algorithm: Arc<dyn Algorithm>) -> Caught {
    let programs = vec![vec![OperationKind::Acquire, OperationKind::Release]; 4];
    let world = World::new(&scenario(&programs, 2, 1, OnReject::Stop), algorithm);
    let census =
        census::take(&world, CensusOptions::default(), &Control::default()).expect("it is understood");
    let peaks = census.peaks.as_ref().expect("the search got through");
    let over_admits = census.violation.is_some();
    assert_eq!(over_admits, census.above(2) != Some(BigUint::ZERO));
    // What is in nobody's name at the end cannot be told from what a limiter keeps there.
    let leaks = census.leaks.is_some_and(|leaks| leaks > 0);
    Caught { over_admits, refuses_all: peaks.contains_key(&0), leaks }
}

const OVER_ADMITS: Caught = Caught { over_admits: true, refuses_all: false, leaks: false };
const REFUSES_ALL: Caught = Caught { over_admits: false, refuses_all: true, leaks: false };
const LEAKS: Caught = Caught { over_admits: false, refuses_all: false, leaks: true };

const ZREM: &[Line] = &[Line(&["ZREM", "KEY", "TOKEN"], When::Some, Released, NotHeld)];

macro_rules! script {
    ($test:literal, $member:literal) => {
        &[Line(
            &[
                "EVAL",
                concat!(
                    "if redis.call('ZCARD', KEYS[1]) ",
                    $test,
                    " tonumber(ARGV[1]) then ",
                    "redis.call('ZADD', KEYS[1], ARGV[2], ",
                    $member,
                    ") return 1 else return 0 end"
                ),
                "1",
                "KEY",
                "LIMIT",
                "NOW",
                "TOKEN",
            ],
            When::Some,
            Admitted,
            Refused,
        )]
    };
}

/// As it should be; each mutant differs from it in one place.
const CORRECT: &[Line] = script!("<", "ARGV[3]");

static MUTANTS: [(Lines, Caught); 7] = [
    (Lines { name: "no fault", acquire: CORRECT, release: ZREM }, NOTHING),
    (Lines { name: "limit off by one", acquire: script!("<=", "ARGV[3]"), release: ZREM }, OVER_ADMITS),
    (
        Lines {
            name: "limit off by one, without a script",
            acquire: &[
                Line(&["ZCARD", "KEY"], AtMost, To::Line(1), Refused),
                Line(&["ZADD", "KEY", "NOW", "TOKEN"], Always, Admitted, Refused),
            ],
            release: ZREM,
        },
        OVER_ADMITS,
    ),
    (
        Lines {
            name: "add before check",
            acquire: &[
                Line(&["ZADD", "KEY", "NOW", "TOKEN"], Always, To::Line(1), Refused),
                Line(&["ZCARD", "KEY"], AtMost, Admitted, To::Line(2)),
                Line(&["ZREM", "KEY", "TOKEN"], Always, Refused, Refused),
            ],
            release: ZREM,
        },
        REFUSES_ALL,
    ),
    (
        Lines {
            name: "missing ZREM",
            acquire: CORRECT,
            release: &[Line(&["ZCARD", "KEY"], Below, Released, Released)],
        },
        LEAKS,
    ),
    (Lines { name: "timestamp as member", acquire: script!("<", "ARGV[2]"), release: ZREM }, OVER_ADMITS),
    (
        Lines {
            name: "release without ownership",
            acquire: CORRECT,
            release: &[Line(&["DEL", "KEY"], When::Some, Released, NotHeld)],
        },
        OVER_ADMITS,
    ),
];

const NOTHING: Caught = Caught { over_admits: false, refuses_all: false, leaks: false };

#[test]
fn every_mutant_is_caught_at_what_is_wrong_with_it() {
    for (limiter, expected) in &MUTANTS {
        assert_eq!(caught(limiter.algorithm()), *expected, "{}", limiter.name);
    }
}

#[test]
fn the_limiters_of_the_crate_are_caught_at_no_more_than_is_known_of_them() {
    assert_eq!(caught(Arc::new(Atomic)), NOTHING);
    assert_eq!(caught(Arc::new(Naive)), OVER_ADMITS);
}
