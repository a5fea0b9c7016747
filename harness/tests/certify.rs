//! The census certified on a real server. Needs `redis-server` or `valkey-server` on PATH.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gatecrash::explore::certify::{Certified, CertifyOptions, certify};
use gatecrash::redis::Server;
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control, Timeout};
use gatecrash::world::scenario::{OnReject, OperationKind};
use gatecrash_limiter::{Algorithm, Atomic, Naive};

#[path = "certify/algorithms.rs"]
mod algorithms;
mod common;
#[path = "common/servers.rs"]
mod servers;

use OperationKind::{Acquire, Release};
use algorithms::{Brief, Counter, Expiring, Line, Ranked, Retrying, Sending, Timed, Watching};
use servers::{bystander, given, private};

fn world(algorithm: impl Algorithm + 'static, clients: usize, limit: u64) -> World {
    let scenario = common::scenario(&vec![vec![Acquire, Release]; clients], limit, 1, OnReject::Stop);
    World::new(&scenario, Arc::new(algorithm))
}

fn keys(server: &Server) -> Vec<String> {
    redis::cmd("KEYS").arg("*").query(&mut bystander(server)).unwrap()
}

fn configuration(server: &Server) -> Vec<String> {
    redis::cmd("CONFIG").arg("GET").arg("*").query(&mut bystander(server)).unwrap()
}

fn run(world: &World, server: &Server, options: CertifyOptions) -> Certified {
    certify(world, server, options, &Control::default()).unwrap()
}

const EDGES: CertifyOptions = CertifyOptions { edges: true, namings: NonZeroU32::MIN, seed: 0 };

fn encodings(found: &Certified) -> Vec<&str> {
    found.encodings.iter().map(String::as_str).collect()
}

#[test]
fn known_numbers() {
    let server = private();
    for (clients, limit, pairs, edges) in [(8, 3, 24, 360), (64, 8, 192, 137_280)] {
        let found = run(&world(Naive, clients, limit), &server, CertifyOptions::default());
        assert_eq!((found.pairs, found.edges, found.namings), (pairs, edges, 3));
        // Three namings, and both encodings.
        assert_eq!((found.cases, found.mismatches), (pairs * 6, 0));
        assert_eq!(encodings(&found), ["listpack", "skiplist"]);
        assert!(found.holds(), "{found:?}");
    }
    let found = run(&world(Atomic, 8, 3), &server, CertifyOptions::default());
    assert_eq!((found.pairs, found.holds(), encodings(&found)), (7, true, vec!["listpack", "skiplist"]));
    assert_eq!(keys(&server), Vec::<String>::new());
}

#[test]
fn every_edge() {
    let server = private();
    for world in [world(Naive, 8, 3), world(Atomic, 8, 3)] {
        let found = run(&world, &server, EDGES);
        assert_eq!((found.cases, found.mismatches), (found.edges + found.pairs, 0));
        assert_eq!(encodings(&found), ["listpack", "skiplist"]);
    }
    let found = run(&world(Naive, 8, 3), &server, EDGES);
    assert_eq!((found.pairs, found.edges), (24, 360));
}

#[test]
fn a_given_server_is_certified_as_it_is() {
    let (_theirs, server) = given();
    let _: () = redis::cmd("SET").arg("slots").arg("theirs").query(&mut bystander(&server)).unwrap();
    let before = configuration(&server);
    let found = run(&world(Naive, 8, 3), &server, CertifyOptions::default());
    assert!(found.holds());
    // Long tokens lead to the second encoding.
    assert_eq!((found.cases, encodings(&found)), (72, vec!["listpack", "skiplist"]));
    assert_eq!((configuration(&server), keys(&server)), (before, vec!["slots".to_owned()]));

    let once = CertifyOptions { namings: NonZeroU32::MIN, ..CertifyOptions::default() };
    let found = run(&world(Naive, 8, 3), &server, once);
    assert_eq!((found.cases, encodings(&found)), (24, vec!["listpack"]));
}

#[test]
fn a_private_server_has_its_setting_back() {
    let server = private();
    let before = configuration(&server);
    run(&world(Naive, 2, 1), &server, CertifyOptions::default());
    assert_eq!(configuration(&server), before);
}

#[test]
fn strings_lists_hashes_sets_and_expiries_too() {
    let server = private();
    for world in [world(Counter, 5, 2), world(Line, 4, 2), world(Expiring, 4, 2), world(Sending, 3, 2)] {
        for options in [CertifyOptions::default(), EDGES] {
            let found = run(&world, &server, options);
            assert!(found.holds(), "{}: {found:?}", world.algorithm().name());
            assert!(found.pairs > 5, "{found:?}");
        }
    }
    assert_eq!(keys(&server), Vec::<String>::new());
}

#[test]
fn what_depends_on_more_than_the_content_is_refused() {
    let server = private();
    for (world, why) in [
        (world(Timed, 2, 1), "`TIME` depends on the server's clock"),
        (world(Watching, 2, 1), "`WATCH` depends on the connection that it comes over"),
        (
            world(Brief, 2, 1),
            "a key lives for 999 ms, and the server's clock does not wait until it was read",
        ),
        (
            world(Retrying, 2, 1),
            "whether the server lacks a script is not ours to decide: it may know it from others",
        ),
    ] {
        let found = run(&world, &server, CertifyOptions::default());
        assert_eq!((found.refused.as_deref(), found.cases, found.holds()), (Some(why), 0, false));
    }
}

#[test]
fn clients_that_cannot_be_exchanged_keep_their_own_tokens() {
    let found = run(&world(Ranked, 3, 1), &private(), CertifyOptions::default());
    assert!(found.asymmetry.is_some() && found.holds(), "{found:?}");
    assert_eq!((found.namings, found.cases), (1, found.pairs * 2));
    assert_eq!(encodings(&found), ["listpack", "skiplist"]);
}

#[test]
fn a_server_that_does_otherwise_is_caught() {
    let (_theirs, server) = given();
    // Whatever needs memory is answered with an error; removing does not.
    let _: () =
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1").query(&mut bystander(&server)).unwrap();
    let found = run(&world(Naive, 3, 1), &server, CertifyOptions::default());
    assert!(found.mismatches > 0 && !found.holds());
    let first = found.first.unwrap();
    assert!(first.to_string().contains("OOM command not allowed"), "{first}");
}

/// Another client that finds the keys while they are there.
#[test]
fn somebody_who_changes_the_keys_is_caught() {
    let (_theirs, server) = given();
    let done = AtomicBool::new(false);
    let script =
        "for _, key in ipairs(redis.call('KEYS', 'gatecrash:*')) do redis.call('ZADD', key, 9, 'x') end";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut other = bystander(&server);
            while !done.load(Ordering::Relaxed) {
                let _: () = redis::cmd("EVAL").arg(script).arg(0).query(&mut other).unwrap();
            }
        });
        // Once it has met one, there is no doubt; until then it had bad luck.
        let met = (0..1_000).any(|_| run(&world(Naive, 16, 8), &server, EDGES).mismatches > 0);
        done.store(true, Ordering::Relaxed);
        assert!(met);
    });
    assert_eq!(keys(&server), Vec::<String>::new());
}

#[test]
fn a_timeout_an_interrupt_and_a_bound_end_it_and_leave_nothing() {
    let (_theirs, server) = given();
    let naive = world(Naive, 8, 3);
    let timeout = Timeout::starting_now(Duration::ZERO);
    let stopped = [
        (Control { timeout, ..Control::default() }, Bound::Timeout(Duration::ZERO)),
        (Control { interrupted: Arc::new(true.into()), ..Control::default() }, Bound::Interrupted),
    ];
    for (control, bound) in stopped {
        let found = certify(&naive, &server, CertifyOptions::default(), &control).unwrap();
        assert_eq!((found.stopped.as_ref(), found.holds(), found.cases), (Some(&bound), false, 0));
    }
    // What was reached of the graph is certified.
    let control = Control { max_states: Some(20), ..Control::default() };
    let found = certify(&naive, &server, CertifyOptions::default(), &control).unwrap();
    assert!(matches!(found.stopped, Some(Bound::States(_))) && !found.holds(), "{found:?}");
    assert_eq!((found.cases, found.mismatches), (found.pairs * 3, 0));
    assert_eq!(keys(&server), Vec::<String>::new());
}

/// Waits until there are keys of ours.
fn wait_for_keys(server: &Server) {
    while !keys(server).iter().any(|key| key.starts_with("gatecrash:")) {}
}

#[test]
fn an_interrupt_in_the_middle_leaves_nothing() {
    let (_theirs, server) = given();
    let control = Control::default();
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_keys(&server);
            control.interrupted.store(true, Ordering::Relaxed);
        });
        certify(&world(Naive, 64, 8), &server, EDGES, &control).unwrap()
    });
    assert_eq!((found.stopped, found.mismatches), (Some(Bound::Interrupted), 0));
    assert_eq!(keys(&server), Vec::<String>::new());
}

#[test]
fn a_server_that_goes_away_is_a_bound() {
    let (theirs, server) = given();
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_keys(&server);
            drop(theirs);
        });
        run(&world(Naive, 64, 8), &server, EDGES)
    });
    assert!(matches!(found.stopped, Some(Bound::LostServer(_))), "{found:?}");
    let found = run(&world(Naive, 3, 1), &server, CertifyOptions::default());
    assert!(matches!(found.stopped, Some(Bound::LostServer(_))), "{found:?}");
    assert_eq!(found.cases, 0);
}

#[test]
fn the_same_seed_finds_the_same() {
    let server = private();
    let seed = |seed| run(&world(Naive, 5, 2), &server, CertifyOptions { seed, ..CertifyOptions::default() });
    assert_eq!(seed(3), seed(3));
    assert!(seed(4).holds());
}
