//! One stage of a night, and what it came to.

use std::fmt;

use serde::Serialize;

use crate::base::exit::Exit;
use crate::campaign::Campaign;
use crate::load::compare::{self, Comparison};
use crate::report::{Engine, Entry, NotRun, Overall, Report, StoppedBy, Verdict};

/// Which stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// The naive limiter has to be caught.
    Canary,
    /// Saved counterexamples.
    Regressions,
    /// All interleavings of every scenario.
    Exhaustive,
    /// Larger scenarios, drawn.
    Sampling,
    /// Some of it once more.
    Repetition,
    /// Real concurrency.
    Load,
    /// How fast it goes.
    Cost,
    /// The cost beside the base's.
    Compare,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Canary => "canary",
            Self::Regressions => "regressions",
            Self::Exhaustive => "exhaustive",
            Self::Sampling => "sampling",
            Self::Repetition => "repetition",
            Self::Load => "load",
            Self::Cost => "cost",
            Self::Compare => "compare",
        })
    }
}

/// What a stage came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NightlyOutcome {
    /// As it should be.
    Ok,
    /// A limiter, or gatecrash itself, did something wrong.
    Failed,
    /// Slower than the base.
    Regression,
    /// Nothing is proved.
    Undecided,
    /// The machine, or the server, did something wrong.
    Infrastructure,
}

impl NightlyOutcome {
    /// The exit code for it.
    pub fn exit(self) -> Exit {
        match self {
            Self::Ok => Exit::Ok,
            Self::Failed => Exit::Failed,
            Self::Regression => Exit::Regression,
            Self::Undecided => Exit::Undecided,
            Self::Infrastructure => Exit::Unavailable,
        }
    }
}

impl fmt::Display for NightlyOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::Regression => "REGRESSION",
            Self::Undecided => "undecided",
            Self::Infrastructure => "INFRASTRUCTURE",
        })
    }
}

/// A stage that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Which.
    pub stage: Name,
    /// What it came to.
    pub outcome: NightlyOutcome,
    /// The same in words.
    pub what: String,
}

impl Stage {
    pub(super) fn new(stage: Name, outcome: NightlyOutcome, what: String) -> Self {
        Self { stage, outcome, what }
    }

    /// Why there is no server any more, if this stage lost it.
    pub(super) fn lost(&self) -> Option<&str> {
        (self.outcome == NightlyOutcome::Infrastructure).then_some(self.what.as_str())
    }
}

/// What a report of searches comes to, and a lost server with it.
pub(super) fn of_searches(report: &Report, lost: Option<&str>) -> (NightlyOutcome, String) {
    let failed = report.results.iter().filter(|entry| entry.failed()).count();
    let counted = format!("{} results", report.results.len());
    if failed > 0 {
        return (NightlyOutcome::Failed, format!("{failed} of {counted} not as expected"));
    }
    if let Some(lost) = lost {
        return (NightlyOutcome::Infrastructure, lost.to_owned());
    }
    let undecided = report.results.iter().filter(|entry| is_undecided(entry)).count();
    match report.verdict() {
        _ if undecided > 0 => (NightlyOutcome::Undecided, format!("{undecided} of {counted} undecided")),
        Overall::Undecided if report.results.is_empty() => {
            (NightlyOutcome::Undecided, "nothing was run".to_owned())
        }
        Overall::Undecided if report.not_run.iter().any(NotRun::is_for_want_of_a_server) => {
            (NightlyOutcome::Infrastructure, "a server was wanted and there is none".to_owned())
        }
        _ => (NightlyOutcome::Ok, format!("{counted} as expected")),
    }
}

fn is_undecided(entry: &Entry) -> bool {
    entry.judgement.verdict() == Verdict::Undecided && !used_its_budget(entry)
}

/// A sample that drew all it was to draw and found nothing: nobody expected more of it.
pub(super) fn used_its_budget(entry: &Entry) -> bool {
    let budget =
        entry.coverage.as_ref().is_some_and(|coverage| coverage.stopped_by == StoppedBy::MaxExecutions);
    entry.engine() == Engine::Sample && budget && entry.judgement.verdict() == Verdict::Undecided
}

/// What a load comes to.
pub(super) fn of_load(campaign: &Campaign) -> (NightlyOutcome, String) {
    let report = campaign.report();
    let in_words = |entry: &Entry| {
        let over = entry.evidence.over_admission();
        let events = over.and_then(|over| over.events).unwrap_or(0);
        let attempts = entry.load().map_or(0, |found| found.load.attempts);
        match events {
            0 if entry.judgement.verdict() == Verdict::Clean => {
                format!("{} kept its limit in {attempts} attempts", entry.limiter)
            }
            0 => format!(
                "{} was not seen to over-admit in {attempts} attempts, which proves nothing",
                entry.limiter
            ),
            _ => format!("{} over-admitted {events} times in {attempts} attempts", entry.limiter),
        }
    };
    // Nothing strikes these loads but what the machine does wrong.
    let failed: u64 = report
        .results
        .iter()
        .filter_map(|entry| Some(&entry.load()?.load))
        .map(|load| load.errors + load.unknown)
        .sum();
    let words = report.results.iter().map(in_words).collect::<Vec<_>>().join("; ");
    match report.verdict() {
        Overall::Failed => (NightlyOutcome::Failed, words),
        _ if campaign.lost().is_some() => {
            (NightlyOutcome::Infrastructure, campaign.lost().map_or_else(String::new, ToString::to_string))
        }
        _ if failed > 0 => (
            NightlyOutcome::Infrastructure,
            format!("{failed} acquires failed or were never answered; {words}"),
        ),
        Overall::Undecided => (NightlyOutcome::Undecided, words),
        Overall::Ok => (NightlyOutcome::Ok, words),
    }
}

/// What a comparison comes to.
pub(super) fn of_comparison(found: &Comparison) -> (NightlyOutcome, String) {
    let of = |outcome: compare::ComparisonVerdict| {
        let names = found.limiters.iter().filter(|limiter| limiter.verdict() == outcome);
        names.map(|limiter| limiter.limiter.as_str()).collect::<Vec<_>>().join(", ")
    };
    match found.verdict() {
        verdict @ compare::ComparisonVerdict::Regression => {
            (NightlyOutcome::Regression, format!("worse than the base: {}", of(verdict)))
        }
        verdict @ compare::ComparisonVerdict::Undecided => {
            let why = found
                .undecided
                .first()
                .or_else(|| found.limiters.iter().find_map(|one| one.undecided.first()));
            (
                NightlyOutcome::Undecided,
                why.map_or_else(|| format!("undecided: {}", of(verdict)), Clone::clone),
            )
        }
        compare::ComparisonVerdict::Ok => {
            (NightlyOutcome::Ok, format!("nothing worse than the base in {} metrics", found.tests))
        }
    }
}
