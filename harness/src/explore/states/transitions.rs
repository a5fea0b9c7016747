//! The step function of merged states: everything is computed once and looked up ever after.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::{Command, Outcome};
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::layout::EffectLayout;
use super::local::{Advanced, Local, Telling};
use super::naming::{Symbol, rename};
use super::state::{CountedState, StateTable};
use super::store::{Contents, NO_ROLE, StoreEffect};
use super::{Asymmetry, number};
use crate::model::Model;
use crate::model::content::{self, Piece};
use crate::world::clients::World;
use crate::world::error::Error;
use crate::world::schedule::ClientId;
use crate::world::setup::Setup;
use crate::world::store::Store as _;

/// Which states there are: what is told apart, and what is taken for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StateSpace {
    /// Clients that run the same program are counted, not told apart.
    pub symmetry: bool,
    /// States are told apart by what operations came to.
    pub outcomes: bool,
}

impl Default for StateSpace {
    fn default() -> Self {
        Self { symmetry: true, outcomes: false }
    }
}

/// Why a step could not be taken.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Clients are not interchangeable.
    Asymmetry(Asymmetry),
    /// Something else.
    Error(Error),
}

impl From<Asymmetry> for Broken {
    fn from(asymmetry: Asymmetry) -> Self {
        Self::Asymmetry(asymmetry)
    }
}

/// What a step of a client in some pair does to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PairStep {
    /// The pair that the client is in then.
    pub(crate) to: u32,
    /// The residue then.
    pub(crate) residue: u32,
    /// The effect, if it changes other clients' roles.
    others: Option<u32>,
}

/// What there is to know of a client in a pair.
#[derive(Clone, Copy, Debug)]
struct PairFacts {
    local: u32,
    role: u32,
    /// How many permits it holds.
    held: u32,
    /// Its next command; none once it has finished.
    command: Option<u32>,
}

/// The step function of one world.
#[derive(Debug)]
pub(crate) struct Transitions {
    setup: Arc<Setup>,
    now: Duration,
    telling: Telling,
    locals: IndexSet<Local, FxBuildHasher>,
    pairs: IndexSet<(u32, u32), FxBuildHasher>,
    facts: Vec<PairFacts>,
    store: Contents,
    steps: FxHashMap<(u32, u32), PairStep>,
    /// Those of steps that change other clients' roles.
    others: Vec<Vec<(u32, u32)>>,
    key: Vec<u32>,
}

impl Transitions {
    /// The step function of a world before its first step, on an empty model; and which pair each client starts in.
    pub(crate) fn new(world: &World, space: StateSpace) -> Result<(Self, Vec<u32>), Broken> {
        world.steps_only("a census").map_err(Broken::Error)?;
        let mut model = Model::new();
        model.load(world.algorithm().scripts()).map_err(|error| Broken::Error(error.into()))?;
        let now = world.clock();
        let (setup, clients) = world.clone().into_clients();
        let telling = Telling { symbols: space.symmetry, outcomes: space.outcomes };
        let (store, residue) = Contents::new(model, space.symmetry);
        let mut transitions = Self {
            setup,
            now,
            telling,
            locals: IndexSet::default(),
            pairs: IndexSet::default(),
            facts: Vec::new(),
            store,
            steps: FxHashMap::default(),
            others: Vec::new(),
            key: Vec::new(),
        };
        debug_assert_eq!(residue, 0, "the first residue is the one that a world starts with");
        let mut starts = Vec::new();
        for (place, client) in clients.iter().enumerate() {
            let class = if space.symmetry { transitions.setup.class(place) } else { place };
            let class = u16::try_from(class).unwrap_or(u16::MAX);
            let local = Local::new(class, client, telling);
            starts.push(transitions.pair(local, NO_ROLE)?);
        }
        Ok((transitions, starts))
    }

    /// The state of clients in those pairs on an empty store.
    pub(crate) fn start(starts: &[u32]) -> CountedState {
        let mut state = CountedState::default();
        for pair in starts {
            state.add(*pair, 1);
        }
        state
    }

    /// Whether tokens are symbols, so that what the store holds is known by client.
    pub(crate) fn symbolic(&self) -> bool {
        self.telling.symbols
    }

    /// How many permits are held.
    pub(crate) fn holders(&self, state: &CountedState) -> u32 {
        state.pairs.iter().map(|(pair, count)| self.held(*pair) * count).sum()
    }

    /// How many permits a client in that pair holds.
    pub(crate) fn held(&self, pair: u32) -> u32 {
        self.facts[pair as usize].held
    }

    /// How many locals were met.
    pub(super) fn locals(&self) -> usize {
        self.locals.len()
    }

    /// The local of a client in that pair.
    pub(super) fn local(&self, pair: u32) -> u32 {
        self.facts[pair as usize].local
    }

    /// From which local to which the steps lead that were computed, in no order.
    pub(super) fn known_locals(&self) -> impl Iterator<Item = (u32, u32)> {
        self.steps.iter().map(|((_, pair), step)| (self.local(*pair), self.local(step.to)))
    }

    /// Whether a client in that pair has a next step.
    pub(crate) fn is_ready(&self, pair: u32) -> bool {
        self.facts[pair as usize].command.is_some()
    }

    /// Whether the store holds something in the name of a client in that pair.
    pub(crate) fn has_role(&self, pair: u32) -> bool {
        self.facts[pair as usize].role != NO_ROLE
    }

    /// What a client in that pair has had its operations come to, if outcomes are kept, and its place.
    pub(crate) fn outcomes(&self, pair: u32) -> (u16, &[Outcome]) {
        self.locals[self.facts[pair as usize].local as usize].outcomes()
    }

    /// The pairs of a state whose clients can step, each with their number and what such a step does.
    pub(crate) fn steps(
        &mut self,
        state: &CountedState,
        steps: &mut Vec<(u32, u32, PairStep)>,
    ) -> Result<(), Broken> {
        steps.clear();
        let content = self.content(state);
        for (pair, count) in &state.pairs {
            if let Some(command) = self.facts[*pair as usize].command {
                let step = match self.steps.get(&(content, *pair)) {
                    Some(step) => *step,
                    None => self.compute(content, *pair, command)?,
                };
                if let Some(others) = step.others {
                    self.make_affected(state, others)?;
                }
                steps.push((*pair, *count, step));
            }
        }
        Ok(())
    }

    /// The state after a client in `pair` has taken a step.
    pub(crate) fn follow(&self, state: &CountedState, pair: u32, step: PairStep, next: &mut CountedState) {
        next.residue = step.residue;
        next.pairs.clone_from(&state.pairs);
        next.take(pair);
        if step.others.is_some() {
            let others = std::mem::take(&mut next.pairs);
            for (pair, count) in others {
                next.add(self.affected(pair, step), count);
            }
        }
        next.add(step.to, 1);
    }

    /// Inserts the state after a client in `pair` has taken a step; `next` is room for it.
    pub(crate) fn insert_next(
        &self,
        states: &mut StateTable,
        state: &CountedState,
        pair: u32,
        step: PairStep,
        next: &mut CountedState,
    ) -> Option<(u32, bool)> {
        if step.others.is_none() {
            return states.insert_moved(state, pair, step.to, step.residue);
        }
        self.follow(state, pair, step, next);
        states.insert(next)
    }

    /// The pair that another client is in after a step.
    pub(crate) fn affected(&self, pair: u32, step: PairStep) -> u32 {
        let changed = step.others.and_then(|others| self.changed(pair, others));
        changed.map_or(pair, |changed| {
            number(self.pairs.get_index_of(&changed).expect("it was made when the step was looked up"))
        })
    }

    /// What the change of others' roles makes of a pair.
    fn changed(&self, pair: u32, others: u32) -> Option<(u32, u32)> {
        let PairFacts { local, role, .. } = self.facts[pair as usize];
        let (_, after) = self.others[others as usize].iter().find(|(before, _)| *before == role)?;
        Some((local, *after))
    }

    /// Makes the pairs that the clients of a state are in after a change of others' roles.
    fn make_affected(&mut self, state: &CountedState, others: u32) -> Result<(), Asymmetry> {
        for (pair, _) in &state.pairs {
            if let Some((local, role)) = self.changed(*pair, others) {
                let local = self.locals[local as usize].clone();
                self.pair(local, role)?;
            }
        }
        Ok(())
    }

    /// Every effect of a command on a content that was met.
    pub(crate) fn effects(&self) -> &[StoreEffect] {
        self.store.effects()
    }

    /// The pairs of a state whose clients can step, each with the number of what its command does to the content, if
    /// that was looked up before.
    pub(crate) fn known_effects(&self, state: &CountedState) -> Vec<(u32, u32)> {
        let mut key = Vec::new();
        self.content_key(state, &mut key);
        let Some(content) = self.store.known_content(&key) else { return Vec::new() };
        let known = |pair: u32| {
            let PairFacts { local, role, command, .. } = self.facts[pair as usize];
            let client = ClientId(self.locals[local as usize].place);
            Some((pair, self.store.known_effect(content, command?, role, client)?))
        };
        state.pairs.iter().filter_map(|(pair, _)| known(*pair)).collect()
    }

    /// An effect in full, under symbols.
    pub(crate) fn laid_out(&self, effect: &StoreEffect) -> EffectLayout {
        self.store.laid_out(effect)
    }

    /// The roles of the owners in the layout of an effect, the sender's first; none where tokens are no symbols.
    pub(crate) fn owners_of(&self, effect: &StoreEffect) -> Vec<u32> {
        self.store.owners_of(effect)
    }

    /// The role of a client in a pair.
    pub(crate) fn role(&self, pair: u32) -> u32 {
        self.facts[pair as usize].role
    }

    /// Makes the model lie about an effect.
    #[cfg(test)]
    pub(crate) fn effect_mut(&mut self, at: usize) -> &mut StoreEffect {
        self.store.effect_mut(at)
    }

    /// What [`Transitions::steps`] gives, of a state whose steps were looked up before: nothing is computed.
    pub(crate) fn known_steps(&self, state: &CountedState, steps: &mut Vec<(u32, u32, PairStep)>) {
        steps.clear();
        steps.extend(self.known(state));
    }

    /// The same, one after another.
    pub(super) fn known(&self, state: &CountedState) -> impl Iterator<Item = (u32, u32, PairStep)> {
        let mut key = Vec::new();
        self.content_key(state, &mut key);
        let content = self.store.known_content(&key);
        let step = move |pair| self.steps.get(&(content?, pair)).copied();
        state.pairs.iter().filter_map(move |(pair, count)| Some((*pair, *count, step(*pair)?)))
    }

    /// What the store holds in a state: its residue, and the roles with their counts.
    fn content_key(&self, state: &CountedState, key: &mut Vec<u32>) {
        key.clear();
        key.push(state.residue);
        for (pair, count) in &state.pairs {
            let role = self.facts[*pair as usize].role;
            if role != NO_ROLE {
                count_role(key, role, *count);
            }
        }
    }

    fn content(&mut self, state: &CountedState) -> u32 {
        let mut key = std::mem::take(&mut self.key);
        self.content_key(state, &mut key);
        let content = self.store.content(&key);
        self.key = key;
        content
    }

    fn pair(&mut self, local: Local, role: u32) -> Result<u32, Asymmetry> {
        let held = local.client.held();
        let command = local.command(self.now)?;
        let command = command.map(|command| self.store.command(command));
        let local = number(self.locals.insert_full(local).0);
        let (pair, new) = self.pairs.insert_full((local, role));
        if new {
            self.facts.push(PairFacts { local, role, held, command });
        }
        Ok(number(pair))
    }

    fn compute(&mut self, content: u32, pair: u32, command: u32) -> Result<PairStep, Broken> {
        let PairFacts { local, role, .. } = self.facts[pair as usize];
        let local = self.locals[local as usize].clone();
        let effect = self.store.effect(content, command, role, ClientId(local.place))?.clone();
        let advanced = local.advance(&self.setup, self.now, &effect.reply, self.telling)?;
        let name = &self.setup.names[usize::from(local.place)];
        let readable =
            |text: &Bytes| rename(text, &mut |symbol| format!("{name}{}", symbol.number + 1).into());
        if let Some(Outcome::Failed(_)) = &advanced.outcome {
            let sent = local.command(self.now)?.unwrap_or_else(|| Command::new(""));
            let sent = content::renamed(&sent, &mut |text| readable(text));
            Error::understood(advanced.outcome.as_ref(), name, &sent).map_err(Broken::Error)?;
            unreachable!("a reply without a meaning is an error");
        }
        let own = renumbered(&effect.own, &advanced);
        let role = self.store.role(own);
        let to = self.pair(advanced.local, role)?;
        let others = (!effect.others.is_empty()).then(|| {
            self.others.push(effect.others);
            number(self.others.len() - 1)
        });
        let step = PairStep { to, residue: effect.residue, others };
        self.steps.insert((content, pair), step);
        Ok(step)
    }
}

/// Counts clients of a role in a content's key, whose roles are kept in order.
fn count_role(key: &mut Vec<u32>, role: u32, count: u32) {
    let mut at = 1;
    while at < key.len() && key[at] < role {
        at += 2;
    }
    if key.get(at) == Some(&role) {
        key[at + 1] += count;
    } else {
        key.splice(at..at, [role, count]);
    }
}

/// What the store holds in a client's name after the client has learned the reply: its tokens have new numbers. Those
/// that it cannot name any more come after those that it can.
fn renumbered(pieces: &[Piece], advanced: &Advanced) -> Vec<Piece> {
    let mut kept = advanced.kept.clone();
    let mut next = advanced.named;
    let mut renumber = |text: &Bytes| {
        rename(text, &mut |symbol| {
            let known = kept.iter().find(|(old, _)| *old == symbol.number).map(|(_, new)| *new);
            let new = known.unwrap_or_else(|| {
                kept.push((symbol.number, next));
                next += 1;
                next - 1
            });
            Symbol::own(new).token()
        })
    };
    pieces.iter().map(|piece| piece.renamed(&mut renumber, &mut |client| client)).collect()
}
