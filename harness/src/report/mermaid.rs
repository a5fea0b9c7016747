//! The steps of a counterexample as a sequence diagram, in Mermaid's language, which GitHub draws.
//!
//! One message is one step and bears its number. GitHub draws nothing of more than 50,000 characters or 500 edges, so a
//! diagram keeps far below: 60 steps, each cut to 60 columns. The last ones are kept, because the violation is there.

use std::ops::RangeInclusive;

use super::lanes::{advance, client, name, skipped};
use super::step::{Step, outcome_word};
use super::{About, Entry};
use crate::base::words::{cut, grouped};
use crate::world::schedule::ClientId;
use crate::world::trace::{Effect, Trace, TraceRow};

const MOST_STEPS: usize = 60;
const WIDEST_STEP: usize = 60;
const WIDEST_NAME: usize = 20;

/// Visible on a light page and on a dark one.
const RACE: &str = "rect rgba(255, 165, 0, 0.2)";

/// The diagram of a result that has steps.
pub(super) fn diagram(about: &About, entry: &Entry) -> Option<String> {
    let trace = entry.trace.as_ref().filter(|trace| !trace.rows.is_empty())?;
    let pair = entry.counterexample.as_ref().and_then(|found| found.critical_pair);
    let race = pair.map(|(first, second)| first..=second).filter(|race| *race.end() < trace.rows.len());
    let left_out = trace.rows.len().saturating_sub(MOST_STEPS);
    let mut lines = participants(about, &trace.rows[left_out..]);
    if left_out > 0 {
        lines.push(format!(
            "Note over redis: {}",
            escaped(&format!("the first {left_out} steps are left out"))
        ));
    }
    let mut next = 0;
    for (at, row) in trace.rows.iter().enumerate().skip(left_out) {
        let begins =
            |race: &RangeInclusive<usize>| at == (*race.start()).max(left_out) && *race.end() >= left_out;
        if race.as_ref().is_some_and(begins) {
            lines.push(RACE.to_owned());
        }
        if matches!(row.effect, Effect::Step(_)) {
            // Only messages are numbered, so what sends none has left a gap.
            if next != at + 1 {
                lines.push(format!("autonumber {}", at + 1));
            }
            next = at + 2;
        }
        lines.extend(messages(about, trace, at, row));
        if let Some(race) = race.as_ref().filter(|race| *race.end() == at) {
            lines.push(critical(trace, race));
            lines.push("end".to_owned());
        }
    }
    Some(format!("sequenceDiagram\n    {}\n", lines.join("\n    ")))
}

/// The clients that have a turn, in declared order, and the store.
fn participants(about: &About, rows: &[TraceRow]) -> Vec<String> {
    let mut clients: Vec<ClientId> = rows.iter().filter_map(|row| client(row.choice)).collect();
    clients.sort_unstable();
    clients.dedup();
    let declared = |client: ClientId| {
        let name = escaped(&cut(&name(about, client), WIDEST_NAME));
        format!("participant {} as {name}", id(client))
    };
    let clients = clients.into_iter().map(declared);
    clients.chain(["participant redis".to_owned()]).collect()
}

/// A name that is no word of the language, whatever the client is called.
fn id(client: ClientId) -> String {
    format!("client{}", client.index())
}

/// What is drawn of one choice.
fn messages(about: &About, trace: &Trace, at: usize, row: &TraceRow) -> Vec<String> {
    let place = client(row.choice).map_or_else(|| "redis".to_owned(), id);
    let note = |text: &str| format!("Note over {place}: {}", escaped(text));
    let aside = |text: &str| vec![note(&format!("{}: {text}", at + 1))];
    match &row.effect {
        Effect::Step(done) => {
            let outcome = done.outcome.as_ref().map_or("", outcome_word);
            let outcome = if outcome.is_empty() { String::new() } else { format!(", {outcome}") };
            let step = Step::of(&done.command, &done.reply).fit(WIDEST_STEP) + &outcome;
            let mut lines = vec![format!("{place}->>redis: {}", escaped(&step))];
            let before = at.checked_sub(1).map_or(0, |before| trace.rows[before].holders);
            if row.holders > before && u64::from(row.holders) > about.limit {
                let held = format!("over the limit: {} of {} held", row.holders, grouped(about.limit));
                lines.push(note(&held));
            }
            lines
        }
        Effect::Passed => aside(&skipped(about, row.choice)),
        Effect::Crashed => aside("crashed"),
        Effect::Advanced => aside(&advance(row.choice)),
    }
}

/// What is special about the two steps at the ends of the race.
fn critical(trace: &Trace, race: &RangeInclusive<usize>) -> String {
    let ends = [*race.start(), *race.end()].map(|at| client(trace.rows[at].choice));
    let mut places: Vec<String> = ends.into_iter().flatten().map(id).collect();
    places.dedup();
    let places = if places.is_empty() { "redis".to_owned() } else { places.join(",") };
    let (first, second) = (race.start() + 1, race.end() + 1);
    let text = format!("steps {first} and {second} exchanged: no violation");
    format!("Note over {places}: {}", escaped(&text))
}

/// Text that is shown as it stands: what could end the line, begin a comment, markup or a formula is a number.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || " ,.-()_/=*?".contains(c) {
            escaped.push(c);
        } else {
            let c = if c.is_control() { ' ' } else { c };
            escaped.extend(["#", &u32::from(c).to_string(), ";"]);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_mermaid_is_a_number() {
        assert_eq!(escaped("a;b #1 %% $$x$$ <br>"), "a#59;b #35;1 #37;#37; #36;#36;x#36;#36; #60;br#62;");
        assert_eq!(escaped("ZADD slots 0 A1 -> 1"), "ZADD slots 0 A1 -#62; 1");
        assert_eq!(escaped("a\nb"), "a#32;b");
    }
}
