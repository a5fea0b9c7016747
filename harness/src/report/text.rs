//! What the terminal shows: scenario by scenario, then what was not run, then the overall verdict.
//!
//! It is plain ASCII where names are, and in colour only when asked. A failing report ends with one line that
//! can be copied and pasted to see the failure again.

use super::block::ResultBlock;
use super::palette::{Palette, paint};
use super::shard::Part;
use super::{About, Entry, Evidence, NotRun, Overall, Report, StoreKind, Verdict, lanes};
use crate::base::words::{columns, grouped, nanoseconds, plural, printable, wrapped};
use crate::explore::certify;
use crate::world::trace::Trace;

/// How to show a report. The default is what a log gets: no colour, everything, 80 columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Whether to colour it.
    pub color: bool,
    /// Whether to show only what keeps the run from being ok, what was not run, and the overall verdict.
    pub quiet: bool,
    /// How many columns there are.
    pub width: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { color: false, quiet: false, width: 80 }
    }
}

/// The whole report. Without times if it was made [stable](Report::stable) before.
pub fn render(report: &Report, options: &TextOptions) -> String {
    let palette = Palette::new(options.color);
    let mut paragraphs = Vec::new();
    if !options.quiet {
        paragraphs.extend(server(report));
    }
    let shown: Vec<&Entry> = report.results.iter().filter(|entry| !options.quiet || matters(entry)).collect();
    for (scenario, entries) in by(&shown, |entry| entry.scenario.as_str()) {
        let about = report.about(scenario);
        paragraphs.push(heading(scenario, about, options, &palette));
        for (_, entries) in by(&entries, |entry| {
            (entry.limiter.as_str(), entry.schedule().map(|it| (it.name.as_deref(), &it.order)))
        }) {
            paragraphs.extend(
                ResultBlock { about, entries: &entries, width: options.width, palette: &palette }
                    .paragraphs(),
            );
        }
    }
    paragraphs.extend(what_fell_to(report, options, &palette));
    paragraphs.extend(not_run(&report.not_run, options.width));
    if !options.quiet {
        paragraphs.extend(what_certificates_say(report, options.width));
    }
    paragraphs.push(last(report, &palette));
    let text: Vec<String> = paragraphs.into_iter().map(|lines| lines.join("\n")).collect();
    text.join("\n\n") + "\n"
}

/// One execution as a table.
pub fn interleaving(about: &About, trace: &Trace, options: &TextOptions) -> String {
    lanes::table(about, trace, options.width, &Palette::new(options.color)).join("\n") + "\n"
}

/// Whether the result keeps the run from being ok.
pub(super) fn matters(entry: &Entry) -> bool {
    entry.failed() || entry.judgement.verdict() == Verdict::Undecided
}

/// The entries by a key, both in the order in which they first come.
fn by<'a, K: PartialEq>(entries: &[&'a Entry], key: impl Fn(&'a Entry) -> K) -> Vec<(K, Vec<&'a Entry>)> {
    let mut groups: Vec<(K, Vec<&Entry>)> = Vec::new();
    for entry in entries {
        let key = key(entry);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(entry),
            None => groups.push((key, vec![entry])),
        }
    }
    groups
}

fn server(report: &Report) -> Option<Vec<String>> {
    let redis = report.redis.as_ref()?;
    let address = redis.address.as_ref().map_or_else(String::new, |address| format!(" at {address}"));
    Some(vec![printable(&format!("Redis {} ({}){address}", redis.version, redis.source))])
}

fn heading(scenario: &str, about: Option<&About>, options: &TextOptions, palette: &Palette) -> Vec<String> {
    let title = about.map_or_else(String::new, |about| format!(": {}", about.title));
    let mut lines = wrapped(&printable(&format!("{scenario}{title}")), options.width);
    let limit = about.map(|about| format!("(limit {})", grouped(about.limit)));
    // Never broken in two.
    match (lines.last_mut(), limit) {
        (Some(last), Some(limit)) if columns(last) + 1 + columns(&limit) <= options.width => {
            last.push(' ');
            last.push_str(&limit);
        }
        (_, limit) => lines.extend(limit),
    }
    let rule = "=".repeat(lines.iter().map(|line| columns(line)).max().unwrap_or(0));
    for line in &mut lines {
        *line = paint(palette.heading, &line);
    }
    lines.push(rule);
    lines
}

/// What fell to a shard, and what its parts came to.
fn what_fell_to(report: &Report, options: &TextOptions, palette: &Palette) -> Option<Vec<String>> {
    let shard = report.shard.as_ref()?;
    let failed = |part: &&Part| part.judgement().ok() == Some(false);
    let parts = shard.parts().filter(|part| !options.quiet || failed(part));
    let lines = parts.flat_map(|part| {
        let style = palette.of(part.judgement());
        wrapped(&printable(&what_came_of(part)), options.width.saturating_sub(4))
            .into_iter()
            .enumerate()
            .map(move |(i, line)| format!("{}{}", if i == 0 { "  " } else { "    " }, paint(style, line)))
    });
    let lines: Vec<String> = lines.collect();
    if options.quiet {
        return if lines.is_empty() { None } else { Some(lines) };
    }
    let what = match shard.items.len() {
        0 if !report.results.is_empty() => "its share of the load".to_owned(),
        0 => "nothing falls to it".to_owned(),
        items => format!("{} fell to it", plural(items, "item")),
    };
    let first =
        format!("Shard {} of {}: {what}. gatecrash merge says what all came to.", shard.index, shard.of);
    Some(wrapped(&first, options.width).into_iter().chain(lines).collect())
}

/// What a part of an exploration came to.
fn what_came_of(part: &Part) -> String {
    let strategy = part.strategy.as_ref().map_or_else(String::new, |strategy| format!(" {strategy}"));
    let counts = match part.executions {
        0 => "no executions".to_owned(),
        all => format!("{} of {} over-admit", grouped(part.violating_executions), plural(all, "execution")),
    };
    let order = part.order.as_ref().map_or_else(String::new, |order| match part.judgement().ok() {
        Some(true) => format!(", as expected: {order}"),
        _ if part.expected.is_none() => format!(": {order}"),
        _ => format!(", not expected: {order}"),
    });
    let stopped = if part.stopped.is_some() { ", stopped before it was through" } else { "" };
    let Part { scenario, limiter, store, engine, .. } = part;
    format!("part of {scenario}, {limiter}, {store} {engine}{strategy}: {counts}{order}{stopped}")
}

/// What was not run, each reason once.
fn not_run(missing: &[NotRun], width: usize) -> Option<Vec<String>> {
    let mut reasons: Vec<(StoreKind, &str)> = Vec::new();
    for entry in missing {
        let reason = (entry.store, entry.reason.as_str());
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let lines = reasons.into_iter().flat_map(|(store, reason)| {
        let same = missing.iter().filter(|entry| (entry.store, entry.reason.as_str()) == (store, reason));
        let names: Vec<String> = same.map(name).collect();
        let reason = wrapped(&printable(&format!("not run on {store}: {reason}")), width);
        reason.into_iter().chain(indented(&names.join(", "), width))
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { None } else { Some(lines) }
}

/// What follows from a certificate and what does not, once for all of them.
fn what_certificates_say(report: &Report, width: usize) -> Option<Vec<String>> {
    let certified = report.results.iter().any(|entry| {
        matches!(&entry.evidence, Evidence::Certify(found) if found.mismatches == 0)
            && entry.coverage.is_none()
    });
    certified.then(|| wrapped(&format!("certify: {} {}", certify::PROVES, certify::DOES_NOT_PROVE), width))
}

fn name(entry: &NotRun) -> String {
    match &entry.limiter {
        Some(limiter) => format!("{}/{limiter}", entry.scenario),
        None => entry.scenario.clone(),
    }
}

fn indented(text: &str, width: usize) -> Vec<String> {
    wrapped(text, width.saturating_sub(2)).into_iter().map(|line| format!("  {line}")).collect()
}

/// The overall verdict and, when it failed, how to see that again.
fn last(report: &Report, palette: &Palette) -> Vec<String> {
    let (style, word) = match report.verdict() {
        Overall::Ok => (palette.good, "ok"),
        Overall::Failed => (palette.bad, "failed"),
        Overall::Undecided => (palette.warning, "undecided"),
    };
    let drawn = report.results.iter().any(|entry| matches!(entry.evidence, Evidence::Sample(_)))
        || report.parts().any(|part| part.strategy.is_some());
    let seed = if drawn { format!(", seed {}", report.seed) } else { String::new() };
    let mut lines = vec![format!("{}: {}{seed}", paint(style, word), summary(report))];
    if let Some(command) = report.first_failure().and_then(Entry::reproduce) {
        lines.push("reproduce with:".to_owned());
        lines.push(printable(command));
    }
    lines
}

/// How many results there are, and how many of them keep the run from being ok.
pub(super) fn summary(report: &Report) -> String {
    let results = plural(report.results.len(), "result");
    let count = |holds: fn(&Entry) -> bool| report.results.iter().filter(|entry| holds(entry)).count();
    let mut parts = vec![match count(Entry::failed) {
        0 => results,
        failed => format!("{failed} of {results} not as expected"),
    }];
    let spread = report.parts().count();
    if spread > 0 {
        parts.push(plural(spread, "part"));
    }
    let undecided = count(|entry| !entry.failed() && matters(entry));
    if undecided > 0 {
        parts.push(format!("{undecided} undecided"));
    }
    let (wanted, unfit): (Vec<_>, Vec<_>) =
        report.not_run.iter().partition(|entry| entry.is_for_want_of_a_server());
    if !wanted.is_empty() {
        parts.push(format!("{} not run for want of a server", wanted.len()));
    }
    if !unfit.is_empty() {
        parts.push(format!("{} not run", unfit.len()));
    }
    if report.interrupted {
        parts.push("interrupted".to_owned());
    }
    let elapsed: Option<u64> =
        report.results.iter().filter_map(|entry| entry.elapsed_ns).reduce(u64::saturating_add);
    parts.extend(elapsed.map(|ns| format!("took {}", nanoseconds(ns))));
    parts.join(", ")
}
