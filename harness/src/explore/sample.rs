//! Sampling: a number of executions chosen at random, for what is too big to be run as a whole.
//!
//! One file per sampler. All draw from one generator, `ChaCha8`; execution number `i` of a seed draws from its stream
//! `i` and from nothing else, and no sampler learns from what it has seen. So the same seed gives the same
//! executions whatever the order in which they are run, the number of threads, and how many are under way at once.
//!
//! What it can miss: nearly everything. A violation that was seen is final; without one the verdict is undecided,
//! however many executions there were.

mod estimate;
mod pct;
mod pos;
mod probe;
mod races;
mod random;
mod threads;
mod uniform;
mod urw;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::base::draws::Draws;
use crate::base::share;
use crate::explore::chooser::{self, Chooser};
use crate::explore::{Complete, Exploration, Observer};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::schedule::Choice;
use crate::world::store::Store;
use crate::world::verdict::Verdict;

pub use self::estimate::{EstimatedProbability, ViolationEstimate, Wait};
pub use self::threads::{on_model, sampled_on_model};

/// How the next client is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// Any choice there is, each with the same probability.
    Random,
    /// Probabilistic concurrency testing: random priorities of clients, lowered at random points.
    Pct,
    /// Partial order sampling: random priorities of steps, drawn anew where steps race.
    Pos,
    /// Uniform random walk: a client with a probability in proportion to the steps that it has left.
    Urw,
    /// Each interleaving with the same probability, from the census.
    Uniform,
}

impl Sampler {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Random, Self::Pct, Self::Pos, Self::Urw, Self::Uniform];
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Random => "random",
            Self::Pct => "pct",
            Self::Pos => "pos",
            Self::Urw => "urw",
            Self::Uniform => "uniform",
        })
    }
}

/// What is to be sampled how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SampleSettings {
    /// How the next client is chosen.
    pub sampler: Sampler,
    /// How many executions to run.
    pub executions: u64,
    /// What the executions follow from.
    pub seed: u64,
}

/// What was seen.
///
/// That is all there is to know about waiting for a violation: executions are independent of each other, so the gaps
/// between violating ones say nothing that their number does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How clients were chosen.
    pub sampler: Sampler,
    /// What the executions came to. There is always something that stopped them, if only their number.
    pub found: Exploration,
    /// Which execution, counted from 1, is the first violating one.
    pub first_violation: Option<u64>,
}

impl Sample {
    /// A violation found is final; without one, nothing is known.
    pub fn verdict(&self) -> Verdict {
        match self.found.violation {
            Some(_) => Verdict::Violation,
            None => Verdict::Undecided,
        }
    }

    /// The probability of a violation in one execution, so far as these tell; none if there was no execution.
    pub fn estimate(&self) -> Option<ViolationEstimate> {
        ViolationEstimate::of(self.found.violating, self.found.executions)
    }
}

/// Samples on any store, one execution at a time.
pub fn on<S: Store>(
    root: &World,
    store: S,
    settings: SampleSettings,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Sample, Error> {
    let mut sampling = Sampling::new(root, settings, control)?;
    let found = chooser::run(root, store, &mut sampling, control, observer)?;
    Ok(sampling.sample(found))
}

/// A sampler at work, for whoever carries its executions out.
#[derive(Clone, Debug)]
pub struct Sampling {
    settings: SampleSettings,
    limit: u64,
    plan: Arc<SamplerPlan>,
    /// How many executions have been begun, those before this part included.
    begun: u64,
    /// The number of the last execution.
    last: u64,
    first_violation: Option<u64>,
    /// What stopped the preparations.
    stopped: Option<Bound>,
}

impl Sampling {
    /// A sampler before its first execution. Some run each client alone on the model first, to learn how long it is;
    /// `control` bounds that too.
    pub fn new(root: &World, settings: SampleSettings, control: &Control) -> Result<Self, Error> {
        if settings.sampler != Sampler::Random {
            root.steps_only("this sampler")?;
        }
        let mut stopped = None;
        let plan = match settings.sampler {
            Sampler::Random => SamplerPlan::Random,
            Sampler::Pct => {
                let steps = probe::steps_alone(root, control)?;
                SamplerPlan::Pct(pct::PctPlan::new(&steps, pct::default_depth(root.limit())))
            }
            Sampler::Pos => SamplerPlan::Pos(pos::PosPlan::new(root)),
            Sampler::Urw => SamplerPlan::Urw(urw::UrwPlan::new(&probe::steps_alone(root, control)?)),
            Sampler::Uniform => match uniform::UniformPlan::new(root, control)? {
                Ok(plan) => SamplerPlan::Uniform(plan),
                Err(bound) => {
                    stopped = Some(bound);
                    SamplerPlan::Random
                }
            },
        };
        let most = if stopped.is_some() { 0 } else { control.max_executions.unwrap_or(u64::MAX) };
        let last = settings.executions.min(most);
        let (limit, plan) = (root.limit(), Arc::new(plan));
        Ok(Self { settings, limit, plan, begun: 0, last, first_violation: None, stopped })
    }

    /// What was seen, given what a driver found.
    pub fn sample(self, mut found: Exploration) -> Sample {
        found.stopped = self.stopped.or(found.stopped).or(Some(Bound::Executions(self.last)));
        Sample { sampler: self.settings.sampler, found, first_violation: self.first_violation }
    }

    /// The executions that fall to a share. They keep their numbers, from which all that is drawn follows.
    #[must_use]
    pub fn share(&self, share: share::Share) -> Self {
        let Range { start, end } = share.range(self.last);
        Self { begun: start, last: end, ..self.clone() }
    }

    /// How many executions there are still to be begun.
    fn len(&self) -> u64 {
        self.last - self.begun
    }

    /// Some of the executions: those after the next `skipped`, and at most so many.
    fn part(&self, skipped: u64, most: u64) -> Self {
        let begun = self.begun.saturating_add(skipped).min(self.last);
        Self { begun, last: self.last.min(begun.saturating_add(most)), ..self.clone() }
    }
}

/// What all executions of a sampler have in common.
#[derive(Debug)]
enum SamplerPlan {
    Random,
    Pct(pct::PctPlan),
    Pos(pos::PosPlan),
    Urw(urw::UrwPlan),
    Uniform(Arc<uniform::UniformPlan>),
}

/// One execution under way.
#[derive(Debug)]
pub struct SampledExecution {
    number: u64,
    draws: Draws,
    walk: SamplerWalk,
}

/// What a sampler keeps of one execution.
#[derive(Debug)]
enum SamplerWalk {
    Random,
    Pct(pct::PctWalk),
    Pos(pos::PosWalk),
    Urw(urw::UrwWalk),
    Uniform(uniform::UniformWalk),
}

impl SamplerPlan {
    fn begin(&self, draws: &mut Draws) -> SamplerWalk {
        match self {
            Self::Random => SamplerWalk::Random,
            Self::Pct(plan) => SamplerWalk::Pct(plan.begin(draws)),
            Self::Pos(plan) => SamplerWalk::Pos(plan.begin(draws)),
            Self::Urw(plan) => SamplerWalk::Urw(plan.begin()),
            Self::Uniform(plan) => SamplerWalk::Uniform(plan.begin()),
        }
    }
}

impl SamplerWalk {
    /// One of the choices that the world has enabled, of which there is at least one.
    fn choose(&mut self, draws: &mut Draws, world: &World) -> Choice {
        Choice::Step(match self {
            Self::Random => return random::choose(draws, world),
            Self::Pct(walk) => walk.choose(world),
            Self::Pos(walk) => walk.choose(draws, world),
            Self::Urw(walk) => walk.choose(draws, world),
            Self::Uniform(walk) => walk.choose(draws),
        })
    }
}

impl Chooser for Sampling {
    type Run = SampledExecution;

    fn begin(&mut self) -> Option<SampledExecution> {
        if self.begun >= self.last {
            return None;
        }
        self.begun += 1;
        let mut draws = Draws::new(self.settings.seed, self.begun);
        let walk = self.plan.begin(&mut draws);
        Some(SampledExecution { number: self.begun, draws, walk })
    }

    fn choose(&mut self, run: &mut SampledExecution, world: &World) -> Option<Choice> {
        world.enabled().next()?;
        Some(run.walk.choose(&mut run.draws, world))
    }

    fn end(&mut self, run: SampledExecution, execution: &Complete<'_>) {
        if u64::from(execution.peak) > self.limit {
            self.first_violation = earlier(self.first_violation, Some(run.number));
        }
    }
}

/// The smaller number, if there is one.
fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}
