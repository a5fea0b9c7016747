//! One execution per trace class: dynamic partial-order reduction by source sets, with sleep sets.
//!
//! Two steps of different clients depend on each other if their order can matter; two interleavings are of one *trace
//! class* if one becomes the other by exchanging neighbours that do not. All of a class have the same replies, final
//! result and peak of holders, so one of each is enough. The algorithm is Source-DPOR of Abdulla, Aronis, Jonsson and
//! Sagonas, "Optimal dynamic partial order reduction" (POPL 2014), with vector clocks for what happens before what:
//! it runs one execution, finds the *races* in it, pairs of dependent steps with nothing between that orders them, and
//! goes back to the first of the two for an order in which the second comes first. Sleep sets keep it from running a
//! class twice; where they leave no client to run, an execution ends *blocked*.
//!
//! # What we changed
//!
//! - The stack is explicit, and steps are judged after they were taken, so that a real server can be the store.
//! - Two steps depend on each other if their [footprints](crate::model::Footprint) conflict, *or* if one can raise the
//!   number of holders and the other can lower it: the property is part of the dependence (see `step.rs`). `ZADD` and
//!   `ZREM` of different members commute on the store, but not for the peak.
//! - A race is also settled where a client that could begin the other order is asleep: that order was run before.
//!
//! Wakeup trees, the paper's cure for blocked executions, are left out: no limiter that was measured had any.
//!
//! # What it can miss
//!
//! What a wrong footprint hides: footprints are tested against the model by random commands in both orders. The
//! counterexample is the best of those executions that were run, and need not be the shortest there is. Only peaks and
//! final results are the same throughout a class, not what lies between.
//!
//! # When to use it
//!
//! Where states cannot be copied or merged, on a real server, it is far better than plain enumeration: 2,707 executions
//! cover the 93,600 interleavings of 4 naive clients with limit 1. Where they can, on the model, merging equal states
//! wins on one hot key, by far, as most commands there conflict: scripts on one key all do, and 3 atomic clients with
//! limit 1 have as many classes as interleavings. It loses to this where clients have long parts on keys of their own:
//! those multiply states, but not classes. The clients' first commands do not tell which it is (two `ZCARD`s commute on
//! the hottest key), so there is no function here that would choose by them.

mod order;
mod step;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::rc::Rc;

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

use self::order::{Depends, Event};
use self::step::{DporStep, Holding};

/// The most copies of an execution that are kept: of the deepest points, which are the next to be needed.
const MAX_COPIES: usize = 1_024;

/// What a search by trace classes found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// All executions that were run: blocked ones too, and those after which the search began anew because they showed
    /// what it had not known (see `step.rs`). What is counted by peaks is classes.
    pub found: Exploration,
    /// How many trace classes there are, each run once: executions in which every client has finished.
    pub classes: u64,
    /// How many executions were cut short because all that they could go on to had been run before.
    pub blocked: u64,
}

/// Runs one interleaving of each trace class of a world's clients, each from an empty store.
pub fn explore<S: Store>(
    world: World,
    store: S,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Classes, Error> {
    search(world, store, control, observer, DporStep::depends_on)
}

/// The search under any dependence, which has to hold wherever footprints conflict.
fn search<S: Store>(
    world: World,
    store: S,
    control: &Control,
    observer: &mut impl Observer,
    depends: Depends,
) -> Result<Classes, Error> {
    world.steps_only("dpor")?;
    let mut search = ClassSearch {
        path: Path::new(world.limit()),
        root: world.clone(),
        execution: Execution::start(world, store)?,
        events: Vec::new(),
        points: Vec::new(),
        holding: Holding::default(),
        found: Classes::default(),
        control,
        observer,
        depends,
    };
    search.found.found.stopped = Halt::bound(search.run())?;
    Ok(search.found)
}

struct ClassSearch<'a, S, O> {
    /// The clients before their first step.
    root: World,
    execution: Execution<S>,
    path: Path,
    /// The steps taken.
    events: Vec<Event>,
    /// The points before each of them, and the one after the last.
    points: Vec<SearchPoint<S>>,
    /// What is known of which commands let clients in and out.
    holding: Holding,
    found: Classes,
    control: &'a Control,
    observer: &'a mut O,
    depends: Depends,
}

/// A point of the execution.
struct SearchPoint<S> {
    /// The execution as it was there, where the store can be copied.
    copy: Option<Execution<S>>,
    /// The next step of each client that has one.
    next: Vec<Option<Rc<DporStep>>>,
    /// Whose steps have to be tried here.
    backtrack: BTreeSet<ClientId>,
    /// Whose steps need not be: all that begins with them has been run.
    sleep: BTreeSet<ClientId>,
}

impl<S> SearchPoint<S> {
    /// The first client that has to be tried and was not.
    fn left(&self) -> Option<ClientId> {
        self.backtrack.difference(&self.sleep).next().copied()
    }

    /// The first client that can be tried at all.
    fn awake(&self) -> Option<ClientId> {
        self.next.iter().flatten().map(|step| step.client).find(|client| !self.sleep.contains(client))
    }

    fn finished(&self) -> bool {
        self.next.iter().all(Option::is_none)
    }
}

impl<S: Store, O: Observer> ClassSearch<'_, S, O> {
    /// One execution after another, until there are none left.
    fn run(&mut self) -> Result<(), Halt> {
        self.start();
        loop {
            while let Some(client) = self.here().awake() {
                if let Some(bound) = self.control.stop(self.found.found.executions) {
                    return Err(bound.into());
                }
                self.step(client)?;
            }
            self.count();
            let Some(client) = self.go_back() else { return Ok(()) };
            if let Some(bound) = self.control.stop(self.found.found.executions) {
                return Err(bound.into());
            }
            self.restore()?;
            self.step(client)?;
        }
    }

    fn here(&self) -> &SearchPoint<S> {
        self.points.last().expect("there is always the point where the search stands")
    }

    /// Sets out from the root, of which nothing has been tried.
    fn start(&mut self) {
        let world = &self.execution.world;
        let next =
            world.ids().map(|id| DporStep::next(world, id, None, &self.holding).map(Rc::new)).collect();
        self.events.clear();
        self.points = vec![self.point(next, BTreeSet::new())];
    }

    /// A point where the execution stands now.
    fn point(&self, next: Vec<Option<Rc<DporStep>>>, sleep: BTreeSet<ClientId>) -> SearchPoint<S> {
        let several = next.iter().flatten().nth(1).is_some();
        let copy = if several { self.execution.fork() } else { None };
        SearchPoint { copy, next, backtrack: BTreeSet::new(), sleep }
    }

    fn step(&mut self, client: ClientId) -> Result<(), Error> {
        let before = self.execution.world.holders();
        let choice = Choice::Step(client);
        let effect = self.execution.step(client)?;
        self.observer.choice(choice, Some(&effect));
        let after = self.execution.world.holders();
        self.path.follow(choice, &self.execution.world);
        if self.path.violates_here() {
            Violation::keep_better(&mut self.found.found.violation, &self.path);
        }
        let point = self.points.last_mut().expect("there is always the point where the search stands");
        point.backtrack.insert(client);
        let step = point.next[client.index()].clone().expect("only a client that has a next step takes one");
        if self.holding.learn(&step, before, after) {
            return self.start_again();
        }
        let (event, races) = Event::new(&self.events, step, effect, self.depends);
        for race in races {
            self.reverse(race, &event);
        }
        let (next, sleep) = self.after(&event);
        self.events.push(event);
        let point = self.point(next, sleep);
        self.points.push(point);
        if let Some(oldest) = self.points.len().checked_sub(MAX_COPIES + 1) {
            self.points[oldest].copy = None;
        }
        Ok(())
    }

    /// Sees to it that an order is tried in which the second step of a race comes before the first.
    fn reverse(&mut self, first: usize, second: &Event) {
        let initials = order::initials(&self.events, first, second);
        let point = &mut self.points[first];
        let tried = |client| point.backtrack.contains(client) || point.sleep.contains(client);
        if !initials.iter().any(tried) {
            point.backtrack.extend(initials.first());
        }
    }

    /// What each client would do next, and who sleeps on, after a step taken here.
    fn after(&self, event: &Event) -> (Vec<Option<Rc<DporStep>>>, BTreeSet<ClientId>) {
        let (taken, point) = (&event.step, self.here());
        let world = &self.execution.world;
        let mut next: Vec<_> =
            point.next.iter().map(|step| step.as_ref().map(|step| DporStep::after(step, taken))).collect();
        next[taken.client.index()] =
            DporStep::next(world, taken.client, Some(taken), &self.holding).map(|mut step| {
                for earlier in self.events.iter().chain([event]) {
                    step.follow(&earlier.step);
                }
                Rc::new(step)
            });
        let sleeps_on = |client: &ClientId| {
            point.next[client.index()].as_ref().is_some_and(|step| !(self.depends)(step, taken))
        };
        (next, point.sleep.iter().copied().filter(sleeps_on).collect())
    }

    /// The execution has come to its end: every client has finished, or it is blocked.
    fn count(&mut self) {
        self.control.count();
        if !self.here().finished() {
            self.found.found.executions += 1;
            self.found.blocked += 1;
            return;
        }
        self.found.found.count(self.path.peak(), self.root.limit());
        self.found.classes += 1;
        let outcomes =
            self.events.iter().filter_map(|event| Some((event.step.client, event.outcome.clone()?)));
        self.observer.execution(&Complete {
            choices: self.path.choices(),
            outcomes: &outcomes.collect::<Vec<_>>(),
            peak: self.path.peak(),
        });
    }

    /// Goes back to the deepest point where a client has to be tried; gives that client.
    fn go_back(&mut self) -> Option<ClientId> {
        while let Some(event) = self.events.pop() {
            self.points.pop();
            let point = self.points.last_mut()?;
            point.sleep.insert(event.step.client);
            if let Some(client) = point.left() {
                return Some(client);
            }
        }
        None
    }

    /// Brings the execution to the point where the search stands: to the copy made there, or by running the same
    /// choices again.
    fn restore(&mut self) -> Result<(), Error> {
        self.path.truncate(self.events.len());
        if let Some(copy) = self.here().copy.as_ref().and_then(Execution::fork) {
            self.execution = copy;
            return Ok(());
        }
        let choices = self.events.iter().map(|event| (Choice::Step(event.step.client), Some(&event.reply)));
        run_again(&mut self.execution, &self.root, choices, self.observer)
    }

    /// Begins anew with what was learned. Violations found so far, and the executions that it took, stay.
    fn start_again(&mut self) -> Result<(), Error> {
        let Exploration { executions, violation, .. } = std::mem::take(&mut self.found).found;
        self.found.found = Exploration { executions, violation, ..Exploration::default() };
        self.execution.store.reset()?;
        self.execution.world = self.root.clone();
        self.path.truncate(0);
        self.start();
        Ok(())
    }
}
