//! Going back on a store that cannot be copied: the same choices again, from an empty store.

use gatecrash_limiter::Reply;

use crate::explore::observer::Observer;
use crate::world::clients::World;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::Choice;
use crate::world::store::Store;
use crate::world::trace::Effect;

/// Brings an execution to the end of a path again, from an empty store: its choices, each with what was replied to it if
/// it was a step. That every step is answered as it was the first time is checked: otherwise something else acts on the
/// store.
pub(super) fn run_again<'a, S: Store>(
    execution: &mut Execution<S>,
    root: &World,
    choices: impl Iterator<Item = (Choice, Option<&'a Reply>)>,
    observer: &mut impl Observer,
) -> Result<(), Error> {
    execution.store.reset()?;
    execution.world = root.clone();
    for (choice, first) in choices {
        let again = execution.take(choice)?;
        observer.choice(choice, again.step());
        if let (Effect::Step(again), Some(first)) = (again, first)
            && again.reply != *first
        {
            let (command, first, second) = (again.command, first.clone(), again.reply);
            return Err(Error::NotRepeatable { command, first, second });
        }
    }
    Ok(())
}
