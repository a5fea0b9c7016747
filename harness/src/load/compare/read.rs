//! Files become baselines: a baseline as it stands, a report brought down to one.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::baseline::{Baseline, SCHEMA_VERSION};
use super::metric::Metric;
use crate::base::bounded_read;
use crate::report::{self, Entry, Report, Tool};

/// A file may have this many bytes: 64 MiB.
const MAX_BYTES: u64 = 64 << 20;

/// A load may have this many blocks.
const MAX_BLOCKS: usize = 10_000;

/// A file has nothing that could be compared: always the input's fault, never the tool's (exit code 65).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// There is nothing of that name.
    #[error("{}: no such file", .0.display())]
    Missing(PathBuf),
    /// It is there, but cannot be read.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is larger than what gatecrash writes.
    #[error("{}: larger than 64 MiB, which no report of a load is", .0.display())]
    TooLarge(PathBuf),
    /// The file was read, but is neither a report of a load nor a baseline.
    #[error("{}{}: {message}", path.display(), place(*at))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line and column, counted from 1, where one can be named.
        at: Option<(usize, usize)>,
        /// What is wrong and what would be right.
        message: String,
    },
}

fn place(at: Option<(usize, usize)>) -> String {
    at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"))
}

/// What is wrong with a text, and where if that can be said.
type Wrong = (Option<(usize, usize)>, String);

/// Reads a report that `load --json` wrote, or a baseline.
pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
    let text = read_bytes(path)?;
    parse(&text).map_err(|(at, message)| BaselineError::Invalid { path: path.to_owned(), at, message })
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, BaselineError> {
    let problem = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => BaselineError::Missing(path.to_owned()),
        _ => BaselineError::Unreadable { path: path.to_owned(), error },
    };
    bounded_read::file(path, MAX_BYTES)
        .map_err(problem)?
        .ok_or_else(|| BaselineError::TooLarge(path.to_owned()))
}

/// What tells the two forms apart.
#[derive(Deserialize)]
struct Form {
    schema_version: Option<Value>,
    results: Option<IgnoredAny>,
    limiters: Option<IgnoredAny>,
}

fn parse(text: &[u8]) -> Result<Baseline, Wrong> {
    let form: Form = from_json(text)?;
    let (what, version) = match (&form.results, &form.limiters) {
        (Some(_), _) => ("report", report::SCHEMA_VERSION),
        (None, Some(_)) => ("baseline", SCHEMA_VERSION),
        (None, None) => {
            let what = "neither a report (`results`) nor a baseline (`limiters`): expected what \
                        `gatecrash load --json FILE` or `--save-baseline FILE` writes";
            return Err((None, what.into()));
        }
    };
    match form.schema_version {
        Some(found) if found == version => {}
        Some(found) => {
            let found: String = found.to_string().chars().take(40).collect();
            let why = format!("a {what} of `schema_version` {found}, but this gatecrash reads {version}");
            return Err((None, why));
        }
        None => return Err((None, format!("a {what} without a `schema_version`: expected {version}"))),
    }
    let read = if what == "report" { of_report(text)? } else { from_json(text)? };
    check(read).map_err(|message| (None, message))
}

fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Wrong> {
    serde_json::from_slice(text).map_err(|error| {
        let at = (error.line() > 0).then(|| (error.line(), error.column()));
        let message = error.to_string();
        // The place is named before the message.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        (at, message.to_owned())
    })
}

/// The part of a report's document that tells of loads.
#[derive(Deserialize)]
struct ReportOfLoads {
    tool: Tool,
    seed: u64,
    results: Vec<Entry>,
    #[serde(default)]
    interrupted: bool,
}

fn of_report(text: &[u8]) -> Result<Baseline, Wrong> {
    let ReportOfLoads { tool, seed, results, interrupted } = from_json(text)?;
    if !results.is_empty() && !results.iter().any(|entry| entry.load().is_some()) {
        let what = "a report without a load: expected what `gatecrash load --json FILE` writes";
        return Err((None, what.into()));
    }
    Ok(Baseline::from(&Report { tool, results, interrupted, ..Report::new(seed) }))
}

/// What a file of the right form can still have wrong.
fn check(read: Baseline) -> Result<Baseline, String> {
    for (index, measured) in read.limiters.iter().enumerate() {
        let name: String = measured.limiter.chars().take(40).collect();
        if read.limiters[..index].iter().any(|earlier| earlier.limiter == measured.limiter) {
            return Err(format!("there are two loads of `{name}`: which one is meant cannot be told"));
        }
        if measured.rate_per_s.is_some_and(|rate| !rate.is_finite() || rate <= 0.0) {
            return Err(format!("`{name}`: `rate_per_s` must be above 0"));
        }
        for (metric, ratios) in &measured.ratios {
            check_ratios(*metric, ratios).map_err(|why| format!("`{name}`: {why}"))?;
        }
    }
    Ok(read)
}

fn check_ratios(metric: Metric, ratios: &[Option<f64>]) -> Result<(), String> {
    // Logarithms of them are summed, so neither may come near the ends of what a number can be.
    const SANE: std::ops::RangeInclusive<f64> = 1e-12..=1e12;
    if ratios.len() > MAX_BLOCKS {
        return Err(format!("{} blocks, more than the {MAX_BLOCKS} that a load may have", ratios.len()));
    }
    let wrong = ratios.iter().position(|ratio| ratio.is_some_and(|ratio| !SANE.contains(&ratio)));
    match wrong {
        Some(block) => Err(format!("the ratio of `{metric}` in block {block} is no ratio to a floor")),
        None => Ok(()),
    }
}
