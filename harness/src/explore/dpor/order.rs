//! What happens before what, by vector clocks, and where that leaves a race.

use std::rc::Rc;

use gatecrash_limiter::{Outcome, Reply};

use super::step::DporStep;
use crate::world::schedule::ClientId;
use crate::world::trace::StepEffect;

/// Whether the order of two steps of different clients can matter.
pub(super) type Depends = fn(&DporStep, &DporStep) -> bool;

/// A step that was taken.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) step: Rc<DporStep>,
    pub(super) reply: Reply,
    pub(super) outcome: Option<Outcome>,
    /// How many steps of each client happen before this one, itself included. Clients past its end have none.
    clock: Vec<u32>,
}

impl Event {
    /// The next step of an execution; also the places of those events that it is in a race with: they depend on each
    /// other, and nothing between them happens after the one and before the other.
    pub(super) fn new(
        events: &[Self],
        step: Rc<DporStep>,
        effect: StepEffect,
        depends: Depends,
    ) -> (Self, Vec<usize>) {
        let mut event = Self { step, reply: effect.reply, outcome: effect.outcome, clock: Vec::new() };
        let mut races = Vec::new();
        // From the last to the first: whatever lies between an event and the new one has been looked at.
        for (at, earlier) in events.iter().enumerate().rev() {
            if earlier.is_before(&event) {
                continue;
            }
            let same_client = earlier.step.client == event.step.client;
            if same_client || depends(&earlier.step, &event.step) {
                event.join(earlier);
                if !same_client {
                    races.push(at);
                }
            }
        }
        let client = event.step.client.index();
        let own = event.clock.get(client).copied().unwrap_or(0) + 1;
        event.clock.resize(event.clock.len().max(client + 1), 0);
        event.clock[client] = own;
        (event, races)
    }

    /// Whether this happens before the other, or is the other.
    fn is_before(&self, other: &Self) -> bool {
        let client = self.step.client.index();
        other.clock.get(client).is_some_and(|steps| *steps >= self.clock[client])
    }

    /// All that happens before an earlier event happens before this one.
    fn join(&mut self, earlier: &Self) {
        let length = self.clock.len().max(earlier.clock.len());
        self.clock.resize(length, 0);
        for (ours, theirs) in self.clock.iter_mut().zip(&earlier.clock) {
            *ours = (*ours).max(*theirs);
        }
    }
}

/// With whose step an execution can go on, instead of with the first event of a race, so that the second comes before
/// it: of the events that do not happen after the first, up to the second, those with none of the others before them.
pub(super) fn initials(events: &[Event], first: usize, second: &Event) -> Vec<ClientId> {
    let free = events[first + 1..].iter().filter(|event| !events[first].is_before(event)).chain([second]);
    let free: Vec<&Event> = free.collect();
    let is_first = |at: usize| !free[..at].iter().any(|earlier| earlier.is_before(free[at]));
    (0..free.len()).filter(|at| is_first(*at)).map(|at| free[at].step.client).collect()
}
