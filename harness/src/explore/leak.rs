//! Leaks: permits that nobody holds any more and that nobody can have.
//!
//! What a limiter keeps in a store does not say that: a crashed client's entry is lost only if nothing ever removes it. So
//! a bystander, a client that is none of the scenario's, takes permits once the execution has ended, until one is refused.
//! What is neither held nor to be had is lost. No limiter has a lease yet; where one has, the clock has to move past it
//! first.
//!
//! What it can miss: a limiter that refuses for another reason than that its permits are taken.

use bytes::Bytes;
use gatecrash_limiter::{Outcome, Progress};

use crate::explore::replay::{Passing, replay_to_its_end};
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{ClientId, Schedule};
use crate::world::store::Store;
use crate::world::trace::Trace;

/// More permits than these are not taken: each is a command or two, on a server a round trip each.
const MOST_PERMITS: u64 = 10_000;

/// An `acquire` that sends more commands than these waits for what does not come.
const MOST_COMMANDS: usize = 100;

/// What the bystander is called in errors.
const BYSTANDER: &str = "bystander";

/// Replays a schedule, and looks for leaks where it came to its end. The store needs room for one client more than the
/// world has.
pub fn replay_with_leaks<S: Store>(
    world: World,
    store: S,
    schedule: &Schedule,
    passing: Passing,
    control: &Control,
) -> Result<Trace, Error> {
    let (trace, mut execution) = replay_to_its_end(world, store, schedule, passing, control)?;
    let leaked = if trace.stopped.is_some() { None } else { leaked(&mut execution, control)? };
    Ok(Trace { leaked, ..trace })
}

/// How many permits are lost where every client has finished. `None` if that is not found out: there are too many to be
/// tried, or the run was stopped. What the bystander takes stays taken.
pub fn leaked<S: Store>(execution: &mut Execution<S>, control: &Control) -> Result<Option<u64>, Error> {
    let world = &execution.world;
    let free = world.limit().saturating_sub(world.holders().into());
    if free > MOST_PERMITS {
        return Ok(None);
    }
    lost_of(free, |taken| {
        if control.bound(0).is_some() {
            return Ok(None);
        }
        // No client's token has a dash.
        acquire(execution, format!("{BYSTANDER}-{taken}").into())
    })
}

/// How many of so many permits, which nobody holds, cannot be had: they are taken one by one until one is not given. `None`
/// if an attempt came to nothing.
pub(crate) fn lost_of(
    free: u64,
    mut take: impl FnMut(u64) -> Result<Option<Outcome>, Error>,
) -> Result<Option<u64>, Error> {
    for taken in 0..free {
        match take(taken)? {
            Some(Outcome::Admitted) => {}
            Some(_) => return Ok(Some(free - taken)),
            None => return Ok(None),
        }
    }
    Ok(Some(0))
}

/// The bystander asks for a permit; nothing if it is neither given nor refused.
fn acquire<S: Store>(execution: &mut Execution<S>, token: Bytes) -> Result<Option<Outcome>, Error> {
    let Execution { world, store } = execution;
    let (call, clock) = (world.call(token), world.clock());
    let bystander = ClientId(u16::try_from(world.names().len()).unwrap_or(u16::MAX));
    let mut acquire = world.algorithm().acquire();
    for _ in 0..MOST_COMMANDS {
        let command = acquire.command(&call, clock);
        let reply = store.execute(bystander, &command)?;
        if let Progress::Done(outcome) = acquire.receive(&call, &reply) {
            Error::understood(Some(&outcome), BYSTANDER, &command)?;
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}
