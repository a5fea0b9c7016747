//! The stages that search: saved counterexamples, all interleavings, samples, and some of it once more.

use std::sync::Arc;

use super::stage::{Name, NightlyOutcome, Stage, of_searches};
use super::{Night, Plan, Regression, regression};
use crate::base::draws::Draws;
use crate::campaign::{Campaign, Search, Stores, Strategy};
use crate::explore::sample::Sampler;
use crate::report::{Report, json};
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::scenario::{ClientCount, Scenario, Size};

/// One search in so many is run twice, as `FoundationDB` does with its simulations.
const REPEATED: u64 = 20;
/// Where clients are alike, samples have so many times more.
const LARGER: usize = 4;
/// But not more than these.
const MOST: usize = 32;
/// These draw; each has its own way to be unlucky.
const SAMPLERS: [Sampler; 3] = [Sampler::Random, Sampler::Pct, Sampler::Pos];

/// One limiter in one scenario, searched in one way.
struct NightlySearch {
    /// The name of the scenario as its file has it.
    file: String,
    scenario: Scenario,
    sampled: Option<(Sampler, u64)>,
    /// How its size differs from its file's.
    size: Size,
}

/// Runs all of them, and notes what they came to.
pub(super) fn stages(
    plan: &Plan,
    stores: &Stores,
    control: &Control,
    night: &mut Night,
) -> Result<(), Error> {
    let mut draws = Draws::new(plan.seed, u64::MAX);
    let mut repeated = Vec::new();
    let mut lost = None;
    for name in [Name::Regressions, Name::Exhaustive, Name::Sampling] {
        let jobs = jobs(name, plan);
        let mut report = Report { results: Vec::new(), ..night.explored.clone() };
        report.not_run.clear();
        for job in jobs {
            let (found, lost_now) = job.run(plan, stores, control)?;
            lost = lost.or(lost_now);
            // A saved counterexample that fails is known already.
            if name != Name::Regressions {
                keep(&mut night.regressions, &job, &found, plan.seed);
            }
            let first = json::render(&found.stable());
            absorb(&mut report, found);
            if draws.below(REPEATED) == 0 || repeated.is_empty() {
                repeated.push((job, first));
            }
        }
        night.stages.push(summed_up(name, &report, lost.as_deref()));
        absorb(if name == Name::Sampling { &mut night.sampled } else { &mut night.explored }, report);
    }
    let stage = repetition(repeated, plan, stores, control, lost.as_deref(), &mut night.difference)?;
    night.stages.push(stage);
    Ok(())
}

/// Keeps what is new: of each limiter in each scenario one violation, the first. The exhaustive search comes first, and its
/// counterexamples are the shortest.
fn keep(known: &mut Vec<Regression>, job: &NightlySearch, found: &Report, seed: u64) {
    let new = found.results.iter().find_map(|entry| regression::of(&job.scenario, entry, seed));
    if let Some(new) = new.map(|new| Regression { scenario: job.file.clone(), ..new })
        && known.iter().all(|known| (&known.scenario, &known.limiter) != (&new.scenario, &new.limiter))
    {
        known.push(new);
    }
}

fn summed_up(name: Name, report: &Report, lost: Option<&str>) -> Stage {
    if name == Name::Regressions && report.results.is_empty() {
        return Stage::new(name, NightlyOutcome::Ok, "none are saved".to_owned());
    }
    let (outcome, mut what) = of_searches(report, lost);
    if name == Name::Sampling {
        let executions: u64 = report.results.iter().filter_map(|entry| entry.evidence.executions()).sum();
        what = format!("{what}; {executions} executions");
    }
    Stage::new(name, outcome, what)
}

/// Runs some once more: the same bytes have to come out.
fn repetition(
    repeated: Vec<(NightlySearch, serde_json::Result<String>)>,
    plan: &Plan,
    stores: &Stores,
    control: &Control,
    lost: Option<&str>,
    difference: &mut Option<(String, String)>,
) -> Result<Stage, Error> {
    let name = Name::Repetition;
    let count = repeated.len();
    for (job, first) in repeated {
        let (found, lost_now) = job.run(plan, stores, control)?;
        // What a lost server or a bound of time leaves out depends on when that happened.
        if let Some(reason) = lost.or(lost_now.as_deref()) {
            return Ok(Stage::new(name, NightlyOutcome::Infrastructure, reason.to_owned()));
        }
        if control.stop(0).is_some() {
            return Ok(Stage::new(name, NightlyOutcome::Undecided, "stopped before its end".to_owned()));
        }
        let problem = |error: serde_json::Error| Error::Load(error.to_string());
        let (first, second) = (first.map_err(problem)?, json::render(&found.stable()).map_err(problem)?);
        if first != second {
            let what = format!("{} came out differently the second time", job.scenario.name);
            *difference = Some((first, second));
            return Ok(Stage::new(name, NightlyOutcome::Failed, what));
        }
    }
    Ok(Stage::new(name, NightlyOutcome::Ok, format!("{count} searches came out the same twice")))
}

impl NightlySearch {
    /// A campaign of its own. Says why the server was lost, if it was.
    fn run(
        &self,
        plan: &Plan,
        stores: &Stores,
        control: &Control,
    ) -> Result<(Report, Option<String>), Error> {
        let stores = Stores { loom: stores.loom && self.sampled.is_none(), ..stores.clone() };
        let mut campaign = Campaign::new(stores);
        campaign.control = control.clone();
        campaign.threads = plan.threads;
        campaign.seed = plan.seed;
        campaign.size = self.size;
        campaign.invocation = Arc::clone(&plan.invocation);
        match self.sampled {
            None => campaign.run(&self.scenario)?,
            Some((sampler, executions)) => {
                campaign.search =
                    Search { strategy: Strategy::Sample(sampler), executions, ..Search::default() };
                for limiter in &self.scenario.limiters {
                    campaign.explore(&self.scenario, limiter, self.scenario.explore.as_ref())?;
                }
            }
        }
        Ok((campaign.report(), campaign.lost().map(ToString::to_string)))
    }
}

/// The searches of a stage, in the order of the scenarios and their limiters.
fn jobs(stage: Name, plan: &Plan) -> Vec<NightlySearch> {
    let scenarios = if stage == Name::Regressions { &plan.regressions } else { &plan.scenarios };
    let alone = scenarios.iter().flat_map(|scenario| {
        let each = scenario.limiters.iter().map(Arc::clone);
        each.map(|limiter| Scenario { limiters: vec![limiter], ..scenario.clone() })
    });
    if stage != Name::Sampling {
        let job = |scenario: Scenario| NightlySearch {
            file: scenario.name.clone(),
            scenario,
            sampled: None,
            size: Size::default(),
        };
        return alone.map(job).collect();
    }
    let explored: Vec<Scenario> = alone.filter(|scenario| scenario.explore.is_some()).collect();
    let number = (explored.len() * SAMPLERS.len()).max(1) as u64;
    let each = (plan.executions / number).max(1);
    let of = |scenario: Scenario| {
        let file = scenario.name.clone();
        let (scenario, size) = larger(scenario);
        SAMPLERS.map(|sampler| NightlySearch {
            file: file.clone(),
            scenario: scenario.clone(),
            sampled: Some((sampler, each)),
            size,
        })
    };
    explored.into_iter().flat_map(of).collect()
}

/// More clients, where they are alike, and a name that says so. What over-admits with few does so with more: those that
/// come last step last.
fn larger(scenario: Scenario) -> (Scenario, Size) {
    let count = (scenario.clients.len() * LARGER).min(MOST).max(scenario.clients.len());
    let size = Size { clients: u16::try_from(count).ok().map(ClientCount::Number), limit: None };
    match size.of(scenario.clone()) {
        Ok(larger) => {
            let name = format!("{}-{count}-clients", larger.name);
            (Scenario { name, ..larger }, size)
        }
        Err(_) => (scenario, Size::default()),
    }
}

/// Adds a report to another.
pub(super) fn absorb(all: &mut Report, part: Report) {
    for about in part.scenarios {
        if all.about(&about.name).is_none() {
            all.scenarios.push(about);
        }
    }
    all.results.extend(part.results);
    all.interrupted |= part.interrupted;
    for not_run in part.not_run {
        if !all.not_run.contains(&not_run) {
            all.not_run.push(not_run);
        }
    }
}
