//! The census against plain enumeration, over random programs and many limiters: two engines that share nothing but the
//! clients and the model.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatecrash::explore::census::preemptions::ByPreemptions;
use gatecrash::explore::census::{self, Census, CensusOptions};
use gatecrash::explore::states::{self, StateSpace};
use gatecrash::explore::{Complete, Exploration, Observer, enumerate::enumerate};
use gatecrash::model::Model;
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::scenario::{OnReject, OperationKind, Scenario};
use gatecrash::world::schedule::Choice;
use gatecrash_limiter::{Algorithm, algorithm};
use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

mod common;
#[path = "common/lines.rs"]
#[allow(dead_code, reason = "each test file has other limiters")]
mod lines;

use common::scenario;
use lines::{Line, Lines, To, When};

use OperationKind::{Acquire, Release};
use To::{Admitted, NotHeld, Refused, Released};
use When::{Always, AtMost, Below, Even, Own};

/// More interleavings than that take too long one by one.
const MOST: u64 = 4_000;

const DECR: &[Line] = &[Line(&["DECR", "KEY"], Always, Released, Released)];
const ZREM: &[Line] = &[Line(&["ZREM", "KEY", "TOKEN"], When::Some, Released, NotHeld)];

/// Each with whether identical clients are merged: the others tell them apart by their tokens.
static LIMITERS: [(Lines, bool); 6] = [
    (
        Lines {
            name: "remembers a number",
            acquire: &[
                Line(&["GET", "KEY"], Below, To::Line(1), Refused),
                Line(&["SET", "KEY", "MORE"], Always, Admitted, Refused),
            ],
            release: DECR,
        },
        true,
    ),
    (
        Lines {
            name: "counts",
            acquire: &[
                Line(&["INCR", "KEY"], AtMost, Admitted, To::Line(1)),
                Line(&["DECR", "KEY"], Always, Refused, Refused),
            ],
            release: DECR,
        },
        true,
    ),
    (
        Lines {
            name: "locks",
            acquire: &[Line(&["SET", "KEY", "TOKEN", "NX"], When::Some, Admitted, Refused)],
            release: &[
                Line(&["GET", "KEY"], Own, To::Line(1), NotHeld),
                Line(&["DEL", "KEY"], Always, Released, Released),
            ],
        },
        true,
    ),
    (
        Lines {
            name: "asks for its rank",
            acquire: &[
                Line(&["ZADD", "KEY", "NOW", "TOKEN"], Always, To::Line(1), Refused),
                Line(&["ZRANK", "KEY", "TOKEN"], Below, Admitted, To::Line(2)),
                Line(&["ZREM", "KEY", "TOKEN"], Always, Refused, Refused),
            ],
            release: ZREM,
        },
        false,
    ),
    (
        Lines {
            name: "reads its token",
            acquire: &[
                Line(&["ZCARD", "KEY"], Below, To::Line(1), Refused),
                Line(&["ZADD", "KEY", "NOW", "TOKEN"], Even, Admitted, To::Line(2)),
                Line(&["ZCARD", "KEY"], AtMost, Admitted, Admitted),
            ],
            release: ZREM,
        },
        false,
    ),
    (
        Lines {
            name: "keeps a list",
            acquire: &[
                Line(&["RPUSH", "KEY", "TOKEN"], AtMost, Admitted, To::Line(1)),
                Line(&["RPOP", "KEY"], Always, Refused, Refused),
            ],
            release: &[Line(&["LPOP", "KEY"], When::Some, Released, NotHeld)],
        },
        false,
    ),
];

fn limiters() -> Vec<Arc<dyn Algorithm>> {
    algorithm::built_in().into_iter().chain(LIMITERS.iter().map(|(lines, _)| lines.algorithm())).collect()
}

/// What complete interleavings tell of preemptions and of a random scheduler.
struct Told {
    limit: u64,
    by_preemptions: ByPreemptions,
    odds: BigRational,
}

impl Observer for Told {
    fn execution(&mut self, execution: &Complete<'_>) {
        let violates = u64::from(execution.peak) > self.limit;
        let (preemptions, orders) = preemptions_and_odds(execution.choices);
        let tally = self.by_preemptions.entry(preemptions).or_default();
        tally.interleavings += 1u32;
        if violates {
            tally.violating += 1u32;
            // Whatever comes after the violation adds up to one.
            self.odds += BigRational::new(BigInt::from(1), BigInt::from(orders));
        }
    }
}

/// A client that steps again later has not finished, and whoever has not finished can step.
fn preemptions_and_odds(choices: &[Choice]) -> (u32, u128) {
    let mut preemptions = 0;
    let mut orders = 1;
    for (at, choice) in choices.iter().enumerate() {
        let later = &choices[at..];
        let mut ready: Vec<_> = later.iter().map(|choice| choice.client()).collect();
        ready.sort_unstable();
        ready.dedup();
        orders *= ready.len() as u128;
        let before = at.checked_sub(1).map(|before| choices[before]);
        preemptions += u32::from(before.is_some_and(|before| before != *choice && later.contains(&before)));
    }
    (preemptions, orders)
}

fn random_scenario() -> impl Strategy<Value = Scenario> {
    let operation = || prop_oneof![Just(Acquire), Just(Release)];
    let own = (1..=3usize, 1..=2u32).prop_flat_map(move |(clients, repeat)| {
        let longest = if clients == 3 { 2 } else { 3 };
        let program = prop::collection::vec(operation(), 1..=longest);
        (prop::collection::vec(program, clients), Just(repeat))
    });
    // Random programs are seldom the same twice.
    let same =
        (2..=3usize, 1..=2u32).prop_map(|(clients, repeat)| (vec![vec![Acquire, Release]; clients], repeat));
    let reject = prop_oneof![Just(OnReject::Stop), Just(OnReject::Continue)];
    (prop_oneof![own, same], 1..=3u64, reject)
        .prop_map(|((programs, repeat), limit, reject)| scenario(&programs, limit, repeat, reject))
}

fn big(peaks: &BTreeMap<u32, u64>) -> BTreeMap<u32, BigUint> {
    peaks.iter().map(|(peak, count)| (*peak, BigUint::from(*count))).collect()
}

fn take(world: &World, space: StateSpace) -> Census {
    let options = CensusOptions { space, by_preemptions: true, ..CensusOptions::default() };
    census::take(world, options, &Control::default()).expect("the model does not fail")
}

/// Everything that a census says, but for the number of states, must follow from the interleavings one by one.
fn agree(world: &World, found: &Exploration, told: &Told, space: StateSpace) -> Result<(), TestCaseError> {
    let census = take(world, space);
    prop_assert_eq!(census.interleavings(), Some(BigUint::from(found.executions)));
    prop_assert_eq!(census.above(world.limit()), Some(BigUint::from(found.violating)));
    prop_assert_eq!(census.peaks.as_ref(), Some(&big(&found.peaks)));
    prop_assert_eq!(&census.violation, &found.violation);
    prop_assert_eq!(census.highest, found.peak());
    prop_assert_eq!(census.by_preemptions.as_ref(), Some(&told.by_preemptions));
    let odds = census.probability.as_ref().expect("it got through");
    prop_assert_eq!(odds.exact.as_ref(), Some(&told.odds));
    let decision = states::decide(world, space, &Control::default()).expect("the model does not fail");
    prop_assert_eq!((decision.states, decision.highest), (census.states, census.highest));
    prop_assert_eq!(decision.verdict(world.limit()), found.verdict());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/census.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_census_is_enumeration(scenario in random_scenario(), limiter in prop::sample::select(limiters())) {
        let world = World::new(&scenario, limiter);
        let size = take(&world, StateSpace::default()).interleavings();
        prop_assume!(size.is_some_and(|size| size <= BigUint::from(MOST)));
        let mut told = Told { limit: world.limit(), by_preemptions: BTreeMap::new(), odds: BigRational::default() };
        let found = enumerate(world.clone(), Model::new(), &Control::default(), &mut told);
        let found = found.expect("the model does not fail");
        for symmetry in [true, false] {
            for outcomes in [true, false] {
                agree(&world, &found, &told, StateSpace { symmetry, outcomes })?;
            }
        }
    }
}

#[test]
fn limiters_that_look_at_tokens_are_found_out_and_others_are_not() {
    let scenario = scenario(&vec![vec![Acquire, Release]; 3], 1, 1, OnReject::Stop);
    for (limiter, merged) in &LIMITERS {
        let census = take(&World::new(&scenario, limiter.algorithm()), StateSpace::default());
        assert_eq!(census.asymmetry.is_none(), *merged, "{}: {:?}", limiter.name, census.asymmetry);
    }
}

#[test]
fn preemptions_and_odds_are_read_off_an_order() {
    let order = |clients: &[u16]| {
        let choices: Vec<_> = clients
            .iter()
            .map(|client| Choice::Step(gatecrash::world::schedule::ClientId(*client)))
            .collect();
        preemptions_and_odds(&choices)
    };
    assert_eq!(order(&[0, 0, 1, 1]), (0, 4));
    assert_eq!(order(&[0, 1, 0, 1]), (2, 8));
}
