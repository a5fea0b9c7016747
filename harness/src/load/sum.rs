//! The loads of several machines as one: counts and histograms are added up, percentiles are taken anew.
//!
//! Each shard has its share of the clients and of the rate, and a key and a limit of its own: no shard sees who holds a
//! permit elsewhere, so a limit over all of them could not be judged. A violation that one of them saw is one of all.

use std::collections::BTreeMap;

use super::monitor::KEPT;
use crate::report::histogram::{self, HistogramError};
use crate::report::latency::{Durations, Summary};
use crate::report::load::{Fairness, Floor, LoadCheck, LoadProperty, MeasuredLoad};
use crate::report::{Entry, Evidence, Excess, Judgement, LoadEvidence, OverAdmission, Verdict};

/// Loads cannot be added up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadSumError {
    #[error("it has no shard")]
    NoShard,
    #[error("{limiter} holds no load")]
    NoLoad { limiter: String },
    #[error("the histogram {name}: {error}")]
    Histogram { name: String, error: HistogramError },
}

/// What every shard measured of a limiter, as one entry, without a command line. There is at least one, all with a load.
pub(crate) fn of_shards(parts: &[&Entry]) -> Result<Entry, LoadSumError> {
    let [first, ..] = parts else { return Err(LoadSumError::NoShard) };
    let found = parts.iter().map(|part| part.load()).collect::<Option<Vec<_>>>();
    let found = found.ok_or_else(|| LoadSumError::NoLoad { limiter: first.limiter.clone() })?;
    let loads: Vec<&MeasuredLoad> = found.iter().map(|found| &found.load).collect();
    let durations = durations(&loads)?;
    let summaries = |names: &[&str]| {
        let known = names
            .iter()
            .filter_map(|name| Some(((*name).replace("_corrected", ""), durations.get(*name)?.summary()?)));
        let known: BTreeMap<String, Summary> = known.collect();
        (!known.is_empty()).then_some(known)
    };
    let from_send: Vec<_> = found.iter().map(|found| found.latency_ns.as_ref()).collect();
    let from_due: Vec<_> = loads.iter().map(|load| load.latency_corrected_ns.as_ref()).collect();
    let latency_ns = restored(summaries(&["acquire", "release"]), &from_send);
    let corrected = restored(summaries(&["acquire_corrected"]), &from_due);
    let verdict = verdict(parts);
    let mut notes: Vec<String> = Vec::new();
    for note in parts.iter().flat_map(|part| &part.notes) {
        // What one of them could not prove, another may have.
        if (verdict == Verdict::Undecided || !note.starts_with(super::entry::PROVED_NOTHING))
            && !notes.contains(note)
        {
            notes.push(note.clone());
        }
    }
    let stopped = parts.iter().find_map(|part| part.coverage.clone());
    let evidence = LoadEvidence {
        load: MeasuredLoad { latency_corrected_ns: corrected, ..added(&loads, &durations) },
        over_admission: Some(over_admission(&found)),
        latency_ns,
    };
    Ok(Entry {
        coverage: stopped,
        elapsed_ns: parts.iter().filter_map(|part| part.elapsed_ns).max(),
        notes,
        ..Entry::new(
            &first.scenario,
            &first.limiter,
            first.store,
            Evidence::Load(Box::new(evidence)),
            Judgement::new(verdict, first.judgement.expected()),
        )
    })
}

fn verdict(parts: &[&Entry]) -> Verdict {
    let any = |verdict| parts.iter().any(|part| part.judgement.verdict() == verdict);
    if any(Verdict::Violation) {
        Verdict::Violation
    } else if any(Verdict::Undecided) {
        Verdict::Undecided
    } else {
        Verdict::Clean
    }
}

fn added(loads: &[&MeasuredLoad], durations: &BTreeMap<String, Durations>) -> MeasuredLoad {
    let sum = |count: fn(&MeasuredLoad) -> u64| loads.iter().map(|load| count(load)).sum();
    let all =
        |count: fn(&MeasuredLoad) -> Option<u64>| loads.iter().map(|load| count(load)).sum::<Option<u64>>();
    let faults = loads.iter().filter_map(|load| load.faults).reduce(|mut sum, other| {
        sum.add(other);
        sum
    });
    MeasuredLoad {
        clients: loads.iter().map(|load| load.clients).sum(),
        limit: loads[0].limit,
        rate_per_s: loads.iter().map(|load| load.rate_per_s).sum(),
        hold: loads[0].hold.clone(),
        attempts: sum(|load| load.attempts),
        admitted: sum(|load| load.admitted),
        refused: sum(|load| load.refused),
        errors: sum(|load| load.errors),
        unknown: sum(|load| load.unknown),
        missed: all(|load| load.missed),
        refused_although_free: sum(|load| load.refused_although_free),
        not_held: sum(|load| load.not_held),
        leaked: all(|load| load.leaked),
        faults,
        fairness: fairness(loads),
        throughput_per_s: loads.iter().map(|load| load.throughput_per_s).sum(),
        latency_corrected_ns: None,
        histograms: durations
            .iter()
            .map(|(name, durations)| (name.clone(), histogram::compressed(durations.histogram())))
            .collect(),
        floor: floor(loads, durations),
        blocks: loads.iter().flat_map(|load| &load.blocks).copied().collect(),
        checks: checks(loads),
    }
}

/// What all say of each property: the worst of it.
fn checks(loads: &[&MeasuredLoad]) -> Vec<LoadCheck> {
    let rank = |check: &LoadCheck| match check.verdict {
        Verdict::Violation => 2,
        Verdict::Undecided => 1,
        Verdict::Clean => 0,
    };
    let all = || loads.iter().flat_map(|load| &load.checks);
    let mut properties: Vec<LoadProperty> = Vec::new();
    for check in all() {
        if !properties.contains(&check.property) {
            properties.push(check.property);
        }
    }
    let worst = |property| {
        // The first of the worst.
        all().filter(|check| check.property == property).rev().max_by_key(|check| rank(check)).cloned()
    };
    properties.into_iter().filter_map(worst).collect()
}

/// The durations of all, by what they are of.
fn durations(loads: &[&MeasuredLoad]) -> Result<BTreeMap<String, Durations>, LoadSumError> {
    let mut all: BTreeMap<String, Durations> = BTreeMap::new();
    for (name, text) in loads.iter().flat_map(|load| &load.histograms) {
        let read = histogram::parse(text).and_then(|histogram| Durations::read(&histogram));
        let read = read.map_err(|error| LoadSumError::Histogram { name: name.clone(), error })?;
        all.entry(name.clone()).or_default().merge(&read);
    }
    Ok(all)
}

/// A histogram knows its extremes and its mean within 0.1 % only; the summaries of the parts know them exactly.
fn restored(
    merged: Option<BTreeMap<String, Summary>>,
    parts: &[Option<&BTreeMap<String, Summary>>],
) -> Option<BTreeMap<String, Summary>> {
    let exact = |(name, summary): (String, Summary)| {
        let parts = || parts.iter().flatten().filter_map(|part| part.get(&name));
        let sum: u128 = parts().map(|part| u128::from(part.mean) * u128::from(part.count)).sum();
        let count: u64 = parts().map(|part| part.count).sum();
        let exact = Summary {
            min: parts().map(|part| part.min).min().unwrap_or(summary.min),
            max: parts().map(|part| part.max).max().unwrap_or(summary.max),
            mean: sum.checked_div(count.into()).and_then(|mean| mean.try_into().ok()).unwrap_or(summary.mean),
            ..summary
        };
        (name, exact)
    };
    Some(merged?.into_iter().map(exact).collect())
}

fn floor(loads: &[&MeasuredLoad], durations: &BTreeMap<String, Durations>) -> Option<Floor> {
    let floors = loads.iter().map(|load| load.floor.as_ref()).collect::<Option<Vec<_>>>()?;
    Some(Floor {
        command: floors.first()?.command.clone(),
        throughput_per_s: floors.iter().map(|floor| floor.throughput_per_s).sum(),
        latency_ns: durations.get(super::entry::FLOOR)?.summary()?,
    })
}

/// The sum of the squares of each shard's admissions follows from its index.
#[expect(clippy::cast_precision_loss, reason = "an index needs no more than a few digits")]
fn fairness(loads: &[&MeasuredLoad]) -> Fairness {
    let sums = loads.iter().map(|load| (load.admitted as f64, f64::from(load.clients), load.fairness.jain));
    let squares: f64 =
        sums.clone().map(|(sum, clients, jain)| sum * sum / (clients * jain.max(f64::MIN_POSITIVE))).sum();
    let clients: f64 = sums.clone().map(|(_, clients, _)| clients).sum();
    let sum: f64 = sums.map(|(sum, ..)| sum).sum();
    Fairness {
        jain: if squares > 0.0 { (sum * sum / (clients * squares)).min(1.0) } else { 1.0 },
        min: loads.iter().map(|load| load.fairness.min).min().unwrap_or(0),
        max: loads.iter().map(|load| load.fairness.max).max().unwrap_or(0),
    }
}

fn over_admission(found: &[&LoadEvidence]) -> OverAdmission {
    let all = || found.iter().filter_map(|found| found.over_admission.as_ref());
    let first: Vec<Excess> = all().flat_map(|over| over.first.iter().copied()).take(KEPT).collect();
    OverAdmission {
        max: all().map(|over| over.max).max().unwrap_or(0),
        events: all().map(|over| over.events).sum(),
        first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::StoreKind;
    use crate::world::scenario::Expected;

    fn part(admitted: u64, times: &[u64], verdict: Verdict) -> Entry {
        let mut durations = Durations::default();
        for &time in times {
            durations.record(time);
        }
        let load = MeasuredLoad {
            clients: 2,
            limit: 1,
            rate_per_s: Some(10.0),
            hold: "1ms".into(),
            attempts: admitted + 1,
            admitted,
            refused: 1,
            errors: 0,
            unknown: 0,
            missed: Some(0),
            refused_although_free: 0,
            not_held: 0,
            leaked: Some(0),
            faults: None,
            fairness: Fairness { jain: 1.0, min: admitted / 2, max: admitted / 2 },
            throughput_per_s: Some(5.5),
            latency_corrected_ns: None,
            histograms: BTreeMap::from([("acquire".into(), histogram::compressed(durations.histogram()))]),
            floor: None,
            blocks: Vec::new(),
            checks: Vec::new(),
        };
        let latency_ns = durations.summary().map(|summary| BTreeMap::from([("acquire".to_owned(), summary)]));
        let judgement = Judgement::new(verdict, Some(Expected::Violation));
        let over = u64::from(verdict == Verdict::Violation);
        let over_admission = Some(OverAdmission { events: Some(over), ..OverAdmission::by(over) });
        let evidence = Evidence::Load(Box::new(LoadEvidence { load, over_admission, latency_ns }));
        Entry::new("load", "naive", StoreKind::Redis, evidence, judgement)
    }

    #[test]
    fn counts_and_histograms_add_up_and_percentiles_are_taken_anew() {
        let one = part(10, &[1_000_001, 2_000_000], Verdict::Undecided);
        let other = part(30, &[9_000_000], Verdict::Violation);
        let merged = of_shards(&[&one, &other]).unwrap();
        let found = merged.load().unwrap();
        let load = &found.load;
        assert_eq!((load.clients, load.attempts, load.admitted, load.refused), (4, 42, 40, 2));
        assert_eq!((load.rate_per_s, load.throughput_per_s), (Some(20.0), Some(11.0)));
        let acquire = found.latency_ns.as_ref().unwrap()["acquire"];
        assert_eq!(
            (acquire.count, acquire.min, acquire.max, acquire.mean),
            (3, 1_000_001, 9_000_000, 4_000_000)
        );
        assert!(acquire.p50.abs_diff(2_000_000) < 2_000);
        // Two were admitted 5 times each, two 15 times: 40 squared over 4 times 500.
        assert!((load.fairness.jain - 0.8).abs() < 1e-9, "{}", load.fairness.jain);
        assert_eq!((merged.judgement.verdict(), merged.judgement.ok()), (Verdict::Violation, Some(true)));
        assert_eq!(found.over_admission.as_ref().unwrap().events, Some(1));
    }

    fn load_of(entry: &mut Entry) -> &mut MeasuredLoad {
        let Evidence::Load(found) = &mut entry.evidence else { panic!("it is a load") };
        &mut found.load
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let mut damaged = part(1, &[5], Verdict::Clean);
        load_of(&mut damaged).histograms.insert("release".into(), "HIST".into());
        assert!(of_shards(&[&damaged]).unwrap_err().to_string().contains("the histogram release: "));
        assert!(of_shards(&[]).is_err());
    }
}
