//! What a load came to, as entries of the report.

use std::collections::BTreeMap;
use std::time::Duration;

use gatecrash_limiter::Algorithm;

use super::judging;
use super::monitor::nanos;
use super::outcome::{LoadOutcome, LoadedLimiter};
use super::settings::SCENARIO;
use super::tally::{OperationTally, per_second};
use crate::report::latency::{Durations, Summary};
use crate::report::load::{Fairness, Floor, LoadBlock, LoadCheck, Pace};
use crate::report::{
    self, Coverage, Entry, Evidence, Invocation, Judgement, LoadEvidence, OverAdmission, StoreKind, Verdict,
    histogram,
};
use crate::world::scenario::Expected;

/// What the floor sends.
const PING: &str = "PING";

/// The name of its durations.
pub(super) const FLOOR: &str = "floor";

/// How a note begins that says so.
pub(super) const PROVED_NOTHING: &str = "this run proved nothing";

/// The durations of a tally by the operation's name, without those that never took place.
pub(super) fn durations(
    tally: &OperationTally,
    open_loop: bool,
) -> impl Iterator<Item = (&'static str, &Durations)> {
    let corrected = open_loop.then_some(("acquire_corrected", &tally.corrected));
    let all = [("acquire", &tally.acquire), ("release", &tally.release)].into_iter().chain(corrected);
    all.filter(|(_, durations)| durations.count() > 0)
}

/// A block beside the floor before it.
pub(super) fn block(
    (floor, floor_took): (&OperationTally, Duration),
    (load, took): (&OperationTally, Duration),
) -> LoadBlock {
    let pace = |tally: &OperationTally, took, latency_ns| Pace {
        throughput_per_s: per_second(tally.completed(), took),
        latency_ns,
    };
    LoadBlock {
        floor: pace(floor, floor_took, floor.acquire.quantiles()),
        load: pace(load, took, None),
        acquire: load.acquire.quantiles(),
        release: load.release.quantiles(),
    }
}

impl LoadOutcome {
    /// An entry for each limiter, judged by what is expected of it. Their command lines call the program like this.
    pub fn entries<'a>(
        &'a self,
        limiters: impl IntoIterator<Item = (&'a dyn Algorithm, Option<Expected>)>,
        call: &Invocation,
    ) -> Vec<Entry> {
        let pairs = self.limiters.iter().zip(limiters);
        let entry = |(loaded, (limiter, expected)): (_, (&dyn Algorithm, _))| {
            let rerun = Some(self.settings.command_line(limiter.name(), call));
            Entry { rerun, ..self.entry(loaded, limiter.name(), expected) }
        };
        pairs.map(entry).collect()
    }

    fn entry(&self, loaded: &LoadedLimiter, name: &str, expected: Option<Expected>) -> Entry {
        let checks = judging::checks(loaded, &self.settings);
        let verdict = judging::verdict(&checks, expected, self.stopped.as_ref());
        let findings = &loaded.findings;
        let stopped =
            self.stopped.as_ref().map(|bound| Coverage::of(bound, loaded.tally.attempts, "operation"));
        let evidence = LoadEvidence {
            load: self.load(loaded, checks),
            over_admission: Some(OverAdmission {
                max: findings.max,
                events: Some(findings.events),
                first: findings.first.clone(),
            }),
            latency_ns: summaries(durations(&loaded.tally, false)),
        };
        Entry {
            coverage: stopped,
            elapsed_ns: Some(nanos(loaded.measured)),
            notes: self.notes(loaded, name, verdict, expected),
            ..Entry::new(
                SCENARIO,
                name,
                StoreKind::Redis,
                Evidence::Load(Box::new(evidence)),
                Judgement::new(verdict, expected),
            )
        }
    }

    fn load(&self, loaded: &LoadedLimiter, checks: Vec<LoadCheck>) -> report::load::MeasuredLoad {
        let (settings, tally) = (&self.settings, &loaded.tally);
        let compressed = |(name, durations): (&str, &Durations)| {
            (name.to_owned(), histogram::compressed(durations.histogram()))
        };
        report::load::MeasuredLoad {
            clients: settings.clients,
            limit: settings.limit,
            rate_per_s: settings.rate,
            hold: settings.hold.to_string(),
            attempts: tally.attempts,
            admitted: tally.admitted,
            refused: tally.refused,
            errors: tally.errors,
            unknown: tally.unknown,
            missed: settings.rate.map(|_| tally.missed),
            refused_although_free: loaded.findings.refused_although_free,
            not_held: tally.not_held,
            leaked: loaded.leaked,
            faults: settings.faults.any().then_some(tally.faulted),
            fairness: fairness(&loaded.admitted),
            throughput_per_s: Some(per_second(tally.completed(), loaded.measured)),
            latency_corrected_ns: settings
                .rate
                .and_then(|_| summaries([("acquire", &tally.corrected)].into_iter())),
            histograms: durations(tally, settings.rate.is_some())
                .chain([(FLOOR, &self.floor.acquire)])
                .map(compressed)
                .collect(),
            floor: self.floor.acquire.summary().map(|latency_ns| Floor {
                command: PING.to_owned(),
                throughput_per_s: per_second(self.floor.completed(), self.floor_measured),
                latency_ns,
            }),
            blocks: loaded.blocks.clone(),
            checks,
        }
    }

    /// What else there is to know.
    fn notes(
        &self,
        loaded: &LoadedLimiter,
        name: &str,
        verdict: Verdict,
        expected: Option<Expected>,
    ) -> Vec<String> {
        let tally = &loaded.tally;
        let mut notes = Vec::new();
        if verdict == Verdict::Undecided && tally.admitted > 0 && expected == Some(Expected::Violation) {
            notes.push(format!(
                "{PROVED_NOTHING}: {name} was expected to over-admit and was not seen to; more clients than \
                 permits, a longer --hold or a longer --duration make it likelier"
            ));
        }
        if let Some(odd) = &tally.odd {
            notes.push(format!("the first answer that {name} has no meaning for: {odd}"));
        }
        if tally.missed > 0 {
            notes.push(format!(
                "{} operations were due and never began: {} clients and this server cannot keep up with the rate",
                tally.missed, self.settings.clients
            ));
        }
        notes
    }
}

fn summaries<'a>(
    durations: impl Iterator<Item = (&'static str, &'a Durations)>,
) -> Option<BTreeMap<String, Summary>> {
    let summaries: BTreeMap<_, _> =
        durations.filter_map(|(name, durations)| Some((name.to_owned(), durations.summary()?))).collect();
    if summaries.is_empty() { None } else { Some(summaries) }
}

/// Jain, Chiu and Hawe, "A Quantitative Measure of Fairness and Discrimination" (1984): the square of the sum over `n`
/// times the sum of the squares. Of nobody admitted, everybody was admitted equally often.
#[expect(clippy::cast_precision_loss, reason = "an index needs no more than a few digits")]
fn fairness(admitted: &[u64]) -> Fairness {
    let sum: f64 = admitted.iter().map(|&count| count as f64).sum();
    let squares: f64 = admitted.iter().map(|&count| (count as f64).powi(2)).sum();
    let jain = if squares > 0.0 { sum * sum / (admitted.len() as f64 * squares) } else { 1.0 };
    Fairness {
        jain: jain.min(1.0),
        min: admitted.iter().copied().min().unwrap_or(0),
        max: admitted.iter().copied().max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_is_one_for_all_alike_and_a_share_for_one_alone() {
        let index = |admitted: &[u64]| fairness(admitted).jain;
        assert!((index(&[5, 5, 5, 5]) - 1.0).abs() < 1e-12);
        assert!((index(&[20, 0, 0, 0]) - 0.25).abs() < 1e-12);
        assert!((index(&[0, 0]) - 1.0).abs() < 1e-12);
    }
}
