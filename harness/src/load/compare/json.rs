//! The comparison as a JSON document. Its form is a contract; [`super::SCHEMA`] describes it.

use serde::Serialize;

use super::comparison::{
    CONFIDENCE, ComparedFile, ComparedLimiter, Comparison, ComparisonVerdict, CorrectnessCheck, SpeedChange,
};
use crate::report::Tool;

/// The version of the document's form. It grows when a reader of the old form could go wrong.
const SCHEMA_VERSION: u32 = 1;

/// The comparison as indented JSON with a newline at its end. Equal comparisons give equal bytes.
pub fn render(comparison: &Comparison) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&ComparisonDocument::from(comparison))?;
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct ComparisonDocument<'a> {
    schema_version: u32,
    tool: Tool,
    seed: u64,
    base: &'a ComparedFile,
    new: &'a ComparedFile,
    confidence: f64,
    tests: usize,
    resamples: usize,
    tolerance: f64,
    comparisons: Vec<Of<'a, SpeedChange>>,
    correctness: Vec<Of<'a, CorrectnessCheck>>,
    undecided: Vec<MissingData<'a>>,
    notes: Vec<Note<'a>>,
    verdict: ComparisonVerdict,
}

/// Something about a limiter.
#[derive(Serialize)]
struct Of<'a, T> {
    limiter: &'a str,
    #[serde(flatten)]
    what: &'a T,
}

/// What is missing; of no limiter in particular where none is named.
#[derive(Serialize)]
struct MissingData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    limiter: Option<&'a str>,
    why: &'a str,
}

#[derive(Serialize)]
struct Note<'a> {
    limiter: &'a str,
    note: &'a str,
}

impl<'a> From<&'a Comparison> for ComparisonDocument<'a> {
    fn from(comparison: &'a Comparison) -> Self {
        let general = comparison.undecided.iter().map(|why| MissingData { limiter: None, why });
        let own = each(comparison, |compared| &compared.undecided);
        let own = own.map(|(limiter, why)| MissingData { limiter: Some(limiter), why });
        let notes = each(comparison, |compared| &compared.notes);
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            seed: comparison.options.seed,
            base: &comparison.base,
            new: &comparison.new,
            confidence: CONFIDENCE,
            tests: comparison.tests,
            resamples: comparison.resamples,
            tolerance: comparison.options.tolerance,
            comparisons: each(comparison, |compared| &compared.changes).map(Of::from).collect(),
            correctness: each(comparison, |compared| &compared.checks).map(Of::from).collect(),
            undecided: general.chain(own).collect(),
            notes: notes.map(|(limiter, note)| Note { limiter, note }).collect(),
            verdict: comparison.verdict(),
        }
    }
}

impl<'a, T> From<(&'a str, &'a T)> for Of<'a, T> {
    fn from((limiter, what): (&'a str, &'a T)) -> Self {
        Self { limiter, what }
    }
}

/// What each limiter has, beside the limiter's name.
fn each<'a, T: 'a>(
    comparison: &'a Comparison,
    what: fn(&ComparedLimiter) -> &Vec<T>,
) -> impl Iterator<Item = (&'a str, &'a T)> {
    let own = move |compared: &'a ComparedLimiter| {
        what(compared).iter().map(move |item| (compared.limiter.as_str(), item))
    };
    comparison.limiters.iter().flat_map(own)
}
