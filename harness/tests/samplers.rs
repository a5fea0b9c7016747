//! Samplers are tested against probabilities that are known exactly, and for one result whatever runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatecrash::explore::chooser::Chooser;
use gatecrash::explore::enumerate::enumerate;
use gatecrash::explore::sample::{Sample, SampleSettings, Sampler, Sampling, on, on_model};
use gatecrash::explore::{Complete, Observer};
use gatecrash::model::Model;
use gatecrash::observe::{Extent, Phase};
use gatecrash::world::clients::World;
use gatecrash::world::control::{Bound, Control, Timeout};
use gatecrash::world::execution::Execution;
use gatecrash::world::scenario::{OnReject, OperationKind};
use gatecrash::world::schedule::Choice;
use gatecrash::world::verdict::Verdict;
use gatecrash_limiter::{
    Algorithm, Call, Command, Machine, Naive, Operation, Outcome, Progress, Reply, algorithm,
};

mod common;
use common::scenario;

use OperationKind::{Acquire, Release};

fn world(limiter: &str, clients: usize, limit: u64) -> World {
    let scenario = scenario(&vec![vec![Acquire, Release]; clients], limit, 1, OnReject::Stop);
    World::new(&scenario, algorithm::by_name(limiter).expect("a built-in limiter"))
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).expect("not zero")
}

fn settings(sampler: Sampler, executions: u64) -> SampleSettings {
    SampleSettings { sampler, executions, seed: 7 }
}

fn sample(root: &World, sampler: Sampler, executions: u64) -> Sample {
    on_model(root, settings(sampler, executions), threads(1), &Control::default())
        .expect("the model does not fail")
}

/// Keeps the order of every execution, in the order in which they end.
#[derive(Default)]
struct Orders(Vec<Vec<u16>>);

impl Observer for Orders {
    fn execution(&mut self, execution: &Complete<'_>) {
        self.0.push(clients(execution.choices));
    }
}

fn clients(choices: &[Choice]) -> Vec<u16> {
    choices.iter().filter_map(|choice| choice.client()).map(|client| client.0).collect()
}

fn orders(root: &World, settings: SampleSettings) -> Vec<Vec<u16>> {
    let mut orders = Orders::default();
    on(root, Model::new(), settings, &Control::default(), &mut orders).expect("the model does not fail");
    orders.0
}

/// Three executions of each, as the client of each step.
#[test]
fn the_executions_of_a_seed_are_what_they_always_were() {
    let root = world("naive", 3, 1);
    let first = |sampler| {
        let text = |order: &Vec<u16>| order.iter().map(u16::to_string).collect::<String>();
        orders(&root, settings(sampler, 3)).iter().map(text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(first(Sampler::Random), "202211100 00210 11201");
    assert_eq!(first(Sampler::Pct), "222000111 111000222 122200011");
    assert_eq!(first(Sampler::Pos), "202211010 2202111 2000212");
    assert_eq!(first(Sampler::Urw), "2021200 00210 11201");
}

#[test]
fn frequencies_are_near_the_exact_probabilities() {
    let two = world("naive", 2, 1);
    // The random walk: B reads second with 1/2, and then it is 1/2 that the one to add first does not go on to release.
    // PCT: A loses its priority after its first step of 6, B after its second, in that order of the two points.
    // POS: B reads second if its first draw, the lower of two, beats A's third: 1/3; then two equal draws decide.
    // URW: B reads second with 3/5; of the six orders of two last steps each, four violate.
    for (sampler, exact) in [
        (Sampler::Random, 1.0 / 4.0),
        (Sampler::Pct, 1.0 / 36.0),
        (Sampler::Pos, 1.0 / 6.0),
        (Sampler::Urw, 2.0 / 5.0),
    ] {
        is_near(&sample(&two, sampler, 20_000), exact);
    }
    is_near(&sample(&world("naive", 4, 2), Sampler::Random, 20_000), 0.2655);
}

/// Within three standard deviations. It is the same sample every time.
fn is_near(sample: &Sample, exact: f64) {
    let share = sample.estimate().expect("there were executions").share;
    let deviation = (exact * (1.0 - exact) / 20_000.0).sqrt();
    assert!((share.value - exact).abs() < 3.0 * deviation, "{}: {share:?}, exactly {exact}", sample.sampler);
}

#[test]
fn urw_is_uniform_where_nobody_is_refused() {
    let mut counts: BTreeMap<Vec<u16>, u32> = BTreeMap::new();
    for order in orders(&world("naive", 2, 2), settings(Sampler::Urw, 20_000)) {
        *counts.entry(order).or_default() += 1;
    }
    assert_eq!(counts.len(), 20);
    assert!(counts.values().all(|count| (880..1_120).contains(count)), "{counts:?}");
}

#[test]
fn every_choice_can_be_drawn() {
    let three = world("naive", 3, 1);
    let two = world("naive", 2, 1);
    let mut all = Orders::default();
    enumerate(two.clone(), Model::new(), &Control::default(), &mut all).expect("the model does not fail");
    for sampler in Sampler::ALL {
        let first: BTreeSet<u16> =
            orders(&three, settings(sampler, 200)).iter().map(|order| order[0]).collect();
        assert_eq!(first.len(), 3, "{sampler}");
        let seen: BTreeSet<Vec<u16>> = orders(&two, settings(sampler, 5_000)).into_iter().collect();
        // PCT misses what needs more preemptions than it has change points.
        let most = if sampler == Sampler::Pct { 2 } else { usize::MAX };
        let possible = all.0.iter().filter(|order| preemptions(order) <= most).cloned().collect();
        assert_eq!(seen, possible, "{sampler}");
    }
}

/// How many switches away from a client that takes another step later.
fn preemptions(order: &[u16]) -> usize {
    let switches = (1..order.len()).filter(|place| order[place - 1] != order[*place]);
    switches.filter(|place| order[*place..].contains(&order[place - 1])).count()
}

#[test]
fn every_sampler_finds_the_violation_of_two_naive_clients() {
    let root = world("naive", 2, 1);
    for sampler in Sampler::ALL {
        let sample = sample(&root, sampler, 1_000);
        assert_eq!(sample.verdict(), Verdict::Violation, "{sampler}");
        assert_eq!(sample.found.executions, 1_000);
        assert_eq!(sample.found.peaks.values().sum::<u64>(), 1_000);
        assert_eq!(sample.found.peaks[&2], sample.found.violating);
        assert_eq!(sample.found.stopped, Some(Bound::Executions(1_000)));
        let shortest = sample.found.violation.expect("a violation").order;
        assert_eq!(clients(&shortest), [0, 1, 1, 0], "{sampler}");
        // With as many executions as it took there is one, with one less there is none.
        let first = sample.first_violation.expect("a violation");
        let before = self::sample(&root, sampler, first - 1);
        assert_eq!((before.found.violating, before.first_violation), (0, None), "{sampler}");
        assert_eq!(before.verdict(), Verdict::Undecided, "{sampler}");
        assert_eq!(self::sample(&root, sampler, first).first_violation, Some(first), "{sampler}");
    }
}

#[test]
fn without_a_violation_nothing_is_decided() {
    for sampler in Sampler::ALL {
        let sample = sample(&world("atomic", 3, 1), sampler, 300);
        assert_eq!((sample.found.violating, sample.first_violation), (0, None), "{sampler}");
        assert_eq!(sample.found.peaks, BTreeMap::from([(1, 300)]));
        assert_eq!(sample.found.stopped, Some(Bound::Executions(300)));
        assert_eq!(sample.verdict(), Verdict::Undecided);
    }
}

#[test]
fn the_result_does_not_depend_on_who_runs_it() {
    let root = world("naive", 3, 2);
    for sampler in Sampler::ALL {
        // Several parts, the last one smaller.
        let settings = settings(sampler, 1_700);
        let alone = on(&root, Model::new(), settings, &Control::default(), &mut ());
        let alone = alone.expect("the model does not fail");
        for count in [1, 2, 5] {
            let together = on_model(&root, settings, threads(count), &Control::default());
            assert_eq!(together.expect("the model does not fail"), alone, "{sampler}, {count} threads");
        }
        let other = on_model(&root, SampleSettings { seed: 8, ..settings }, threads(1), &Control::default());
        assert_ne!(other.expect("the model does not fail"), alone, "{sampler}, another seed");
    }
}

/// Seven at once, a step of each in turn, as on a real server.
#[test]
fn the_result_does_not_depend_on_how_many_are_under_way() {
    let root = world("naive", 3, 1);
    for sampler in Sampler::ALL {
        let settings = settings(sampler, 7);
        let mut sampling = Sampling::new(&root, settings, &Control::default()).expect("it can be estimated");
        let mut under_way = Vec::new();
        while let Some(run) = sampling.begin() {
            let execution = Execution::start(root.clone(), Model::new()).expect("the model does not fail");
            under_way.push((run, execution, Vec::new()));
        }
        let mut busy = true;
        while busy {
            busy = false;
            for (run, execution, choices) in under_way.iter_mut().rev() {
                if let Some(choice) = sampling.choose(run, &execution.world) {
                    execution.take(choice).expect("the model does not fail");
                    choices.push(choice);
                    busy = true;
                }
            }
        }
        let together: Vec<Vec<u16>> = under_way.iter().map(|(_, _, choices)| clients(choices)).collect();
        assert_eq!(together, orders(&root, settings), "{sampler}");
    }
}

#[test]
fn bounds_are_obeyed() {
    let root = world("naive", 2, 1);
    let at_once = |after| Timeout { after, at: Instant::now() };
    for sampler in Sampler::ALL {
        let both = |control: &Control| {
            let settings = settings(sampler, 1_000);
            let alone = on(&root, Model::new(), settings, control, &mut ()).expect("the model does not fail");
            let together = on_model(&root, settings, threads(2), control).expect("the model does not fail");
            assert_eq!(alone, together, "{sampler}");
            (alone.found.executions, alone.found.stopped.clone(), alone.verdict())
        };
        let control = Control { max_executions: Some(600), ..Control::default() };
        assert_eq!(both(&control), (600, Some(Bound::Executions(600)), Verdict::Violation));
        let control = Control { max_executions: Some(0), ..Control::default() };
        assert_eq!(both(&control), (0, Some(Bound::Executions(0)), Verdict::Undecided));
        let after = Duration::from_secs(3);
        let control = Control { timeout: Some(at_once(after)), ..Control::default() };
        assert_eq!(both(&control), (0, Some(Bound::Timeout(after)), Verdict::Undecided));
        let control = Control { interrupted: Arc::new(AtomicBool::new(true)), ..Control::default() };
        assert_eq!(both(&control), (0, Some(Bound::Interrupted), Verdict::Undecided));
        let control = Control::default();
        control.activity.begin(Phase { what: "both".into(), unit: "executions", extent: Extent::Open });
        assert_eq!(both(&control).0, 1_000);
        assert_eq!(
            control.activity.snapshot().done.get("executions"),
            Some(&2_000),
            "all are counted for who watches"
        );
    }
}

/// Interrupts after some executions.
struct Impatient(u64, Arc<AtomicBool>);

impl Observer for Impatient {
    fn execution(&mut self, _: &Complete<'_>) {
        self.0 -= 1;
        self.1.store(self.0 == 0, Ordering::Relaxed);
    }
}

#[test]
fn what_was_seen_before_an_interrupt_counts() {
    let control = Control::default();
    let mut observer = Impatient(100, Arc::clone(&control.interrupted));
    let settings = settings(Sampler::Urw, 1_000);
    let sample = on(&world("naive", 2, 1), Model::new(), settings, &control, &mut observer);
    let sample = sample.expect("the model does not fail");
    assert_eq!((sample.found.executions, &sample.found.stopped), (100, &Some(Bound::Interrupted)));
    assert_eq!(sample.verdict(), Verdict::Violation);
}

#[test]
fn an_interrupt_ends_every_sampler() {
    let control = Control::default();
    control.interrupted.store(true, Ordering::Relaxed);
    for sampler in Sampler::ALL {
        let sample = on_model(&world("naive", 2, 1), settings(sampler, 600), threads(2), &control);
        let sample = sample.expect("the model does not fail");
        assert!(sample.estimate().is_none() && sample.found.stopped == Some(Bound::Interrupted), "{sampler}");
    }
}

/// As naive, but has no meaning for a count of 1.
#[derive(Debug)]
struct Brittle;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Acquiring(Operation);

impl Algorithm for Brittle {
    fn name(&self) -> &'static str {
        "brittle"
    }

    fn acquire(&self) -> Operation {
        Operation::new(Acquiring(Naive.acquire()))
    }

    fn release(&self) -> Operation {
        Naive.release()
    }
}

impl Machine for Acquiring {
    fn command(&self, call: &Call, now: Duration) -> Command {
        self.0.command(call, now)
    }

    fn receive(&mut self, call: &Call, reply: &Reply) -> Progress {
        match self.0.receive(call, reply) {
            Progress::Done(Outcome::Refused) => Progress::Done(Outcome::Failed(reply.clone())),
            progress => progress,
        }
    }
}

#[test]
fn the_first_error_ends_it_whatever_the_number_of_threads() {
    let scenario = scenario(&vec![vec![Acquire, Release]; 3], 1, 1, OnReject::Stop);
    let root = World::new(&scenario, Arc::new(Brittle));
    for sampler in Sampler::ALL {
        let settings = settings(sampler, u64::MAX);
        let alone = on(&root, Model::new(), settings, &Control::default(), &mut ());
        let alone = alone.expect_err("a client has no meaning for a reply").to_string();
        assert!(alone.ends_with("`ZCARD slots` was answered with 1"), "{alone}");
        for count in [1, 2, 5] {
            let together = on_model(&root, settings, threads(count), &Control::default());
            assert_eq!(together.expect_err("as before").to_string(), alone, "{sampler}, {count} threads");
        }
    }
}

/// Counts how often each interleaving is drawn.
#[derive(Default)]
struct Drawn(BTreeMap<Vec<Choice>, u64>);

impl Observer for Drawn {
    fn execution(&mut self, execution: &Complete<'_>) {
        *self.0.entry(execution.choices.to_vec()).or_default() += 1;
    }
}

#[test]
fn uniform_draws_each_interleaving_as_often() {
    let mut drawn = Drawn::default();
    let settings = settings(Sampler::Uniform, 16_000);
    on(&world("naive", 2, 1), Model::new(), settings, &Control::default(), &mut drawn).expect("it works");
    assert_eq!(drawn.0.len(), 16);
    // A thousand each; the standard deviation is about 31.
    assert!(drawn.0.values().all(|count| (880..1120).contains(count)), "{:?}", drawn.0.values());
}

#[test]
fn uniform_tells_the_share_that_the_census_knows() {
    let sample =
        on_model(&world("naive", 4, 2), settings(Sampler::Uniform, 40_000), threads(2), &Control::default());
    let share = sample.expect("it works").estimate().expect("there were executions").share.value;
    // 148,608 of 254,544; three standard deviations are 0.0074.
    assert!((share - 148_608.0 / 254_544.0).abs() < 0.0074, "{share}");
}

#[test]
fn uniform_is_undecided_where_the_graph_is_bounded() {
    let control = Control { max_states: Some(5), ..Control::default() };
    let sample = on_model(&world("naive", 4, 2), settings(Sampler::Uniform, 100), threads(2), &control);
    let sample = sample.expect("it works");
    assert_eq!((sample.verdict(), sample.found.stopped), (Verdict::Undecided, Some(Bound::States(5))));
}
