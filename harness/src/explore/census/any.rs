//! The verdict for every number of clients at once.
//!
//! Clients in whose name the store holds nothing are not seen by it: their number changes no reply. So a state is split
//! into what the store sees, counted exactly, and the clients that it does not see, counted up to omega: "as many as you
//! like". Adding unseen clients disables no step, and where the seen parts are finitely many, "equal in what is seen, and
//! no fewer unseen" is a well-quasi-order. Then the tree of Karp and Miller (1969), begun with omega clients before their
//! first step, is finite and decides whether more permits can be held than there are. Counter abstraction with unbounded
//! counters goes back to German and Sistla (1992), for programs to Basler, Mazzucchi, Wahl and Kroening (CAV 2009); that
//! such systems are decidable, to Finkel and Schnoebelen (2001). The counting of what the store sees is ours, and what makes it exact: a limiter that keeps its limit bounds its own content.
//!
//! A node that has on its way an ancestor that sees the same and has no more clients anywhere gets omega where it has
//! more: the steps between can be repeated. A node that is below one that was visited is left out; as none is ever
//! removed, what it leads to is covered. No step gives something to clients that the store does not see: it does not know
//! their tokens.
//!
//! # When it does not apply
//!
//! All clients run one program and are interchangeable (see [`crate::explore::states`]); the content stays bounded, and so do the
//! states that one client can be in, fencing numbers included. Where a counter grows with the number of clients there is
//! no end to the nodes; a bound then leaves the question undecided. What is decided is the property only: there are no
//! counts, and the number of clients of a counterexample is another search's to find.

use rustc_hash::FxHashMap;

use crate::explore::states::{Asymmetry, Broken, CountedState, PairStep, StateSpace, Transitions};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::verdict::Verdict;

/// The most nodes where [`Control::max_states`] says nothing: twice as many as the largest limit has with the atomic
/// limiter.
pub const MAX_NODES: u64 = 4_000_000;

/// What was found for every number of clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnyNumber {
    /// How many nodes the tree has, as far as it was built.
    pub nodes: u64,
    /// Whether more permits can be held than there are, if there are enough clients.
    pub violated: bool,
    /// What stopped the search.
    pub stopped: Option<Bound>,
}

impl AnyNumber {
    /// A violation found is final; without one, only a search that got through is clean.
    pub fn verdict(&self) -> Verdict {
        match (self.violated, &self.stopped) {
            (true, _) => Verdict::Violation,
            (false, Some(_)) => Verdict::Undecided,
            (false, None) => Verdict::Clean,
        }
    }
}

/// Decides for every number of clients that run the program of this world's first, whose other clients run the same one.
/// The inner error says which assumption fails.
pub fn decide(world: &World, control: &Control) -> Result<Result<AnyNumber, Asymmetry>, Error> {
    match Tree::grow(world, control) {
        Ok(found) => Ok(Ok(found)),
        Err(Broken::Asymmetry(why)) => Ok(Err(why)),
        Err(Broken::Error(error)) => Err(error),
    }
}

/// How many clients: a number, or omega.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum HowMany {
    Some(u32),
    Omega,
}

impl HowMany {
    fn and(self, more: u32) -> Self {
        if let Self::Some(number) = self { Self::Some(number + more) } else { self }
    }
}

/// What the store sees, and how many clients are where it does not see them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Marking {
    /// The residue, and the pairs with a role.
    seen: CountedState,
    /// The pairs without one, in their order. None is at zero.
    unseen: Vec<(u32, HowMany)>,
}

impl Marking {
    fn unseen(&self, pair: u32) -> HowMany {
        let at = self.unseen.binary_search_by_key(&pair, |(pair, _)| *pair);
        at.map_or(HowMany::Some(0), |at| self.unseen[at].1)
    }

    /// Adds clients to a pair without a role.
    fn add_unseen(&mut self, pair: u32, more: u32) {
        match self.unseen.binary_search_by_key(&pair, |(pair, _)| *pair) {
            Ok(at) => self.unseen[at].1 = self.unseen[at].1.and(more),
            Err(at) => self.unseen.insert(at, (pair, HowMany::Some(more))),
        }
    }

    /// Takes a client out of a pair without a role, which has one.
    fn take_unseen(&mut self, pair: u32) {
        let at = self.unseen.iter().position(|(known, _)| *known == pair);
        match at.map(|at| (at, self.unseen[at].1)) {
            Some((at, HowMany::Some(1))) => drop(self.unseen.remove(at)),
            Some((at, HowMany::Some(number))) => self.unseen[at].1 = HowMany::Some(number - 1),
            Some((_, HowMany::Omega)) | None => {}
        }
    }

    /// Whether it has no more clients anywhere that the store does not see.
    fn is_below(&self, other: &Self) -> bool {
        self.unseen.iter().all(|(pair, count)| *count <= other.unseen(*pair))
    }
}

/// A node of the tree, and the node that it comes from.
struct TreeNode {
    marking: Marking,
    parent: Option<usize>,
}

/// What the store sees: the residue, and the pairs with a role.
type Seen = (u32, Vec<(u32, u32)>);

struct Tree {
    transitions: Transitions,
    nodes: Vec<TreeNode>,
    /// The nodes that see the same.
    same: FxHashMap<Seen, Vec<usize>>,
    limit: u64,
}

impl Tree {
    fn grow(world: &World, control: &Control) -> Result<AnyNumber, Broken> {
        let (transitions, starts) = Transitions::new(world, StateSpace::default())?;
        if starts.windows(2).any(|two| two[0] != two[1]) {
            return Err(Asymmetry("they run different programs".into()).into());
        }
        let unseen = starts.first().map(|start| (*start, HowMany::Omega)).into_iter().collect();
        let marking = Marking { seen: CountedState::default(), unseen };
        let mut tree =
            Self { transitions, nodes: Vec::new(), same: FxHashMap::default(), limit: world.limit() };
        tree.visit(marking, None);
        tree.visit_all(control)
    }

    fn visit_all(&mut self, control: &Control) -> Result<AnyNumber, Broken> {
        let most = control.max_states.unwrap_or(MAX_NODES);
        let mut at = 0;
        while at < self.nodes.len() {
            let nodes = self.nodes.len() as u64;
            let found = |stopped| AnyNumber { nodes, violated: false, stopped };
            if self.violates(&self.nodes[at].marking) {
                return Ok(AnyNumber { violated: true, ..found(None) });
            }
            let full = (nodes > most).then_some(Bound::States(most));
            if let Some(bound) = full.or_else(|| control.stop(0)) {
                return Ok(found(Some(bound)));
            }
            for next in self.successors(at)? {
                self.visit(next, Some(at));
            }
            control.count();
            at += 1;
        }
        Ok(AnyNumber { nodes: self.nodes.len() as u64, violated: false, stopped: None })
    }

    /// Whether more permits are held than there are.
    fn violates(&self, marking: &Marking) -> bool {
        let unbounded =
            |(pair, count): &(u32, HowMany)| *count == HowMany::Omega && self.transitions.held(*pair) > 0;
        let unseen = marking.unseen.iter().map(|(pair, count)| match count {
            HowMany::Some(number) => u64::from(*number) * u64::from(self.transitions.held(*pair)),
            HowMany::Omega => 0,
        });
        marking.unseen.iter().any(unbounded)
            || u64::from(self.transitions.holders(&marking.seen)) + unseen.sum::<u64>() > self.limit
    }

    /// What each step leads to.
    fn successors(&mut self, at: usize) -> Result<Vec<Marking>, Broken> {
        let marking = self.nodes[at].marking.clone();
        // One client stands for as many as there are: the store does not see how many.
        let mut state = marking.seen.clone();
        for (pair, _) in &marking.unseen {
            state.add(*pair, 1);
        }
        let mut steps = Vec::new();
        self.transitions.steps(&state, &mut steps)?;
        Ok(steps.iter().map(|(pair, _, step)| self.follow(&marking, *pair, *step)).collect())
    }

    fn follow(&self, marking: &Marking, pair: u32, step: PairStep) -> Marking {
        let mut next = marking.clone();
        if self.transitions.has_role(pair) {
            next.seen.take(pair);
        } else {
            next.take_unseen(pair);
        }
        next.seen.residue = step.residue;
        for (pair, count) in std::mem::take(&mut next.seen.pairs) {
            self.put(&mut next, self.transitions.affected(pair, step), count);
        }
        self.put(&mut next, step.to, 1);
        next
    }

    fn put(&self, marking: &mut Marking, pair: u32, count: u32) {
        if self.transitions.has_role(pair) {
            marking.seen.add(pair, count);
        } else {
            marking.add_unseen(pair, count);
        }
    }

    /// Adds a node, accelerated, unless it is below one that is there.
    fn visit(&mut self, mut marking: Marking, parent: Option<usize>) {
        let seen = (marking.seen.residue, marking.seen.pairs.clone());
        // Only who sees the same can be an ancestor that matters.
        let mut above = parent.filter(|_| self.same.contains_key(&seen));
        while let Some(at) = above {
            let ancestor = &self.nodes[at];
            if ancestor.marking.seen == marking.seen && ancestor.marking.is_below(&marking) {
                for (pair, count) in &mut marking.unseen {
                    if ancestor.marking.unseen(*pair) < *count {
                        *count = HowMany::Omega;
                    }
                }
            }
            above = ancestor.parent;
        }
        let same = self.same.entry(seen).or_default();
        if same.iter().any(|at| marking.is_below(&self.nodes[*at].marking)) {
            return;
        }
        same.push(self.nodes.len());
        self.nodes.push(TreeNode { marking, parent });
    }
}
