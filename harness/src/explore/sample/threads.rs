//! Sampling on the model, over several threads, with the same result for any number of them.
//!
//! The executions are cut into parts of a fixed size, and threads take the next one that is left. What a part comes to
//! follows from the numbers of its executions alone, and sums and minima do not depend on their order.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::{Sample, SampleSettings, Sampling, earlier};
use crate::explore::{Exploration, chooser};
use crate::model::Model;
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;

/// How many executions a part has: enough that starting it costs nothing, few enough that threads end together.
const PART: u64 = 512;

/// Samples on the model.
pub fn on_model(
    root: &World,
    settings: SampleSettings,
    threads: NonZeroUsize,
    control: &Control,
) -> Result<Sample, Error> {
    sampled_on_model(root, Sampling::new(root, settings, control)?, threads, control)
}

/// Runs the executions of a sampler, or of its share, on the model.
pub fn sampled_on_model(
    root: &World,
    mut sampling: Sampling,
    threads: NonZeroUsize,
    control: &Control,
) -> Result<Sample, Error> {
    let parts = Parts { of: &sampling, count: sampling.len().div_ceil(PART), taken: AtomicU64::new(0) };
    // The bound on executions is in their number.
    let control = Control { max_executions: None, ..control.clone() };
    let each: Vec<_> = thread::scope(|scope| {
        let mut started = Vec::new();
        for number in 1..=threads.get() {
            let (parts, control) = (&parts, &control);
            let work = move || parts.work(root, control, number);
            match thread::Builder::new().spawn_scoped(scope, work) {
                Ok(thread) => started.push(thread),
                Err(error) => {
                    // Those that were started find nothing more to do.
                    parts.taken.store(parts.count, Ordering::Relaxed);
                    return Err(Error::Threads(error));
                }
            }
        }
        Ok(started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect())
    })?;
    let mut found = Exploration::default();
    for done in all_or_first_error(each)? {
        found.add(done.found);
        sampling.first_violation = earlier(sampling.first_violation, done.first_violation);
    }
    Ok(sampling.sample(found))
}

/// The parts of a sampling.
struct Parts<'a> {
    of: &'a Sampling,
    count: u64,
    /// How many of them have been taken by some thread.
    taken: AtomicU64,
}

/// What one thread did.
#[derive(Default)]
struct PartsDone {
    found: Exploration,
    first_violation: Option<u64>,
}

impl Parts<'_> {
    /// Runs one part after another until there are none left, a bound is met, or one fails: that one and its error.
    fn work(&self, root: &World, control: &Control, thread: usize) -> Result<PartsDone, (u64, Error)> {
        let worker = control.activity.worker(format!("thread {thread}"));
        let mut done = PartsDone::default();
        while done.found.stopped.is_none() {
            let number = self.taken.fetch_add(1, Ordering::Relaxed);
            if number >= self.count {
                break;
            }
            worker.works("part", format!("{} of {}", number + 1, self.count));
            let mut part = self.of.part(number * PART, PART);
            let found = chooser::run(root, Model::new(), &mut part, control, &mut ());
            let found = found.map_err(|error| {
                // Those before it are under way, and nobody wants those after it.
                self.taken.fetch_max(self.count, Ordering::Relaxed);
                (number, error)
            })?;
            done.found.add(found);
            done.first_violation = earlier(done.first_violation, part.first_violation);
        }
        Ok(done)
    }
}

/// What all threads did, or the error of the first part that has one.
fn all_or_first_error(each: Vec<Result<PartsDone, (u64, Error)>>) -> Result<Vec<PartsDone>, Error> {
    let mut all = Vec::new();
    let mut first: Option<(u64, Error)> = None;
    for done in each {
        match done {
            Ok(done) => all.push(done),
            Err(error) if first.as_ref().is_none_or(|first| error.0 < first.0) => first = Some(error),
            Err(_) => {}
        }
    }
    first.map_or(Ok(all), |(_, error)| Err(error))
}
