//! Loads as `gatecrash load` would report them.

use std::collections::BTreeMap;

use gatecrash::report::latency::{Quantiles, Summary};
use gatecrash::report::load::{Fairness, Floor, LoadBlock, LoadParameters, MeasuredLoad, Pace};
use gatecrash::report::{
    Entry, Evidence, Excess, Judgement, LoadEvidence, OverAdmission, Report, StoreKind, Verdict,
};
use gatecrash::world::scenario::Expected;

/// A report of these loads.
pub(crate) fn report(results: Vec<Entry>) -> Report {
    Report { results, ..Report::new(7) }
}

/// The atomic limiter, always admitted: 12 blocks at about half the floor's pace, `slower` times that slow.
pub(crate) fn atomic(slower: f64) -> Entry {
    let load = MeasuredLoad {
        parameters: LoadParameters { clients: 50, limit: 50, rate_per_s: None, hold: "0s".into() },
        attempts: 120_000,
        admitted: 120_000,
        refused: 0,
        errors: 0,
        unknown: 0,
        missed: None,
        refused_although_free: 0,
        not_held: 0,
        faults: None,
        leaked: Some(0),
        fairness: Fairness { jain: 0.999, min: 2_350, max: 2_450 },
        throughput_per_s: Some(48_000.0),
        latency_corrected_ns: None,
        histograms: BTreeMap::new(),
        floor: Some(Floor {
            command: "EVALSHA".into(),
            throughput_per_s: 100_000.0,
            latency_ns: summary(100_000),
        }),
        blocks: (0..12).map(|number| block(number, slower)).collect(),
        checks: Vec::new(),
    };
    let latencies = [("acquire".to_owned(), summary(210_000)), ("release".to_owned(), summary(150_000))];
    let evidence = LoadEvidence {
        load,
        over_admission: Some(OverAdmission { events: Some(0), ..OverAdmission::by(0) }),
        latency_ns: Some(latencies.into()),
    };
    Entry {
        elapsed_ns: Some(10_000_000_000),
        ..entry("atomic", evidence, Judgement::new(Verdict::Clean, Some(Expected::Clean)))
    }
}

/// The same result with something else about its load.
pub(crate) fn with(mut entry: Entry, change: impl FnOnce(&mut LoadEvidence)) -> Entry {
    let Evidence::Load(found) = &mut entry.evidence else { panic!("it is a load") };
    change(found);
    entry
}

/// The naive limiter, which over-admits, as expected.
pub(crate) fn naive() -> Entry {
    let entry = with(atomic(1.0), |found| {
        found.over_admission = Some(crowded(7));
        found.load.parameters.limit = 5;
        found.load.admitted = 30_000;
        found.load.refused = 90_000;
    });
    let judgement = Judgement::new(Verdict::Violation, Some(Expected::Violation));
    Entry { limiter: "naive".into(), judgement, ..entry }
}

pub(crate) fn crowded(max: u64) -> OverAdmission {
    let first = vec![Excess { at_ns: 1_200_000, duration_ns: 45_300, peak: 5 + max }];
    OverAdmission { max, events: Some(412), first }
}

fn entry(limiter: &str, evidence: LoadEvidence, judgement: Judgement) -> Entry {
    Entry::new("load", limiter, StoreKind::Redis, Evidence::Load(Box::new(evidence)), judgement)
}

/// Some noise, always the same: up to 3 % more or less.
fn wobble(number: u32, phase: f64) -> f64 {
    1.0 + 0.03 * (f64::from(number) * 1.7 + phase).sin()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers")]
fn block(number: u32, slower: f64) -> LoadBlock {
    let ns = |ns: f64, phase: f64| (ns * wobble(number, phase)) as u64;
    let quantiles =
        |median: f64, phase: f64| Quantiles { p50: ns(median, phase), p99: ns(median * 3.0, phase + 2.0) };
    LoadBlock {
        floor: Pace {
            throughput_per_s: 100_000.0 * wobble(number, 0.0),
            latency_ns: Some(quantiles(1e5, 1.0)),
        },
        load: Pace {
            throughput_per_s: 48_000.0 * wobble(number, 3.0) / slower,
            latency_ns: Some(quantiles(1.8e5 * slower, 4.0)),
        },
        acquire: Some(quantiles(2.1e5 * slower, 5.0)),
        release: Some(quantiles(1.5e5 * slower, 6.0)),
    }
}

pub(crate) fn summary(median: u64) -> Summary {
    Summary {
        count: 120_000,
        min: median / 2,
        p50: median,
        p90: median * 2,
        p99: median * 3,
        p999: median * 4,
        max: median * 50,
        mean: median + 1_000,
    }
}
