//! Footprints against the model: commands that are said not to conflict give the same replies and the same content in
//! both orders, whatever went before.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "conformance/commands.rs"]
mod commands;

use gatecrash::model::Footprint;
use gatecrash::model::Model;
use gatecrash::world::schedule::ClientId;
use gatecrash_limiter::Command;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngAlgorithm, TestError, TestRng, TestRunner};

use commands::{command, fill};

const A: ClientId = ClientId(0);
const B: ClientId = ClientId(1);
const CASES: u32 = 20_000;

/// Forms whose footprints are finer than keys, all on one key: for collections of one kind each, as a case with two
/// kinds would get little but errors.
const FINE: [&[&str]; 3] = [
    &[
        "ZADD a F M",
        "ZADD a F M F M",
        "ZADD a NX|XX|CH| GT|LT|CH| F M",
        "ZADD a INCR F M",
        "ZINCRBY a F M",
        "ZREM a M",
        "ZREM a M M",
        "ZSCORE a M",
        "ZMSCORE a M M",
        "ZCARD a",
        "ZRANGE a R R",
    ],
    &["SADD a M", "SADD a M M", "SREM a M", "SREM a M M", "SISMEMBER a M", "SMISMEMBER a M M", "SCARD a"],
    &[
        "HSET a M V",
        "HSETNX a M V",
        "HINCRBY a M N",
        "HDEL a M",
        "HDEL a M M",
        "HGET a M",
        "HEXISTS a M",
        "HLEN a",
    ],
];

/// Forms that concern a key of whatever kind.
const ANY_KIND: &[&str] = &[
    "EXPIRE a T",
    "EXPIRE a T NX|XX|",
    "PEXPIRE a T GT|LT|",
    "EXPIRE a N",
    "PERSIST a",
    "TTL a",
    "EXISTS a K",
    "TYPE a",
    "RENAME K a",
    "EVAL S 1 K F M",
    "EVALSHA H 1 K F M",
    "WATCH a",
];

/// What went before, by which client, and two commands of two clients.
#[derive(Clone, Debug)]
struct Case {
    before: Vec<(u16, Command)>,
    pair: [Command; 2],
}

fn fill_one_of(forms: &'static [&'static str]) -> impl Strategy<Value = Command> {
    (prop::sample::select(forms), prop::collection::vec(any::<u16>(), 12))
        .prop_map(|(form, picks)| Command::from_parts(fill(form, &picks)).unwrap())
}

fn case() -> impl Strategy<Value = Case> {
    prop::sample::select(&FINE[..]).prop_flat_map(|forms| {
        let any = || prop_oneof![4 => fill_one_of(forms), 2 => fill_one_of(ANY_KIND), 1 => command()];
        let before = prop::collection::vec((0..3_u16, any()), 0..6);
        (before, any(), any()).prop_map(|(before, one, other)| Case { before, pair: [one, other] })
    })
}

/// The footprints of the two, as they are after what went before.
fn footprints(case: &Case) -> [Footprint; 2] {
    case.pair.each_ref().map(|command| {
        case.before.iter().fold(Footprint::of(command), |footprint, (_, earlier)| {
            footprint.after(&Footprint::of(earlier)).unwrap_or(footprint)
        })
    })
}

/// Whether both orders give the same replies and leave the same content.
fn order_is_nothing(case: &Case) -> bool {
    let mut start = Model::new();
    for (client, command) in &case.before {
        start.run(ClientId(*client), command);
    }
    let [one, other] = &case.pair;
    let (mut forth, mut back) = (start.clone(), start);
    let there = (forth.run(A, one), forth.run(B, other));
    let other_reply = back.run(B, other);
    there == (back.run(A, one), other_reply) && forth == back
}

/// How many commands on one key a relation said not to conflict; fails if one of them did.
fn check(runner: &mut TestRunner, conflict: impl Fn(&Case) -> bool) -> Result<u32, TestError<Case>> {
    let checked = std::cell::Cell::new(0);
    runner.run(&case(), |case| {
        if conflict(&case) {
            return Ok(());
        }
        let [one, other] = &case.pair;
        checked.set(checked.get() + u32::from(one.parts().get(1) == other.parts().get(1)));
        prop_assert!(order_is_nothing(&case));
        Ok(())
    })?;
    Ok(checked.get())
}

fn by_footprints(case: &Case) -> bool {
    let [one, other] = footprints(case);
    one.conflicts(&other)
}

#[test]
fn commands_that_do_not_conflict_can_be_exchanged() {
    let persistence = FileFailurePersistence::Direct("proptest-regressions/footprint.txt");
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: Some(Box::new(persistence)),
        ..ProptestConfig::default()
    };
    let checked = check(&mut TestRunner::new(config), by_footprints).unwrap();
    assert!(checked > CASES / 20, "{checked} on one key");
}

/// The same check, of relations that claim too much, with a fixed seed.
#[test]
fn a_wrong_claim_is_found() {
    let fails = |conflict: fn(&Case) -> bool| {
        let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        matches!(check(&mut TestRunner::new_with_rng(config, rng), conflict), Err(TestError::Fail(..)))
    };
    assert!(fails(|_| false), "that nothing conflicts");
    assert!(fails(without_expiry), "that expiry does not matter");
    assert!(fails(|case| by_footprints(case) && !reads_a_count(case)), "that a count conflicts with nothing");
    assert!(
        fails(|case| case.pair[0].parts().get(1) == case.pair[1].parts().get(1)),
        "that keys are all there is"
    );
}

/// As if no key could ever have an expiry.
fn without_expiry(case: &Case) -> bool {
    let [one, other] = case.pair.each_ref().map(Footprint::of);
    one.conflicts(&other)
}

fn reads_a_count(case: &Case) -> bool {
    case.pair.iter().any(|command| command.name() == b"ZCARD")
}

/// The reason why footprints know what went before.
#[test]
fn with_an_expiry_adding_and_removing_cannot_be_exchanged() {
    let command = |text: &str| {
        Command::from_parts(text.split(' ').map(|part| part.to_owned().into()).collect()).unwrap()
    };
    let mut case =
        Case { before: vec![(2, command("ZADD k 1 a"))], pair: [command("ZREM k a"), command("ZADD k 1 b")] };
    assert!(!by_footprints(&case) && order_is_nothing(&case));
    case.before.push((2, command("EXPIRE k 100")));
    assert!(by_footprints(&case) && !order_is_nothing(&case));
}
