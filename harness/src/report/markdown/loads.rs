//! Loads in tables: what was admitted, and how fast.

use std::collections::BTreeMap;

use super::cell::cell;
use crate::base::escape::{code, sentence};
use crate::base::words::{grouped, nanoseconds, percent};
use crate::report::latency::Summary;
use crate::report::{LoadEvidence, Report};

/// A table of counts and one of times.
pub(super) fn tables(report: &Report) -> Vec<String> {
    let loads: Vec<(&str, &LoadEvidence)> =
        report.results.iter().filter_map(|entry| Some((entry.limiter.as_str(), entry.load()?))).collect();
    if loads.is_empty() {
        return Vec::new();
    }
    let counts = "| load | clients | attempts | admitted | refused | failed | over-admissions | fairness |\n\
                  | --- | --: | --: | --: | --: | --: | --: | --: |\n";
    let times = "| load | throughput | acquire p50 | p99 | corrected p99 | release p50 | p99 | corrected p99 |\n\
                 | --- | --: | --: | --: | --: | --: | --: | --: |\n";
    let mut parts = vec![counts.to_owned()];
    parts.extend(loads.iter().map(|(limiter, found)| row(limiter, &count_cells(found))));
    parts.push("\n".to_owned());
    // A stable report has none.
    let measured: Vec<_> = loads.iter().filter(|(_, found)| found.load.throughput_per_s.is_some()).collect();
    if !measured.is_empty() {
        parts.push(times.to_owned());
        parts.extend(measured.iter().map(|(limiter, found)| row(limiter, &time_cells(found))));
        parts.push("\n".to_owned());
    }
    parts
}

fn row(limiter: &str, cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| sentence(cell)).collect();
    format!("| {} | {} |\n", code(&cell(limiter)), cells.join(" | "))
}

#[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
fn count_cells(found: &LoadEvidence) -> [String; 7] {
    let load = &found.load;
    let share = load.admitted as f64 / load.attempts.max(1) as f64;
    let failed = load.errors.saturating_add(load.unknown);
    let over = found.over_admission.as_ref();
    let over = over.map_or_else(String::new, |over| match over.events {
        Some(0) => "0".to_owned(),
        Some(events) => format!("{} (by {})", grouped(events), grouped(over.max)),
        None => format!("by {}", grouped(over.max)),
    });
    [
        format!("{} (limit {})", grouped(load.parameters.clients), grouped(load.parameters.limit)),
        grouped(load.attempts),
        format!("{} ({})", grouped(load.admitted), percent(share)),
        grouped(load.refused),
        grouped(failed),
        over,
        format!("{:.3}", load.fairness.jain),
    ]
}

fn time_cells(found: &LoadEvidence) -> [String; 7] {
    let load = &found.load;
    let of =
        |summaries: Option<&BTreeMap<String, Summary>>, operation: &str, quantile: fn(&Summary) -> u64| {
            let summary = summaries.and_then(|summaries| summaries.get(operation));
            summary.map_or_else(String::new, |summary| nanoseconds(quantile(summary)))
        };
    let (sent, intended) = (found.latency_ns.as_ref(), load.latency_corrected_ns.as_ref());
    let throughput =
        load.throughput_per_s.map_or_else(String::new, |pace| format!("{}/s", grouped(whole(pace))));
    [
        throughput,
        of(sent, "acquire", |of| of.p50),
        of(sent, "acquire", |of| of.p99),
        of(intended, "acquire", |of| of.p99),
        of(sent, "release", |of| of.p50),
        of(sent, "release", |of| of.p99),
        of(intended, "release", |of| of.p99),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a pace; what is no number is none"
)]
fn whole(pace: f64) -> u64 {
    pace.round() as u64
}
