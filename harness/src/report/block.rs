//! What the terminal shows of one limiter: under one schedule, or explored.
//!
//! First a line per store and engine, then the steps. Results with the same steps show them once.

use super::counts::InterleavingCounts;
use super::coverage::StoppedBy;
use super::engine::Engine;
use super::entry::{Counterexample, Entry};
use super::evidence::{
    CensusEvidence, Certificate, Enumerated, Evidence, Leak, LoadEvidence, SampleEvidence, ScheduleEvidence,
};
use super::over_admission::OverAdmission;
use super::palette::{Palette, paint};
use super::verdict::Verdict;
use super::{About, lanes, latency, loaded};
use crate::base::words::{columns, count, grouped, percent, plural, printable, wrapped};
use crate::world::trace::{Effect, Trace};

/// Results that belong together: the same scenario, limiter and schedule.
pub(super) struct ResultBlock<'a> {
    /// What is known of the scenario; without it no steps are shown.
    pub(super) about: Option<&'a About>,
    /// At least one.
    pub(super) entries: &'a [&'a Entry],
    pub(super) width: usize,
    pub(super) palette: &'a Palette,
}

impl ResultBlock<'_> {
    /// The lines, in paragraphs.
    pub(super) fn paragraphs(&self) -> Vec<Vec<String>> {
        let mut first = self.caption();
        first.extend(self.lines());
        let mut paragraphs = vec![first];
        paragraphs.extend(self.remarks());
        paragraphs.extend(self.samples());
        paragraphs.extend(self.preemptions());
        paragraphs.extend(self.latencies());
        for load in self.loads() {
            paragraphs.extend(loaded::paragraphs(load, self.width));
        }
        let distinct = self.distinct();
        for entry in &distinct {
            if distinct.len() > 1 {
                paragraphs.push(vec![format!("on {}, {}:", entry.store, engine(entry))]);
            }
            paragraphs.extend(steps(entry, self.about, self.width, self.palette));
        }
        paragraphs
    }

    /// The results that have steps to show, each kind of steps once.
    fn distinct(&self) -> Vec<&Entry> {
        let mut distinct: Vec<&Entry> = Vec::new();
        for entry in self.entries {
            let has_steps = entry.counterexample.is_some() || entry.trace.is_some();
            if has_steps && !distinct.iter().any(|earlier| same_steps(earlier, entry)) {
                distinct.push(entry);
            }
        }
        distinct
    }

    fn caption(&self) -> Vec<String> {
        let Some(entry) = self.entries.first() else { return Vec::new() };
        let counted = || self.entries.iter().any(|entry| entry.evidence.counts().is_some());
        let what = match &entry.evidence {
            Evidence::Schedule(ScheduleEvidence { name: Some(name), order, .. }) => {
                format!(", {name}: {order}")
            }
            Evidence::Schedule(ScheduleEvidence { name: None, order, .. }) => format!(": {order}"),
            _ if counted() => ", all interleavings".to_owned(),
            _ => String::new(),
        };
        let text = printable(&format!("{}{what}", entry.limiter));
        wrapped(&text, self.width).into_iter().map(|line| paint(self.palette.heading, line)).collect()
    }

    /// A line per store and engine, in columns.
    fn lines(&self) -> Vec<String> {
        let facts: Vec<String> = self.entries.iter().map(|entry| facts(entry)).collect();
        let width =
            |texts: &mut dyn Iterator<Item = String>| texts.map(|text| columns(&text)).max().unwrap_or(0);
        let store_width = width(&mut self.entries.iter().map(|entry| entry.store.to_string()));
        let engine_width = width(&mut self.entries.iter().map(|entry| engine(entry)));
        let facts_width = width(&mut facts.iter().cloned());
        let rows = self.entries.iter().zip(&facts).flat_map(|(entry, facts)| {
            let (store, engine) = (entry.store, engine(entry));
            let start = format!("  {store:<store_width$}  {engine:<engine_width$}  {facts:<facts_width$}");
            let judgement = judgement(entry);
            let style = self.palette.of(entry.judgement);
            if columns(&start) + 2 + columns(&judgement) <= self.width {
                return vec![format!("{start}  {}", paint(style, judgement))];
            }
            let rest = wrapped(&judgement, self.width.saturating_sub(4));
            let rest = rest.into_iter().map(|line| format!("    {}", paint(style, line)));
            std::iter::once(start.trim_end().to_owned()).chain(rest).collect()
        });
        rows.collect()
    }

    /// What else there is to know of each result, in sentences.
    fn remarks(&self) -> Option<Vec<String>> {
        let notes = self
            .entries
            .iter()
            .flat_map(|entry| states(entry).into_iter().chain(entry.notes.clone()).chain(difference(entry)));
        let lines: Vec<String> = notes
            .flat_map(|note| {
                let lines = wrapped(&printable(&note), self.width.saturating_sub(4));
                lines
                    .into_iter()
                    .enumerate()
                    .map(|(i, line)| format!("  {}{line}", if i == 0 { "" } else { "  " }))
            })
            .collect();
        if lines.is_empty() { None } else { Some(lines) }
    }

    /// A line for each sample: the odds that it tells, with their intervals, and the exact ones where they are known.
    fn samples(&self) -> Option<Vec<String>> {
        let heads = ["sampler", "over-admit (95 % interval)", "executions to the first", "exactly"];
        let rows = self.entries.iter().filter_map(|entry| {
            let Evidence::Sample(SampleEvidence { strategy, estimate: Some(estimate), .. }) = &entry.evidence
            else {
                return None;
            };
            let (low, high) = estimate.share_interval;
            let share = format!("{} ({} to {})", percent(estimate.share), percent(low), percent(high));
            let wait = match (estimate.executions_to_first, estimate.executions_to_first_interval) {
                (Some(wait), (low, Some(high))) => format!("{wait:.1} ({low:.1} to {high:.1})"),
                (_, (low, _)) => format!("at least {low:.1}"),
            };
            Some([strategy.clone(), share, wait, estimate.exact_share.map_or_else(String::new, percent)])
        });
        table(heads.map(str::to_owned), rows)
    }

    /// A line for each number of preemptions.
    fn preemptions(&self) -> Option<Vec<String>> {
        let counts = self.entries.iter().find_map(|entry| match &entry.evidence {
            Evidence::Census(found) => found.by_preemptions.as_ref(),
            _ => None,
        })?;
        let heads = ["preemptions", "interleavings", "over-admit"].map(str::to_owned);
        let rows = counts.0.iter().map(|(number, tally)| {
            [number.to_string(), count(&tally.interleavings), count(&tally.violating)]
        });
        table(heads, rows)
    }

    fn loads(&self) -> impl Iterator<Item = &LoadEvidence> {
        self.entries.iter().filter_map(|entry| entry.load())
    }

    /// Those of loads are shown with the loads.
    fn latencies(&self) -> Option<Vec<String>> {
        let schedules = self.entries.iter().filter_map(|entry| entry.schedule());
        let tables = schedules.filter_map(|schedule| schedule.latency_ns.as_ref()).map(latency::table);
        let lines: Vec<String> = tables.flatten().map(|line| format!("  {line}")).collect();
        if lines.is_empty() { None } else { Some(lines) }
    }
}

/// The steps of a schedule or of a counterexample, with what there is to say about them.
pub(super) fn steps(
    entry: &Entry,
    about: Option<&About>,
    width: usize,
    palette: &Palette,
) -> Vec<Vec<String>> {
    let mut paragraphs = Vec::new();
    if let Some(found) = &entry.counterexample {
        let stores: Vec<String> = found.confirmed_on.iter().map(ToString::to_string).collect();
        // A search that was stopped, or that looks at one interleaving of each class, may have missed a shorter one.
        let ranked = matches!(entry.engine(), Engine::Enumerate | Engine::Census | Engine::Certify);
        let rank = if ranked && entry.exhaustive() == Some(true) { "shortest " } else { "" };
        let text = format!("{rank}counterexample, seen on {}: {}", stores.join(" and "), found.order);
        paragraphs.push(wrapped(&printable(&text), width));
    }
    if let (Some(about), Some(trace)) = (about, &entry.trace) {
        paragraphs.push(lanes::table(about, trace, width, palette));
    }
    paragraphs.extend(entry.counterexample.as_ref().and_then(|found| remarks(found, width)));
    paragraphs
}

/// Why the counterexample is one.
fn remarks(found: &Counterexample, width: usize) -> Option<Vec<String>> {
    let explanation = found.explanation.iter().flat_map(|text| wrapped(&printable(text), width));
    let mut lines: Vec<String> = explanation.collect();
    if let Some((first, second)) = found.critical_pair {
        // Saturating: a damaged report may have any number.
        let (first, second) = (first.saturating_add(1), second.saturating_add(1));
        lines.push(format!("With steps {first} and {second} exchanged there is no violation."));
    }
    if lines.is_empty() { None } else { Some(lines) }
}

/// Whether both show the same, however long a server took for it.
pub(super) fn same_steps(one: &Entry, other: &Entry) -> bool {
    let untimed = |trace: &Trace| {
        let mut trace = trace.clone();
        for row in &mut trace.rows {
            if let Effect::Step(step) = &mut row.effect {
                step.took = std::time::Duration::ZERO;
            }
        }
        trace
    };
    let order = |entry: &Entry| entry.counterexample.as_ref().map(|found| found.order.clone());
    order(one) == order(other) && one.trace.as_ref().map(untimed) == other.trace.as_ref().map(untimed)
}

/// Rows below their heads, in columns; nothing if there are none.
fn table<const N: usize>(heads: [String; N], rows: impl Iterator<Item = [String; N]>) -> Option<Vec<String>> {
    let rows: Vec<[String; N]> = std::iter::once(heads).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| columns(&row[column])).max().unwrap_or(0);
    let line = |row: &[String; N]| {
        let cells =
            row.iter().enumerate().map(|(column, cell)| format!("{cell:>width$}", width = width(column)));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    (rows.len() > 1).then(|| rows.iter().map(line).collect())
}

/// Which answer of the server's differs from the model's, if one does.
fn difference(entry: &Entry) -> Option<String> {
    let coverage = entry.coverage.as_ref().filter(|coverage| coverage.stopped_by == StoppedBy::Mismatch)?;
    Some(coverage.covered.clone())
}

/// How many merged states stand for all interleavings, and how likely a random scheduler meets a violation.
fn states(entry: &Entry) -> Option<String> {
    let Evidence::Census(CensusEvidence { states, random_walk, .. }) = &entry.evidence else { return None };
    let states = plural(states, "merged state");
    Some(match random_walk {
        Some(probability) if probability.value > 0.0 => {
            let exact = probability.exact.as_ref().filter(|exact| exact.len() <= 20);
            let exact = exact.map_or_else(String::new, |exact| format!(" ({exact})"));
            let probability = percent(probability.value);
            format!("{states}; a random walk over-admits with probability {probability}{exact}")
        }
        _ => states,
    })
}

/// How much was run and how much of it over-admits, in few words.
pub(super) fn facts(entry: &Entry) -> String {
    match &entry.evidence {
        Evidence::Schedule(found) => match found.over_admission.as_ref().map(|over| over.max) {
            None => String::new(),
            Some(0) if entry.coverage.is_some() => plural(1, "execution"),
            Some(over) => schedule_facts(over, found.leak),
        },
        Evidence::Census(CensusEvidence { counts: Some(counts), over_admission, .. }) => {
            share_of(counts, over_admission)
        }
        Evidence::Census(CensusEvidence { infinite: true, .. }) => "infinitely many interleavings".to_owned(),
        Evidence::Census(_) | Evidence::Void(_) => String::new(),
        Evidence::AnyNumber(found) => format!("every number of clients, {}", plural(found.nodes, "node")),
        Evidence::Certify(found) => certificate_facts(&found.certificate, entry.coverage.is_none()),
        Evidence::Enumerate(found) => match &found.counted {
            Enumerated::All(counts) => share_of(counts, &found.over_admission),
            Enumerated::Part { violating } => {
                share_of_executions(found.executions, *violating, &found.over_admission)
            }
        },
        Evidence::Dpor(found) => format!(
            "{} of {} over-admit{}",
            grouped(found.violating_executions),
            plural_classes(found.classes),
            highest(&found.over_admission)
        ),
        Evidence::Sample(found) => {
            share_of_executions(found.executions, found.violating_executions, &found.over_admission)
        }
        Evidence::Loom(found) => {
            share_of_executions(found.executions, found.violating_executions, &found.over_admission)
        }
        Evidence::Load(found) => loaded::facts(found),
    }
}

fn share_of(counts: &InterleavingCounts, over: &OverAdmission) -> String {
    let share = counts.violating.share_of(&counts.interleavings).filter(|_| !counts.violating.is_zero());
    let share = share.map_or_else(String::new, |share| format!(" ({})", percent(share)));
    let (violating, all) = (count(&counts.violating), count(&counts.interleavings));
    format!("{violating} of {all} over-admit{share}{}", highest(over))
}

fn share_of_executions(all: u64, violating: u64, over: &OverAdmission) -> String {
    format!("{} of {} executions over-admit{}", grouped(violating), grouped(all), highest(over))
}

/// By how much the limit was exceeded at most.
fn highest(over: &OverAdmission) -> String {
    if over.max > 0 { format!(", by {}", grouped(over.max)) } else { String::new() }
}

/// Whether a schedule keeps the limit, and what is lost at its end.
fn schedule_facts(over: u64, leak: Option<Leak>) -> String {
    let limit = match over {
        0 => "stays within the limit".to_owned(),
        over => format!("over-admits by {}", grouped(over)),
    };
    match leak {
        Some(Leak { permits }) if permits > 0 => format!("{limit}, leaks {}", plural(permits, "permit")),
        _ => limit,
    }
}

/// How much a certification covers; of one that was stopped, how far it came.
fn certificate_facts(certificate: &Certificate, complete: bool) -> String {
    let asked = certificate.cases.map(|cases| (grouped(cases.asked), plural(cases.of, "case")));
    let (pairs, edges) = (plural(certificate.pairs, "pair"), plural(certificate.edges, "edge"));
    match asked {
        Some((asked, all)) if !complete => format!("{asked} of {all} asked"),
        Some((_, all)) => format!("{pairs} stand for {edges}, {all} asked"),
        None => format!("{pairs} stand for {edges}"),
    }
}

/// The engine, and how it draws where it does.
pub(super) fn engine(entry: &Entry) -> String {
    match &entry.evidence {
        Evidence::Sample(SampleEvidence { strategy, .. }) => format!("{} {strategy}", entry.engine()),
        _ => entry.engine().to_string(),
    }
}

fn plural_classes(classes: u64) -> String {
    if classes == 1 { "1 trace class".to_owned() } else { format!("{} trace classes", grouped(classes)) }
}

/// The verdict of a result that has one, whether it was expected, and what stopped it if anything did: a violation that
/// was found is final, but how much was searched besides is not.
fn decided(entry: &Entry) -> String {
    let phrase = entry.judgement.phrase();
    // The number of executions to draw ends a sample, it does not stop it.
    let ended = |stopped_by| entry.engine() == Engine::Sample && stopped_by == StoppedBy::MaxExecutions;
    match &entry.coverage {
        Some(coverage) if !ended(coverage.stopped_by) => {
            printable(&format!("{phrase}; stopped by {} after {}", coverage.stopped_by, coverage.covered))
        }
        _ => phrase.to_owned(),
    }
}

/// The verdict, whether it was expected, and why it is undecided if it is.
pub(super) fn judgement(entry: &Entry) -> String {
    let phrase = entry.judgement.phrase();
    match (&entry.coverage, entry.mismatches()) {
        _ if entry.judgement.verdict() != Verdict::Undecided => decided(entry),
        (_, Some(different)) if different > 0 => {
            format!("{phrase}: the server and the model differ in {}", plural(different, "answer"))
        }
        (Some(coverage), _) if coverage.stopped_by == StoppedBy::Interference => {
            printable(&format!("{phrase}: {}", coverage.covered))
        }
        (Some(coverage), _) => match &entry.evidence {
            Evidence::Sample(sample) if coverage.stopped_by == StoppedBy::MaxExecutions => {
                format!("{phrase}: no violation among the {} drawn", plural(sample.executions, "execution"))
            }
            _ => {
                printable(&format!("{phrase}: stopped by {} after {}", coverage.stopped_by, coverage.covered))
            }
        },
        (None, _) => phrase.to_owned(),
    }
}
