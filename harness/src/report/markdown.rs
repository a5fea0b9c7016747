//! The report as Markdown, for the summary of a job: what happened at a glance, then each failure with its steps.

mod cell;
mod loads;

use cell::cell;

use super::block::{engine, facts, judgement, same_steps, steps};
use super::bounded::{Bounded, SUMMARY};
use super::palette::Palette;
use super::text::{matters, summary};
use super::{About, Entry, NotRun, Overall, Report, mermaid};
use crate::base::escape::{code, fenced, sentence};
use crate::base::words::{grouped, plural, printable};

/// How many rows the table of results has at most.
const MOST_ROWS: usize = 200;

/// How many counterexamples are shown that somebody expected.
const MOST_EXPECTED: usize = 20;

/// Tables of steps are this wide.
const WIDTH: usize = 110;

/// Longer tables of steps are folded.
const MOST_LINES: usize = 20;

/// The report, and no more of it than the summary of a job may have. Without times if it was made
/// [stable](Report::stable) before.
pub fn render(report: &Report) -> String {
    render_within(report, SUMMARY)
}

/// The report in at most so many bytes.
pub(crate) fn render_within(report: &Report, bytes: usize) -> String {
    let mut text = Bounded::new(bytes);
    text.push(&head(report));
    for part in results(report) {
        text.push(&part);
    }
    for part in loads::tables(report) {
        text.push(&part);
    }
    let (failed, expected): (Vec<&Entry>, Vec<&Entry>) =
        distinct(report).into_iter().partition(|entry| entry.failed());
    for entry in failed {
        text.push(&finding(report, entry));
    }
    for part in not_run(&report.not_run) {
        text.push(&part);
    }
    for entry in expected.into_iter().take(MOST_EXPECTED) {
        let title = format!("{}, {}", judgement(entry), plain_title(entry));
        text.push(&folded(&title, &details(report.about(&entry.scenario), entry)));
    }
    text.finish()
}

fn head(report: &Report) -> String {
    let verdict = match report.verdict() {
        Overall::Ok => "ok",
        Overall::Failed => "**failed**",
        Overall::Undecided => "**undecided**",
    };
    let mut facts = vec![summary(report)];
    facts.extend(report.redis.as_ref().map(|redis| format!("Redis {} ({})", redis.version, redis.source)));
    facts.push(format!("seed {}", report.seed));
    let head = format!("## gatecrash: {verdict}\n\n{}.\n\n", sentence(&facts.join("; ")));
    let command = report.first_failure().and_then(Entry::reproduce);
    let command = command.map(|command| format!("Reproduce with:\n\n{}\n", shell(command)));
    head + &command.unwrap_or_default()
}

fn shell(command: &str) -> String {
    fenced("sh", &printable(command))
}

/// A row for each result; where there are too many, what is not ok comes first.
fn results(report: &Report) -> Vec<String> {
    if report.results.is_empty() {
        return Vec::new();
    }
    let mut entries: Vec<&Entry> = report.results.iter().collect();
    if entries.len() > MOST_ROWS {
        entries.sort_by_key(|entry| !matters(entry));
    }
    let left_out = entries.len().saturating_sub(MOST_ROWS);
    let head = "| scenario | limiter | store | engine | | verdict |\n| --- | --- | --- | --- | --- | --- |\n";
    let mut parts = vec![head.to_owned()];
    parts.extend(entries.into_iter().take(MOST_ROWS).map(row));
    parts.push("\n".to_owned());
    if left_out > 0 {
        parts.push(format!("{} not in the table.\n\n", plural(left_out, "more result")));
    }
    parts
}

fn row(entry: &Entry) -> String {
    let (scenario, limiter) = (code(&cell(&entry.scenario)), code(&cell(&entry.limiter)));
    let what = facts(entry);
    let what = match schedule_name(entry) {
        Some(schedule) => format!("{}: {what}", cell(schedule)),
        None => what,
    };
    let verdict = sentence(&cell(&judgement(entry)));
    let verdict = if matters(entry) { format!("**{verdict}**") } else { verdict };
    let (store, engine, what) = (entry.store, sentence(&engine(entry)), sentence(&cell(&what)));
    format!("| {scenario} | {limiter} | {store} | {engine} | {what} | {verdict} |\n")
}

/// The results that failed, and those that have a counterexample; each counterexample once.
fn distinct(report: &Report) -> Vec<&Entry> {
    let mut distinct: Vec<&Entry> = Vec::new();
    let shown = |entry: &&Entry| entry.failed() || entry.counterexample.is_some();
    for entry in report.results.iter().filter(shown) {
        let same = |earlier: &&Entry| {
            (&earlier.scenario, &earlier.limiter) == (&entry.scenario, &entry.limiter)
                && entry.counterexample.is_some()
                && same_steps(earlier, entry)
                && earlier.failed() == entry.failed()
        };
        if !distinct.iter().any(same) {
            distinct.push(entry);
        }
    }
    distinct
}

/// One failure.
fn finding(report: &Report, entry: &Entry) -> String {
    let head = format!("### {}: {}\n\n", title(entry), sentence(&judgement(entry)));
    let notes: String =
        entry.notes.iter().flat_map(|note| ["- ".to_owned(), sentence(note), "\n".to_owned()]).collect();
    let notes = if notes.is_empty() { notes } else { notes + "\n" };
    head + &notes + &details(report.about(&entry.scenario), entry)
}

/// The name of a scripted schedule.
fn schedule_name(entry: &Entry) -> Option<&str> {
    entry.schedule()?.name.as_deref()
}

fn title(entry: &Entry) -> String {
    let schedule = schedule_name(entry).map_or_else(String::new, |name| format!(", {name}"));
    let how = sentence(&format!("on {} by {}{schedule}", entry.store, engine(entry)));
    format!("{}: {} {how}", code(&entry.scenario), code(&entry.limiter))
}

fn plain_title(entry: &Entry) -> String {
    let schedule = schedule_name(entry).map_or_else(String::new, |name| format!(", {name}"));
    format!("{}: {} on {} by {}{schedule}", entry.scenario, entry.limiter, entry.store, engine(entry))
}

/// The steps, as a diagram and as a table, and how to see them again.
fn details(about: Option<&About>, entry: &Entry) -> String {
    let diagram = about.and_then(|about| mermaid::diagram(about, entry));
    let diagram = diagram.map(|diagram| format!("{}\n", fenced("mermaid", &diagram)));
    let paragraphs = steps(entry, about, WIDTH, &Palette::default());
    let paragraphs: Vec<String> = paragraphs.into_iter().map(|lines| lines.join("\n")).collect();
    let table = (!paragraphs.is_empty()).then(|| {
        let table = fenced("text", &paragraphs.join("\n\n"));
        let number = entry.trace.as_ref().map_or(0, |trace| trace.rows.len());
        if number > MOST_LINES { folded(&plural(number, "step"), &table) } else { table + "\n" }
    });
    let command = entry.reproduce().map(|command| shell(command) + "\n");
    [diagram, table, command].into_iter().flatten().collect()
}

/// Markdown that is shown when it is asked for.
fn folded(title: &str, text: &str) -> String {
    format!("<details><summary>{}</summary>\n\n{}\n\n</details>\n\n", html(title), text.trim_end())
}

/// Inside `<summary>` Markdown is not read, and a line must not end.
fn html(title: &str) -> String {
    printable(title).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What was not run, each reason once.
fn not_run(missing: &[NotRun]) -> Vec<String> {
    let mut reasons: Vec<&NotRun> = Vec::new();
    for entry in missing {
        if !reasons.iter().any(|known| (known.store, &known.reason) == (entry.store, &entry.reason)) {
            reasons.push(entry);
        }
    }
    let line = |known: &NotRun| {
        let same =
            missing.iter().filter(|entry| (entry.store, &entry.reason) == (known.store, &known.reason));
        let (number, reason) = (grouped(same.count()), sentence(&cell(&known.reason)));
        format!("- {number} not run on {}: {reason}\n", known.store)
    };
    let mut parts: Vec<String> = reasons.into_iter().map(line).collect();
    if !parts.is_empty() {
        parts.insert(0, "### Not run\n\n".to_owned());
        parts.push("\n".to_owned());
    }
    parts
}
