//! The graph of merged states: a breadth-first search over the step function, and an order of its states.

use super::state::{CountedState, StateTable};
use super::transitions::{Broken, PairStep, StateSpace, Transitions};
use super::{Asymmetry, number};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;

/// All states that can be reached, in the order in which a breadth-first search met them.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) transitions: Transitions,
    pub(crate) states: StateTable,
    /// The pair in which each client starts.
    pub(crate) starts: Vec<u32>,
    /// How many permits are held in each state.
    pub(crate) holders: Vec<u32>,
    /// Where the edges of each state begin in `targets`: of those that were expanded, and one more.
    first_edge: Vec<u32>,
    /// Where each edge leads. A state has one edge for each pair that can step, in the order of pairs.
    targets: Vec<u32>,
    /// The first state of each level: all that are as many steps away from the start.
    pub(crate) levels: Vec<u32>,
    /// What stopped the search before it was through.
    pub(crate) stopped: Option<Bound>,
    /// Why clients were told apart although they run the same program.
    pub(crate) asymmetry: Option<Asymmetry>,
}

/// An edge: a pair whose clients can step, how many there are, and the state that one of them leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) pair: u32,
    pub(crate) count: u32,
    pub(crate) target: u32,
}

/// Visits every state that can be reached. Clients that turn out not to be interchangeable are told apart.
pub(crate) fn search(world: &World, space: StateSpace, control: &Control) -> Result<Graph, Error> {
    let (space, asymmetry) = match GraphSearch::run(world, space, control) {
        Ok(graph) => return Ok(graph),
        Err(Broken::Error(error)) => return Err(error),
        Err(Broken::Asymmetry(why)) => (StateSpace { symmetry: false, ..space }, why),
    };
    tracing::info!("{asymmetry}");
    match GraphSearch::run(world, space, control) {
        Ok(graph) => Ok(Graph { asymmetry: Some(asymmetry), ..graph }),
        Err(Broken::Error(error)) => Err(error),
        Err(Broken::Asymmetry(why)) => unreachable!("without symbols nothing is assumed, yet {why}"),
    }
}

struct GraphSearch {
    graph: Graph,
    steps: Vec<(u32, u32, PairStep)>,
    here: CountedState,
    next: CountedState,
}

impl GraphSearch {
    fn run(world: &World, space: StateSpace, control: &Control) -> Result<Graph, Broken> {
        let (transitions, starts) = Transitions::new(world, space)?;
        let start = Transitions::start(&starts);
        let graph = Graph {
            holders: vec![transitions.holders(&start)],
            transitions,
            states: StateTable::default(),
            starts,
            first_edge: vec![0],
            targets: Vec::new(),
            levels: vec![0],
            stopped: None,
            asymmetry: None,
        };
        let mut search =
            Self { graph, steps: Vec::new(), here: CountedState::default(), next: CountedState::default() };
        search.graph.states.insert(&start);
        search.graph.stopped = search.visit_all(control)?;
        search.graph.states.close();
        Ok(search.graph)
    }

    fn visit_all(&mut self, control: &Control) -> Result<Option<Bound>, Broken> {
        let mut here = 0;
        let mut level_ends = 1;
        while (here as usize) < self.graph.states.len() {
            if here == level_ends {
                self.graph.levels.push(here);
                level_ends = number(self.graph.states.len());
            }
            if let Some(bound) = control.stop(0) {
                return Ok(Some(bound));
            }
            if !self.expand(here, control)? {
                return Ok(Some(Bound::States(self.graph.len() as u64)));
            }
            here += 1;
        }
        Ok(None)
    }

    /// Takes every step from a state; `false` if there is no room for a state that it leads to.
    fn expand(&mut self, here: u32, control: &Control) -> Result<bool, Broken> {
        let Self { graph, steps, here: state, next } = self;
        graph.states.read(here, state);
        graph.transitions.steps(state, steps)?;
        let held = graph.holders[here as usize];
        for (pair, _, step) in steps.iter() {
            let inserted = graph.transitions.insert_next(&mut graph.states, state, *pair, *step, next);
            let Some((target, new)) = inserted else { return Ok(false) };
            if new {
                if control.max_states.is_some_and(|max| graph.holders.len() as u64 >= max) {
                    return Ok(false);
                }
                let transitions = &graph.transitions;
                graph.holders.push(held - transitions.held(*pair) + transitions.held(step.to));
            }
            graph.targets.push(target);
        }
        graph.first_edge.push(number(graph.targets.len()));
        control.count();
        Ok(true)
    }
}

impl Graph {
    /// How many states were met.
    pub(crate) fn len(&self) -> usize {
        self.holders.len()
    }

    /// How many edges there are.
    pub(crate) fn edge_count(&self) -> usize {
        self.targets.len()
    }

    /// How many states were expanded: all, unless something stopped the search.
    pub(crate) fn expanded(&self) -> usize {
        self.first_edge.len() - 1
    }

    /// Where the edges of a state lead; nowhere from one that was not expanded.
    pub(crate) fn targets(&self, id: u32) -> &[u32] {
        let id = id as usize;
        match (self.first_edge.get(id), self.first_edge.get(id + 1)) {
            (Some(first), Some(end)) => &self.targets[*first as usize..*end as usize],
            _ => &[],
        }
    }

    /// How many edges a state has.
    pub(crate) fn edge_count_of(&self, id: u32) -> u32 {
        number(self.targets(id).len())
    }

    /// The edges of a state. `state` is room to read the state into, and holds it then.
    pub(crate) fn edges(&self, id: u32, state: &mut CountedState, edges: &mut Vec<Edge>) {
        self.states.read(id, state);
        edges.clear();
        let ready = state.pairs.iter().filter(|(pair, _)| self.transitions.is_ready(*pair));
        let targets = self.targets(id);
        edges.extend(ready.zip(targets).map(|((pair, count), target)| Edge {
            pair: *pair,
            count: *count,
            target: *target,
        }));
    }

    /// The pairs that can step in a state, each with their number and what such a step does: one for each of
    /// [`Graph::targets`], in the same order. `state` holds the state then.
    pub(crate) fn steps(&self, id: u32, state: &mut CountedState, steps: &mut Vec<(u32, u32, PairStep)>) {
        self.states.read(id, state);
        self.transitions.known_steps(state, steps);
    }

    /// In how many of the states in which every client has finished the store holds something in the name of a client
    /// that holds no permit. `None` where clients were told apart: nothing is known to be in anybody's name then.
    pub(crate) fn leaks(&self) -> Option<u64> {
        let transitions = self.transitions.symbolic().then_some(&self.transitions)?;
        let leaked = |pair: u32| transitions.has_role(pair) && transitions.held(pair) == 0;
        let mut state = CountedState::default();
        let mut leaks = 0;
        for id in (0..number(self.expanded())).filter(|id| self.targets(*id).is_empty()) {
            self.states.read(id, &mut state);
            leaks += u64::from(state.pairs.iter().any(|(pair, _)| leaked(*pair)));
        }
        Some(leaks)
    }

    /// The states in an order in which every edge leads forward (Kahn 1962); `None` if there is a cycle.
    pub(crate) fn order(&self, control: &Control) -> Result<Option<Vec<u32>>, Bound> {
        let mut missing = vec![0u32; self.len()];
        for target in &self.targets {
            missing[*target as usize] += 1;
        }
        let mut order = Vec::with_capacity(self.len());
        // The start has no edge into it, unless there is a cycle.
        order.extend((missing[0] == 0).then_some(0));
        let mut at = 0;
        while let Some(here) = order.get(at).copied() {
            control.stop(0).map_or(Ok(()), Err)?;
            for target in self.targets(here) {
                let left = &mut missing[*target as usize];
                *left -= 1;
                if *left == 0 {
                    order.push(*target);
                }
            }
            at += 1;
        }
        Ok((order.len() == self.len()).then_some(order))
    }
}
