//! Scripted replay: one schedule, one store, one trace.

use crate::explore::halt::Halt;
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId, Schedule, Turn};
use crate::world::store::Store;
use crate::world::trace::{Effect, Trace, TraceRow};

/// What to do about a turn of a client that has already finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passing {
    /// It passes, so that one schedule serves limiters with fewer commands.
    #[default]
    Allowed,
    /// It is an error.
    Refused,
}

/// Runs a schedule from an empty store; what it does not name runs afterwards, client by client, in declared order.
///
/// On a store whose clock cannot be moved, a clock move reaches the clients only; it is refused where the limiter
/// depends on the server's clock. Of the bounds in `control`, the timeout and the interrupt apply: the trace then says
/// what [stopped](Trace::stopped) it.
pub fn replay<S: Store>(
    world: World,
    store: S,
    schedule: &Schedule,
    passing: Passing,
    control: &Control,
) -> Result<Trace, Error> {
    replay_to_its_end(world, store, schedule, passing, control).map(|(trace, _)| trace)
}

/// The same; gives the execution too, as it is at its end.
pub(super) fn replay_to_its_end<S: Store>(
    world: World,
    store: S,
    schedule: &Schedule,
    passing: Passing,
    control: &Control,
) -> Result<(Trace, Execution<S>), Error> {
    let execution = Execution::start(world, store)?;
    let mut run = Recording { execution, trace: Trace::default(), control };
    run.trace.stopped = Halt::bound(run.run(schedule, passing))?;
    Ok((run.trace, run.execution))
}

/// An execution whose rows are kept.
struct Recording<'a, S> {
    execution: Execution<S>,
    trace: Trace,
    control: &'a Control,
}

impl<S: Store> Recording<'_, S> {
    fn run(&mut self, schedule: &Schedule, passing: Passing) -> Result<(), Halt> {
        for (position, turn) in schedule.turns.iter().enumerate() {
            let effect = match *turn {
                Turn::Choice(choice) => self.take(choice)?,
                Turn::Operation(id) => self.finish_operation(id)?,
            };
            if effect == Effect::Passed && passing == Passing::Refused {
                let name = |id: ClientId| self.execution.world.names()[id.index()].clone();
                let client = turn.client().map(name).unwrap_or_default();
                return Err(Halt::Error(Error::Passed { position: position + 1, client }));
            }
        }
        for id in self.execution.world.ids() {
            while self.execution.world.client(id).ready() {
                self.take(Choice::Step(id))?;
            }
        }
        Ok(())
    }

    fn take(&mut self, choice: Choice) -> Result<Effect, Halt> {
        if let Some(bound) = self.control.stop(0) {
            return Err(bound.into());
        }
        // A server that is lost in the middle of one schedule leaves nothing to judge.
        let effect = self.execution.take(choice).map_err(Halt::Error)?;
        let holders = self.execution.world.holders();
        self.trace.rows.push(TraceRow { choice, effect: effect.clone(), holders });
        Ok(effect)
    }

    /// Steps until the client's current operation is done. Gives the last effect.
    fn finish_operation(&mut self, id: ClientId) -> Result<Effect, Halt> {
        loop {
            let effect = self.take(Choice::Step(id))?;
            match &effect {
                Effect::Step(step) if step.outcome.is_none() => {}
                _ => return Ok(effect),
            }
        }
    }
}
