//! What a client is by itself: its control state, its tokens as symbols.

use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::{Command, Outcome, Reply};

use super::Asymmetry;
use super::naming::{OTHERS, Symbol, rename, rename_reply};
use crate::model::content;
use crate::world::client::Client;
use crate::world::setup::Setup;

/// A client in the middle of its program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Local {
    /// The client whose program it runs: the first of its class.
    pub(super) place: u16,
    pub(super) client: Client,
    /// What its operations came to, if that is kept.
    outcomes: Vec<Outcome>,
}

/// What a reply makes of a client.
pub(super) struct Advanced {
    pub(super) local: Local,
    /// Its old tokens that it can still name, each with its new number, in the order of new numbers.
    pub(super) kept: Vec<(u16, u16)>,
    /// How many tokens it can name now.
    pub(super) named: u16,
    /// What the operation came to, if that ended it.
    pub(super) outcome: Option<Outcome>,
}

/// How locals are told apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    /// Whether tokens are symbols.
    pub(super) symbols: bool,
    /// Whether what operations came to is kept.
    pub(super) outcomes: bool,
}

impl Local {
    /// A client before its first step.
    pub(super) fn new(place: u16, client: &Client, telling: Telling) -> Self {
        let client = if telling.symbols { numbered(client).0 } else { client.clone() };
        Self { place, client, outcomes: Vec::new() }.without_past(telling)
    }

    /// Its place, and what its operations came to, if that is kept.
    pub(super) fn outcomes(&self) -> (u16, &[Outcome]) {
        (self.place, &self.outcomes)
    }

    /// The command that it sends next, under its own tokens; `None` once it has finished. It must be the same but for
    /// the tokens under other ones.
    pub(super) fn command(&self, now: Duration) -> Result<Option<Command>, Asymmetry> {
        let Some(sent) = self.client.pending(now) else { return Ok(None) };
        for naming in OTHERS {
            let mut name = |text: &Bytes| rename(text, &mut |symbol| (naming.token)(symbol));
            let other = self.client.with_tokens(&mut name).pending(now).map(|sent| sent.command);
            if other.as_ref() != Some(&content::renamed(&sent.command, &mut name)) {
                let command = &sent.command;
                return Err(Asymmetry(format!("what a client sends (`{command}`) depends on its token")));
            }
        }
        Ok(Some(sent.command))
    }

    /// What a reply to that command makes of it. It must be the same but for the tokens under other ones.
    pub(super) fn advance(
        &self,
        setup: &Setup,
        now: Duration,
        reply: &Reply,
        telling: Telling,
    ) -> Result<Advanced, Asymmetry> {
        let step = |name: Option<fn(Symbol) -> Bytes>| {
            let mut client = match name {
                Some(name) => self.client.with_tokens(|text| rename(text, &mut |symbol| name(symbol))),
                None => self.client.clone(),
            };
            client.begin(now);
            let reply = match name {
                Some(name) => rename_reply(reply, &mut |symbol| name(symbol)),
                None => reply.clone(),
            };
            let outcome = client.finish(setup, self.place.into(), &reply);
            (client, outcome)
        };
        let (client, outcome) = step(None);
        let mut outcomes = self.outcomes.clone();
        if telling.outcomes {
            outcomes.extend(outcome.clone());
        }
        if !telling.symbols {
            let local = Self { place: self.place, client, outcomes }.without_past(telling);
            return Ok(Advanced { local, kept: Vec::new(), named: 0, outcome });
        }
        let (symbolic, tokens) = numbered(&client);
        for naming in OTHERS {
            let (other, other_outcome) = step(Some(naming.token));
            let failed = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Failed(_)));
            if numbered(&other).0 != symbolic || failed(&other_outcome) != failed(&outcome) {
                return Err(Asymmetry(format!(
                    "what a client does after the reply {reply} depends on its token"
                )));
            }
        }
        let named = u16::try_from(tokens.len()).unwrap_or(u16::MAX);
        let kept = tokens.iter().zip(0..).filter_map(|(token, number)| {
            let mut old = None;
            Symbol::each_in(token, |symbol| old = Some(symbol.number));
            old.map(|old| (old, number))
        });
        let kept = kept.collect();
        let local = Self { place: self.place, client: symbolic, outcomes }.without_past(telling);
        Ok(Advanced { local, kept, named, outcome })
    }

    fn without_past(mut self, telling: Telling) -> Self {
        if self.client.finished() && !telling.outcomes {
            // Nor does it matter which program it was.
            self.place = 0;
            self.client = self.client.without_past();
        }
        self
    }
}

/// The client with its tokens as symbols, numbered in the order in which it names them; and the tokens in that order.
fn numbered(client: &Client) -> (Client, Vec<Bytes>) {
    let tokens = client.tokens();
    let number =
        |token: &Bytes| tokens.iter().zip(0..).find(|(known, _)| *known == token).map_or(0, |(_, at)| at);
    (client.with_tokens(|token| Symbol::own(number(token)).token()), tokens)
}
