//! What failed, as the commands with which a job on GitHub marks lines of files and its own page.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest without a word. So there is one
//! for each scenario that failed or is undecided, and where there are more, the last one names all others.

use super::block::{engine, judgement};
use super::text::matters;
use super::{Entry, Report};
use crate::base::words::{cut, grouped};

/// How many of a kind GitHub shows.
const MOST: usize = 10;

/// Longer messages are cut: nobody reads them there.
const LONGEST: usize = 2_000;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is undecided.
    Warning,
    /// Something is worth knowing.
    Notice,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    fn command(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub level: Level,
    /// The file that it is about.
    pub file: Option<String>,
    /// The line of the file, counted from 1.
    pub line: Option<usize>,
    /// In a few words.
    pub title: String,
    /// In sentences, over several lines if need be.
    pub message: String,
}

/// The commands, a line each: no more of each level than are shown.
pub fn render(annotations: &[Annotation]) -> String {
    let mut text = String::new();
    for level in Level::ALL {
        let of_level: Vec<&Annotation> = annotations.iter().filter(|one| one.level == level).collect();
        let alone = if of_level.len() > MOST { MOST - 1 } else { of_level.len() };
        let (shown, rest) = of_level.split_at(alone);
        text.extend(shown.iter().map(|one| command(one)));
        if !rest.is_empty() {
            text += &command(&together(level, rest));
        }
    }
    text
}

/// What a report has to remark.
pub fn of_report(report: &Report) -> Vec<Annotation> {
    let mut scenarios: Vec<&str> = Vec::new();
    for entry in report.results.iter().filter(|entry| matters(entry)) {
        if !scenarios.contains(&entry.scenario.as_str()) {
            scenarios.push(&entry.scenario);
        }
    }
    let mut annotations: Vec<Annotation> =
        scenarios.into_iter().map(|scenario| of_scenario(report, scenario)).collect();
    let wanted = report.not_run.iter().filter(|entry| entry.is_for_want_of_a_server());
    let mut reasons: Vec<&str> = wanted.map(|entry| entry.reason.as_str()).collect();
    reasons.dedup();
    if !reasons.is_empty() {
        annotations.push(Annotation {
            level: Level::Warning,
            file: None,
            line: None,
            title: "not run for want of a server".into(),
            message: reasons.join("\n"),
        });
    }
    annotations
}

fn of_scenario(report: &Report, scenario: &str) -> Annotation {
    let entries = || report.results.iter().filter(|entry| entry.scenario == scenario && matters(entry));
    let failed = entries().any(Entry::failed);
    let line = |entry: &Entry| {
        format!("{} on {} by {}: {}", entry.limiter, entry.store, engine(entry), judgement(entry))
    };
    // What failed comes first, and what is undecided besides.
    let (first, second): (Vec<_>, Vec<_>) = entries().partition(|entry| entry.failed());
    let mut lines: Vec<String> = first.into_iter().chain(second).map(line).collect();
    let again = entries().filter(|entry| entry.failed() == failed).find_map(Entry::reproduce);
    lines.extend(again.map(|command| format!("reproduce with: {command}")));
    let what = if failed { "not as expected" } else { "undecided" };
    Annotation {
        level: if failed { Level::Error } else { Level::Warning },
        file: report.about(scenario).and_then(|about| about.file.clone()),
        line: None,
        title: format!("{scenario}: {what}"),
        message: lines.join("\n"),
    }
}

/// All the others in one.
fn together(level: Level, rest: &[&Annotation]) -> Annotation {
    let titles: Vec<&str> = rest.iter().map(|one| one.title.as_str()).collect();
    let title = format!("{} more", grouped(rest.len()));
    Annotation { level, file: None, line: None, title, message: titles.join("\n") }
}

fn command(annotation: &Annotation) -> String {
    let Annotation { level, file, line, title, message } = annotation;
    let mut properties = Vec::new();
    properties.extend(file.as_ref().map(|file| format!("file={}", property(file))));
    properties.extend(line.map(|line| format!("line={line}")));
    properties.push(format!("title={}", property(&cut(title, LONGEST))));
    format!("::{} {}::{}\n", level.command(), properties.join(","), data(&cut(message, LONGEST)))
}

/// A message: what would end the line is encoded, and what encodes.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: what would end it is encoded too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
