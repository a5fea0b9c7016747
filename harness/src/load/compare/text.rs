//! What the terminal shows: limiter by limiter what changed, then the verdict.

use super::comparison::{
    ComparedLimiter, Comparison, ComparisonVerdict, CorrectnessCheck, SpeedChange, SpeedVerdict,
};
use super::speed::WIDEST;
use crate::base::words::{grouped, percent, plural, printable, wrapped};
use crate::report::palette::{Palette, paint};

const WIDTH: usize = 80;

/// How to show a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComparisonTextOptions {
    /// Whether to colour it.
    pub color: bool,
    /// Whether to show only what keeps it from being ok, and the verdict.
    pub quiet: bool,
}

/// The whole comparison.
pub fn render(comparison: &Comparison, options: ComparisonTextOptions) -> String {
    let palette = Palette::new(options.color);
    let mut paragraphs = Vec::new();
    if !options.quiet {
        let files = format!("{} -> {}", comparison.base.file, comparison.new.file);
        paragraphs.push(wrapped(&printable(&files), WIDTH));
    }
    let shown = comparison.limiters.iter();
    for compared in shown.filter(|compared| !options.quiet || compared.verdict() != ComparisonVerdict::Ok) {
        paragraphs.extend(limiter(compared, &palette));
    }
    if !options.quiet && comparison.tests > 0 {
        paragraphs.push(wrapped(&method(comparison), WIDTH));
    }
    paragraphs.push(last(comparison, &palette));
    let text: Vec<String> = paragraphs.into_iter().map(|lines| lines.join("\n")).collect();
    text.join("\n\n") + "\n"
}

fn limiter(compared: &ComparedLimiter, palette: &Palette) -> Vec<Vec<String>> {
    let name = printable(&format!("{}: {}", compared.limiter, compared.parameters));
    let mut lines: Vec<String> =
        wrapped(&name, WIDTH).into_iter().map(|line| paint(palette.heading, line)).collect();
    lines.push(format!(
        "  admitted {}",
        was_is(compared.admitted.0.map(percent), compared.admitted.1.map(percent))
    ));
    lines.extend(properties(&compared.checks, palette));
    let mut paragraphs = vec![lines];
    paragraphs.extend(table(&compared.changes, palette));
    let missing = compared.undecided.iter().map(|why| (palette.warning, format!("undecided: {why}")));
    let notes = compared.notes.iter().map(|note| (palette.dim, format!("note: {note}")));
    let remarks: Vec<String> = missing
        .chain(notes)
        .flat_map(|(style, text)| indented(&text).into_iter().map(move |line| paint(style, line)))
        .collect();
    if !remarks.is_empty() {
        paragraphs.push(remarks);
    }
    paragraphs
}

/// What is not ok in a line each, then all else in one.
fn properties(checks: &[CorrectnessCheck], palette: &Palette) -> Vec<String> {
    let (fine, wrong): (Vec<_>, Vec<_>) =
        checks.iter().partition(|check| check.verdict == ComparisonVerdict::Ok);
    let wrong = wrong.into_iter().flat_map(|check| {
        let (verdict, why) = (check.verdict.word(), check.why.as_deref().unwrap_or_default());
        let lines = indented(&format!("{verdict}: {}: {why}", numbers(check)));
        lines.into_iter().map(|line| paint(style(check.verdict, palette), line))
    });
    let mut lines: Vec<String> = wrong.collect();
    if !fine.is_empty() {
        let fine: Vec<String> = fine.into_iter().map(numbers).collect();
        lines.extend(indented(&format!("ok: {}", fine.join(", "))));
    }
    lines
}

/// The property, before and now.
fn numbers(check: &CorrectnessCheck) -> String {
    match (check.base, check.new) {
        (None, None) => check.property.to_string(),
        (base, new) => format!("{} {}", check.property, was_is(base.map(grouped), new.map(grouped))),
    }
}

/// A line for each metric, below a heading.
fn table(changes: &[SpeedChange], palette: &Palette) -> Option<Vec<String>> {
    if changes.is_empty() {
        return None;
    }
    let heading = format!("  {:<11}  {:>17}  {:>8}  {:<20}  ", "", "of the floor", "change", "interval");
    let rows = changes.iter().flat_map(|change| {
        let style = match change.direction {
            SpeedVerdict::Undecided | SpeedVerdict::Tolerated => palette.warning,
            SpeedVerdict::Worse => palette.bad,
            SpeedVerdict::Better => palette.good,
            SpeedVerdict::Unchanged => palette.dim,
        };
        let verdict = paint(style, change.direction.word());
        let metric = change.metric;
        let Some(found) = &change.found else {
            let why = change.why.as_deref().unwrap_or_default();
            let lines = indented(&format!("{}: {metric}: {why}", change.direction.word()));
            return lines.into_iter().map(|line| paint(style, line)).collect();
        };
        let ratios = format!("{} -> {}", ratio(found.base), ratio(found.new));
        let interval = format!("{} to {}", signed(found.interval.0), signed(found.interval.1));
        vec![format!("  {metric:<11}  {ratios:>17}  {:>8}  {interval:<20}  {verdict}", signed(found.change))]
    });
    Some(std::iter::once(heading.trim_end().to_owned()).chain(rows).collect())
}

/// Which bound the intervals keep, and how they were made.
pub(super) fn method(comparison: &Comparison) -> String {
    let Comparison { tests, resamples, options, .. } = comparison;
    let tolerated = match options.tolerance {
        0.0 => String::new(),
        tolerance => format!(" What is worse by at most {} is tolerated.", percent(tolerance)),
    };
    format!(
        "All {} hold together with 95 % confidence ({} of blocks each, seed {}).{tolerated} \
         One that holds no change is undecided if its upper end is more than {WIDEST} times its lower end. They do not cover what \
         differs between runs as wholes, such as another machine.",
        plural(tests, "interval"),
        plural(resamples, "resample"),
        options.seed
    )
}

fn last(comparison: &Comparison, palette: &Palette) -> Vec<String> {
    let verdict = comparison.verdict();
    let mut lines: Vec<String> = comparison.undecided.iter().flat_map(|why| wrapped(why, WIDTH)).collect();
    lines.push(format!("{}: {}", paint(style(verdict, palette), verdict.word()), summary(comparison)));
    lines
}

/// How much was compared and how much of it is worse.
pub(super) fn summary(comparison: &Comparison) -> String {
    let of = |outcome| comparison.limiters.iter().filter(|compared| compared.verdict() == outcome).count();
    let limiters = plural(comparison.limiters.len(), "limiter");
    let mut parts = vec![match of(ComparisonVerdict::Regression) {
        0 => limiters,
        worse => format!("{} of {limiters} worse", grouped(worse)),
    }];
    let undecided = of(ComparisonVerdict::Undecided);
    if undecided > 0 {
        parts.push(format!("{} undecided", grouped(undecided)));
    }
    let changes = || comparison.limiters.iter().flat_map(|compared| &compared.changes);
    for direction in [SpeedVerdict::Tolerated, SpeedVerdict::Better] {
        let count = changes().filter(|change| change.direction == direction).count();
        if count > 0 {
            parts.push(format!("{} {}", plural(count, "metric"), direction.word()));
        }
    }
    parts.join(", ")
}

fn style(outcome: ComparisonVerdict, palette: &Palette) -> anstyle::Style {
    match outcome {
        ComparisonVerdict::Ok => palette.good,
        ComparisonVerdict::Undecided => palette.warning,
        ComparisonVerdict::Regression => palette.bad,
    }
}

/// `1 -> 2`, with a question mark for what is not known.
pub(super) fn was_is(base: Option<String>, new: Option<String>) -> String {
    let shown = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    format!("{} -> {}", shown(base), shown(new))
}

/// A ratio to the floor in three digits: `0.482x`, `12.3x`.
pub(super) fn ratio(ratio: f64) -> String {
    match ratio {
        0.001..10.0 => format!("{ratio:.3}x"),
        10.0..100.0 => format!("{ratio:.1}x"),
        100.0..100_000.0 => format!("{ratio:.0}x"),
        _ => format!("{ratio:.1e}x"),
    }
}

/// A change in percent, with its sign.
pub(super) fn signed(change: f64) -> String {
    match change * 100.0 {
        percent if percent.abs() < 0.05 => "0.0%".to_owned(),
        percent if percent.abs() < 10_000.0 => format!("{percent:+.1}%"),
        percent => format!("{percent:+.0e}%"),
    }
}

fn indented(text: &str) -> Vec<String> {
    let lines = wrapped(&printable(text), WIDTH - 4);
    lines
        .into_iter()
        .enumerate()
        .map(|(i, line)| format!("  {}{line}", if i == 0 { "" } else { "  " }))
        .collect()
}
