//! Searches through all interleavings, and what they are made of.

use std::sync::Arc;

use gatecrash::explore::{Observer, enumerate, loom};
use gatecrash::redis::Server;
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::scenario::{ClientSpec, OnReject, OperationKind, Property, Scenario};
use gatecrash::world::schedule::Choice;
use gatecrash::world::store::Store;
use gatecrash::world::trace::StepEffect;
use gatecrash_limiter::{Algorithm, algorithm};

/// Identical clients that compete for one permit, acquire and release it, that many rounds each.
///
/// # Panics
/// If there is no such limiter.
pub fn world(limiter: &str, clients: usize, rounds: u32) -> World {
    world_with_limit(limiter, clients, 1, rounds)
}

/// The same, for that many permits.
///
/// # Panics
/// If there is no such limiter.
pub fn world_with_limit(limiter: &str, clients: usize, limit: u64, rounds: u32) -> World {
    let limiter = algorithm::by_name(limiter).expect("a built-in limiter");
    let program = [OperationKind::Acquire, OperationKind::Release];
    identical(limiter, clients, &program, limit, rounds, OnReject::Stop)
}

/// Identical clients that compete for permits, each running that program that many rounds.
pub fn identical(
    limiter: Arc<dyn Algorithm>,
    clients: usize,
    program: &[OperationKind],
    limit: u64,
    rounds: u32,
    on_reject: OnReject,
) -> World {
    let scenario = Scenario {
        name: "bench".into(),
        path: None,
        title: "Identical clients".into(),
        why: "measured".into(),
        limit,
        limiters: algorithm::built_in(),
        clients: ClientSpec::workers(clients, program),
        on_reject,
        repeat: rounds,
        key: "slots".into(),
        lease: None,
        properties: vec![Property::OverAdmission],
        schedules: Vec::new(),
        explore: None,
    };
    World::new(&scenario, limiter)
}

/// Plain enumeration, to its end; gives the number of interleavings.
///
/// # Panics
/// If it does not get there.
pub fn enumerate<S: Store>(world: World, store: S) -> u64 {
    observed(world, store, &mut ())
}

fn observed<S: Store>(world: World, store: S, observer: &mut impl Observer) -> u64 {
    let found = enumerate::enumerate(world, store, &Control::default(), observer).expect("the store works");
    assert_eq!(found.stopped, None, "not all interleavings were run");
    found.executions
}

/// loom, to its end, with the check of its results against plain enumeration on the model that every run of
/// gatecrash makes; gives the number of loom's executions.
///
/// # Panics
/// If it does not get there.
pub fn under_loom(world: &World) -> u64 {
    let explored = loom::explore(world, &Control::default()).expect("the clients fit loom");
    assert_eq!(explored.found.stopped, None, "not all executions were run");
    explored.found.executions
}

/// How many round trips enumeration makes on a server: every command, and the deletion before each interleaving.
///
/// # Panics
/// If the search does not get to its end.
pub fn round_trips(world: World, server: &Server) -> u64 {
    let mut steps = Steps(0);
    let store = server.store(world.names().len()).expect("the private server answers");
    let interleavings = observed(world, store, &mut steps);
    steps.0 + interleavings
}

/// Counts commands.
struct Steps(u64);

impl Observer for Steps {
    fn choice(&mut self, _choice: Choice, _step: Option<&StepEffect>) {
        self.0 += 1;
    }
}

/// A bare blocking connection, such as a store has for each client.
///
/// # Panics
/// If the server cannot be reached.
pub fn bare_connection(server: &Server) -> redis::Connection {
    let client = redis::Client::open(server.address().to_string()).expect("the server's own address");
    client.get_connection().expect("the private server answers")
}

/// The floor of a search on a server: as many round trips, of the command that does least.
///
/// # Panics
/// If the server does not answer.
pub fn ping(connection: &mut redis::Connection, times: u64) {
    let ping = redis::cmd("PING");
    for _ in 0..times {
        ping.exec(connection).expect("the private server answers");
    }
}
