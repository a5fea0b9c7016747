//! Many executions at once on one real server, in lockstep: one pipelined write a round, each reply compared with the
//! model's.
//!
//! Every execution has keys of its own, so they do not depend on each other, and a round takes one step of each. A
//! model is kept beside each execution; the replies that clients see are the server's, and a difference between the
//! two ends the search. So the server and the model check each other over every interleaving that is run, and that
//! nobody else acts on the keys needs no second look.
//!
//! While the server works on one half of the executions, this thread works on the other: that is worth a core.
//!
//! What it can miss: what depends on all executions sharing one server, such as its script cache (scripts are loaded
//! before), its clock, or its memory running out. What was found does not depend on how many executions are under way
//! at once, except that under a bound the strategy may have begun others.

use std::num::NonZeroUsize;
use std::time::Duration;

use gatecrash_limiter::{Command, Reply};

use crate::client::Sent;
use crate::error::Error;
use crate::execution;
use crate::explore::strategy::{Search, Strategy, UnderWay};
use crate::explore::{Bound, Control, Exploration, Observer};
use crate::model::Model;
use crate::observe::Worker;
use crate::redis_store::{Batch, Server};
use crate::schedule::{Choice, ClientId};
use crate::store::{Store, StoreError};
use crate::world::{Begun, World};

/// How many executions are worth having under way at once: more gain nothing, fewer wait for each other.
pub const WIDTH: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// One half of the executions is with the server while the other is with us.
const GROUPS: usize = 2;

/// Runs every execution that a strategy asks for, up to `width` at once, each on an empty store on that server.
pub fn run<T: Strategy>(
    root: &World,
    server: &Server,
    strategy: &mut T,
    width: NonZeroUsize,
    control: &Control,
    observer: &mut impl Observer,
) -> Result<Exploration, Error> {
    let search = Search::new(root, strategy, control, observer);
    let batch = match open(root, server, width) {
        Ok(batch) => batch,
        Err(error) => return search.stopped(Err(error.into())),
    };
    let worker = control.activity.worker("lockstep");
    let mut lockstep = Lockstep::new(search, batch, width, worker)?;
    let stopped = lockstep.run();
    lockstep.note_keys()?;
    lockstep.search.stopped(stopped)
}

fn open(root: &World, server: &Server, width: NonZeroUsize) -> Result<Batch, StoreError> {
    let mut batch = Batch::open(server, width.get(), root.names().len())?;
    batch.load(root.algorithm().scripts())?;
    Ok(batch)
}

/// A client that is in no transaction, since it is none of the scenario's, of which there are at most 256.
const NOBODY: ClientId = ClientId(u16::MAX);

struct Lockstep<'a, T: Strategy, O> {
    search: Search<'a, T, O>,
    batch: Batch,
    groups: [Vec<Slot<T::Run>>; GROUPS],
    worker: Worker,
}

/// Room for one execution after another.
struct Slot<R> {
    /// Its place in the batch.
    seat: usize,
    model: Model,
    running: Option<Running<R>>,
}

/// One execution under way.
struct Running<R> {
    under_way: UnderWay<R>,
    world: World,
    step: Option<Step>,
}

/// A step that was begun.
struct Step {
    choice: Choice,
    client: ClientId,
    sent: Sent,
    /// The model's reply; none until the command has been sent.
    expected: Option<Reply>,
}

impl<'a, T: Strategy, O: Observer> Lockstep<'a, T, O> {
    fn new(
        search: Search<'a, T, O>,
        batch: Batch,
        width: NonZeroUsize,
        worker: Worker,
    ) -> Result<Self, Error> {
        let mut model = Model::new();
        model.load(search.root.algorithm().scripts())?;
        let mut groups: [Vec<_>; GROUPS] = Default::default();
        for seat in 0..width.get() {
            groups[seat % GROUPS].push(Slot { seat, model: model.clone(), running: None });
        }
        Ok(Self { search, batch, groups, worker })
    }

    /// Round after round, until nothing is under way; gives what stopped it before.
    fn run(&mut self) -> Result<Option<Bound>, Error> {
        loop {
            let mut idle = true;
            for group in 0..GROUPS {
                self.receive(group)?;
                if !self.begin(group)? {
                    continue;
                }
                idle = false;
                if let Some(bound) = self.search.bound() {
                    return Ok(Some(bound));
                }
                self.send(group)?;
            }
            if idle {
                return Ok(self.search.left_over());
            }
        }
    }

    /// Tells the batch which keys the executions have that are still under way.
    fn note_keys(&mut self) -> Result<(), StoreError> {
        let running = self.groups.iter_mut().flatten().filter(|slot| slot.running.is_some());
        for slot in running {
            slot.note_keys(&mut self.batch)?;
        }
        Ok(())
    }

    /// Takes the replies to what a group sent.
    fn receive(&mut self, group: usize) -> Result<(), Error> {
        // Told once a round: replies come in order, so the first is the one that is waited for.
        let steps = self.groups[group].iter().filter_map(|slot| slot.running.as_ref()?.step.as_ref());
        if let Some(first) = steps.into_iter().find(|step| step.expected.is_some()) {
            self.worker.waits("a reply of redis to", first.sent.command.parts()[0].clone());
        }
        for slot in &mut self.groups[group] {
            let Some(running) = &mut slot.running else { continue };
            let Some(step) = running.step.take_if(|step| step.expected.is_some()) else { continue };
            let reply = compare(&step, self.batch.receive(slot.seat)?)?;
            let done = execution::finish(&mut running.world, step.client, step.sent, reply, Duration::ZERO)?;
            self.search.step(&mut running.under_way, step.choice, done, &running.world);
        }
        self.worker.works("the next round", "");
        Ok(())
    }

    /// Begins the next step of each execution of a group, and executions where there is room. Says whether there is
    /// any.
    fn begin(&mut self, group: usize) -> Result<bool, Error> {
        let mut any = false;
        for slot in &mut self.groups[group] {
            while slot.running.as_ref().is_none_or(|running| running.step.is_none()) {
                let mut running = match slot.running.take() {
                    Some(running) => running,
                    None => match self.search.begin() {
                        Some(under_way) => Running { under_way, world: self.search.root.clone(), step: None },
                        None => break,
                    },
                };
                if let Some(choice) = self.search.choose(&mut running.under_way, &running.world) {
                    running.begin(choice);
                    slot.running = Some(running);
                } else {
                    slot.note_keys(&mut self.batch)?;
                    slot.model.reset()?;
                    self.batch.end(slot.seat)?;
                    self.search.end(running.under_way);
                }
            }
            any |= slot.running.is_some();
        }
        Ok(any)
    }

    /// Sends the commands of a group, and asks the models while the server works.
    fn send(&mut self, group: usize) -> Result<(), Error> {
        let mut sent = Vec::new();
        for slot in &mut self.groups[group] {
            let Some(step) = slot.running.as_mut().and_then(|running| running.step.as_mut()) else {
                continue;
            };
            if self.batch.push(slot.seat, step.client, &step.sent.command)? {
                sent.push((step, &mut slot.model));
            }
        }
        self.batch.send()?;
        for (step, model) in sent {
            step.expected = Some(model.execute(step.client, &step.sent.command)?);
        }
        Ok(())
    }
}

impl<R> Running<R> {
    fn begin(&mut self, choice: Choice) {
        let Begun::Sent(client, sent) = self.world.begin(choice) else {
            unreachable!("only steps are enabled")
        };
        self.step = Some(Step { choice, client, sent, expected: None });
    }
}

impl<R> Slot<R> {
    /// Tells the batch which keys there are, also such as scripts made of others: they are to be deleted.
    fn note_keys(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        let keys = self.model.execute(NOBODY, &Command::new("KEYS").arg("*"))?;
        if let Reply::Array(keys) = keys {
            let name = |key| if let Reply::Bulk(name) = key { Some(name) } else { None };
            batch.touch(self.seat, keys.into_iter().filter_map(name));
        }
        Ok(())
    }
}

/// The server's reply, if it is the model's too.
fn compare(step: &Step, server: Reply) -> Result<Reply, StoreError> {
    match &step.expected {
        Some(model) if *model != server => {
            Err(StoreError::Differs { command: step.sent.command.clone(), model: model.clone(), server })
        }
        _ => Ok(server),
    }
}
