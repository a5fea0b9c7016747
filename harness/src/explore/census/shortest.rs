//! The best counterexample of a graph: shortest, then with fewest clients, then with fewest preemptions, then first in
//! the order of clients.
//!
//! A breadth-first search numbers states by how far away they are, so every shortest way to a violation leads from level
//! to level. Along these ways the cost to go, in clients that have not yet stepped and in preemptions, is found by
//! dynamic programming over a state and the pair of the client that stepped last. Then the way is walked with clients
//! instead of pairs, each time with the first client from which the best cost can still be reached. That gives a
//! schedule of the clients as they are: nothing is left of the merging.

use rustc_hash::FxHashMap;

use crate::explore::counterexample::{Path, Violation};
use crate::explore::states::{CountedState, Graph, PairStep};
use crate::world::schedule::{Choice, ClientId};

/// Clients yet to step for the first time, and preemptions, on the best way to a violation.
type Cost = (u32, u32);

/// The best counterexample, if a state was met in which more permits are held than there are.
pub(crate) fn violation(graph: &Graph, limit: u64) -> Option<Violation> {
    let over = |id: u32| u64::from(graph.holders[id as usize]) > limit;
    let first = (0..).zip(&graph.holders).find(|(_, held)| u64::from(**held) > limit).map(|(id, _)| id)?;
    let depth = graph.levels.partition_point(|start| *start <= first) - 1;
    let useful = useful(graph, depth, over);
    let ends = u32::try_from(useful.len()).unwrap_or(u32::MAX);
    let levels = graph.levels[..=depth].to_vec();
    let (state, steps) = (CountedState::default(), Vec::new());
    let mut search = Shortest { graph, useful, costs: FxHashMap::default(), state, steps };
    search.cost_last(levels[depth]..ends);
    for n in (0..depth).rev() {
        search.cost_level(levels[n]..levels[n + 1]);
    }
    let mut path = Path::new(limit);
    for (choice, holders, finished) in search.walk(&levels) {
        path.push(choice, holders, finished);
    }
    path.violation()
}

/// Which states lie on a way to a violation of that many steps.
fn useful(graph: &Graph, depth: usize, over: impl Fn(u32) -> bool) -> Vec<bool> {
    let level = |n: usize| -> std::ops::Range<u32> {
        let end = graph
            .levels
            .get(n + 1)
            .copied()
            .unwrap_or_else(|| u32::try_from(graph.len()).unwrap_or(u32::MAX));
        graph.levels[n]..end
    };
    let last = level(depth);
    let mut useful = vec![false; last.end as usize];
    for id in last {
        useful[id as usize] = over(id);
    }
    for n in (0..depth).rev() {
        let next = level(n + 1);
        for id in level(n) {
            useful[id as usize] =
                graph.targets(id).iter().any(|target| next.contains(target) && useful[*target as usize]);
        }
    }
    useful
}

struct Shortest<'a> {
    graph: &'a Graph,
    useful: Vec<bool>,
    /// The cost to go from a state, by the pair of the client that stepped last, if it has not finished.
    costs: FxHashMap<(u32, Option<u32>), Cost>,
    state: CountedState,
    steps: Vec<(u32, u32, PairStep)>,
}

impl Shortest<'_> {
    /// The steps from a state that lead on, each with the number of clients that can take it and its target.
    fn read(&mut self, id: u32, depth_ends: u32) -> Vec<(u32, u32, PairStep, u32)> {
        self.graph.steps(id, &mut self.state, &mut self.steps);
        let targets = self.graph.targets(id);
        let steps =
            self.steps.iter().zip(targets).map(|((pair, count, step), to)| (*pair, *count, *step, *to));
        let useful = &self.useful;
        steps.filter(|(.., to)| *to >= depth_ends && useful.get(*to as usize) == Some(&true)).collect()
    }

    /// What a step costs: whether the client steps for the first time, and whether it preempts.
    fn cost(&self, pair: u32, stays: bool, last: Option<u32>) -> Cost {
        let begins = self.graph.starts.contains(&pair);
        (u32::from(begins && !stays), u32::from(last.is_some() && !stays))
    }

    fn after(&self, step: PairStep) -> Option<u32> {
        Some(step.to).filter(|to| self.graph.transitions.is_ready(*to))
    }

    /// At the violation there is nothing left to go, whoever stepped last.
    fn cost_last(&mut self, level: std::ops::Range<u32>) {
        for id in level.filter(|id| self.useful[*id as usize]).collect::<Vec<_>>() {
            self.graph.states.read(id, &mut self.state);
            let pairs = self.state.pairs.iter().map(|(pair, _)| Some(*pair));
            for last in std::iter::once(None).chain(pairs) {
                self.costs.insert((id, last), (0, 0));
            }
        }
    }

    /// Finds the cost to go from every useful state of a level, once it is known of the next level.
    fn cost_level(&mut self, level: std::ops::Range<u32>) {
        for id in level.clone() {
            if !self.useful[id as usize] {
                continue;
            }
            let steps = self.read(id, level.end);
            let pairs: Vec<u32> = self.state.pairs.iter().map(|(pair, _)| *pair).collect();
            let lasts = pairs.into_iter().filter(|pair| self.graph.transitions.is_ready(*pair)).map(Some);
            for last in std::iter::once(None).chain(lasts) {
                if let Some(best) = self.best(&steps, last) {
                    self.costs.insert((id, last), best);
                }
            }
        }
    }

    /// The least cost to go by one of these steps.
    fn best(&self, steps: &[(u32, u32, PairStep, u32)], last: Option<u32>) -> Option<Cost> {
        let mut costs = Vec::new();
        for (pair, count, step, target) in steps {
            let Some(go) = self.costs.get(&(*target, self.after(*step))) else { continue };
            let mine = last == Some(*pair);
            let stay = mine.then_some(true);
            let switch = (*count > u32::from(mine)).then_some(false);
            costs.extend([stay, switch].into_iter().flatten().map(|stays| {
                let own = self.cost(*pair, stays, last);
                (own.0 + go.0, own.1 + go.1)
            }));
        }
        costs.into_iter().min()
    }

    /// The choices of the best way, with the number of permits held after each and whether its client has finished.
    fn walk(&mut self, levels: &[u32]) -> Vec<(Choice, u32, bool)> {
        let mut pairs = self.graph.starts.clone();
        let (mut id, mut last) = (0, None::<usize>);
        let mut way = Vec::new();
        for level_ends in &levels[1..] {
            let steps = self.read(id, *level_ends);
            let last_pair = last.map(|client| pairs[client]);
            let best = self.costs.get(&(id, last_pair)).copied();
            let chosen = (0..pairs.len()).find_map(|client| {
                let (pair, _, step, target) = steps.iter().find(|(pair, ..)| *pair == pairs[client])?;
                let own = self.cost(*pair, last == Some(client), last_pair);
                let go = self.costs.get(&(*target, self.after(*step)))?;
                (Some((own.0 + go.0, own.1 + go.1)) == best).then_some((client, *step, *target))
            });
            let (client, step, target) = chosen.expect("the best cost is that of some client's step");
            for pair in &mut pairs {
                *pair = self.graph.transitions.affected(*pair, step);
            }
            pairs[client] = step.to;
            let finished = self.after(step).is_none();
            last = (!finished).then_some(client);
            id = target;
            let place = u16::try_from(client).unwrap_or(u16::MAX);
            way.push((Choice::Step(ClientId(place)), self.graph.holders[id as usize], finished));
        }
        way
    }
}
