//! Plain enumeration as a strategy: every interleaving exactly once, nothing merged, no model.
//!
//! A stack of beginnings that have yet to be run. An execution follows its beginning, and from there on takes the
//! first client that can step; every other one that could is pushed as a beginning of its own. It is the replies that
//! say who can still step, so nothing is known in advance, and executions that are under way at once only add to one
//! stack. The last beginning pushed is the first to be run: the walk stays depth-first and the stack small, at most
//! `clients × steps` for each execution under way.
//!
//! The stateless search of `VeriSoft` (Godefroid 1997), without its reductions. It misses nothing, as long as the same
//! choices lead to the same replies again; whoever runs it compares them with a model.

use crate::explore::Complete;
use crate::explore::strategy::Strategy;
use crate::schedule::Choice;
use crate::world::World;

/// Every interleaving, each exactly once, in depth-first order.
#[derive(Clone, Debug)]
pub struct Prefixes {
    /// Beginnings of executions that have yet to be run, the next one last.
    stack: Vec<Vec<Choice>>,
}

/// One execution: its choices so far, or those that it begins with.
#[derive(Clone, Debug)]
pub struct Descent {
    choices: Vec<Choice>,
    /// How many of them have been taken.
    taken: usize,
}

impl Prefixes {
    /// All interleavings: those that begin in any way.
    pub fn new() -> Self {
        Self { stack: vec![Vec::new()] }
    }
}

impl Default for Prefixes {
    fn default() -> Self {
        Self::new()
    }
}

impl Strategy for Prefixes {
    type Run = Descent;

    fn begin(&mut self) -> Option<Descent> {
        self.stack.pop().map(|choices| Descent { choices, taken: 0 })
    }

    fn choose(&mut self, run: &mut Descent, world: &World) -> Choice {
        let at = run.taken;
        run.taken += 1;
        if let Some(choice) = run.choices.get(at) {
            return *choice;
        }
        let mut enabled = world.enabled();
        let Some(first) = enabled.next() else { unreachable!("there is a choice") };
        // The last first, so that the next one in order is run next.
        self.stack.extend(enabled.rev().map(|other| [run.choices.as_slice(), &[other]].concat()));
        run.choices.push(first);
        first
    }

    fn end(&mut self, _run: Descent, _execution: &Complete<'_>) {}
}
