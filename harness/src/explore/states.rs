//! Merged states: what differs only in who is who is one state.
//!
//! A client in the middle of its program is a *local*: its control state, with its tokens replaced by symbols. What the
//! store holds in a client's name is its *role*; what it holds in nobody's name is the *residue*. A state is a residue
//! and a count for each pair of local and role: eight identical clients are eight of one pair, not eight clients. What
//! a command does is computed once for each content and role, by running it on the model, and then looked up. This is
//! counter abstraction (Basler, Mazzucchi, Wahl, Kroening, CAV 2009) with the store in the state, and symmetry
//! reduction in the sense of Clarke, Enders, Filkorn and Jha (1996) and Ip and Dill (1996), over tokens.
//!
//! # When that is sound
//!
//! Renaming tokens must be a symmetry of everything that takes a step:
//!
//! 1. *Clients.* A client passes its token on and does nothing else with it: it does not parse, compare or hash it, and
//!    has no clock, random number or index of its own.
//! 2. *Commands.* A token is an opaque member, value or part of a key. No command shows the order of entries that only
//!    their tokens put in order, and none replies with another client's token.
//! 3. *Entries.* No entry of the store names two clients' tokens.
//! 4. *Property.* What is judged does not ask who holds a permit. The number of holders does not.
//! 5. *Start.* Clients of one class, which run the same program, start in the same state.
//!
//! 4 and 5 hold by construction. 1 is what [`Machine`](gatecrash_limiter::Machine) demands. 2 rests on a list of
//! commands that cannot tell that order; any other command must not meet two such entries. 3 is seen when content is
//! taken apart. Besides, whatever is computed is computed again under three other namings, of other lengths, characters
//! and orders, clients and commands alike, and must come out the same but for the names. That is a test and no proof:
//! it guards against mistakes in the list and in limiters.
//!
//! Where any of this fails, the world is [`Asymmetry`]: then the same search is run with no symbols at all. Everything
//! the store holds is residue, every client is a class of its own, and nothing is assumed.
//!
//! # What is forgotten
//!
//! A client that has finished is forgotten but for the permits that it still holds, unless [`StateSpace::outcomes`] asks
//! for more. Nothing else is: two merged states that are equal have the same future.

mod explorer;
mod graph;
mod layout;
mod local;
mod naming;
mod state;
mod store;
mod sweep;
mod transitions;

pub use explorer::{Explorer, Move};
pub(crate) use graph::{Edge, Graph, search};
pub(crate) use layout::EffectLayout;
pub use state::CountedState;
pub(crate) use store::StoreEffect;
pub use sweep::{Decision, decide};
pub use transitions::StateSpace;
pub(crate) use transitions::{Broken, PairStep, Transitions};

/// Why clients that run the same program are not interchangeable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clients cannot be merged: {0}")]
pub struct Asymmetry(pub String);

/// The number of something that is kept in memory, by its place.
fn number(place: usize) -> u32 {
    u32::try_from(place).expect("four billion of anything here do not fit in memory")
}
