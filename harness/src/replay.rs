//! Scripted replay: one schedule, one store, one trace.

use std::time::Duration;

use gatecrash_limiter::Clock;

use crate::error::Error;
use crate::execution::Execution;
use crate::schedule::{Choice, ClientId, Schedule, Turn};
use crate::store::Store;
use crate::trace::{Effect, Row, Trace};
use crate::world::World;

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
/// depends on the server's clock.
pub fn replay<S: Store>(
    world: World,
    store: S,
    schedule: &Schedule,
    passing: Passing,
) -> Result<Trace, Error> {
    if schedule.moves_clock() && world.algorithm().clock() == Clock::Server && !store.has_virtual_time() {
        return Err(Error::ServerClock { limiter: world.algorithm().name().to_owned() });
    }
    let mut run = Recording { execution: Execution::start(world, store)?, trace: Trace::default() };
    for (position, turn) in schedule.turns.iter().enumerate() {
        let effect = match *turn {
            Turn::Choice(choice) => run.take(choice)?,
            Turn::Operation(id) => run.finish_operation(id)?,
        };
        if effect == Effect::Passed && passing == Passing::Refused {
            let client =
                turn.client().map_or_else(String::new, |id| run.execution.world.names()[id.index()].clone());
            return Err(Error::Passed { position: position + 1, client });
        }
    }
    for id in run.execution.world.ids() {
        while run.execution.world.client(id).ready() {
            run.take(Choice::Step(id))?;
        }
    }
    Ok(run.trace)
}

/// An execution whose rows are kept.
struct Recording<S> {
    execution: Execution<S>,
    trace: Trace,
}

impl<S: Store> Recording<S> {
    fn take(&mut self, choice: Choice) -> Result<Effect, Error> {
        let effect = self.execution.take(choice)?;
        let holders = self.execution.world.holders();
        self.trace.rows.push(Row { choice, effect: effect.clone(), holders });
        Ok(effect)
    }

    /// Steps until the client's current operation is done. Gives the last effect.
    fn finish_operation(&mut self, id: ClientId) -> Result<Effect, Error> {
        loop {
            let effect = self.take(Choice::Step(id))?;
            match &effect {
                Effect::Step(step) if step.outcome.is_none() => {}
                _ => return Ok(effect),
            }
        }
    }
}

impl Schedule {
    /// Whether it moves the clock.
    fn moves_clock(&self) -> bool {
        self.turns
            .iter()
            .any(|turn| matches!(turn, Turn::Choice(Choice::Advance(by)) if *by > Duration::ZERO))
    }
}
