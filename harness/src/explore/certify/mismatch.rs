//! What the server did otherwise than the model, and the shortest schedule that leads to it.

use std::{fmt, iter};

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::case::Case;
use crate::explore::states::{CountedState, Graph};
use crate::model::Model;
use crate::world::clients::World;
use crate::world::error::Error;
use crate::world::execution::Execution;
use crate::world::schedule::{Choice, ClientId};

/// A content and a command that the server treats otherwise than the model does. Its texts have the tokens that the
/// scenario's clients have after the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The shortest schedule that leads to it. The command is the one that its last step sends.
    pub schedule: Vec<Choice>,
    /// Everything that was sent, in order: what puts the content there, the command, and what reads back the content
    /// that results.
    pub answers: Vec<ComparedReply>,
    /// Where among the answers that to the command is.
    pub asked: usize,
}

/// What was sent, and both replies to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedReply {
    /// What was sent.
    pub command: Command,
    /// The reply that the model expects.
    pub model: Reply,
    /// The server's reply.
    pub server: Reply,
    /// Whether the two are the same as far as they must be: sets have no order, and a time to live gets shorter.
    pub agrees: bool,
}

impl Mismatch {
    /// The command that the server treats otherwise.
    pub fn command(&self) -> &Command {
        &self.answers[self.asked].command
    }

    /// The first answer in which the two differ.
    pub fn difference(&self) -> Option<&ComparedReply> {
        self.answers.iter().find(|answer| !answer.agrees)
    }
}

impl fmt::Display for Mismatch {
    /// On one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ComparedReply { command, model, server, .. }) = self.difference() else { return Ok(()) };
        let asked = self.command();
        if command != asked {
            write!(f, "with `{asked}`, ")?;
        }
        write!(f, "`{command}` is answered with {server} by the server and with {model} by the model")
    }
}

/// A case that the server answered, under tokens that were drawn for it.
pub(super) struct Answered<'a> {
    pub(super) effect: usize,
    /// The tokens, each with the number of its owner and its number among the owner's.
    pub(super) symbols: &'a [(u16, u16)],
    pub(super) tokens: &'a [Bytes],
    pub(super) case: &'a Case,
    pub(super) replies: &'a [Reply],
    /// Which replies are as they should be.
    pub(super) agree: &'a [bool],
}

/// What is to be reported of it.
pub(super) fn explain(graph: &Graph, world: &World, answered: &Answered<'_>) -> Result<Mismatch, Error> {
    let Answered { effect, symbols, tokens, case, replies, agree } = answered;
    let Way { choices, sender, pairs } = way_to(graph, *effect);
    let mut execution = Execution::start(world.clone(), Model::new())?;
    for choice in &choices {
        execution.take(*choice)?;
    }
    let owners = owners(graph, *effect, sender, &pairs);
    let own: Vec<Bytes> = symbols
        .iter()
        .map(|(owner, number)| match owners.get(usize::from(*owner)).copied().flatten() {
            Some(client) => own_token(&execution.world, client, *number),
            None => format!("somebody{owner}").into(),
        })
        .collect();
    let names: Vec<(&Bytes, &Bytes)> = tokens.iter().zip(&own).collect();
    let answers =
        case.questions.iter().zip(*replies).zip(*agree).filter_map(|((question, server), agrees)| {
            let parts = question.command.parts().iter().map(|part| replaced(part, &names)).collect();
            Some(ComparedReply {
                command: Command::from_parts(parts)?,
                model: replaced_in(&question.model()?, &names),
                server: replaced_in(server, &names),
                agrees: *agrees,
            })
        });
    let answers = answers.collect();
    let mut schedule = choices;
    schedule.push(Choice::Step(id(sender)));
    Ok(Mismatch { schedule, answers, asked: case.asked })
}

/// A shortest way to where some client sends the command.
struct Way {
    choices: Vec<Choice>,
    /// The place of the client that sends it next.
    sender: usize,
    /// The pair that each client is in then.
    pairs: Vec<u32>,
}

fn way_to(graph: &Graph, effect: usize) -> Way {
    let mut state = CountedState::default();
    let mut sends = |id: u32| {
        graph.states.read(id, &mut state);
        let known = graph.transitions.known_effects(&state);
        known.into_iter().find(|(_, known)| *known as usize == effect).map(|(pair, _)| pair)
    };
    // States are numbered by how far away they are. The last one that a bound let through may not be expanded, and have
    // effects all the same.
    let all = 0..u32::try_from(graph.len()).unwrap_or(u32::MAX);
    let (end, sends) =
        all.clone().find_map(|id| Some((id, sends(id)?))).expect("an effect was computed for a state");
    // The first state that leads to another is the one from which it was met.
    let before =
        |here: &u32| (*here > 0).then(|| all.clone().find(|id| graph.targets(*id).contains(here))).flatten();
    let mut ids: Vec<u32> = iter::successors(Some(end), before).collect();
    ids.reverse();
    let mut pairs = graph.starts.clone();
    let (mut state, mut steps, mut choices) = (CountedState::default(), Vec::new(), Vec::new());
    for way in ids.windows(2) {
        graph.steps(way[0], &mut state, &mut steps);
        let step = steps.iter().zip(graph.targets(way[0])).find(|(_, target)| **target == way[1]);
        let Some(((pair, _, step), _)) = step else { unreachable!("an edge leads from one to the other") };
        let client = place_of(&pairs, *pair);
        for pair in &mut pairs {
            *pair = graph.transitions.affected(*pair, *step);
        }
        pairs[client] = step.to;
        choices.push(Choice::Step(id(client)));
    }
    Way { choices, sender: place_of(&pairs, sends), pairs }
}

fn place_of(pairs: &[u32], pair: u32) -> usize {
    pairs.iter().position(|known| *known == pair).expect("a state has a client in each of its pairs")
}

fn id(place: usize) -> ClientId {
    ClientId(u16::try_from(place).unwrap_or(u16::MAX))
}

/// Which client is which owner in the effect's layout.
fn owners(graph: &Graph, effect: usize, sender: usize, pairs: &[u32]) -> Vec<Option<usize>> {
    let transitions = &graph.transitions;
    let mut left: Vec<usize> = (0..pairs.len()).filter(|place| *place != sender).collect();
    let roles = transitions.owners_of(&transitions.effects()[effect]);
    let mut of_role = |role| {
        let at = left.iter().position(|place| transitions.role(pairs[*place]) == role)?;
        Some(left.remove(at))
    };
    (0..).zip(roles).map(|(owner, role)| if owner == 0 { Some(sender) } else { of_role(role) }).collect()
}

/// A client's token by its number; those that it cannot name any more come after those that it can.
fn own_token(world: &World, client: usize, number: u16) -> Bytes {
    let tokens = world.client(id(client)).tokens();
    let known = tokens.get(usize::from(number)).cloned();
    known.unwrap_or_else(|| {
        format!("{}'s{}", world.names()[client], usize::from(number) - tokens.len()).into()
    })
}

fn replaced(text: &Bytes, names: &[(&Bytes, &Bytes)]) -> Bytes {
    let mut rest: &[u8] = text;
    let mut new = Vec::new();
    while let Some(first) = rest.first() {
        if let Some((token, name)) = names.iter().find(|(token, _)| rest.starts_with(token)) {
            new.extend_from_slice(name);
            rest = &rest[token.len()..];
        } else {
            new.push(*first);
            rest = &rest[1..];
        }
    }
    new.into()
}

fn replaced_in(reply: &Reply, names: &[(&Bytes, &Bytes)]) -> Reply {
    let text = |text: &String| {
        String::from_utf8_lossy(&replaced(&Bytes::copy_from_slice(text.as_bytes()), names)).into_owned()
    };
    match reply {
        Reply::Bulk(bytes) => Reply::Bulk(replaced(bytes, names)),
        Reply::Status(status) => Reply::Status(text(status)),
        Reply::Error(error) => Reply::Error(text(error)),
        Reply::Array(items) => Reply::Array(items.iter().map(|item| replaced_in(item, names)).collect()),
        Reply::Nil | Reply::Int(_) => reply.clone(),
    }
}
