//! What a step is to the search, and when the order of two steps matters.
//!
//! # The property in the dependence
//!
//! All executions of a class must have the same peak of holders. Let the steps before two neighbours leave `h` holders.
//! If the one raises that by one and the other lowers it by one, it goes `h, h+1, h` in one order and `h, h-1, h` in the
//! other: the highest differs, so the two depend on each other. If both raise it, both lower it, or one leaves it as it
//! is, the highest of the three is the same in either order (`h` itself counts: it was there before the two). So peaks
//! are equal throughout a class if no step that raises is exchanged with one that lowers.
//!
//! Whether a step raises is known only after its reply, and a reply can depend on steps that are exchanged later.
//! Dependence must not: the proof of Source-DPOR needs that two dependent steps stay so when a third, on which the first
//! does not depend, comes between them (property 7 of its definition of happens-before). So a step counts as raising if
//! its *place*, the how-manieth command of which operation, has been seen to raise the number of holders in any
//! execution, and as lowering likewise. That is a matter of the client's own state, whatever the store answers.
//!
//! Such places are learned, not guessed. The search that meets a new one begins anew, mostly within its first
//! execution. The last search learned nothing, and that is proof that nothing was left to learn: whatever is known of
//! places, steps that conflict on the store are never exchanged, so all executions of a class have the same replies,
//! and every reply that a client can ever get is seen.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::model::Footprint;
use crate::world::clients::World;
use crate::world::scenario::OperationKind;
use crate::world::schedule::ClientId;

/// A client's next step, or one that was taken. It does not depend on any reply that is yet to come.
#[derive(Clone, Debug)]
pub(super) struct DporStep {
    pub(super) client: ClientId,
    pub(super) footprint: Footprint,
    place: CommandPlace,
    raises: bool,
    lowers: bool,
}

/// The how-manieth command, from 0, of which operation.
type CommandPlace = (OperationKind, usize);

/// The places of commands that were seen to change the number of holders.
#[derive(Clone, Debug, Default)]
pub(super) struct Holding {
    raising: BTreeSet<CommandPlace>,
    lowering: BTreeSet<CommandPlace>,
}

impl Holding {
    /// Takes note of how many holders there were before and after a step; says whether that is news.
    pub(super) fn learn(&mut self, step: &DporStep, before: u32, after: u32) -> bool {
        match after.cmp(&before) {
            std::cmp::Ordering::Greater => self.raising.insert(step.place),
            std::cmp::Ordering::Less => self.lowering.insert(step.place),
            std::cmp::Ordering::Equal => false,
        }
    }
}

impl DporStep {
    /// What a client would do next; `last` is the step that it took last.
    pub(super) fn next(
        world: &World,
        client: ClientId,
        last: Option<&Self>,
        holding: &Holding,
    ) -> Option<Self> {
        let sent = world.pending(client)?;
        let number = last.filter(|_| !sent.first).map_or(0, |last| last.place.1 + 1);
        let place = (sent.operation, number);
        Some(Self {
            client,
            footprint: Footprint::of(&sent.command),
            place,
            raises: holding.raising.contains(&place),
            lowers: holding.lowering.contains(&place),
        })
    }

    /// Takes note of a step that was taken before this one.
    pub(super) fn follow(&mut self, earlier: &Self) {
        if let Some(footprint) = self.footprint.after(&earlier.footprint) {
            self.footprint = footprint;
        }
    }

    /// A step that is still to be taken when another one has been.
    pub(super) fn after(step: &Rc<Self>, taken: &Self) -> Rc<Self> {
        match step.footprint.after(&taken.footprint) {
            Some(footprint) => Rc::new(Self { footprint, ..Self::clone(step) }),
            None => Rc::clone(step),
        }
    }

    /// Whether the order of two steps of different clients can matter: to a reply, to the store, or to the peak.
    pub(super) fn depends_on(&self, other: &Self) -> bool {
        self.raises && other.lowers
            || self.lowers && other.raises
            || self.footprint.conflicts(&other.footprint)
    }
}
