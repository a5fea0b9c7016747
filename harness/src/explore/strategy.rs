//! A strategy decides the choices of executions, one whole execution after another, and never sees a store.
//!
//! [`run`] carries one execution out at a time, on any store.

use crate::counterexample::{Path, Violation};
use crate::error::Error;
use crate::execution::Execution;
use crate::explore::{Complete, Control, Exploration, Observer};
use crate::schedule::Choice;
use crate::store::Store;
use crate::trace::Effect;
use crate::world::World;

/// Decides which executions are run.
///
/// Several may be under way at once, so what belongs to one of them lives in its [`Strategy::Run`].
pub trait Strategy {
    /// One execution under way, as the strategy sees it.
    type Run;

    /// The next execution to be run; `None` if there is none, at least until one that is under way has ended.
    fn begin(&mut self) -> Option<Self::Run>;

    /// The next choice of an execution: one of those that `world` has enabled, of which there is at least one.
    fn choose(&mut self, run: &mut Self::Run, world: &World) -> Choice;

    /// The execution has come to its end.
    fn end(&mut self, run: Self::Run, execution: &Complete<'_>);
}

/// Runs every execution that a strategy asks for, one at a time, each from an empty store.
pub fn run<S: Store, T: Strategy>(
    root: &World,
    store: S,
    strategy: &mut T,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Exploration, Error> {
    let mut found = Exploration::default();
    let mut execution = Execution::start(root.clone(), store)?;
    while let Some(mut run) = strategy.begin() {
        execution.store.reset()?;
        execution.world = root.clone();
        let mut path = Path::new(root.limit());
        let mut outcomes = Vec::new();
        while execution.world.enabled().next().is_some() {
            if let Some(bound) = control.stop(found.executions) {
                found.stopped = Some(bound);
                return Ok(found);
            }
            let choice = strategy.choose(&mut run, &execution.world);
            let Effect::Step(step) = execution.take(choice)? else { unreachable!("only steps are enabled") };
            observer.step(&step);
            outcomes.extend(step.outcome.map(|outcome| (step.client, outcome)));
            let world = &execution.world;
            path.push(choice, world.holders(), world.client(step.client).finished());
            if path.violates_here() {
                Violation::keep_better(&mut found.violation, &path);
            }
        }
        let complete = Complete { choices: path.choices(), outcomes: &outcomes, peak: path.peak() };
        found.count(path.peak(), root.limit());
        control.count();
        observer.execution(&complete);
        strategy.end(run, &complete);
    }
    Ok(found)
}
