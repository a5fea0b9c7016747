//! The nightly job: everything that can find a violation, one stage after another, and one verdict.
//!
//! | stage | what it does |
//! | --- | --- |
//! | canary | the naive limiter has to be caught: a job that cannot be red says nothing when it is green |
//! | regressions | every saved counterexample |
//! | exhaustive | every scenario, all interleavings, on every store |
//! | sampling | larger scenarios, drawn from the night's seed |
//! | repetition | some of it once more: the same bytes must come out |
//! | load | all limiters on a real server, with real concurrency |
//! | cost | where everybody is admitted: how fast that goes |
//! | compare | the cost beside the base's, where there is one |
//!
//! What the product did wrong ([`NightlyOutcome::Failed`], [`NightlyOutcome::Regression`]) is told apart from what the machine did
//! wrong ([`NightlyOutcome::Infrastructure`]), and neither is ever a pass. A sample that used up its budget without a finding is
//! no failure: it never was a proof.

mod canary;
mod explore;
mod regression;
mod stage;
pub mod summary;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gatecrash_limiter::{Algorithm, algorithm};

pub use regression::Regression;
pub use stage::{Name, NightlyOutcome, Stage};

use crate::base::exit::Exit;
use crate::campaign::{Campaign, Override, Redis, Stores};
use crate::load::LoadSettings;
use crate::load::compare::{self, Baseline, Comparison};
use crate::report::histogram::IntervalLog;
use crate::report::{Invocation, Report};
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::scenario::{Expected, Scenario};

/// The JSON Schema of [`nightly.json`](summary::json).
pub const SCHEMA: &str = include_str!("../../schema/nightly.schema.json");

/// The limiter that has to be caught.
pub const CANARY: &str = "naive";

/// What a night consists of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Saved counterexamples.
    pub regressions: Vec<Scenario>,
    /// All other scenarios.
    pub scenarios: Vec<Scenario>,
    /// How many executions are drawn in all, on each store.
    pub executions: u64,
    /// Decides everything that is drawn.
    pub seed: u64,
    /// The load under which limiters have to keep their limit.
    pub load: LoadSettings,
    /// The load under which their cost is measured.
    pub cost: LoadSettings,
    /// What the cost is compared with, and the name of its file.
    pub base: Option<(String, Baseline)>,
    /// How much slower than the base is no regression, as a share.
    pub tolerance: f64,
    /// On how many threads the model is explored.
    pub threads: NonZeroUsize,
    /// How the command lines to reproduce call this program.
    pub invocation: Arc<Invocation>,
}

/// What a night came to.
#[derive(Debug)]
pub struct Night {
    /// Its seed.
    pub seed: u64,
    /// Its stages, in their order.
    pub stages: Vec<Stage>,
    /// Regressions and exhaustive searches.
    pub explored: Report,
    /// What was drawn.
    pub sampled: Report,
    /// The limiters under load.
    pub loaded: Report,
    /// What they cost.
    pub measured: Report,
    /// The durations of both loads.
    pub logs: Vec<(Name, IntervalLog)>,
    /// The cost beside the base's.
    pub comparison: Option<Comparison>,
    /// New violations, as scenario files.
    pub regressions: Vec<Regression>,
    /// Where a repetition differed: the first document, and the second.
    pub difference: Option<(String, String)>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

impl Night {
    /// What all stages together come to.
    pub fn exit(&self) -> Exit {
        let start = if self.interrupted { Exit::Interrupted } else { Exit::Ok };
        self.stages.iter().fold(start, |exit, stage| exit.and(stage.outcome.exit()))
    }

    /// All that was explored and drawn, as one report. A sample that used up its budget has nothing to say.
    pub fn searched(&self) -> Report {
        let mut all = self.explored.clone();
        let mut drawn = self.sampled.clone();
        drawn.results.retain(|entry| !stage::used_its_budget(entry));
        explore::absorb(&mut all, drawn);
        all
    }

    /// Both loads, as one report.
    pub fn loads(&self) -> Report {
        let mut all = self.loaded.clone();
        explore::absorb(&mut all, self.measured.clone());
        all
    }
}

/// Runs a night.
pub fn run(plan: &Plan, stores: &Stores, control: &Control) -> Result<Night, Error> {
    let empty = || Report { redis: Campaign::new(stores.clone()).report().redis, ..Report::new(plan.seed) };
    let mut night = Night {
        seed: plan.seed,
        stages: Vec::new(),
        explored: empty(),
        sampled: empty(),
        loaded: empty(),
        measured: empty(),
        logs: Vec::new(),
        comparison: None,
        regressions: Vec::new(),
        difference: None,
        interrupted: false,
    };
    night.stages.push(canary::stage(control)?);
    explore::stages(plan, stores, control, &mut night)?;
    for (name, settings) in [(Name::Load, &plan.load), (Name::Cost, &plan.cost)] {
        under_load(plan, name, settings, stores, control, &mut night)?;
    }
    if let Some((file, base)) = &plan.base {
        night.stages.push(compared(plan, (file, base), &mut night.comparison, &night.measured));
    }
    night.interrupted = control.interrupted.load(Ordering::Relaxed);
    Ok(night)
}

/// All limiters under load. In the first stage the canary has to sing.
fn under_load(
    plan: &Plan,
    name: Name,
    settings: &LoadSettings,
    stores: &Stores,
    control: &Control,
    night: &mut Night,
) -> Result<(), Error> {
    let missing = match &stores.redis {
        Redis::Open(_) => night.stages.iter().find_map(Stage::lost).map(str::to_owned),
        Redis::Missing(reason) => Some(reason.clone()),
        Redis::Unwanted => Some("no server was wanted".to_owned()),
    };
    if let Some(reason) = missing {
        night.stages.push(Stage::new(name, NightlyOutcome::Infrastructure, reason));
        return Ok(());
    }
    let mut campaign = Campaign::new(stores.clone());
    campaign.control = control.clone();
    campaign.seed = night.seed;
    campaign.invocation = Arc::clone(&plan.invocation);
    if name == Name::Load {
        let all = Override { limiter: None, expected: Expected::Clean };
        let canary = Override { limiter: Some(CANARY.to_owned()), expected: Expected::Violation };
        campaign.overrides = vec![all, canary];
    }
    let limiters: Vec<Arc<dyn Algorithm>> = algorithm::built_in();
    let (outcome, what) = match campaign.load(&limiters, settings) {
        Ok(log) => {
            night.logs.push((name, log));
            stage::of_load(&campaign)
        }
        Err(Error::Store(lost)) => (NightlyOutcome::Infrastructure, lost.to_string()),
        Err(other) => return Err(other),
    };
    let report = campaign.report();
    night.stages.push(Stage::new(name, outcome, what));
    *(if name == Name::Load { &mut night.loaded } else { &mut night.measured }) = report;
    Ok(())
}

/// The cost beside the base's.
fn compared(
    plan: &Plan,
    base: (&str, &Baseline),
    comparison: &mut Option<Comparison>,
    measured: &Report,
) -> Stage {
    let options = compare::ComparisonOptions { seed: plan.seed, tolerance: plan.tolerance };
    let found = compare::compare(base, ("this night", &Baseline::from(measured)), options);
    let (outcome, what) = stage::of_comparison(&found);
    *comparison = Some(found);
    Stage::new(Name::Compare, outcome, what)
}
