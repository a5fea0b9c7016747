//! Files become baselines: a baseline as it stands, a report brought down to one.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::baseline::{Baseline, SCHEMA_VERSION};
use super::metric::Metric;
use crate::base::bounded_read;
use crate::report::json::{self, ReadError};
use crate::report::{self, Report};

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
    #[error("{}:{}{error}", path.display(), if matches!(error, NoLoads::Json(ReadError::Form { .. })) { "" } else { " " })]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: NoLoads,
    },
}

/// A text holds no loads that could be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoLoads {
    /// It is not JSON, or not the document that it seems to be; the place comes first.
    #[error(transparent)]
    Json(#[from] ReadError),
    /// Something else.
    #[error(
        "neither a report (`results`) nor a baseline (`limiters`): expected what `gatecrash load --json FILE` or \
         `--save-baseline FILE` writes"
    )]
    OtherKind,
    /// A newer or an older program wrote it.
    #[error("a {kind} of `schema_version` {found}, but this gatecrash reads {expected}")]
    Version {
        /// Which of the two kinds it is.
        kind: FileKind,
        /// What it says, cut.
        found: String,
        /// What it should say.
        expected: u32,
    },
    /// It does not say which version it is of.
    #[error("a {kind} without a `schema_version`: expected {expected}")]
    NoVersion {
        /// Which of the two kinds it is.
        kind: FileKind,
        /// What it should say.
        expected: u32,
    },
    /// A report of something else.
    #[error("a report without a load: expected what `gatecrash load --json FILE` writes")]
    NoLoad,
    /// Two loads of one limiter.
    #[error("there are two loads of `{0}`: which one is meant cannot be told")]
    Twice(String),
    /// A rate at which nothing ever begins.
    #[error("`{0}`: `rate_per_s` must be above 0")]
    NoRate(String),
    /// More than is read.
    #[error("`{limiter}`: {blocks} blocks, more than the {MAX_BLOCKS} that a load may have")]
    TooManyBlocks {
        /// The limiter, cut.
        limiter: String,
        /// How many there are.
        blocks: usize,
    },
    /// A number that no division by a floor gives.
    #[error("`{limiter}`: the ratio of `{metric}` in block {block} is no ratio to a floor")]
    NoRatio {
        /// The limiter, cut.
        limiter: String,
        /// Of what it is.
        metric: Metric,
        /// In which block, counted from 0.
        block: usize,
    },
}

/// What a file of loads can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// What `load --json` writes.
    Report,
    /// What `load --save-baseline` writes.
    Baseline,
}

impl FileKind {
    /// The version that is read.
    fn version(self) -> u32 {
        match self {
            Self::Report => report::SCHEMA_VERSION,
            Self::Baseline => SCHEMA_VERSION,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Report => "report",
            Self::Baseline => "baseline",
        })
    }
}

/// Reads a report that `load --json` wrote, or a baseline.
pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
    let text = read_bytes(path)?;
    parse(&text).map_err(|error| BaselineError::Invalid { path: path.to_owned(), error })
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

impl Form {
    /// Which of the two it is, if it is of the version that is read.
    fn kind(&self) -> Result<FileKind, NoLoads> {
        let kind = match (&self.results, &self.limiters) {
            (Some(_), _) => FileKind::Report,
            (None, Some(_)) => FileKind::Baseline,
            (None, None) => return Err(NoLoads::OtherKind),
        };
        let expected = kind.version();
        match &self.schema_version {
            Some(found) if *found == expected => Ok(kind),
            Some(found) => Err(NoLoads::Version { kind, found: cut(&found.to_string()), expected }),
            None => Err(NoLoads::NoVersion { kind, expected }),
        }
    }
}

fn parse(text: &[u8]) -> Result<Baseline, NoLoads> {
    let form: Form = json::read(text)?;
    let baseline = match form.kind()? {
        FileKind::Report => of_report(&json::parse(text)?)?,
        FileKind::Baseline => json::read(text)?,
    };
    check(&baseline)?;
    Ok(baseline)
}

fn of_report(report: &Report) -> Result<Baseline, NoLoads> {
    let holds_some = report.results.is_empty() || report.results.iter().any(|entry| entry.load().is_some());
    if holds_some { Ok(Baseline::from(report)) } else { Err(NoLoads::NoLoad) }
}

/// What a file of the right form can still have wrong.
fn check(baseline: &Baseline) -> Result<(), NoLoads> {
    for (index, measured) in baseline.limiters.iter().enumerate() {
        if baseline.limiters[..index].iter().any(|earlier| earlier.limiter == measured.limiter) {
            return Err(NoLoads::Twice(cut(&measured.limiter)));
        }
        if measured.parameters.rate_per_s.is_some_and(|rate| !rate.is_finite() || rate <= 0.0) {
            return Err(NoLoads::NoRate(cut(&measured.limiter)));
        }
        for (metric, ratios) in &measured.ratios {
            check_ratios(&measured.limiter, *metric, ratios)?;
        }
    }
    Ok(())
}

fn check_ratios(limiter: &str, metric: Metric, ratios: &[Option<f64>]) -> Result<(), NoLoads> {
    // Logarithms of them are summed, so neither may come near the ends of what a number can be.
    const SANE: std::ops::RangeInclusive<f64> = 1e-12..=1e12;
    if ratios.len() > MAX_BLOCKS {
        return Err(NoLoads::TooManyBlocks { limiter: cut(limiter), blocks: ratios.len() });
    }
    let wrong = ratios.iter().position(|ratio| ratio.is_some_and(|ratio| !SANE.contains(&ratio)));
    match wrong {
        Some(block) => Err(NoLoads::NoRatio { limiter: cut(limiter), metric, block }),
        None => Ok(()),
    }
}

/// A file may say anything, at any length.
fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
