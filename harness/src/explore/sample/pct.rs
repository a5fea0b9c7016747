//! PCT: the client of the highest priority runs, and now and then loses its priority.
//!
//! Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
//! Bugs" (ASPLOS 2010). With `n` clients, `k` steps and depth `d`, the clients get the priorities `d`, …, `d + n - 1`
//! in random order. Of the steps 1, …, `k`, `d - 1` change points are drawn; the client that takes the step of the
//! `i`-th one has priority `i` from then on. A bug of depth `d`, that is, one that shows whenever `d` pairs of steps
//! are in the right order, is found with a probability of at least `1 / (n * k^(d-1))`.
//!
//! Ours: `k` is the sum of what the clients take alone; see [`probe`](super::probe). Executions that are longer have
//! no change point in the rest, executions that are shorter waste some. The depth is the limit plus two: to exceed a
//! limit of L takes L + 1 clients that hold a permit and have yet to release it, and among those that look before
//! they act, L + 1 preemptions to get there, each of which takes a change point. With L change points it is never
//! drawn; a test runs all draws for small cases. (Clients that never release need one preemption, whatever the limit.)
//!
//! What it can miss: whatever needs more preemptions than there are change points is never drawn.

use crate::base::draws::Draws;
use crate::world::clients::World;
use crate::world::schedule::ClientId;

/// The depth of the bug of a limiter that looks, then acts.
pub(super) fn default_depth(limit: u64) -> u64 {
    limit.saturating_add(2)
}

/// The size of the problem.
#[derive(Debug)]
pub(super) struct PctPlan {
    clients: usize,
    steps: u64,
    depth: u64,
}

impl PctPlan {
    /// For clients that take so many steps each. There is at most one change point for each of the steps.
    pub(super) fn new(steps_of_each: &[u64], depth: u64) -> Self {
        let steps = steps_of_each.iter().sum();
        Self { clients: steps_of_each.len(), steps, depth: depth.clamp(1, u64::max(1, steps)) }
    }

    pub(super) fn begin(&self, draws: &mut Draws) -> PctWalk {
        let mut priorities: Vec<u64> = (self.depth..).take(self.clients).collect();
        draws.shuffle(&mut priorities);
        let draw = |priority| PriorityChange { after: 1 + draws.below(self.steps), priority };
        let changes = (1..self.depth).map(draw).collect();
        PctWalk::new(priorities, changes)
    }
}

/// One execution.
#[derive(Debug)]
pub(super) struct PctWalk {
    /// Of each client.
    priorities: Vec<u64>,
    /// The next one last.
    changes: Vec<PriorityChange>,
    /// How many steps have been taken.
    taken: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PriorityChange {
    /// How many steps have been taken when it strikes the client that took the last of them.
    after: u64,
    priority: u64,
}

impl PctWalk {
    fn new(priorities: Vec<u64>, mut changes: Vec<PriorityChange>) -> Self {
        changes.sort_unstable_by(|a, b| b.cmp(a));
        Self { priorities, changes, taken: 0 }
    }

    pub(super) fn choose(&mut self, world: &World) -> ClientId {
        let first = world.ready().max_by_key(|client| self.priorities[client.index()]);
        let client = first.expect("there is a choice");
        self.taken += 1;
        while let Some(change) = self.changes.pop_if(|change| change.after <= self.taken) {
            self.priorities[client.index()] = change.priority;
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::world::execution::Execution;
    use crate::world::scenario;
    use crate::world::schedule::Choice;

    fn naive(clients: usize, limit: u64, program: &str) -> World {
        let text = format!(
            "title = 't'\nwhy = 'w'\nlimit = {limit}\nlimiters = ['naive']\n\
             workers = {{ count = {clients}, program = {program} }}"
        );
        let scenario = scenario::parse("t.toml", &text).unwrap();
        World::new(&scenario, scenario.limiters[0].clone())
    }

    fn violates(root: &World, mut walk: PctWalk) -> bool {
        let mut execution = Execution::start(root.clone(), Model::new()).unwrap();
        while execution.world.enabled().next().is_some() {
            let client = walk.choose(&execution.world);
            execution.take(Choice::Step(client)).unwrap();
            if execution.world.over_limit() {
                return true;
            }
        }
        false
    }

    fn orders(items: &[u64]) -> Vec<Vec<u64>> {
        let Some((last, others)) = items.split_last() else { return vec![Vec::new()] };
        let insert = |order: Vec<u64>| {
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, *last);
                longer
            })
        };
        orders(others).into_iter().flat_map(insert).collect()
    }

    /// Runs what every possible draw leads to: how many there are, and how many of them violate.
    fn all_draws(root: &World, steps: u64, depth: u64) -> (usize, usize) {
        let clients = root.names().len();
        let mut changes = vec![Vec::new()];
        for priority in 1..depth {
            let add = |drawn: Vec<PriorityChange>| {
                (1..=steps).map(move |after| [&drawn[..], &[PriorityChange { after, priority }]].concat())
            };
            changes = changes.into_iter().flat_map(add).collect();
        }
        let priorities: Vec<u64> = (depth..).take(clients).collect();
        let mut counts = (0, 0);
        for priorities in orders(&priorities) {
            for changes in &changes {
                counts.0 += 1;
                counts.1 += usize::from(violates(root, PctWalk::new(priorities.clone(), changes.clone())));
            }
        }
        counts
    }

    #[test]
    fn with_a_release_the_bug_is_as_deep_as_the_limit_plus_two() {
        let two = naive(2, 1, "['acquire', 'release']");
        assert_eq!(all_draws(&two, 6, 2), (12, 0));
        assert_eq!(all_draws(&two, 6, default_depth(1)), (72, 2));
        let three = naive(3, 2, "['acquire', 'release']");
        assert_eq!(all_draws(&three, 9, 3), (486, 0));
        assert!(all_draws(&three, 9, default_depth(2)).1 > 0);
    }

    #[test]
    fn without_one_its_depth_is_two() {
        let two = naive(2, 1, "['acquire']");
        assert_eq!(all_draws(&two, 4, 1), (2, 0));
        assert_eq!(all_draws(&two, 4, 2), (8, 2));
        assert!(all_draws(&naive(3, 2, "['acquire']"), 6, 2).1 > 0);
    }

    #[test]
    fn draws_are_within_their_ranges() {
        let plan = PctPlan::new(&[3, 3, 3], 4);
        for stream in 0..200 {
            let walk = plan.begin(&mut Draws::new(7, stream));
            let mut priorities = walk.priorities.clone();
            priorities.sort_unstable();
            assert_eq!(priorities, [4, 5, 6]);
            assert!(walk.changes.iter().all(|change| (1..=9).contains(&change.after)));
            assert!(walk.changes.is_sorted_by(|a, b| a > b), "the next one is the last");
            let mut lower: Vec<u64> = walk.changes.iter().map(|change| change.priority).collect();
            lower.sort_unstable();
            assert_eq!(lower, [1, 2, 3]);
        }
    }

    #[test]
    fn there_are_no_more_change_points_than_steps() {
        let plan = PctPlan::new(&[3, 3], default_depth(1_000_000));
        assert_eq!(plan.begin(&mut Draws::new(0, 1)).changes.len(), 5);
        let nothing_to_do = PctPlan::new(&[0, 0], default_depth(1));
        assert!(nothing_to_do.begin(&mut Draws::new(0, 1)).changes.is_empty());
    }
}
