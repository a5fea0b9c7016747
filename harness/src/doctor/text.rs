//! The diagnosis for the terminal: each finding as compilers write it, its fix, and a last line that counts them.

use super::diagnosis::Diagnosis;
use super::finding::{Fact, Finding, Severity};
use super::matrix;
use crate::base::words::{columns, plural, printable, wrapped};
use crate::report::palette::{Palette, paint};
pub use crate::report::text::TextOptions;

/// The whole diagnosis; quietly only errors, and the last line.
pub fn render(diagnosis: &Diagnosis, options: &TextOptions) -> String {
    let palette = Palette::new(options.color);
    let shown = diagnosis.findings().iter().filter(|found| !options.quiet || found.level == Severity::Error);
    let mut paragraphs = Vec::new();
    if !options.quiet {
        let topics = diagnosis.facts.chunk_by(|a, b| a.topic == b.topic);
        paragraphs.extend(topics.map(|facts| topic(facts, options.width)));
        let table = diagnosis.matrix.as_deref().map(|rows| matrix::table(rows, options.width));
        paragraphs.extend(table.map(|table| table.trim_end().to_owned()));
    }
    paragraphs.extend(shown.map(|found| paragraph(found, options.width, &palette)));
    paragraphs.push(last(diagnosis, &palette));
    paragraphs.join("\n\n") + "\n"
}

/// The facts of one topic: names in a column, values beside them.
fn topic(facts: &[Fact], width: usize) -> String {
    let mut lines = vec![facts.first().map_or("", |fact| fact.topic).to_owned()];
    let column = facts.iter().map(|fact| columns(fact.name)).max().unwrap_or_default() + 2;
    for fact in facts {
        let values = wrapped(&printable(&fact.value), width.saturating_sub(2 + column));
        for (i, value) in values.iter().enumerate() {
            let name = if i == 0 { fact.name } else { "" };
            lines.push(format!("  {name:column$}{value}"));
        }
    }
    lines.join("\n")
}

fn paragraph(finding: &Finding, width: usize, palette: &Palette) -> String {
    let place = match (&finding.file, finding.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    };
    let style = match finding.level {
        Severity::Error => palette.bad,
        Severity::Warning => palette.warning,
        Severity::Note => palette.dim,
    };
    let word = finding.level.word();
    let message = format!("{place}{word}: {} [{}]", finding.message, finding.rule);
    let mut lines = indented(&printable(&message), width, "  ");
    // The level stands in the first line unless the place fills it.
    if let Some(at) = lines.iter().position(|line| line.contains(&format!("{word}:"))) {
        lines[at] = lines[at].replacen(word, &paint(style, word), 1);
    }
    lines.extend(
        indented(&printable(&format!("fix: {}", finding.fix)), width - 2, "     ")
            .into_iter()
            .map(|line| format!("  {line}")),
    );
    lines.join("\n")
}

/// The text in lines; those after the first are indented.
fn indented(text: &str, width: usize, indent: &str) -> Vec<String> {
    let lines = wrapped(text, width - indent.len());
    lines
        .into_iter()
        .enumerate()
        .map(|(i, line)| if i == 0 { line } else { indent.to_owned() + &line })
        .collect()
}

fn last(diagnosis: &Diagnosis, palette: &Palette) -> String {
    let levels = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts = levels.map(|(level, word)| (diagnosis.count(level), word));
    let told: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| plural(count, word)).collect();
    let told = if told.is_empty() { "no findings".to_owned() } else { told.join(", ") };
    match counts {
        [(0, _), ..] => format!("{}: {told}", paint(palette.good, "ok")),
        _ => format!("{}: {told}", paint(palette.bad, "failed")),
    }
}
