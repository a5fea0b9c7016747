//! A counterexample in one sentence.

use gatecrash_limiter::Outcome;

use crate::world::scenario::OperationKind;
use crate::world::schedule::ClientId;
use crate::world::trace::{Effect, StepEffect, Trace};

/// Why a trace that ends with the violating step is a violation: two clients that looked before either acted, if there
/// are two such, else who was admitted while all permits were held.
pub fn explain(trace: &Trace, limit: u64, names: &[String]) -> Option<String> {
    let steps: Vec<&StepEffect> = trace
        .rows
        .iter()
        .filter_map(|row| if let Effect::Step(step) = &row.effect { Some(step) } else { None })
        .collect();
    let last = steps.last()?;
    let acquires: Vec<Admission> = holders(&steps).map(|(first, end)| Admission { first, end }).collect();
    let name = |client: ClientId| names.get(client.index()).map_or("?", String::as_str);
    // The last one to act violates: it looked before another one acted that had looked before it.
    let pair = acquires.iter().find_map(|one| {
        let other = acquires.last().filter(|other| one.end < other.end && other.first < one.end)?;
        (one.first < one.end && other.first < other.end).then_some((one, other))
    });
    let Some((one, other)) = pair else {
        let permits = if limit == 1 { "the only permit was" } else { "all permits were" };
        return Some(format!(
            "{} was admitted by its {} while {permits} held.",
            name(last.client),
            command(last)
        ));
    };
    let (looked, too) = (steps[one.first], steps[other.first]);
    Some(format!(
        "{one} {looks} before {two}'s {acts} and {two} {looks_too} before {one}'s.",
        one = name(looked.client),
        looks = looks(looked),
        two = name(too.client),
        acts = command(steps[other.end]),
        looks_too = if looks(looked) == looks(too) { again(too) } else { looks(too) },
    ))
}

/// An `acquire` that led to a permit: its first step and its last, as places among the steps.
struct Admission {
    first: usize,
    end: usize,
}

/// The acquires of the permits that are held at the end.
fn holders<'a>(steps: &'a [&StepEffect]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let admitted = steps.iter().enumerate().filter(|(_, step)| step.outcome == Some(Outcome::Admitted));
    admitted.filter_map(|(end, step)| {
        let own = |at: &usize| steps[*at].client == step.client;
        let released = (end + 1..steps.len())
            .filter(own)
            .any(|at| steps[at].operation == OperationKind::Release && steps[at].first);
        let first = (0..=end).rev().filter(own).find(|at| steps[*at].first)?;
        (!released).then_some((first, end))
    })
}

fn command(step: &StepEffect) -> String {
    String::from_utf8_lossy(step.command.name()).to_uppercase()
}

/// What a client did first, as a verb.
fn looks(step: &StepEffect) -> String {
    match command(step).as_str() {
        "ZCARD" | "SCARD" | "LLEN" | "HLEN" | "ZCOUNT" => "read the count".to_owned(),
        "GET" | "HGET" | "MGET" => "read the value".to_owned(),
        other => format!("sent {other}"),
    }
}

/// The same, once it was said in full.
fn again(step: &StepEffect) -> String {
    let said = looks(step);
    match said.strip_prefix("read the ") {
        Some(_) => "read it".to_owned(),
        None => said,
    }
}
