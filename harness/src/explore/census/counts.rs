//! How many interleavings reach which peak number of holders.
//!
//! Numbers of hundreds of digits are added up over millions of states, so what counts is how long the numbers are and
//! how many are kept. Therefore the graph is counted from both sides: the ways from the start to a state near the
//! middle, and the ways from there to an end, have half as many digits each. Only where the halves meet, numbers are
//! multiplied. And where a pass would keep too much at once, it counts fewer peaks, and another one counts the rest.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use super::passes::{Half, Passed};
use super::ways::{PeakWindow, WaysByPeak};
use crate::explore::states::{CountedState, Edge, Graph};
use crate::world::control::{Bound, Control};

/// The most limbs that each of two passes keeps at once: 48 MiB.
const MOST_LIMBS: usize = 6 << 20;

/// From how many states on the halves are counted by two threads.
const STATES_FOR_THREADS: usize = 10_000;

/// Counts the interleavings by their peak, over states in topological order.
pub(crate) fn by_peak(
    graph: &Graph,
    order: &[u32],
    control: &Control,
) -> Result<BTreeMap<u32, BigUint>, Bound> {
    by_peak_within(graph, order, MOST_LIMBS, control)
}

fn by_peak_within(
    graph: &Graph,
    order: &[u32],
    most: usize,
    control: &Control,
) -> Result<BTreeMap<u32, BigUint>, Bound> {
    let halves = Halves::cut(graph, order, control)?;
    let all = graph.holders.iter().copied().max().unwrap_or(0);
    let mut window = PeakWindow { lowest: 0, highest: all };
    let mut peaks = BTreeMap::new();
    let mut lower = BigUint::ZERO;
    loop {
        let (forward, backward) = halves.pass(window, most, control)?;
        window.highest = forward.window.highest.min(backward.window.highest);
        for (peak, up_to) in (window.lowest..).zip(halves.join(&forward, &backward, window, control)?) {
            if up_to != lower {
                peaks.insert(peak, &up_to - &lower);
            }
            lower = up_to;
        }
        if window.highest == all {
            return Ok(peaks);
        }
        let roomy = forward.peak_limbs.max(backward.peak_limbs) < most / 2;
        let width = (window.highest - window.lowest + 1) * if roomy { 2 } else { 1 };
        let lowest = window.highest + 1;
        window = PeakWindow { lowest, highest: all.min(lowest + width - 1) };
    }
}

/// The graph in two halves: no way leads back from the second into the first.
struct Halves {
    /// Nodes in topological order.
    forward: Half,
    /// Nodes in the opposite order.
    backward: Half,
    /// The nodes of the first half from which ways lead into the second, each with the steps there. A node without any
    /// is an end.
    seam: Vec<(u32, Vec<(u32, u32)>)>,
    threads: bool,
}

impl Halves {
    /// Cuts where both passes take about as long: numbers grow on the way.
    fn cut(graph: &Graph, order: &[u32], control: &Control) -> Result<Self, Bound> {
        let middle = order.len() - order.len() * 7 / 16;
        let (first, second) = order.split_at(middle);
        let mut place = vec![0; graph.len()];
        for (at, id) in (0u32..).zip(order) {
            place[*id as usize] = at;
        }
        let forward = |id: &u32| Some(place[*id as usize]).filter(|at| (*at as usize) < middle);
        let last = place[order[order.len() - 1] as usize];
        let held = |id: &u32| graph.holders[*id as usize];
        let mut degrees = vec![0; middle];
        for target in first.iter().flat_map(|id| graph.targets(*id)).filter_map(forward) {
            degrees[target as usize] += 1;
        }
        let mut halves = Self {
            forward: Half::with_degrees(first.iter().map(held).collect(), degrees),
            backward: Half::with_degrees(
                second.iter().rev().map(held).collect(),
                second.iter().rev().map(|id| graph.edge_count_of(*id)),
            ),
            seam: Vec::new(),
            threads: order.len() >= STATES_FOR_THREADS,
        };
        let (mut state, mut edges) = (CountedState::default(), Vec::<Edge>::new());
        for (at, id) in (0..).zip(order) {
            control.stop(0).map_or(Ok(()), Err)?;
            graph.edges(*id, &mut state, &mut edges);
            let mut beyond = Vec::new();
            for edge in &edges {
                match forward(&edge.target) {
                    Some(target) => halves.forward.link(target, at, edge.count),
                    None if at as usize >= middle => {
                        halves.backward.link(last - at, last - place[edge.target as usize], edge.count);
                    }
                    None => beyond.push((last - place[edge.target as usize], edge.count)),
                }
            }
            if (at as usize) < middle && (edges.is_empty() || !beyond.is_empty()) {
                halves.forward.keep(at);
                for (node, _) in &beyond {
                    halves.backward.keep(*node);
                }
                halves.seam.push((at, beyond));
            }
        }
        Ok(halves)
    }

    /// Counts both halves for the peaks of a window, or of a narrower one.
    fn pass(&self, window: PeakWindow, most: usize, control: &Control) -> Result<(Passed, Passed), Bound> {
        let [forward, backward] =
            [&self.forward, &self.backward].map(|half| move || half.pass(window, most, control));
        let (forward, backward) = both(self.threads, forward, backward);
        Ok((forward?, backward?))
    }

    /// How many interleavings have each peak of a window or a lower one.
    fn join(
        &self,
        forward: &Passed,
        backward: &Passed,
        window: PeakWindow,
        control: &Control,
    ) -> Result<Vec<BigUint>, Bound> {
        let (one, other) = self.seam.split_at(self.seam.len() / 2);
        let [one, other] =
            [one, other].map(|seam| move || join_along(seam, forward, backward, window, control));
        let (one, other) = both(self.threads, one, other);
        Ok(one?.into_iter().zip(other?).map(|(one, other)| one + other).collect())
    }
}

fn join_along(
    seam: &[(u32, Vec<(u32, u32)>)],
    forward: &Passed,
    backward: &Passed,
    window: PeakWindow,
    control: &Control,
) -> Result<Vec<BigUint>, Bound> {
    let peaks = (window.highest - window.lowest + 1) as usize;
    let mut sums = vec![BigUint::ZERO; peaks];
    // What is to be added to every sum from a place on.
    let mut rest = vec![BigUint::ZERO; peaks + 1];
    let mut scratch = Vec::new();
    for (node, beyond) in seam {
        control.stop(0).map_or(Ok(()), Err)?;
        let Some(before) = forward.ways(*node) else { continue };
        let after = if beyond.is_empty() {
            WaysByPeak::one(0, window)
        } else {
            let known = beyond.iter().filter_map(|(node, times)| Some((*times, backward.ways(*node)?)));
            WaysByPeak::sum(&known.collect::<Vec<_>>(), 0, window, &mut scratch)
        };
        let Some(after) = after else { continue };
        let first = (before.lowest().max(after.lowest()) - window.lowest) as usize;
        let end = (before.highest().max(after.highest()).min(window.highest) - window.lowest) as usize;
        let [before, after] =
            [before, &after].map(|ways| ((ways.lowest() - window.lowest) as usize, ways.up_to_each()));
        for (at, sum) in sums.iter_mut().enumerate().take(end + 1).skip(first) {
            let product = up_to(at, &before) * up_to(at, &after);
            if at == end {
                rest[end + 1] += &product;
            }
            *sum += product;
        }
    }
    let mut more = BigUint::ZERO;
    for (sum, rest) in sums.iter_mut().zip(rest) {
        more += rest;
        *sum += &more;
    }
    Ok(sums)
}

/// How many ways have the peak at a place of the window or a lower one, where the first count belongs to `lowest`.
fn up_to(at: usize, (lowest, counts): &(usize, Vec<BigUint>)) -> &BigUint {
    &counts[(at - lowest).min(counts.len() - 1)]
}

/// Does two things, in two threads if that is worth it.
fn both<T: Send>(threads: bool, one: impl FnOnce() -> T + Send, other: impl FnOnce() -> T) -> (T, T) {
    if !threads {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use gatecrash_limiter::algorithm;

    use super::*;
    use crate::explore::census::{self, CensusOptions};
    use crate::explore::states::{self, StateSpace};
    use crate::world::clients::World;
    use crate::world::scenario;
    use crate::world::verdict::Verdict;

    const TWELVE: &str = r#"
        title = "t"
        why = "t"
        limit = 3
        limiters = ["naive"]
        workers = { count = 12, program = ["acquire", "release"] }
    "#;

    #[test]
    fn little_room_makes_more_passes_and_the_same_counts() {
        let scenario = scenario::parse("t.toml", TWELVE).unwrap();
        let world = World::new(&scenario, algorithm::by_name("naive").unwrap());
        let control = Control::default();
        let graph = states::search(&world, StateSpace::default(), &control).unwrap();
        let order = graph.order(&control).unwrap().unwrap();
        let counts = |most| by_peak_within(&graph, &order, most, &control).unwrap();
        let all = counts(usize::MAX);
        assert_eq!(all.keys().copied().collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
        for most in [0, 1, 100, 1_000] {
            assert_eq!(counts(most), all, "{most}");
        }
    }

    #[test]
    fn an_interrupt_stops_every_sweep() {
        let scenario = scenario::parse("t.toml", TWELVE).unwrap();
        let world = World::new(&scenario, algorithm::by_name("atomic").unwrap());
        let (free, interrupted) = (Control::default(), Control::default());
        interrupted.interrupted.store(true, Ordering::Relaxed);
        let stopped = states::search(&world, StateSpace::default(), &interrupted).unwrap();
        assert_eq!((stopped.len(), stopped.stopped), (1, Some(Bound::Interrupted)));
        let graph = states::search(&world, StateSpace::default(), &free).unwrap();
        let order = graph.order(&free).unwrap().unwrap();
        assert_eq!(graph.order(&interrupted), Err(Bound::Interrupted));
        assert_eq!(by_peak(&graph, &order, &interrupted), Err(Bound::Interrupted));
        let census = census::count(&graph, 3, CensusOptions::default(), &interrupted);
        assert_eq!((census.verdict(), census.stopped), (Verdict::Undecided, Some(Bound::Interrupted)));
        assert_eq!((census.peaks, census.probability, census.infinite), (None, None, false));
    }
}
