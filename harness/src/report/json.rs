//! The report as a JSON document. Its form is a contract; [`super::SCHEMA`] describes it.

use serde::{Deserialize, Serialize};

use super::shard::Shard;
use super::{Entry, NotRun, Overall, RedisInfo, Report, SCHEMA_VERSION, Tool};

/// The report as indented JSON with a newline at its end. Equal reports give equal bytes.
pub fn render(report: &Report) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&ReportDocument::from(report))?;
    text.push('\n');
    Ok(text)
}

/// The document: a report, and what follows from it.
#[derive(Serialize)]
struct ReportDocument<'a> {
    schema_version: u32,
    tool: &'a Tool,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'a RedisInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<&'a Shard>,
    results: &'a [Entry],
    not_run: &'a [NotRun],
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<bool>,
    verdict: Overall,
}

impl<'a> From<&'a Report> for ReportDocument<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: &report.tool,
            seed: report.seed,
            redis: report.redis.as_ref(),
            shard: report.shard.as_ref(),
            results: &report.results,
            not_run: &report.not_run,
            interrupted: report.interrupted.then_some(true),
            verdict: report.verdict(),
        }
    }
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or not the document that it must be.
    #[error("{line}:{column}: {what}")]
    Form {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// A newer or an older program wrote it.
    #[error("it has the form of version {0} and this gatecrash reads version {SCHEMA_VERSION}")]
    Version(u64),
}

/// Reads a report back. What the document does not hold is lost: steps, command lines and titles.
pub fn parse(text: impl AsRef<[u8]>) -> Result<Report, ReadError> {
    let text = text.as_ref();
    // First, since a document of another version may have another form.
    let Version { schema_version } = read(text)?;
    if schema_version != u64::from(SCHEMA_VERSION) {
        return Err(ReadError::Version(schema_version));
    }
    let Parsed { tool, seed, redis, shard, results, not_run, interrupted } = read(text)?;
    Ok(Report { tool, seed, redis, shard, scenarios: Vec::new(), results, not_run, interrupted })
}

/// Reads JSON of any form.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, ReadError> {
    serde_json::from_slice(text).map_err(|error| {
        let (line, column, what) = (error.line(), error.column(), error.to_string());
        // The place comes first here.
        let what = what.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&what).to_owned();
        ReadError::Form { line, column, what }
    })
}

#[derive(Deserialize)]
struct Version {
    schema_version: u64,
}

/// What is read of a document. Its verdict follows from the rest.
#[derive(Deserialize)]
struct Parsed {
    tool: Tool,
    seed: u64,
    redis: Option<RedisInfo>,
    shard: Option<Shard>,
    results: Vec<Entry>,
    not_run: Vec<NotRun>,
    #[serde(default)]
    interrupted: bool,
}
