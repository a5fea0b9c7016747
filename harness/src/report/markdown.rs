//! The report as Markdown, for the summary of a job.

use super::Report;

/// The report.
pub fn render(report: &Report) -> String {
    report.results.len().to_string()
}
