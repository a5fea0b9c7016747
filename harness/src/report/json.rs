//! The report as a JSON document. Its form is a contract; [`super::SCHEMA`] describes it.

use serde::Serialize;

use super::{Entry, NotRun, Overall, RedisInfo, Report, SCHEMA_VERSION, Tool};

/// The report as indented JSON with a newline at its end. Equal reports give equal bytes.
pub fn render(report: &Report) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&Document::from(report))?;
    text.push('\n');
    Ok(text)
}

/// The document: a report, and what follows from it.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: &'a Tool,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'a RedisInfo>,
    results: &'a [Entry],
    not_run: &'a [NotRun],
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<bool>,
    verdict: Overall,
}

impl<'a> From<&'a Report> for Document<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: &report.tool,
            seed: report.seed,
            redis: report.redis.as_ref(),
            results: &report.results,
            not_run: &report.not_run,
            interrupted: report.interrupted.then_some(true),
            verdict: report.verdict(),
        }
    }
}
