//! Permits that are lost: nobody holds them, and nobody can have them.

mod common;

use std::sync::Arc;

use gatecrash::explore::leak::replay_with_leaks;
use gatecrash::explore::replay::Passing;
use gatecrash::model::Model;
use gatecrash::redis::{Server, Target};
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::scenario::OnReject;
use gatecrash::world::scenario::OperationKind::{self, Acquire, Release};
use gatecrash::world::schedule::Schedule;
use gatecrash::world::store::Store;
use gatecrash_limiter::algorithm::by_name;

fn leaked(
    limiter: &str,
    programs: &[&[OperationKind]],
    limit: u64,
    order: &str,
    store: impl Store,
) -> Option<u64> {
    let programs: Vec<Vec<OperationKind>> = programs.iter().map(|program| program.to_vec()).collect();
    let scenario = common::scenario(&programs, limit, 1, OnReject::Stop);
    let world = World::new(&scenario, by_name(limiter).expect("a built-in limiter"));
    let schedule = Schedule::parse(order, &scenario.client_names()).expect("a schedule");
    let trace = replay_with_leaks(world, store, &schedule, Passing::Allowed, &Control::default());
    trace.expect("the store does not fail").leaked
}

#[test]
fn what_a_crashed_client_held_is_lost_and_what_a_living_one_holds_is_not() {
    let server = Server::open(&Target::Private).unwrap();
    let both: &[OperationKind] = &[Acquire, Release];
    let keeps: &[OperationKind] = &[Acquire];
    for (limiter, programs, limit, order, expected) in [
        ("naive", [both, both], 1, "A* A!crash +3600s B*", 1),
        ("atomic", [both, both], 1, "A* A!crash +3600s B*", 1),
        ("atomic", [both, both], 3, "A* B* A!crash B!crash", 2),
        // It dies before it has anything, and once it has given it back.
        ("naive", [both, both], 1, "A A!crash B*", 0),
        ("naive", [both, both], 1, "A* A* A!crash", 0),
        ("naive", [both, both], 2, "A B A B", 0),
        ("atomic", [keeps, keeps], 2, "A B", 0),
        ("atomic", [keeps, both], 5, "A B", 0),
        // Two hold the only permit: that is another finding.
        ("naive", [keeps, keeps], 1, "A B A B", 0),
    ] {
        let on = format!("{limiter}, limit {limit}: {order}");
        assert_eq!(leaked(limiter, &programs, limit, order, Model::new()), Some(expected), "{on}");
        let store = server.store(3).unwrap();
        assert_eq!(leaked(limiter, &programs, limit, order, store), Some(expected), "{on}, on the server");
    }
}

#[test]
fn what_was_not_found_out_is_not_said() {
    let keeps: &[OperationKind] = &[Acquire];
    assert_eq!(leaked("atomic", &[keeps], 10_001, "", Model::new()), Some(0));
    assert_eq!(leaked("atomic", &[keeps], 10_002, "", Model::new()), None, "too many to try them");
    let scenario = common::scenario(&[vec![Acquire]], 1, 1, OnReject::Stop);
    let world = World::new(&scenario, by_name("atomic").unwrap());
    let control = Control { interrupted: Arc::new(true.into()), ..Control::default() };
    let stopped =
        replay_with_leaks(world, Model::new(), &Schedule::default(), Passing::Allowed, &control).unwrap();
    assert!(stopped.stopped.is_some() && stopped.leaked.is_none());
}
