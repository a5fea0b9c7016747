//! Plain enumeration: every interleaving, each exactly once, nothing merged.
//!
//! A depth-first walk over the tree of choices, with an explicit stack. Each execution runs to its end; then the
//! walk goes back to the deepest point that has a choice left. A store that can be copied goes on from a copy
//! made there; on one that cannot, a real server, the new execution begins from the empty store and runs the
//! same choices again, so that it too is run once and as a whole. Replies that differ from the first time mean
//! that something else acts on the store, and end the search with an error.
//!
//! It misses nothing: the tree is that of all orders of choices. What it cannot do is finish where there are many.

use gatecrash_limiter::{Outcome, Reply};

use crate::explore::counterexample::{Path, Violation};
use crate::explore::halt::Halt;
use crate::explore::rerun::run_again;
use crate::explore::{Complete, Exploration, Observer};
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};
use crate::world::store::Store;
use crate::world::trace::Effect;

/// The most copies of an execution that are kept: of the deepest branches, which are the next to be needed. Those above
/// run their choices again when their turn comes, as on a server.
const MAX_COPIES: usize = 1_024;

/// Runs every interleaving of a world's clients, each from an empty store.
pub fn enumerate<S: Store>(
    world: World,
    store: S,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Exploration, Error> {
    let root = world.clone();
    walk(root, Position::start(world, store)?, control, observer)
}

/// Runs every interleaving that begins with the way from the root to that position.
pub(super) fn walk<S: Store>(
    root: World,
    from: Position<S>,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Exploration, Error> {
    let found = Exploration { violation: from.path.violation(), ..Exploration::default() };
    let mut walk =
        TreeWalk { root, here: from, branches: Vec::new(), left: Vec::new(), found, control, observer };
    walk.found.stopped = Halt::bound(walk.run())?;
    Ok(walk.found)
}

/// A point in the tree of choices: an execution so far, and how it came there.
#[derive(Clone, Debug)]
pub(super) struct Position<S> {
    pub(super) execution: Execution<S>,
    pub(super) path: Path,
    /// What was answered to each choice of the path, if it was a step.
    replies: Vec<Option<Reply>>,
    /// What operations came to along the path.
    outcomes: Vec<(ClientId, Outcome)>,
}

impl<S: Store> Position<S> {
    /// The root of the tree: an empty store, and no client has taken a step.
    pub(super) fn start(world: World, store: S) -> Result<Self, Error> {
        let path = Path::new(world.limit());
        let execution = Execution::start(world, store)?;
        Ok(Self { execution, path, replies: Vec::new(), outcomes: Vec::new() })
    }

    /// Goes on by one choice.
    pub(super) fn take(&mut self, choice: Choice, observer: &mut impl Observer) -> Result<(), Error> {
        let effect = self.execution.take(choice)?;
        observer.choice(choice, effect.step());
        self.path.follow(choice, &self.execution.world);
        self.replies.push(match effect {
            Effect::Step(step) => {
                if let Some(outcome) = step.outcome {
                    self.outcomes.push((step.client, outcome));
                }
                Some(step.reply)
            }
            Effect::Passed | Effect::Advanced | Effect::Crashed => None,
        });
        Ok(())
    }
}

/// The walk: where it is, where it has yet to go, and what it found.
struct TreeWalk<'a, S, O> {
    /// The clients before their first step.
    root: World,
    here: Position<S>,
    branches: Vec<Branch<S>>,
    /// The choices left at all branches, those of the deepest one last, and of each the next one last.
    left: Vec<Choice>,
    found: Exploration,
    control: &'a Control,
    observer: &'a mut O,
}

/// A point on the path with choices left.
struct Branch<S> {
    depth: usize,
    /// How many operations had ended there.
    ended: usize,
    /// The execution as it was there, where the store can be copied.
    copy: Option<Execution<S>>,
    /// Where its choices begin among those left. There is always one.
    first_left: usize,
}

impl<S: Store, O: Observer> TreeWalk<'_, S, O> {
    /// One execution after another, until there are none left.
    fn run(&mut self) -> Result<(), Halt> {
        loop {
            while let Some(choice) = self.choose() {
                if let Some(bound) = self.control.stop(self.found.executions) {
                    return Err(bound.into());
                }
                self.take(choice)?;
            }
            self.count();
            let Some((depth, choice, copy)) = self.next_branch() else { return Ok(()) };
            if let Some(bound) = self.control.stop(self.found.executions) {
                return Err(bound.into());
            }
            self.go_back(depth, copy)?;
            self.take(choice)?;
        }
    }

    /// The first choice there is; the others are remembered.
    fn choose(&mut self) -> Option<Choice> {
        let first_left = self.left.len();
        // The first choice last. `for_each` goes through both parts of the iterator without asking which one it is in.
        self.here.execution.world.enabled().rev().for_each(|choice| self.left.push(choice));
        if self.left.len() == first_left {
            return None;
        }
        let choice = self.left.pop()?;
        if self.left.len() > first_left {
            let copy = self.here.execution.fork();
            if let Some(oldest) = self.branches.len().checked_sub(MAX_COPIES) {
                self.branches[oldest].copy = None;
            }
            self.branches.push(Branch {
                depth: self.here.path.len(),
                ended: self.here.outcomes.len(),
                copy,
                first_left,
            });
        }
        Some(choice)
    }

    fn take(&mut self, choice: Choice) -> Result<(), Error> {
        self.here.take(choice, self.observer)?;
        if self.here.path.violates_here() {
            Violation::keep_better(&mut self.found.violation, &self.here.path);
        }
        Ok(())
    }

    /// Every client has finished: the execution counts.
    fn count(&mut self) {
        self.found.count(self.here.path.peak(), self.root.limit());
        self.control.count();
        self.observer.execution(&Complete {
            choices: self.here.path.choices(),
            outcomes: &self.here.outcomes,
            peak: self.here.path.peak(),
        });
    }

    /// The deepest point with a choice left, that choice, and the execution as it was there if there is a copy.
    fn next_branch(&mut self) -> Option<(usize, Choice, Option<Execution<S>>)> {
        let branch = self.branches.last()?;
        let choice = self.left.pop()?;
        let depth = branch.depth;
        self.here.outcomes.truncate(branch.ended);
        let copy = if self.left.len() == branch.first_left {
            self.branches.pop().and_then(|branch| branch.copy)
        } else {
            branch.copy.as_ref().and_then(Execution::fork)
        };
        Some((depth, choice, copy))
    }

    /// Goes back to a point on the path: to the copy made there, or by a new execution of the same choices.
    fn go_back(&mut self, depth: usize, copy: Option<Execution<S>>) -> Result<(), Error> {
        self.here.path.truncate(depth);
        if let Some(execution) = copy {
            self.here.execution = execution;
        } else {
            let Position { execution, path, replies, .. } = &mut self.here;
            let choices = path.choices().iter().copied().zip(replies.iter().map(Option::as_ref));
            run_again(execution, &self.root, choices, self.observer)?;
        }
        self.here.replies.truncate(depth);
        Ok(())
    }
}
