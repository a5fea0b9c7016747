//! Choices of every kind go one way: a world that offers clock moves and crashes besides steps is explored as a whole by
//! every engine that takes choices, alike on the model and on a server, and refused by those that know steps only.

mod common;
#[path = "common/server_clock.rs"]
mod server_clock;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use gatecrash::explore::census::{self, any};
use gatecrash::explore::counterexample::Path;
use gatecrash::explore::enumerate::enumerate;
use gatecrash::explore::prefixes::Prefixes;
use gatecrash::explore::sample::{Sample, SampleSettings, Sampler, on};
use gatecrash::explore::{Complete, Exploration, Observer, chooser, dpor, lockstep, loom, parallel};
use gatecrash::model::Model;
use gatecrash::redis::{Server, Target};
use gatecrash::world::clients::World;
use gatecrash::world::control::Control;
use gatecrash::world::error::Error;
use gatecrash::world::execution::Execution;
use gatecrash::world::scenario::{OnReject, OperationKind};
use gatecrash::world::schedule::{Choice, ClientId};
use gatecrash::world::trace::{Effect, StepEffect};
use gatecrash_limiter::{Algorithm, Atomic, Naive};
use server_clock::OnServerTime;

const A: ClientId = ClientId(0);
const B: ClientId = ClientId(1);
const LATER: Choice = Choice::Advance(Duration::from_secs(1));

/// Two clients at limit 1, and what else can be chosen.
fn world(algorithm: impl Algorithm + 'static, program: &[OperationKind], offers: &[Choice]) -> World {
    let scenario = common::scenario(&[program.to_vec(), program.to_vec()], 1, 1, OnReject::Stop);
    World::new(&scenario, Arc::new(algorithm)).offering(offers)
}

/// Keeps every order.
#[derive(Debug, Default)]
struct Orders {
    run: BTreeSet<Vec<Choice>>,
}

impl Observer for Orders {
    fn choice(&mut self, choice: Choice, step: Option<&StepEffect>) {
        assert_eq!(step.map(|step| Choice::Step(step.client)), Some(choice).filter(is_step));
    }

    fn execution(&mut self, execution: &Complete<'_>) {
        self.run.insert(execution.choices.to_vec());
    }
}

fn is_step(choice: &Choice) -> bool {
    matches!(choice, Choice::Step(_))
}

fn enumerated(world: &World) -> (Exploration, BTreeSet<Vec<Choice>>) {
    let mut orders = Orders::default();
    let found = enumerate(world.clone(), Model::new(), &Control::default(), &mut orders);
    (found.expect("the model does not fail"), orders.run)
}

#[test]
fn each_offer_is_taken_up_once_at_most_and_only_where_it_does_something() {
    let step = Choice::Step;
    let of = |offers: &[Choice]| enumerated(&world(Atomic, &[OperationKind::Acquire], offers)).1;
    let crash = Choice::Crash(A);
    let expected =
        [vec![step(A), step(B)], vec![step(B), step(A)], vec![crash, step(B)], vec![step(B), crash]];
    assert_eq!(of(&[crash]), BTreeSet::from(expected));
    // Before the first step, between the two, or not at all: once all have finished, nothing is left to choose.
    assert_eq!(of(&[LATER]).len(), 2 * 3);
    // Two that are alike are not told apart.
    assert_eq!(of(&[LATER, LATER]).len(), 2 * 6);
}

#[test]
fn every_engine_that_takes_choices_finds_the_same() {
    let program = [OperationKind::Acquire, OperationKind::Release];
    let world = world(Naive, &program, &[Choice::Crash(A), LATER, Choice::Crash(B)]);
    let (expected, orders) = enumerated(&world);
    assert_eq!(expected.executions, orders.len() as u64, "none is run twice");
    assert!(expected.violating > 0 && expected.violating < expected.executions);
    assert!(!orders.iter().flatten().all(is_step));
    let control = Control::default();

    let threads = NonZeroUsize::new(3).unwrap();
    assert_eq!(parallel::enumerate(world.clone(), &control, threads).unwrap(), expected);

    let mut one_by_one = Orders::default();
    let found = chooser::run(&world, Model::new(), &mut Prefixes::new(), &control, &mut one_by_one).unwrap();
    assert_eq!((&found, &one_by_one.run), (&expected, &orders));

    let server = Server::open(&Target::Private).unwrap();
    for width in [1, 7, 64] {
        let (mut on_the_server, mut all) = (Orders::default(), Prefixes::new());
        let width = NonZeroUsize::new(width).unwrap();
        let found = lockstep::run(&world, &server, &mut all, width, &control, &mut on_the_server).unwrap();
        assert_eq!((&found, &on_the_server.run), (&expected, &orders), "{width}");
    }
    // A server's store cannot be copied: choices are made again.
    let found = enumerate(world.clone(), server.store(2).unwrap(), &control, &mut ()).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn a_random_walk_makes_choices_of_every_kind() {
    let program = [OperationKind::Acquire, OperationKind::Release];
    let world = world(Atomic, &program, &[Choice::Crash(A), LATER]);
    let all = enumerated(&world).1;
    let settings = SampleSettings { sampler: Sampler::Random, executions: 5_000, seed: 7 };
    let mut drawn = Orders::default();
    let Sample { found, .. } = on(&world, Model::new(), settings, &Control::default(), &mut drawn).unwrap();
    assert_eq!(found.executions, 5_000);
    assert_eq!(drawn.run, all, "they are few enough that 5,000 draws meet them all");
}

#[test]
fn who_knows_steps_only_says_so() {
    let world = world(Naive, &[OperationKind::Acquire], &[Choice::Crash(A)]);
    let control = Control::default();
    let refused = |error: Error| {
        assert!(matches!(error, Error::StepsOnly { .. }), "{error}");
        error.to_string()
    };
    let message = refused(dpor::explore(world.clone(), Model::new(), &control, &mut ()).unwrap_err());
    assert_eq!(message, "dpor explores the order of steps, and here clocks move or faults strike as well");
    refused(census::take(&world, census::CensusOptions::default(), &control).unwrap_err());
    assert!(any::decide(&world, &control).is_err());
    for sampler in [Sampler::Pct, Sampler::Pos, Sampler::Urw, Sampler::Uniform] {
        let settings = SampleSettings { sampler, executions: 1, seed: 0 };
        refused(on(&world, Model::new(), settings, &control, &mut ()).unwrap_err());
    }
    assert!(loom::unfit(&world, &control).unwrap().unwrap().contains("clocks move or faults strike"));
}

#[test]
fn a_clock_that_cannot_be_moved_is_refused_wherever_it_would_be() {
    let world = world(OnServerTime, &[OperationKind::Acquire], &[LATER]);
    assert_eq!(
        enumerated(&world).0.executions,
        enumerated(&self::world(Naive, &[OperationKind::Acquire], &[LATER])).0.executions
    );
    let server = Server::open(&Target::Private).unwrap();
    let control = Control::default();
    let refused = |found: Result<Exploration, Error>| {
        assert!(matches!(found, Err(Error::ServerClock { .. })), "{found:?}");
    };
    refused(lockstep::run(&world, &server, &mut Prefixes::new(), lockstep::WIDTH, &control, &mut ()));
    refused(enumerate(world.clone(), server.store(2).unwrap(), &control, &mut ()));
    // A limiter that takes its time from the client does not mind.
    let by_the_client = self::world(Naive, &[OperationKind::Acquire], &[LATER]);
    enumerate(by_the_client, server.store(2).unwrap(), &control, &mut ()).unwrap();
}

#[test]
fn only_a_step_preempts() {
    let preemptions = |choices: &[Choice]| {
        let world = world(Naive, &[OperationKind::Acquire, OperationKind::Release], &[]);
        let mut execution = Execution::start(world, Model::new()).unwrap();
        let mut path = Path::new(1);
        for choice in choices {
            assert_ne!(execution.take(*choice).unwrap(), Effect::Passed);
            path.follow(*choice, &execution.world);
        }
        path.preemptions()
    };
    let (a, b) = (Choice::Step(A), Choice::Step(B));
    assert_eq!(preemptions(&[a, b]), 1);
    assert_eq!(preemptions(&[a, LATER, b]), 1, "a clock move hides no switch");
    assert_eq!(preemptions(&[a, LATER, a]), 0);
    assert_eq!(preemptions(&[a, Choice::Crash(B), a]), 0);
    assert_eq!(preemptions(&[a, Choice::Crash(A), b]), 0, "nobody who could have gone on was stopped");
}
