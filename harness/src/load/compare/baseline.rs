//! What of a load is worth keeping for a comparison: whether it was correct, and how fast it was beside the floor.
//!
//! A baseline holds ratios, not milliseconds, so that the file of one machine says something on another. It is what
//! `ci/baseline.json` holds, and what a whole report is brought down to before it is compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metric::Metric;
use crate::report::latency::Quantiles;
use crate::report::load::{LoadBlock, LoadParameters, MeasuredLoad, Pace};
use crate::report::{Entry, Judgement, LoadEvidence, OverAdmission, Report, Tool};

/// The version of the file's form. It grows when a reader of the old form could go wrong.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema that every such file satisfies.
pub const SCHEMA: &str = include_str!("../../../schema/baseline.schema.json");

/// The loads of a run, brought down to what can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The version of this form.
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: Tool,
    /// Whether the user stopped the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The loads, in the report's order.
    pub limiters: Vec<BaselineLoad>,
}

/// What one limiter came to under load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineLoad {
    /// The limiter's name.
    pub limiter: String,
    /// What was asked for.
    #[serde(flatten)]
    pub parameters: LoadParameters,
    /// How often an `acquire` began.
    pub attempts: u64,
    /// How many were admitted.
    pub admitted: u64,
    /// How many certainly failed.
    pub errors: u64,
    /// How many were never answered.
    pub unknown: u64,
    /// How many were refused although a permit was certainly free throughout.
    pub refused_although_free: u64,
    /// How many releases found that their permit was gone.
    pub not_held: u64,
    /// Whether faults were to strike.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub faults: bool,
    /// How many permits were still taken when nobody held one any more; absent if that could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaked: Option<u64>,
    /// How far the limit was exceeded; absent if nobody watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_admission: Option<OverAdmission>,
    /// What was found and whether that was expected.
    pub judgement: Judgement,
    /// For each metric its ratio to the floor of the same block, block by block in the order of time; null where a
    /// block has none, because nothing came to an end in it.
    pub ratios: BTreeMap<Metric, Vec<Option<f64>>>,
}

// No number of it is ever not-a-number.
impl Eq for BaselineLoad {}

impl From<&Report> for Baseline {
    /// What does not come from a load is left out.
    fn from(report: &Report) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: report.tool.clone(),
            interrupted: report.interrupted,
            limiters: report.results.iter().filter_map(measured).collect(),
        }
    }
}

impl Baseline {
    /// The file's text: indented JSON with a newline at its end. Equal baselines give equal bytes.
    pub fn render(&self) -> serde_json::Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}

fn measured(entry: &Entry) -> Option<BaselineLoad> {
    let LoadEvidence { load, over_admission, .. } = entry.load()?;
    let over_admission = over_admission.clone().map(|over| OverAdmission { first: Vec::new(), ..over });
    Some(BaselineLoad {
        limiter: entry.limiter.clone(),
        parameters: load.parameters.clone(),
        attempts: load.attempts,
        admitted: load.admitted,
        errors: load.errors,
        unknown: load.unknown,
        refused_although_free: load.refused_although_free,
        not_held: load.not_held,
        faults: load.faults.is_some(),
        leaked: load.leaked,
        over_admission,
        judgement: entry.judgement,
        ratios: Metric::ALL.map(|metric| (metric, ratios(load, metric))).into(),
    })
}

fn ratios(load: &MeasuredLoad, metric: Metric) -> Vec<Option<f64>> {
    let ratio = |block: &LoadBlock| {
        let ratio = value(metric, block)? / floor(metric, block.floor)?;
        (ratio.is_finite() && ratio > 0.0).then(|| rounded(ratio))
    };
    load.blocks.iter().map(ratio).collect()
}

fn value(metric: Metric, block: &LoadBlock) -> Option<f64> {
    let quantile = |of: Option<Quantiles>, quantile: fn(Quantiles) -> u64| of.map(quantile).map(nanoseconds);
    match metric {
        Metric::Throughput => Some(block.load.throughput_per_s),
        Metric::AcquireP50 => quantile(block.acquire, |of| of.p50),
        Metric::AcquireP99 => quantile(block.acquire, |of| of.p99),
        Metric::ReleaseP50 => quantile(block.release, |of| of.p50),
        Metric::ReleaseP99 => quantile(block.release, |of| of.p99),
    }
}

/// The same of bare round trips.
fn floor(metric: Metric, floor: Pace) -> Option<f64> {
    match metric {
        Metric::Throughput => Some(floor.throughput_per_s),
        Metric::AcquireP50 | Metric::ReleaseP50 => floor.latency_ns.map(|of| nanoseconds(of.p50)),
        Metric::AcquireP99 | Metric::ReleaseP99 => floor.latency_ns.map(|of| nanoseconds(of.p99)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "percentiles are within 0.1 % anyway")]
fn nanoseconds(number: u64) -> f64 {
    number as f64
}

/// Six significant digits: more than any clock gives, and as few as a file that lies in a repository should have.
fn rounded(ratio: f64) -> f64 {
    format!("{ratio:.5e}").parse().unwrap_or(ratio)
}
