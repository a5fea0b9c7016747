//! Many executions at once on one real server, in lockstep: one pipelined write a round, each reply compared with the
//! model's.
//!
//! Every execution has keys of its own, so they do not depend on each other, and a round takes one choice of each. What
//! a step is to be answered is known from the model, which goes the same way beside each execution; a difference ends
//! the search, so the replies that clients see are the server's as well. The server and the model check each other over
//! every interleaving that is run, and that nobody else acts on the keys needs no second look. The server runs every
//! step of every interleaving; what the model says of a step is looked up where it was asked before.
//!
//! While the server works on one half of the executions, this thread works on the other: that is worth a core.
//!
//! What it can miss: what depends on all executions sharing one server, such as its script cache (scripts are loaded
//! before), its clock, or its memory running out. What was found does not depend on how many executions are under way
//! at once, except that under a bound the chooser may have begun others.

mod steps;

use std::num::NonZeroUsize;
use std::rc::Rc;

use gatecrash_limiter::Reply;

use self::steps::{ExecutionState, Prepared, Steps};
use crate::explore::chooser::{Chooser, ChooserDriver, UnderWay};
use crate::explore::halt::Halt;
use crate::explore::{Exploration, Observer};
use crate::observe::Worker;
use crate::redis::{Batch, Server};
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::schedule::Choice;
use crate::world::store::StoreError;
use crate::world::trace::StepEffect;

/// How many executions are worth having under way at once: more gain nothing, fewer wait for each other.
pub const WIDTH: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// One half of the executions is with the server while the other is with us.
const GROUPS: usize = 2;

/// Runs every execution that a chooser asks for, up to `width` at once, each on an empty store on that server.
pub fn run<T: Chooser>(
    root: &World,
    server: &Server,
    chooser: &mut T,
    width: NonZeroUsize,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Exploration, Error> {
    let search = ChooserDriver::new(root, chooser, control, observer);
    let batch = match open(root, server, width) {
        Ok(batch) => batch,
        Err(error) => return search.ended(Err(error.into())),
    };
    let worker = control.activity.worker("lockstep");
    let mut lockstep = Lockstep::new(search, batch, width, worker)?;
    let ended = lockstep.run();
    lockstep.search.ended(ended)
}

fn open(root: &World, server: &Server, width: NonZeroUsize) -> Result<Batch, StoreError> {
    let mut batch = Batch::open(server, width.get(), root.names().len())?;
    batch.load(root.algorithm().scripts())?;
    Ok(batch)
}

struct Lockstep<'a, T: Chooser, O> {
    search: ChooserDriver<'a, T, O>,
    batch: Batch,
    steps: Steps,
    groups: [Vec<LockstepSlot<T::Run>>; GROUPS],
    worker: Worker,
}

/// Room for one execution after another.
struct LockstepSlot<R> {
    /// Its place in the batch.
    seat: usize,
    running: Option<Running<R>>,
}

/// One execution under way.
struct Running<R> {
    under_way: UnderWay<R>,
    /// Where it is once the choice that was made has taken effect.
    place: ExecutionState,
    made: Option<Made>,
}

/// A choice that was made and has not taken effect.
struct Made {
    choice: Choice,
    prepared: Rc<Prepared>,
    /// Its command was sent, if it has one. It may have to wait for that.
    sent: bool,
}

impl<'a, T: Chooser, O: Observer> Lockstep<'a, T, O> {
    fn new(
        search: ChooserDriver<'a, T, O>,
        batch: Batch,
        width: NonZeroUsize,
        worker: Worker,
    ) -> Result<Self, Error> {
        let steps = Steps::from(search.root)?;
        let mut groups: [Vec<_>; GROUPS] = Default::default();
        for seat in 0..width.get() {
            groups[seat % GROUPS].push(LockstepSlot { seat, running: None });
        }
        Ok(Self { search, batch, steps, groups, worker })
    }

    /// Round after round, until nothing is under way.
    fn run(&mut self) -> Result<(), Halt> {
        loop {
            let mut idle = true;
            for group in 0..GROUPS {
                self.receive(group)?;
                if !self.begin(group)? {
                    continue;
                }
                idle = false;
                if let Some(bound) = self.search.bound() {
                    return Err(bound.into());
                }
                self.send(group)?;
            }
            if idle {
                return self.search.left_over();
            }
        }
    }

    /// Takes the replies to what a group sent.
    fn receive(&mut self, group: usize) -> Result<(), Halt> {
        // Told once a round: replies come in order, so the first is the one that is waited for.
        let mut made = self.groups[group].iter().filter_map(|slot| slot.running.as_ref()?.made.as_ref());
        if let Some(first) = made.find_map(|made| made.prepared.effect.step().filter(|_| made.sent)) {
            self.worker.waits("a reply of redis to", first.command.parts()[0].clone());
        }
        for slot in &mut self.groups[group] {
            let Some(running) = &mut slot.running else { continue };
            let Some(Made { choice, prepared, .. }) = running.made.take_if(|made| made.sent) else {
                continue;
            };
            let world = &self.steps.at(&running.place).world;
            let step = prepared.effect.step();
            if let Some(step) = step {
                compare(step, self.batch.receive(slot.seat)?)?;
                step.check(world.names())?;
            }
            self.search.took(&mut running.under_way, choice, step, world);
            // A server that takes its time with every reply does not hold up the end of a search for a whole round.
            if self.batch.has_waited()
                && let Some(bound) = self.search.bound()
            {
                return Err(bound.into());
            }
        }
        self.worker.works("the next round", "");
        Ok(())
    }

    /// Makes the next choice of each execution of a group, and begins executions where there is room. Says whether
    /// there is any.
    fn begin(&mut self, group: usize) -> Result<bool, Error> {
        let mut any = false;
        for slot in &mut self.groups[group] {
            while slot.running.as_ref().is_none_or(|running| running.made.is_none()) {
                let running = match &mut slot.running {
                    Some(running) => running,
                    empty => match self.search.begin() {
                        Some(under_way) => {
                            empty.insert(Running { under_way, place: ExecutionState::START, made: None })
                        }
                        None => break,
                    },
                };
                let world = &self.steps.at(&running.place).world;
                if let Some(choice) = self.search.choose(&mut running.under_way, world) {
                    if world.moves_server_clock(choice) {
                        return Err(Error::server_clock(world.algorithm().name()));
                    }
                    let prepared = self.steps.take(&mut running.place, choice, &self.batch)?;
                    running.made = Some(Made { choice, prepared, sent: false });
                } else {
                    self.batch.end(slot.seat)?;
                    if let Some(ended) = slot.running.take() {
                        self.search.end(ended.under_way);
                    }
                }
            }
            any |= slot.running.is_some();
        }
        Ok(any)
    }

    /// Sends the commands of a group.
    fn send(&mut self, group: usize) -> Result<(), Error> {
        for slot in &mut self.groups[group] {
            if let Some(made) = slot.running.as_mut().and_then(|running| running.made.as_mut()) {
                made.sent = match &made.prepared.sends {
                    Some((client, packed)) => self.batch.push(slot.seat, *client, packed)?,
                    None => true,
                };
            }
        }
        Ok(self.batch.send()?)
    }
}

/// An error if the server replies otherwise than the model.
fn compare(step: &StepEffect, server: Reply) -> Result<(), StoreError> {
    if step.reply == server {
        return Ok(());
    }
    Err(StoreError::Differs { command: step.command.clone(), model: step.reply.clone(), server })
}
