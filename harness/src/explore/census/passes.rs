//! One pass of the dynamic programming: ways by peak over one half of the graph, in little memory.
//!
//! A node's ways are the sum of those of its neighbours before it, and are dropped once the last node after it has
//! them. A pass goes forward from the start or backward from the ends: it is the same sum.

use std::collections::VecDeque;

use super::ways::{PeakWindow, WaysByPeak};
use crate::world::control::{Bound, Control};

/// A half of the graph, its nodes numbered in the order of a pass.
#[derive(Debug)]
pub(super) struct Half {
    /// How many permits are held at each node.
    holders: Vec<u32>,
    /// Where the neighbours of each node begin in `neighbours`, and where those of the last end.
    starts: Vec<u32>,
    /// Nodes before it, and how many clients can take the step between.
    neighbours: Vec<u32>,
    times: Vec<u16>,
    /// How often the ways of a node are needed.
    uses: Vec<u32>,
}

impl Half {
    /// A half that has to be filled: nodes at which so many permits are held, and which have so many neighbours.
    pub(super) fn with_degrees(holders: Vec<u32>, degrees: impl IntoIterator<Item = u32>) -> Self {
        let ends = degrees.into_iter().scan(0, |end, degree| {
            *end += degree;
            Some(*end)
        });
        // Each node's neighbours are filled in from their end, which leaves the place where they begin.
        let mut starts: Vec<u32> = ends.collect();
        let edges = starts.last().copied().unwrap_or(0);
        starts.push(edges);
        let (neighbours, times) = (vec![0; edges as usize], vec![0; edges as usize]);
        let uses = vec![0; holders.len()];
        Self { holders, starts, neighbours, times, uses }
    }

    /// Gives a node one of its neighbours.
    pub(super) fn link(&mut self, node: u32, neighbour: u32, times: u32) {
        let start = &mut self.starts[node as usize];
        *start -= 1;
        self.neighbours[*start as usize] = neighbour;
        self.times[*start as usize] = u16::try_from(times).expect("clients are counted in 16 bits");
        self.uses[neighbour as usize] += 1;
    }

    /// Keeps the ways of a node to the end of the pass.
    pub(super) fn keep(&mut self, node: u32) {
        self.uses[node as usize] += 1;
    }

    fn neighbours(&self, node: usize) -> impl Iterator<Item = (u32, u32)> {
        let edges = self.starts[node] as usize..self.starts[node + 1] as usize;
        let times = self.times[edges.clone()].iter().map(|times| u32::from(*times));
        self.neighbours[edges].iter().copied().zip(times)
    }

    /// Counts the ways with the peaks of a window. Should more than `most` limbs be kept at once, the window is cut.
    pub(super) fn pass(&self, window: PeakWindow, most: usize, control: &Control) -> Result<Passed, Bound> {
        let mut pass = Passed { window, kept: VecDeque::new(), first: 0, limbs: 0, peak_limbs: 0 };
        let mut scratch = Vec::new();
        for node in 0..self.holders.len() {
            control.stop(0).map_or(Ok(()), Err)?;
            let ways = self.sum(node, &pass, &mut scratch);
            pass.limbs += ways.as_ref().map_or(0, WaysByPeak::len);
            pass.peak_limbs = pass.peak_limbs.max(pass.limbs);
            pass.kept.push_back((self.uses[node], ways));
            for (neighbour, _) in self.neighbours(node) {
                pass.release(neighbour as usize);
            }
            while pass.limbs > most && pass.narrow() {}
        }
        Ok(pass)
    }

    fn sum(&self, node: usize, pass: &Passed, scratch: &mut Vec<u64>) -> Option<WaysByPeak> {
        let mut neighbours = self.neighbours(node).peekable();
        if neighbours.peek().is_none() {
            return WaysByPeak::one(self.holders[node], pass.window);
        }
        let mut sources = Vec::with_capacity(4);
        sources.extend(neighbours.filter_map(|(node, times)| Some((times, pass.ways(node)?))));
        WaysByPeak::sum(&sources, self.holders[node], pass.window, scratch)
    }
}

/// What a pass has counted, as far as it is still needed.
#[derive(Debug)]
pub(super) struct Passed {
    /// The peaks that were counted in the end.
    pub(super) window: PeakWindow,
    /// The nodes from the first that is needed on: how often yet, and its ways.
    kept: VecDeque<(u32, Option<WaysByPeak>)>,
    first: usize,
    /// How many limbs are kept, and the most that were.
    limbs: usize,
    pub(super) peak_limbs: usize,
}

impl Passed {
    /// The ways of a node that is still needed; none if all of them are left out.
    pub(super) fn ways(&self, node: u32) -> Option<&WaysByPeak> {
        self.kept.get(node as usize - self.first)?.1.as_ref()
    }

    /// Drops a node's ways once nobody needs them any more.
    fn release(&mut self, node: usize) {
        let (left, ways) = &mut self.kept[node - self.first];
        *left -= 1;
        if *left == 0 {
            self.limbs -= ways.take().map_or(0, |ways| ways.len());
        }
        while matches!(self.kept.front(), Some((0, None))) {
            self.kept.pop_front();
            self.first += 1;
        }
    }

    /// Leaves out the upper half of the peaks; `false` if there is only one.
    fn narrow(&mut self) -> bool {
        let ways = self.kept.iter().filter_map(|(_, ways)| ways.as_ref());
        let highest = ways.map(WaysByPeak::highest).max().unwrap_or(self.window.lowest);
        if highest <= self.window.lowest {
            return false;
        }
        self.window.highest = self.window.lowest + (highest - self.window.lowest) / 2;
        self.limbs = 0;
        for (_, ways) in &mut self.kept {
            *ways = ways.take().and_then(|ways| ways.cut(self.window.highest));
            self.limbs += ways.as_ref().map_or(0, WaysByPeak::len);
        }
        true
    }
}
