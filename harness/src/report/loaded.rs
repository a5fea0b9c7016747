//! What the terminal shows of a load, besides its verdict and its latencies.

use super::evidence::LoadEvidence;
use super::latency::{self, Summary};
use super::load::{Floor, LoadCheck, MeasuredLoad};
use super::verdict::Verdict;
use super::{Excess, histogram};
use crate::base::words::{grouped, nanoseconds, plural, printable, share};

/// How many of the times above the limit are shown.
const SHOWN: usize = 3;
/// Each line begins with so many spaces.
const INDENT: usize = 2;

/// How often a load over-admitted, in few words.
pub(super) fn facts(found: &LoadEvidence) -> String {
    let Some(over) = &found.over_admission else { return String::new() };
    match over.events.unwrap_or(0) {
        0 => "stays within the limit".to_owned(),
        1 => format!("over-admits once, by {}", grouped(over.max)),
        times => format!("over-admits {} times, by up to {}", grouped(times), grouped(over.max)),
    }
}

/// Counts, rates, what stands out, latencies, and a plot.
pub(super) fn paragraphs(found: &LoadEvidence, width: usize) -> Vec<Vec<String>> {
    let load = &found.load;
    let mut paragraphs = vec![checks(load), counts(load), rates(load), excesses(found), latencies(found)];
    paragraphs.extend(plot(load, width));
    paragraphs.retain(|lines| !lines.is_empty());
    for line in paragraphs.iter_mut().flatten() {
        *line = format!("{:INDENT$}{line}", "");
    }
    paragraphs
}

/// What is said of each property: first those that are clean, in one line.
fn checks(load: &MeasuredLoad) -> Vec<String> {
    let (clean, other): (Vec<_>, Vec<_>) =
        load.checks.iter().partition(|check| check.verdict == Verdict::Clean);
    let names: Vec<String> = clean.iter().map(|check| check.property.to_string()).collect();
    let mut lines = Vec::new();
    if !names.is_empty() {
        lines.push(format!("clean: {}", names.join(", ")));
    }
    for LoadCheck { property, verdict, why } in other {
        let word = if *verdict == Verdict::Violation { "violation" } else { "undecided" };
        let why = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        lines.push(printable(&format!("{word}: {property}{why}")));
    }
    lines
}

fn counts(load: &MeasuredLoad) -> Vec<String> {
    let MeasuredLoad { attempts, admitted, refused, errors, unknown, .. } = load;
    let mut lines = vec![
        format!(
            "{} = {} admitted + {} refused",
            plural(attempts, "attempt"),
            grouped(admitted),
            grouped(refused)
        ),
        format!("  + {} + {} unknown", plural(errors, "error"), grouped(unknown)),
    ];
    let free = load.refused_although_free;
    let odd = [
        (free, format!("{} refused although a permit was free all the while", grouped(free))),
        (load.not_held, format!("{} found its permit gone", plural(load.not_held, "release"))),
        (load.missed.unwrap_or(0), format!("{} never began", plural(load.missed.unwrap_or(0), "operation"))),
    ];
    lines.extend(odd.into_iter().filter(|(count, _)| *count > 0).map(|(_, line)| line));
    if let Some(faults) = load.faults {
        lines.push(format!(
            "faults: {} dropped, {} cut, {} killed ({} holding)",
            grouped(faults.drop),
            grouped(faults.cut),
            grouped(faults.kill),
            grouped(faults.killed_holding)
        ));
    }
    let fair = load.fairness;
    let leaked =
        load.leaked.map_or_else(String::new, |leaked| format!("; {} leaked", plural(leaked, "permit")));
    lines.push(format!(
        "each client admitted {} to {} times, fairness {:.3}{leaked}",
        grouped(fair.min),
        grouped(fair.max),
        fair.jain
    ));
    lines
}

fn rates(load: &MeasuredLoad) -> Vec<String> {
    let Some(rate) = load.throughput_per_s else { return Vec::new() };
    let mut lines = vec![format!(
        "{} acquires and releases per second, {} admitted",
        whole(rate),
        share(load.admitted, load.attempts)
    )];
    if let Some(Floor { command, throughput_per_s, latency_ns: Summary { p50, p99, .. } }) = &load.floor {
        lines.push(format!(
            "floor: {} {command} per second, p50 {}, p99 {}; {:.2}x of it",
            whole(*throughput_per_s),
            nanoseconds(*p50),
            nanoseconds(*p99),
            rate / throughput_per_s.max(1.0)
        ));
    }
    lines
}

fn excesses(found: &LoadEvidence) -> Vec<String> {
    let Some(over) = &found.over_admission else { return Vec::new() };
    let line = |Excess { at_ns, duration_ns, peak }: &Excess| {
        let (at, lasted) = (nanoseconds(*at_ns), nanoseconds(*duration_ns));
        format!("over the limit after {at}: {} for {lasted}", plural(peak, "holder"))
    };
    let mut lines: Vec<String> = over.first.iter().take(SHOWN).map(line).collect();
    let rest = over.events.unwrap_or(0).saturating_sub(lines.len() as u64);
    if rest > 0 && !lines.is_empty() {
        lines.push(format!("and {} more", plural(rest, "time")));
    }
    lines
}

fn latencies(found: &LoadEvidence) -> Vec<String> {
    let mut summaries = found.latency_ns.clone().unwrap_or_default();
    let corrected = found.load.latency_corrected_ns.iter().flatten();
    summaries.extend(corrected.map(|(name, summary)| (format!("{name}*"), *summary)));
    if summaries.is_empty() {
        return Vec::new();
    }
    let mut lines = latency::table(&summaries);
    if found.load.latency_corrected_ns.is_some() {
        lines.push(
            "* corrected for coordinated omission: from when it was due; the others from the send".to_owned(),
        );
    }
    lines
}

fn plot(load: &MeasuredLoad, width: usize) -> Option<Vec<String>> {
    let (name, text) =
        ["acquire_corrected", "acquire"].iter().find_map(|name| load.histograms.get_key_value(*name))?;
    let histogram = histogram::parse(text).ok()?;
    let corrected = if name == "acquire" { "" } else { ", corrected for coordinated omission" };
    let mut lines = vec![format!("acquire latency{corrected}, bucket upper bound:")];
    lines.extend(histogram::plot(&histogram, width.saturating_sub(INDENT)));
    Some(lines)
}

/// A rate without decimals.
fn whole(rate: f64) -> String {
    grouped(format!("{rate:.0}"))
}
