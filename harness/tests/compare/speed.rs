//! The soft gate, and what is undecided about it.

use gatecrash::load::compare::{ComparisonOptions, ComparisonVerdict, Metric, SpeedVerdict, json};
use gatecrash::report::load::{Faulted, LoadBlock, MeasuredLoad};
use gatecrash::report::{Entry, Report};

use crate::loads::{self, atomic, naive, report};
use crate::{Baseline, compare, compared, one, with};

/// Where each metric went.
fn directions(base: Entry, new: Entry) -> Vec<SpeedVerdict> {
    one(base, new).0.changes.iter().map(|change| change.direction).collect()
}

fn of(change: impl FnOnce(&mut MeasuredLoad)) -> Entry {
    loads::with(atomic(1.0), |found| change(&mut found.load))
}

#[test]
fn a_slower_build_is_worse_and_a_faster_one_better_in_every_metric() {
    assert_eq!(directions(atomic(1.0), atomic(1.0)), [SpeedVerdict::Unchanged; 5]);
    assert_eq!(directions(atomic(1.0), atomic(1.25)), [SpeedVerdict::Worse; 5]);
    assert_eq!(directions(atomic(1.25), atomic(1.0)), [SpeedVerdict::Better; 5]);
    assert_eq!(one(atomic(1.0), atomic(1.25)).1, ComparisonVerdict::Regression);
    assert_eq!(one(atomic(1.25), atomic(1.0)).1, ComparisonVerdict::Ok);
}

#[test]
fn a_faster_machine_is_no_change() {
    let faster = of(|load| {
        for block in &mut load.blocks {
            for pace in [&mut block.floor, &mut block.load] {
                pace.throughput_per_s *= 2.0;
            }
            let LoadBlock { floor, load, acquire, release } = block;
            for quantiles in
                [&mut floor.latency_ns, &mut load.latency_ns, acquire, release].into_iter().flatten()
            {
                quantiles.p50 /= 2;
                quantiles.p99 /= 2;
            }
        }
    });
    assert_eq!(directions(atomic(1.0), faster), [SpeedVerdict::Unchanged; 5]);
}

#[test]
fn what_is_tolerated_is_shown_and_does_not_fail() {
    let tolerance = |tolerance| ComparisonOptions { tolerance, ..ComparisonOptions::default() };
    let tolerant = with(tolerance(0.5), vec![atomic(1.0)], vec![atomic(1.25)]);
    assert!(tolerant.limiters[0].changes.iter().all(|change| change.direction == SpeedVerdict::Tolerated));
    assert_eq!(tolerant.verdict(), ComparisonVerdict::Ok);
    let strict = with(tolerance(0.1), vec![atomic(1.0)], vec![atomic(1.25)]);
    assert_eq!(strict.verdict(), ComparisonVerdict::Regression);
}

#[test]
fn every_metric_of_every_limiter_that_is_tested_widens_the_intervals() {
    let single = compared(vec![atomic(1.0)], vec![atomic(1.0)]);
    let double = compared(vec![atomic(1.0), naive()], vec![atomic(1.0), naive()]);
    assert_eq!((single.tests, double.tests), (5, 10));
    let width = |comparison: &compare::Comparison| {
        let (low, high) = comparison.limiters[0].changes[0].found.unwrap().interval;
        high - low
    };
    assert!(width(&single) < width(&double));
}

#[test]
fn the_same_files_and_seed_give_the_same_comparison() {
    let once = |seed| {
        with(
            ComparisonOptions { seed, ..ComparisonOptions::default() },
            vec![atomic(1.0)],
            vec![atomic(1.01)],
        )
    };
    assert_eq!(once(1), once(1));
    assert_ne!(once(1).limiters, once(2).limiters);
}

#[test]
fn too_few_blocks_and_blocks_with_gaps_are_undecided() {
    let few = of(|load| load.blocks.truncate(7));
    assert_eq!(directions(atomic(1.0), few.clone()), [SpeedVerdict::Undecided; 5]);
    let (limiter, verdict) = one(few, atomic(1.0));
    assert_eq!(verdict, ComparisonVerdict::Undecided);
    assert_eq!(limiter.changes[0].why.as_deref(), Some("BASE has 7 blocks, and it takes 8"));

    let none = of(|load| load.blocks.clear());
    assert_eq!(directions(none.clone(), none), [SpeedVerdict::Undecided; 5]);

    let stalled = of(|load| load.blocks[3].release = None);
    let (limiter, verdict) = one(atomic(1.0), stalled);
    assert_eq!(verdict, ComparisonVerdict::Undecided);
    assert_eq!(limiter.changes[2].direction, SpeedVerdict::Unchanged);
    let why = "NEW has nothing to measure it by in 1 of 12 blocks";
    assert_eq!(limiter.changes[3].why.as_deref(), Some(why));

    let no_floor = of(|load| load.blocks.iter_mut().for_each(|block| block.floor.throughput_per_s = 0.0));
    assert_eq!(directions(atomic(1.0), no_floor)[0], SpeedVerdict::Undecided);
}

#[test]
fn other_parameters_are_undecided_each() {
    let changes: [fn(&mut MeasuredLoad); 5] = [
        |load| load.parameters.clients = 51,
        |load| load.parameters.limit = 51,
        |load| load.parameters.hold = "1ms".into(),
        |load| load.parameters.rate_per_s = Some(1000.0),
        |load| load.faults = Some(Faulted::default()),
    ];
    for change in changes {
        let (limiter, verdict) = one(atomic(1.0), of(change));
        assert_eq!(verdict, ComparisonVerdict::Undecided);
        assert_eq!(limiter.changes, []);
        assert!(limiter.undecided[0].starts_with("speed cannot be compared: BASE ran 50 clients"));
    }
}

#[test]
fn a_limiter_that_one_side_lacks_is_undecided() {
    let gone = compared(vec![atomic(1.0), naive()], vec![atomic(1.0)]);
    assert_eq!(gone.verdict(), ComparisonVerdict::Undecided);
    assert_eq!(gone.limiters[1].undecided, ["NEW did not measure it"]);
    let came = compared(vec![atomic(1.0)], vec![naive(), atomic(1.0)]);
    assert_eq!(came.verdict(), ComparisonVerdict::Undecided);
    assert_eq!(came.limiters[0].limiter, "naive");
    assert_eq!(compared(Vec::new(), Vec::new()).verdict(), ComparisonVerdict::Undecided);
}

#[test]
fn an_interrupted_run_is_undecided_and_a_regression_in_it_is_one() {
    let base = Baseline::from(&report(vec![atomic(1.0)]));
    let mut cut = report(vec![atomic(1.0)]);
    cut.interrupted = true;
    let verdict = |new: &Report| {
        compare::compare(("base", &base), ("new", &Baseline::from(new)), ComparisonOptions::default())
            .verdict()
    };
    assert_eq!(verdict(&cut), ComparisonVerdict::Undecided);
    cut.results = vec![atomic(1.25)];
    assert_eq!(verdict(&cut), ComparisonVerdict::Regression);
}

#[test]
fn throughput_is_not_compared_where_it_was_asked_for() {
    let open = |rate| of(|load| load.parameters.rate_per_s = Some(rate));
    let (limiter, verdict) = one(open(1000.0), open(1000.0));
    let metrics: Vec<Metric> = limiter.changes.iter().map(|change| change.metric).collect();
    assert_eq!(metrics, Metric::ALL[1..]);
    assert_eq!(limiter.notes, ["throughput is what --rate asked for, and not compared"]);
    assert_eq!(verdict, ComparisonVerdict::Ok);
}

#[test]
fn a_stable_report_has_nothing_to_compare() {
    let report = report(vec![atomic(1.0)]).stable();
    let side = Baseline::from(&report);
    let comparison = compare::compare(("a", &side), ("b", &side), ComparisonOptions::default());
    assert_eq!(comparison.verdict(), ComparisonVerdict::Undecided);
}

#[test]
fn an_interval_that_could_hold_anything_is_undecided() {
    let noisy = |factor: f64| {
        of(|load| {
            for (number, block) in load.blocks.iter_mut().enumerate() {
                let times = if number % 2 == 0 { factor } else { 1.0 / factor };
                block.load.throughput_per_s *= times;
            }
        })
    };
    let throughput = |factor| {
        let (compared, _) = one(atomic(1.0), noisy(factor));
        compared.changes.into_iter().find(|change| change.metric == Metric::Throughput).unwrap()
    };
    assert_eq!(throughput(1.1).direction, SpeedVerdict::Unchanged);
    let wide = throughput(20.0);
    assert_eq!((wide.direction, wide.found.is_some()), (SpeedVerdict::Undecided, true));
    assert_eq!(
        wide.why.as_deref(),
        Some("the interval is too wide: its upper end is more than 2 times its lower end")
    );
    let document = json::render(&compared(vec![atomic(1.0)], vec![noisy(20.0)])).unwrap();
    assert_eq!(crate::forms::problems(&document), [""; 0]);
}
