//! Plain enumeration on the model, over several threads, with the same result for any number of them.
//!
//! The tree of choices is cut into subtrees, in the order in which one thread would walk them. Threads take the next
//! one that is left; what they find is added up in that order. Under a bound on executions one thread walks alone, as
//! which executions the bound leaves out must not depend on the number of threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::explore::enumerate::{Position, walk};
use crate::explore::{Control, Exploration};
use crate::model::Model;
use crate::world::World;

/// Subtrees a thread: enough that none is left waiting for a large one.
const SUBTREES_PER_THREAD: usize = 32;

/// Runs every interleaving of a world's clients on the model, each from an empty store.
pub fn enumerate(world: World, control: &Control, threads: NonZeroUsize) -> Result<Exploration, Error> {
    let start = Position::start(world.clone(), Model::new())?;
    if threads.get() == 1 || control.max_executions.is_some() {
        return walk(world, start, control, &mut ());
    }
    let subtrees = cut(start, threads.get() * SUBTREES_PER_THREAD)?;
    let mut found = Exploration::default();
    for part in walk_all(&world, &subtrees, control, threads)? {
        found.add(part);
    }
    Ok(found)
}

/// Positions that together have all interleavings below them, in the order of the walk: at least that many, if there
/// are.
fn cut(start: Position<Model>, enough: usize) -> Result<Vec<Position<Model>>, Error> {
    let mut level = vec![start];
    let mut grew = true;
    while grew && level.len() < enough {
        grew = false;
        let mut next = Vec::new();
        for position in level {
            let choices: Vec<_> = position.execution.world.enabled().collect();
            grew |= !choices.is_empty();
            for choice in &choices {
                let mut child = position.clone();
                child.step(*choice, &mut ())?;
                next.push(child);
            }
            if choices.is_empty() {
                next.push(position);
            }
        }
        level = next;
    }
    Ok(level)
}

/// Walks every subtree, on several threads.
fn walk_all(
    root: &World,
    subtrees: &[Position<Model>],
    control: &Control,
    threads: NonZeroUsize,
) -> Result<Vec<Exploration>, Error> {
    let next = AtomicUsize::new(0);
    let walked: Vec<Mutex<Option<Result<Exploration, Error>>>> =
        subtrees.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for number in 1..=threads.get().min(subtrees.len()) {
            let worker = control.activity.worker(format!("thread {number}"));
            let next = &next;
            let walked = &walked;
            scope.spawn(move || {
                while let Some((number, subtree, walked)) = {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    subtrees.get(i).zip(walked.get(i)).map(|(subtree, walked)| (i + 1, subtree, walked))
                } {
                    worker.works("subtree", format!("{number} of {}", subtrees.len()));
                    let found = walk(root.clone(), subtree.clone(), control, &mut ());
                    *walked.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                }
            });
        }
    });
    let each =
        walked.into_iter().filter_map(|found| found.into_inner().unwrap_or_else(PoisonError::into_inner));
    each.collect()
}
