//! Text to schedule. Every token is read on its own, so that all errors are found at once.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use super::{Choice, ClientId, Schedule, Turn};
use crate::base::diagnostic::{Diagnostic, clipped, suggestion};
use crate::base::duration;

/// What a client can suffer, as it is written after `A!`.
const CLIENT_FAULTS: [&str; 3] = ["crash", "lose-reply", "lose-request"];

/// What the server can suffer, as it is written after `!`.
const SERVER_FAULTS: [&str; 4] = ["flush-scripts", "restart", "failover", "evict=KEY"];

/// A token that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TokenError {
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl From<TokenError> for Diagnostic {
    fn from(error: TokenError) -> Self {
        Self::new(error.span, error.message).help(error.help)
    }
}

/// Nobody reads more errors than these, and each costs a search for what may have been meant.
const MAX_ERRORS: usize = 1_000;

/// Nobody writes longer ones; a short form could ask for any number.
const MAX_TURNS: usize = 1_000_000;

impl Schedule {
    /// Reads a schedule over clients of those names, in their order. Gives up after 1,000 errors.
    pub fn parse(text: &str, names: &[String]) -> Result<Self, Vec<TokenError>> {
        let clients = ClientNames::new(names);
        let mut turns = Vec::new();
        let mut errors = Vec::new();
        for (start, token) in tokens(text) {
            match clients.read(token, &mut turns) {
                Ok(()) => {}
                Err(TokenProblem { within, message, help }) => {
                    let within = if within.is_empty() { 0..token.len() } else { within };
                    let span = start + within.start..start + within.end;
                    errors.push(TokenError { span, message, help });
                    if errors.len() == MAX_ERRORS {
                        break;
                    }
                }
            }
        }
        if errors.is_empty() { Ok(Self { turns }) } else { Err(errors) }
    }
}

/// The tokens of a text, each with the byte that it starts at.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive(char::is_whitespace)
        .scan(0, |end, piece| {
            let start = *end;
            *end += piece.len();
            Some((start, piece.trim_end()))
        })
        .filter(|(_, token)| !token.is_empty())
}

/// Why a token cannot be used, and which bytes of it are to blame.
struct TokenProblem {
    within: Range<usize>,
    message: String,
    help: Option<String>,
}

impl TokenProblem {
    fn new(within: Range<usize>, message: impl Into<String>, help: Option<String>) -> Self {
        Self { within, message: message.into(), help }
    }

    fn not_supported(token: &str) -> Self {
        let message = format!("`{}` is not supported yet", clipped(token));
        let help = "what can be used now: `A`, `A*`, `+30s` and `A!crash`";
        Self::new(0..token.len(), message, Some(help.to_owned()))
    }
}

/// The clients that a token may name.
struct ClientNames<'a> {
    names: &'a [String],
    by_name: HashMap<&'a str, ClientId>,
}

impl<'a> ClientNames<'a> {
    fn new(names: &'a [String]) -> Self {
        let ids = (0..=u16::MAX).map(ClientId);
        let by_name = names.iter().map(String::as_str).zip(ids).collect();
        Self { names, by_name }
    }

    /// Adds what a token stands for: one turn, or several in the short form.
    fn read(&self, token: &str, turns: &mut Vec<Turn>) -> Result<(), TokenProblem> {
        if let Some(duration) = token.strip_prefix('+') {
            let by = parse_duration(duration, 1)?;
            turns.push(Turn::Choice(Choice::Advance(by)));
            return Ok(());
        }
        if let Some(fault) = token.strip_prefix('!') {
            return Err(server_fault(token, fault));
        }
        let Folded { times, first, last, action } = Folded::split(token)?;
        let action = parse_action(token, action)?;
        let (first, last) = (self.client(token, first)?, self.client(token, last)?);
        if last < first {
            let message =
                format!("`{}` goes backwards: name the client first that is declared first", clipped(token));
            return Err(TokenProblem::new(0..token.len(), message, None));
        }
        let turn = |client| match action {
            Action::Step => Ok(Turn::Choice(Choice::Step(client))),
            Action::Operation => Ok(Turn::Operation(client)),
            Action::Crash => Ok(Turn::Choice(Choice::Crash(client))),
            Action::NotSupported => Err(TokenProblem::not_supported(token)),
        };
        let clients = usize::from(last.0 - first.0) + 1;
        if times.saturating_mul(clients) > MAX_TURNS.saturating_sub(turns.len()) {
            let message = format!("a schedule has at most {MAX_TURNS} turns");
            return Err(TokenProblem::new(0..token.len(), message, None));
        }
        for client in (first.0..=last.0).map(ClientId) {
            turns.extend(std::iter::repeat_n(turn(client)?, times));
        }
        Ok(())
    }

    /// The client whose name stands there.
    fn client(&self, token: &str, place: Range<usize>) -> Result<ClientId, TokenProblem> {
        let name = &token[place.clone()];
        self.by_name.get(name).copied().ok_or_else(|| {
            let meant = duration::parse(token).ok().map(|_| format!("did you mean `+{token}`?"));
            let help = meant.or_else(|| suggestion(name, self.names.iter().map(String::as_str)));
            TokenProblem::new(place, format!("no client is called `{}`", clipped(name)), help)
        })
    }
}

/// What a token asks of its client.
enum Action {
    Step,
    Operation,
    Crash,
    NotSupported,
}

/// A token about clients, split: `2A..C*` is two operations each of A, B and C, one client after another.
struct Folded {
    times: usize,
    /// Where the first client's name stands, and the last one's: the same place where there is one.
    first: Range<usize>,
    last: Range<usize>,
    /// Where what each of them does begins.
    action: usize,
}

impl Folded {
    fn split(token: &str) -> Result<Self, TokenProblem> {
        let digits = token.len() - token.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let times = match &token[..digits] {
            "" => 1,
            count => match count.parse().unwrap_or(MAX_TURNS + 1) {
                0 => return Err(TokenProblem::new(0..digits, "a client takes at least one turn", None)),
                times => times,
            },
        };
        let first = name_at(token, digits)?;
        let last = match token[first.end..].strip_prefix("..") {
            Some(_) => name_at(token, first.end + 2)?,
            None => first.clone(),
        };
        Ok(Self { times, action: last.end, first, last })
    }
}

/// The name of a client that begins there.
fn name_at(token: &str, start: usize) -> Result<Range<usize>, TokenProblem> {
    let text = &token[start..];
    let length = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        Ok(start..start + length)
    } else {
        Err(unreadable(token))
    }
}

/// Reads what follows the client's name, from that byte on.
fn parse_action(token: &str, start: usize) -> Result<Action, TokenProblem> {
    let action = &token[start..];
    if let Some(fault) = action.strip_prefix('!') {
        return match fault {
            "crash" => Ok(Action::Crash),
            "lose-reply" | "lose-request" => Ok(Action::NotSupported),
            _ => Err(unknown_fault("client", fault, start + 1, &CLIENT_FAULTS)),
        };
    }
    if let Some(skew) = action.strip_prefix(['+', '-']) {
        parse_duration(skew, start + 1)?;
        return Ok(Action::NotSupported);
    }
    match action {
        "" => Ok(Action::Step),
        "*" => Ok(Action::Operation),
        _ => Err(unreadable(token)),
    }
}

fn server_fault(token: &str, fault: &str) -> TokenProblem {
    match fault.split_once('=') {
        Some(("evict", key)) if !key.is_empty() => TokenProblem::not_supported(token),
        None if SERVER_FAULTS.contains(&fault) => TokenProblem::not_supported(token),
        _ => unknown_fault("server", fault, 1, &SERVER_FAULTS),
    }
}

/// Reads the part of a token that starts at that byte as a duration.
fn parse_duration(text: &str, at: usize) -> Result<Duration, TokenProblem> {
    duration::parse(text).map_err(|error| TokenProblem::new(at..at + text.len(), error.to_string(), None))
}

fn unknown_fault(whose: &str, fault: &str, at: usize, known: &[&str]) -> TokenProblem {
    let message = match fault {
        "" => format!("`!` must be followed by a fault of the {whose}"),
        _ => format!("`{}` is no fault of a {whose}", clipped(fault)),
    };
    TokenProblem::new(at..at + fault.len(), message, suggestion(fault, known.iter().copied()))
}

fn unreadable(token: &str) -> TokenProblem {
    let message = format!("`{}` cannot be read", clipped(token));
    let help = "expected a client's name (`A`), `A*`, `+30s` or `A!crash`, separated by spaces";
    TokenProblem::new(0..token.len(), message, Some(help.to_owned()))
}

#[cfg(test)]
mod tests;
