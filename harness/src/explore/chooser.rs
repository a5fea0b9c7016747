//! A chooser decides the choices of executions, one whole execution after another, and never sees a store.
//!
//! [`run`] carries one execution out at a time, on any store; [`lockstep`](super::lockstep) many, on a real server.

use gatecrash_limiter::Outcome;

use crate::explore::counterexample::{Path, Violation};
use crate::explore::halt::Halt;
use crate::explore::{Complete, Exploration, Observer};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::Store;
use crate::world::trace::StepEffect;

/// Decides which executions are run.
///
/// Several may be under way at once, so what belongs to one of them lives in its [`Chooser::Run`].
pub trait Chooser {
    /// One execution under way, as the chooser sees it.
    type Run;

    /// The next execution to be run; `None` if there is none, at least until one that is under way has ended.
    fn begin(&mut self) -> Option<Self::Run>;

    /// The next choice of an execution: one of those that `world` has enabled, `None` once there is none.
    fn choose(&mut self, run: &mut Self::Run, world: &World) -> Option<Choice>;

    /// The execution has come to its end.
    fn end(&mut self, run: Self::Run, execution: &Complete<'_>);
}

/// Runs every execution that a chooser asks for, one at a time, each from an empty store.
pub fn run<S: Store, T: Chooser>(
    root: &World,
    store: S,
    chooser: &mut T,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Exploration, Error> {
    let mut search = ChooserDriver::new(root, chooser, control, observer);
    let mut execution = Execution::start(root.clone(), store)?;
    let ended = one_by_one(&mut search, &mut execution);
    search.ended(ended)
}

fn one_by_one<S: Store, T: Chooser, O: Observer>(
    search: &mut ChooserDriver<'_, T, O>,
    execution: &mut Execution<S>,
) -> Result<(), Halt> {
    while let Some(mut under_way) = search.begin() {
        execution.store.reset()?;
        execution.world = search.root.clone();
        while let Some(choice) = search.choose(&mut under_way, &execution.world) {
            if let Some(bound) = search.bound() {
                return Err(bound.into());
            }
            let effect = execution.take(choice)?;
            search.took(&mut under_way, choice, effect.step(), &execution.world);
        }
        search.end(under_way);
    }
    search.left_over()
}

/// A chooser at work, whoever carries its executions out, and what came of them so far.
pub(super) struct ChooserDriver<'a, T, O> {
    /// The clients before their first step.
    pub(super) root: &'a World,
    chooser: &'a mut T,
    control: &'a Control,
    observer: &'a mut O,
    found: Exploration,
    begun: u64,
    /// Room that executions have left, to be used by the next ones.
    spare: Vec<(Path, Vec<(ClientId, Outcome)>)>,
}

/// One execution: what the chooser keeps of it, and what ranking and counting need.
pub(super) struct UnderWay<R> {
    run: R,
    path: Path,
    outcomes: Vec<(ClientId, Outcome)>,
}

impl<'a, T: Chooser, O: Observer> ChooserDriver<'a, T, O> {
    pub(super) fn new(
        root: &'a World,
        chooser: &'a mut T,
        control: &'a Control,
        observer: &'a mut O,
    ) -> Self {
        Self { root, chooser, control, observer, found: Exploration::default(), begun: 0, spare: Vec::new() }
    }

    /// The next execution to be run, as long as there may be another one.
    pub(super) fn begin(&mut self) -> Option<UnderWay<T::Run>> {
        if self.is_full() {
            return None;
        }
        let run = self.chooser.begin()?;
        self.begun += 1;
        let (path, outcomes) = self.spare.pop().unwrap_or_else(|| (Path::new(self.root.limit()), Vec::new()));
        Some(UnderWay { run, path, outcomes })
    }

    /// Whether as many executions were begun as may be run.
    fn is_full(&self) -> bool {
        self.control.max_executions.is_some_and(|max| self.begun >= max)
    }

    /// What forbids another choice.
    pub(super) fn bound(&self) -> Option<Bound> {
        self.control.stop(self.found.executions)
    }

    /// The next choice of an execution; `None` once it has come to its end.
    pub(super) fn choose(&mut self, under_way: &mut UnderWay<T::Run>, world: &World) -> Option<Choice> {
        self.chooser.choose(&mut under_way.run, world)
    }

    /// A choice was carried out, by which the world came to be as it is.
    pub(super) fn took(
        &mut self,
        under_way: &mut UnderWay<T::Run>,
        choice: Choice,
        step: Option<&StepEffect>,
        world: &World,
    ) {
        self.observer.choice(choice, step);
        if let Some(step) = step {
            under_way.outcomes.extend(step.outcome.clone().map(|outcome| (step.client, outcome)));
        }
        let path = &mut under_way.path;
        path.follow(choice, world);
        if path.violates_here() {
            Violation::keep_better(&mut self.found.violation, path);
        }
    }

    /// The execution has come to its end, and counts.
    pub(super) fn end(&mut self, under_way: UnderWay<T::Run>) {
        let UnderWay { run, mut path, mut outcomes } = under_way;
        let complete = Complete { choices: path.choices(), outcomes: &outcomes, peak: path.peak() };
        self.found.count(path.peak(), self.root.limit());
        self.control.count();
        self.observer.execution(&complete);
        self.chooser.end(run, &complete);
        path.truncate(0);
        outcomes.clear();
        self.spare.push((path, outcomes));
    }

    /// Once nothing is under way: the bound on executions, if it kept one from being run.
    pub(super) fn left_over(&mut self) -> Result<(), Halt> {
        match self.control.max_executions.filter(|_| self.is_full()) {
            Some(max) if self.chooser.begin().is_some() => Err(Bound::Executions(max).into()),
            _ => Ok(()),
        }
    }

    /// What was found, given how the search ended.
    pub(super) fn ended(self, ended: Result<(), Halt>) -> Result<Exploration, Error> {
        Ok(Exploration { stopped: Halt::bound(ended)?, ..self.found })
    }
}
