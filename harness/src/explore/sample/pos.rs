//! POS: every step has a random priority, the highest one is taken, and those that race with it draw again.
//!
//! Yuan, Yang and Gu, "Partial Order Aware Concurrency Sampling" (CAV 2018). A step gets its priority when it becomes
//! its client's next one. To draw again after a race makes the order of the next race independent of the last one's,
//! which a priority that was just beaten would not be.
//!
//! Ours: a step is one command; which commands race is decided in [`races`](mod@super::races). Nothing moves a clock
//! here, so what a client would send next stays the same until it steps.
//!
//! What it can miss: nothing in principle, every interleaving has a probability above zero. Steps that do not race
//! keep their priorities: a client that was late once tends to stay so, as when several read one count.

use gatecrash_limiter::Command;

use super::races::races;
use crate::base::draws::Draws;
use crate::world::clients::World;
use crate::world::schedule::ClientId;

/// The first command of each client.
#[derive(Debug)]
pub(super) struct PosPlan {
    first: Vec<Option<Command>>,
}

impl PosPlan {
    pub(super) fn new(root: &World) -> Self {
        Self { first: root.ids().map(|client| pending(root, client)).collect() }
    }

    pub(super) fn begin(&self, draws: &mut Draws) -> PosWalk {
        let steps =
            self.first.iter().map(|command| RankedStep { priority: draws.any(), command: command.clone() });
        PosWalk { steps: steps.collect(), last: None }
    }
}

/// One execution.
#[derive(Debug)]
pub(super) struct PosWalk {
    /// The next step of each client.
    steps: Vec<RankedStep>,
    /// Who was chosen last.
    last: Option<ClientId>,
}

#[derive(Debug)]
struct RankedStep {
    priority: u64,
    /// None once the client has finished.
    command: Option<Command>,
}

impl PosWalk {
    pub(super) fn choose(&mut self, draws: &mut Draws, world: &World) -> ClientId {
        if let Some(last) = self.last {
            self.go_on(draws, world, last);
        }
        // Equal priorities: whoever comes last. That two are equal is as likely as guessing a draw of 64 bits.
        let first = world.ready().max_by_key(|client| self.steps[client.index()].priority);
        let client = first.expect("there is a choice");
        self.last = Some(client);
        client
    }

    /// After a client's step: what raced with it draws again, and the client has a next step.
    fn go_on(&mut self, draws: &mut Draws, world: &World, client: ClientId) {
        let taken = self.steps[client.index()].command.take();
        for step in &mut self.steps {
            let pair = taken.as_ref().zip(step.command.as_ref());
            if pair.is_some_and(|(taken, other)| races(taken, other)) {
                step.priority = draws.any();
            }
        }
        self.steps[client.index()] = RankedStep { priority: draws.any(), command: pending(world, client) };
    }
}

fn pending(world: &World, client: ClientId) -> Option<Command> {
    world.pending(client).map(|sent| sent.command)
}
