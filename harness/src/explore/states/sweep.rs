//! Deciding safety alone, in little memory: states that cannot be met again are forgotten.
//!
//! The sweep-line method (Christensen, Kristensen, Mailund, TACAS 2001): a measure of progress that no step lowers is
//! summed up over all clients, and states are expanded in the order of that sum. Once none is left with some sum, those
//! that had it are forgotten. What we changed: nobody has to declare the measure, it is learned. A local that is met
//! first is taken to be one step further than the one before. Should a step turn up that leads back by that measure,
//! then the length of the longest way through all steps known so far is the new one, and the search begins anew; what
//! steps do has been computed by then, so that costs little. Where clients go round in circles, as those that try
//! again for ever, there is no longest way: everything is kept then.
//!
//! It misses nothing: every state is visited, once, as in [`super::graph`]. What is lost is the graph: nothing can be
//! counted, and there is no way back from a violation to the start.

use std::collections::VecDeque;

use super::Asymmetry;
use super::state::{CountedState, StateTable};
use super::transitions::{Broken, PairStep, StateSpace, Transitions};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::verdict::Verdict;

/// What a search that only decides has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// How many merged states there are, or were met before something stopped the search.
    pub states: u64,
    /// How many steps were taken from one to another: for clients that are counted, one for all of them.
    pub steps: u64,
    /// The most states that were kept at once.
    pub kept: u64,
    /// The highest number of holders in any state.
    pub highest: u32,
    /// What stopped the search before it was through.
    pub stopped: Option<Bound>,
    /// Why clients that run the same program were told apart, if they were.
    pub asymmetry: Option<Asymmetry>,
}

impl Decision {
    /// A violation of the limit is final; without one, only a search that got through is clean.
    pub fn verdict(&self, limit: u64) -> Verdict {
        match &self.stopped {
            _ if u64::from(self.highest) > limit => Verdict::Violation,
            Some(_) => Verdict::Undecided,
            None => Verdict::Clean,
        }
    }
}

/// Visits every state that can be reached, and keeps only those that could be met again. Clients that turn out not to
/// be interchangeable are told apart.
pub fn decide(world: &World, space: StateSpace, control: &Control) -> Result<Decision, Error> {
    Ok(sweep(world, space, control)?.found)
}

/// A sweep that has come to its end.
pub(super) fn sweep(world: &World, space: StateSpace, control: &Control) -> Result<Sweep, Error> {
    let run = |space| Sweep::new(world, space)?.run(control);
    let (swept, asymmetry) = match run(space) {
        Err(Broken::Asymmetry(why)) => (run(StateSpace { symmetry: false, ..space }), Some(why)),
        swept => (swept, None),
    };
    match swept {
        Ok(mut sweep) => {
            sweep.found.asymmetry = asymmetry;
            Ok(sweep)
        }
        Err(Broken::Error(error)) => Err(error),
        Err(Broken::Asymmetry(why)) => unreachable!("without symbols nothing is assumed, yet {why}"),
    }
}

/// How a search ended, or the expansion of one state.
enum Ended {
    Through,
    Stopped(Bound),
    /// A step led back.
    Back,
}

pub(super) struct Sweep {
    pub(super) transitions: Transitions,
    pub(super) start: CountedState,
    /// How far a local is; [`UNKNOWN`] if that is yet to be seen.
    progress: Vec<u32>,
    /// States by how much further they are than those that are being expanded, which come first.
    ahead: VecDeque<StateTable>,
    /// Room that was used before.
    swept: Vec<StateTable>,
    pub(super) found: Decision,
    steps: Vec<(u32, u32, PairStep)>,
    here: CountedState,
    next: CountedState,
}

const UNKNOWN: u32 = u32::MAX;

impl Sweep {
    fn new(world: &World, space: StateSpace) -> Result<Self, Broken> {
        let (transitions, starts) = Transitions::new(world, space)?;
        Ok(Self {
            start: Transitions::start(&starts),
            progress: vec![0; transitions.locals()],
            transitions,
            ahead: VecDeque::new(),
            swept: Vec::new(),
            found: Decision::default(),
            steps: Vec::new(),
            here: CountedState::default(),
            next: CountedState::default(),
        })
    }

    fn run(mut self, control: &Control) -> Result<Self, Broken> {
        loop {
            match self.pass(control)? {
                Ended::Through => return Ok(self),
                Ended::Stopped(bound) => {
                    self.found.stopped = Some(bound);
                    return Ok(self);
                }
                Ended::Back => self.progress = longest_ways(&self.transitions),
            }
        }
    }

    /// One sweep over all states, as far as no step leads back.
    fn pass(&mut self, control: &Control) -> Result<Ended, Broken> {
        let highest = self.transitions.holders(&self.start);
        self.found = Decision { states: 1, kept: 1, highest, ..Decision::default() };
        self.swept.extend(self.ahead.drain(..));
        self.room(0);
        self.ahead[0].insert(&self.start);
        while !self.ahead.is_empty() {
            let mut here = 0;
            while here < self.ahead[0].len() {
                match self.expand(here, control)? {
                    Ended::Through => here += 1,
                    ended => return Ok(ended),
                }
            }
            let kept: usize = self.ahead.iter().map(StateTable::len).sum();
            self.found.kept = self.found.kept.max(kept as u64);
            self.swept.extend(self.ahead.pop_front());
        }
        Ok(Ended::Through)
    }

    /// Takes every step from a state of those that come first.
    fn expand(&mut self, here: usize, control: &Control) -> Result<Ended, Broken> {
        if let Some(bound) = control.stop(0) {
            return Ok(Ended::Stopped(bound));
        }
        let mut steps = std::mem::take(&mut self.steps);
        self.ahead[0].read(u32::try_from(here).unwrap_or(u32::MAX), &mut self.here);
        self.transitions.steps(&self.here, &mut steps)?;
        self.progress.resize(self.transitions.locals(), UNKNOWN);
        let held = self.transitions.holders(&self.here);
        for (pair, _, step) in &steps {
            let Some(further) = self.further(*pair, step.to) else { return Ok(Ended::Back) };
            self.room(further);
            let states = &mut self.ahead[further];
            let (transitions, next) = (&self.transitions, &mut self.next);
            let full = Ok(Ended::Stopped(Bound::States(self.found.states)));
            let Some((_, new)) = transitions.insert_next(states, &self.here, *pair, *step, next) else {
                return full;
            };
            if new {
                if control.max_states.is_some_and(|max| self.found.states >= max) {
                    return full;
                }
                self.found.states += 1;
                let held = held - transitions.held(*pair) + transitions.held(step.to);
                self.found.highest = self.found.highest.max(held);
            }
        }
        self.found.steps += steps.len() as u64;
        self.steps = steps;
        control.count();
        Ok(Ended::Through)
    }

    /// How much further a step leads; `None` if it leads back.
    fn further(&mut self, from: u32, to: u32) -> Option<usize> {
        let from = self.progress[self.transitions.local(from) as usize];
        let to = &mut self.progress[self.transitions.local(to) as usize];
        if *to == UNKNOWN {
            *to = from + 1;
        }
        to.checked_sub(from).map(|further| further as usize)
    }

    /// Makes room for states that are so much further.
    fn room(&mut self, further: usize) {
        while self.ahead.len() <= further {
            self.ahead.push_back(self.swept.pop().map(StateTable::emptied).unwrap_or_default());
        }
    }
}

/// The length of the longest way to each local, by the steps that are known; nought everywhere if they go in circles.
fn longest_ways(transitions: &Transitions) -> Vec<u32> {
    let locals = transitions.locals();
    // A step that changes nothing in its client is no circle: it stays where it is.
    let steps: Vec<(u32, u32)> = transitions.known_locals().filter(|(from, to)| from != to).collect();
    let mut longest = vec![0; locals];
    for _ in 0..=locals {
        let mut changed = false;
        for (from, to) in &steps {
            let (from, to) = (longest[*from as usize], &mut longest[*to as usize]);
            changed |= *to <= from;
            *to = (*to).max(from + 1);
        }
        if !changed {
            return longest;
        }
    }
    vec![0; locals]
}
