//! How many steps clients take: an estimate, from one run of each on the model.
//!
//! Each client runs alone on an empty store, so it finds every permit free. A client that is refused in company takes
//! other steps: fewer if it stops there, more if it tries again. The estimate knows nothing of that. It is the same
//! for every execution and every store; a limiter whose commands the model does not know cannot be estimated.

use crate::model::Model;
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::Store;

/// The longest run: a client may wait, alone, for what never comes.
const MOST_STEPS: u64 = 1 << 20;

/// The number of steps of each client. Where a bound strikes, so do the executions end for which it is wanted.
pub(super) fn steps_alone(root: &World, control: &Control) -> Result<Vec<u64>, Error> {
    let mut execution = Execution::start(root.clone(), Model::new())?;
    let alone = |client: ClientId| {
        execution.store.reset()?;
        execution.world = root.clone();
        let mut steps = 0;
        while execution.world.client(client).ready() && steps < MOST_STEPS && control.stop(0).is_none() {
            execution.take(Choice::Step(client))?;
            steps += 1;
        }
        Ok(steps)
    };
    root.ids().map(alone).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::world::scenario;

    #[test]
    fn each_client_is_alone_with_its_permits() {
        let text = "title = 't'\nwhy = 'w'\nlimit = 1\nlimiters = ['naive', 'atomic']\n\
            [clients]\nA = ['acquire', 'release']\nB = ['acquire', 'acquire']\nC = ['release']";
        let scenario = scenario::parse("t.toml", text).unwrap();
        let [naive, atomic] = &scenario.limiters[..] else { unreachable!() };
        let control = Control::default();
        let naive = World::new(&scenario, naive.clone());
        // B is refused by its own permit; C has none to give back.
        assert_eq!(steps_alone(&naive, &control).unwrap(), [3, 3, 0]);
        let atomic = World::new(&scenario, atomic.clone());
        assert_eq!(steps_alone(&atomic, &control).unwrap(), [2, 2, 0]);
        control.interrupted.store(true, Ordering::Relaxed);
        assert_eq!(steps_alone(&naive, &control).unwrap(), [0, 0, 0]);
    }
}
