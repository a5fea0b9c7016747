//! What is said about two loads, as data.

use std::fmt;

use serde::Serialize;

use super::metric::Metric;
use crate::base::exit::Exit;
use crate::report::Tool;

/// How sure the comparison is of all its intervals together.
pub const CONFIDENCE: f64 = 0.95;

/// How to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ComparisonOptions {
    /// The seed of the resamples.
    pub seed: u64,
    /// A change for the worse of at most this share is shown, but is no regression.
    pub tolerance: f64,
}

/// One of the two sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedFile {
    /// The file.
    pub file: String,
    /// Who wrote it.
    pub tool: Tool,
}

/// Everything that is said about two loads.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What was before.
    pub base: ComparedFile,
    /// What is now.
    pub new: ComparedFile,
    /// How it was compared.
    pub options: ComparisonOptions,
    /// How many metrics were tested.
    pub tests: usize,
    /// How many resamples were drawn for each.
    pub resamples: usize,
    /// What concerns no limiter in particular and leaves the comparison undecided.
    pub undecided: Vec<String>,
    /// The limiters, in the new side's order, then those that only the base has.
    pub limiters: Vec<ComparedLimiter>,
}

/// One limiter, before and now.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedLimiter {
    /// The limiter's name.
    pub limiter: String,
    /// What the new side ran, in words; the base where only that has it.
    pub parameters: String,
    /// Which share was admitted, before and now.
    pub admitted: (Option<f64>, Option<f64>),
    /// Whether it is correct.
    pub checks: Vec<CorrectnessCheck>,
    /// Whether it is as fast.
    pub changes: Vec<SpeedChange>,
    /// What is missing.
    pub undecided: Vec<String>,
    /// What else there is to know, in sentences.
    pub notes: Vec<String>,
}

/// What a comparison, or a part of it, comes to. The stronger is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonVerdict {
    /// Nothing is worse.
    Ok,
    /// Something is missing.
    Undecided,
    /// Something is worse.
    Regression,
}

impl ComparisonVerdict {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Undecided => "undecided",
            Self::Regression => "regression",
        }
    }
}

impl From<ComparisonVerdict> for Exit {
    fn from(outcome: ComparisonVerdict) -> Self {
        match outcome {
            ComparisonVerdict::Ok => Self::Ok,
            ComparisonVerdict::Undecided => Self::Undecided,
            ComparisonVerdict::Regression => Self::Regression,
        }
    }
}

impl Comparison {
    /// What follows from all of it. A comparison of nothing is undecided.
    pub fn verdict(&self) -> ComparisonVerdict {
        let missing = !self.undecided.is_empty() || self.limiters.is_empty();
        let least = if missing { ComparisonVerdict::Undecided } else { ComparisonVerdict::Ok };
        self.limiters.iter().map(ComparedLimiter::verdict).fold(least, ComparisonVerdict::max)
    }
}

impl ComparedLimiter {
    /// What follows for this limiter.
    pub fn verdict(&self) -> ComparisonVerdict {
        let checks = self.checks.iter().map(|check| check.verdict);
        let changes = self.changes.iter().map(|change| change.direction.outcome());
        let least =
            if self.undecided.is_empty() { ComparisonVerdict::Ok } else { ComparisonVerdict::Undecided };
        checks.chain(changes).fold(least, ComparisonVerdict::max)
    }
}

/// One property of one limiter, before and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CorrectnessCheck {
    /// What was looked at.
    pub property: CorrectnessProperty,
    /// How much of it there was, where that is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// How much of it there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<u64>,
    /// What follows.
    pub verdict: ComparisonVerdict,
    /// Why it is not ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What can be right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectnessProperty {
    /// The new load's own verdict, beside what was expected.
    Expectation,
    /// Holders above the limit.
    OverAdmission,
    /// Refusals although a permit was free.
    RefusedAlthoughFree,
    /// Releases of permits that were gone.
    NotHeld,
    /// Permits that nobody holds and nobody gets.
    Leaked,
    /// Operations that failed or were never answered.
    Failures,
}

impl fmt::Display for CorrectnessProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Expectation => "expectation",
            Self::OverAdmission => "over-admission",
            Self::RefusedAlthoughFree => "refused although free",
            Self::NotHeld => "permits gone",
            Self::Leaked => "leaked permits",
            Self::Failures => "failed operations",
        })
    }
}

/// One metric of one limiter, before and now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpeedChange {
    /// What was measured.
    pub metric: Metric,
    /// How many blocks each side has.
    pub blocks: (usize, usize),
    /// What was found, where there was enough to find it in.
    #[serde(flatten)]
    pub found: Option<RatioChange>,
    /// Where to.
    #[serde(rename = "verdict")]
    pub direction: SpeedVerdict,
    /// Why it is undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Two ratios to the floor, and how far they are apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RatioChange {
    /// The ratio before: the geometric mean of the blocks.
    pub base: f64,
    /// The ratio now.
    pub new: f64,
    /// The change as a share of the base: 0.1 is a tenth more.
    pub change: f64,
    /// Where the change lies.
    pub interval: (f64, f64),
}

/// Where a metric went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeedVerdict {
    /// The interval holds no change at all, and is narrow enough to say so.
    Unchanged,
    /// Certainly better.
    Better,
    /// Certainly worse, but no more than is tolerated.
    Tolerated,
    /// Certainly worse.
    Worse,
    /// There is too little to tell.
    Undecided,
}

impl SpeedVerdict {
    /// What follows for the comparison.
    pub fn outcome(self) -> ComparisonVerdict {
        match self {
            Self::Unchanged | Self::Better | Self::Tolerated => ComparisonVerdict::Ok,
            Self::Worse => ComparisonVerdict::Regression,
            Self::Undecided => ComparisonVerdict::Undecided,
        }
    }

    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Better => "better",
            Self::Tolerated => "tolerated",
            Self::Worse => "WORSE",
            Self::Undecided => "undecided",
        }
    }
}
