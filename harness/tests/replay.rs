//! Scripted schedules: every kind of turn, on the model and on a real server alike.

use std::sync::Arc;

use gatecrash::campaign::{Campaign, Redis, Stores};
use gatecrash::explore::replay::{Passing, replay};
use gatecrash::redis::{PrivateServer, Server, Target};
use gatecrash::report::StoreKind;
use gatecrash::world::control::{Bound, Control};
use gatecrash::world::error::Error;
use gatecrash::world::scenario::{self, OnReject, OperationKind, Scenario};
use gatecrash::world::schedule::Schedule;
use gatecrash::world::trace::{Effect, Trace};
use gatecrash::{Model, World};
use gatecrash_limiter::{Algorithm, Naive};

mod common;
#[path = "common/server_clock.rs"]
mod server_clock;
use OperationKind::{Acquire, Release};
use server_clock::OnServerTime;

fn two_workers() -> Scenario {
    common::scenario(&vec![vec![Acquire, Release]; 2], 1, 1, OnReject::Stop)
}

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text, &two_workers().client_names()).expect("the schedule reads")
}

fn world() -> World {
    World::new(&two_workers(), Arc::new(Naive))
}

fn server() -> Server {
    Server::open(&Target::Private).unwrap_or_else(|error| panic!("a real server is needed: {error}"))
}

/// What is seen of a trace: every command with its reply, or what else happened, and the permits held.
fn rows(trace: &Trace) -> Vec<String> {
    let row = |effect: &Effect| match effect {
        Effect::Step(step) => format!("{} -> {}", step.command, step.reply),
        other => format!("{other:?}"),
    };
    trace.rows.iter().map(|each| format!("{} | {}", row(&each.effect), each.holders)).collect()
}

#[test]
fn every_turn_does_the_same_on_the_model_and_on_a_server() {
    let server = server();
    for text in [
        "A B A B",
        "A* B*",
        "B B A* B A",
        "A +30s A B",
        "A* A!crash B*",
        "A!crash B B B B",
        "",
        "A A A A A A",
    ] {
        let on_model = replay(world(), Model::new(), &schedule(text), Passing::Allowed, &Control::default())
            .expect("the model works");
        let store = server.store(2).expect("connections");
        let on_redis = replay(world(), store, &schedule(text), Passing::Allowed, &Control::default())
            .expect("the server works");
        assert_eq!(rows(&on_model), rows(&on_redis), "{text}");
    }
}

#[test]
fn a_clock_move_is_seen_by_the_clients() {
    let trace = replay(world(), Model::new(), &schedule("A +30s A"), Passing::Allowed, &Control::default())
        .expect("the model works");
    assert_eq!(
        rows(&trace)[..3],
        ["ZCARD k -> 0 | 0", "Advanced | 0", "ZADD k 30000 A1 -> 1 | 1"]
            .map(|row| row.replace(" k", " slots"))
    );
}

#[test]
fn an_operation_runs_to_its_end_and_what_is_not_named_runs_afterwards() {
    let trace = replay(world(), Model::new(), &schedule("B*"), Passing::Allowed, &Control::default())
        .expect("the model works");
    let expected = [
        "ZCARD slots -> 0 | 0",
        "ZADD slots 0 B1 -> 1 | 1",
        "ZCARD slots -> 1 | 1",
        "ZREM slots B1 -> 1 | 0",
    ];
    assert_eq!(rows(&trace), expected);
}

#[test]
fn a_crashed_client_holds_nothing_but_its_entry_stays() {
    let trace =
        replay(world(), Model::new(), &schedule("A* A!crash B*"), Passing::Allowed, &Control::default())
            .expect("the model works");
    let expected =
        ["ZCARD slots -> 0 | 0", "ZADD slots 0 A1 -> 1 | 1", "Crashed | 0", "ZCARD slots -> 1 | 0"];
    assert_eq!(rows(&trace), expected);
}

#[test]
fn the_turn_of_a_finished_client_passes_unless_that_is_refused() {
    let order = schedule("A A A A");
    let trace = replay(world(), Model::new(), &order, Passing::Allowed, &Control::default())
        .expect("the model works");
    assert_eq!(rows(&trace)[3], "Passed | 0");
    let refused = replay(world(), Model::new(), &order, Passing::Refused, &Control::default());
    assert!(matches!(refused, Err(Error::Passed { position: 4, .. })), "{refused:?}");
}

#[test]
fn a_clock_that_cannot_be_moved_is_told() {
    let limiter: Arc<dyn Algorithm> = Arc::new(OnServerTime);
    let mut campaign = Campaign::new(Stores { model: true, redis: Redis::Open(server()), loom: false });
    for order in ["A +30s A", "A A"] {
        campaign.replay(&two_workers(), &limiter, &schedule(order), Passing::Allowed).expect("it runs");
    }
    let report = campaign.report();
    let stores: Vec<StoreKind> = report.results.iter().map(|entry| entry.store).collect();
    assert_eq!(stores, [StoreKind::Model, StoreKind::Model, StoreKind::Redis]);
    let [refused] = &report.not_run[..] else { panic!("one is not run: {:?}", report.not_run) };
    assert!(refused.store == StoreKind::Redis && refused.reason.contains("depends on the server's clock"));
}

#[test]
fn a_schedule_that_is_interrupted_says_so() {
    let control = Control { interrupted: Arc::new(true.into()), ..Control::default() };
    let trace =
        replay(world(), Model::new(), &schedule("A B"), Passing::Allowed, &control).expect("it stops");
    assert_eq!((trace.rows.len(), trace.stopped), (0, Some(Bound::Interrupted)));
}

#[test]
fn a_server_that_is_lost_ends_what_needs_it_and_nothing_else() {
    let private = PrivateServer::start().unwrap_or_else(|error| panic!("a real server is needed: {error}"));
    let target = Target::choose(Some(&private.url()), None, false).expect("a unix socket is local");
    let server = Server::open(&target).expect("it is there");
    let mut campaign = Campaign::new(Stores { model: true, redis: Redis::Open(server), loom: false });
    let limiter: Arc<dyn Algorithm> = Arc::new(Naive);
    let run = |campaign: &mut Campaign| {
        campaign.replay(&two_workers(), &limiter, &schedule("A B"), Passing::Allowed).expect("it goes on");
    };
    run(&mut campaign);
    drop(private);
    run(&mut campaign);
    run(&mut campaign);
    assert!(campaign.lost().is_some());
    let report = campaign.report();
    let stores: Vec<StoreKind> = report.results.iter().map(|entry| entry.store).collect();
    assert_eq!(stores, [StoreKind::Model, StoreKind::Redis, StoreKind::Model, StoreKind::Model]);
    assert_eq!(report.not_run.len(), 1, "said once: {:?}", report.not_run);
}

#[test]
fn no_two_schedules_of_a_shipped_scenario_show_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    for path in scenario::discover(&[folder]).expect("the folder can be read") {
        let scenario = scenario::load(&path).expect("it is a scenario");
        let shown = |order: &Schedule| {
            let run = |limiter: &Arc<dyn Algorithm>| {
                let world = World::new(&scenario, Arc::clone(limiter));
                let trace = replay(world, Model::new(), order, Passing::Allowed, &Control::default());
                rows(&trace.expect("it runs"))
            };
            scenario.limiters.iter().map(run).collect::<Vec<_>>()
        };
        for (at, one) in scenario.schedules.iter().enumerate() {
            for other in &scenario.schedules[at + 1..] {
                let same = shown(&one.order) == shown(&other.order);
                assert!(!same, "{}: `{}` and `{}` are one", scenario.name, one.name, other.name);
            }
        }
    }
}
