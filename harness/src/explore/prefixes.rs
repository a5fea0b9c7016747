//! Plain enumeration as a chooser: every interleaving exactly once, nothing merged, no model.
//!
//! A stack of beginnings that have yet to be run. An execution follows its beginning, and from there on takes the
//! first choice there is; every other one is pushed as a beginning of its own. It is the replies that say who can still
//! step, so nothing is known in advance, and executions that are under way at once only add to one
//! stack. The last beginning pushed is the first to be run: the walk stays depth-first and the stack small, at most
//! `clients × steps` for each execution under way.
//!
//! The stateless search of `VeriSoft` (Godefroid 1997), without its reductions. It misses nothing, as long as the same
//! choices lead to the same replies again; whoever runs it compares them with a model.

use crate::explore::Complete;
use crate::explore::chooser::Chooser;
use crate::world::clients::World;
use crate::world::schedule::Choice;

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

    /// The interleavings that begin in one of these ways, none of which begins with another.
    pub fn of(mut beginnings: Vec<Vec<Choice>>) -> Self {
        // The last one is run first.
        beginnings.reverse();
        Self { stack: beginnings }
    }
}

impl Default for Prefixes {
    fn default() -> Self {
        Self::new()
    }
}

impl Chooser for Prefixes {
    type Run = Descent;

    fn begin(&mut self) -> Option<Descent> {
        self.stack.pop().map(|choices| Descent { choices, taken: 0 })
    }

    fn choose(&mut self, run: &mut Descent, world: &World) -> Option<Choice> {
        let at = run.taken;
        run.taken += 1;
        if let Some(choice) = run.choices.get(at) {
            return Some(*choice);
        }
        let mut enabled = world.enabled();
        let first = enabled.next()?;
        // The last first, so that the next one in order is run next.
        for other in enabled.rev() {
            // An execution grows as long as this one did, more or less.
            let mut beginning = Vec::with_capacity(run.choices.capacity());
            beginning.extend_from_slice(&run.choices);
            beginning.push(other);
            self.stack.push(beginning);
        }
        run.choices.push(first);
        Some(first)
    }

    fn end(&mut self, _run: Descent, _execution: &Complete<'_>) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatecrash_limiter::Naive;

    use super::*;
    use crate::explore::lockstep;
    use crate::redis::{Server, Target};
    use crate::world::control::Control;
    use crate::world::scenario;

    /// Remembers how large the stack was.
    struct Watched(Prefixes, usize);

    impl Chooser for Watched {
        type Run = Descent;

        fn begin(&mut self) -> Option<Descent> {
            self.1 = self.1.max(self.0.stack.len());
            self.0.begin()
        }

        fn choose(&mut self, run: &mut Descent, world: &World) -> Option<Choice> {
            self.0.choose(run, world)
        }

        fn end(&mut self, run: Descent, execution: &Complete<'_>) {
            self.0.end(run, execution);
        }
    }

    #[test]
    fn the_stack_stays_small_with_many_executions_under_way() {
        let text = "title = 't'\nwhy = 'w'\nlimit = 2\nlimiters = ['naive']\n\
                    workers = { count = 4, program = ['acquire', 'release'] }\n";
        let scenario = scenario::parse("t", text).unwrap();
        let world = World::new(&scenario, Arc::new(Naive));
        let server = Server::open(&Target::Private).unwrap();
        let mut watched = Watched(Prefixes::new(), 0);
        let control = Control { max_executions: Some(5_000), ..Control::default() };
        lockstep::run(&world, &server, &mut watched, lockstep::WIDTH, &control, &mut ()).unwrap();
        // Four clients of three steps each.
        assert!(watched.1 <= 256 * 3 * 12, "{}", watched.1);
    }
}
