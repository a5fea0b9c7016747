//! Plain enumeration on the model, over several threads, with the same result for any number of them.
//!
//! The tree of choices is cut into subtrees, in the order in which one thread would walk them. Threads take the next
//! one that is left; what they find is added up in that order. Under a bound on executions one thread walks alone, as
//! which executions the bound leaves out must not depend on the number of threads.
//!
//! Several machines share the tree in the same way: it is cut once more, into subtrees that do not depend on how many
//! threads a machine has, and these are dealt out.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

use crate::base::share::Share;
use crate::explore::Exploration;
use crate::explore::enumerate::{Position, walk};
use crate::model::Model;
use crate::world::clients::World;
use crate::world::control::Control;
use crate::world::error::Error;
use crate::world::schedule::Choice;

/// Subtrees a thread: enough that none is left waiting for a large one.
const SUBTREES_PER_THREAD: usize = 32;

/// Subtrees a machine, likewise: machines cannot take from each other what is left.
const SUBTREES_PER_SHARE: usize = 16;

/// The most subtrees that a tree is cut into for machines, as each holds a model.
const MOST_SUBTREES: usize = 1 << 16;

/// How deep a tree is cut at most: one that is as deep and no wider may have no end.
const MOST_LEVELS: usize = 1_024;

/// Runs every interleaving of a world's clients on the model, each from an empty store.
pub fn enumerate(world: World, control: &Control, threads: NonZeroUsize) -> Result<Exploration, Error> {
    let start = Position::start(world.clone(), Model::new())?;
    if threads.get() == 1 || control.max_executions.is_some() {
        return walk(world, start, control, &mut ());
    }
    enumerate_below(vec![start], &world, control, threads)
}

/// Runs the interleavings that fall to a share. A bound on executions would bound each share for itself.
pub fn enumerate_share(
    world: &World,
    control: &Control,
    threads: NonZeroUsize,
    share: Share,
) -> Result<Exploration, Error> {
    enumerate_below(subtrees(world, share)?, world, control, threads)
}

/// The beginnings that fall to a share: an interleaving falls to it if it begins in one of these ways.
pub fn beginnings(world: &World, share: Share) -> Result<Vec<Vec<Choice>>, Error> {
    Ok(subtrees(world, share)?.iter().map(|position| position.path.choices().to_vec()).collect())
}

/// Where the interleavings begin that fall to a share.
fn subtrees(world: &World, share: Share) -> Result<Vec<Position<Model>>, Error> {
    let start = Position::start(world.clone(), Model::new())?;
    let of = usize::try_from(share.of()).unwrap_or(usize::MAX);
    let all = cut(vec![start], of.saturating_mul(SUBTREES_PER_SHARE).min(MOST_SUBTREES))?;
    Ok(all.into_iter().zip(0..).filter(|(_, number)| share.takes(*number)).map(|(at, _)| at).collect())
}

fn enumerate_below(
    level: Vec<Position<Model>>,
    world: &World,
    control: &Control,
    threads: NonZeroUsize,
) -> Result<Exploration, Error> {
    let subtrees = if threads.get() == 1 { level } else { cut(level, threads.get() * SUBTREES_PER_THREAD)? };
    let mut found = Exploration::default();
    for part in walk_all(world, &subtrees, control, threads)? {
        found.add(part);
    }
    Ok(found)
}

/// Positions that together have the same interleavings below them, in the order of the walk: at least that many, if
/// there are.
fn cut(mut level: Vec<Position<Model>>, enough: usize) -> Result<Vec<Position<Model>>, Error> {
    let mut grew = true;
    for _ in 0..MOST_LEVELS {
        if !grew || level.len() >= enough {
            break;
        }
        grew = false;
        let mut next = Vec::new();
        for position in level {
            let choices: Vec<_> = position.execution.world.enabled().collect();
            grew |= !choices.is_empty();
            for choice in &choices {
                let mut child = position.clone();
                child.take(*choice, &mut ())?;
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
    std::thread::scope(|scope| -> Result<(), Error> {
        for number in 1..=threads.get().min(subtrees.len()) {
            let worker = control.activity.worker(format!("thread {number}"));
            let next = &next;
            let walked = &walked;
            let work = move || {
                while let Some((number, subtree, walked)) = {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    subtrees.get(i).zip(walked.get(i)).map(|(subtree, walked)| (i + 1, subtree, walked))
                } {
                    worker.works("subtree", format!("{number} of {}", subtrees.len()));
                    let found = walk(root.clone(), subtree.clone(), control, &mut ());
                    *walked.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                }
            };
            if let Err(error) = Builder::new().spawn_scoped(scope, work) {
                // Those that were started find nothing more to do.
                next.store(subtrees.len(), Ordering::Relaxed);
                return Err(Error::Threads(error));
            }
        }
        Ok(())
    })?;
    let each =
        walked.into_iter().filter_map(|found| found.into_inner().unwrap_or_else(PoisonError::into_inner));
    each.collect()
}
