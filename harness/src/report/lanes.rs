//! The interleaving as a table: one lane per client, one row per choice, and what is held after each.
//!
//! Where the lanes would be too narrow to read, all clients share one column and each row names its client.

use super::About;
use super::palette::{Palette, paint};
use super::step::{Step, outcome_word};
use crate::base::words::{columns, cut, grouped, virtual_time};
use crate::world::schedule::{Choice, ClientId};
use crate::world::trace::{Effect, Trace, TraceRow};

/// Narrower lanes do not hold a command's name and its reply.
const NARROWEST_LANE: usize = 13;
const GAP: &str = "  ";

/// The table's lines, the heading first. No line exceeds the width, unless names or numbers leave no choice.
pub(super) fn table(about: &About, trace: &Trace, width: usize, palette: &Palette) -> Vec<String> {
    let lines = lines(about, trace);
    let layout =
        Layout::lanes(about, trace, &lines, width).unwrap_or_else(|| Layout::list(about, &lines, width));
    let headings: Vec<&str> = layout.lanes.iter().map(|lane| lane.heading.as_str()).collect();
    let heading = layout.line("#", &layout.cells(&headings), "", "held");
    let rows = lines.iter().enumerate().map(|(i, line)| {
        let text = layout.line(&(i + 1).to_string(), &layout.body(about, line), line.outcome, &line.held);
        paint(line.style(palette), text)
    });
    std::iter::once(paint(palette.heading, heading)).chain(rows).collect()
}

/// One row, before it is known how wide its columns are.
struct TableLine {
    step: Step,
    /// Whose lane it is in; none if it concerns all.
    client: Option<ClientId>,
    outcome: &'static str,
    held: String,
    kind: LineKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Step,
    OverTheLimit,
    /// A choice that sends no command.
    Aside,
}

impl TableLine {
    fn style(&self, palette: &Palette) -> anstyle::Style {
        match self.kind {
            LineKind::Step => anstyle::Style::new(),
            LineKind::OverTheLimit => palette.bad,
            LineKind::Aside => palette.dim,
        }
    }
}

fn lines(about: &About, trace: &Trace) -> Vec<TableLine> {
    let before = std::iter::once(0).chain(trace.rows.iter().map(|row| row.holders));
    before.zip(&trace.rows).map(|(before, row)| line(about, row, before)).collect()
}

fn line(about: &About, row: &TraceRow, holders_before: u32) -> TableLine {
    let over = row.holders > holders_before && u64::from(row.holders) > about.limit;
    let mark = if over { " <- over the limit" } else { "" };
    let (step, outcome, kind) = match &row.effect {
        Effect::Step(done) => {
            let outcome = done.outcome.as_ref().map_or("", outcome_word);
            let kind = if over { LineKind::OverTheLimit } else { LineKind::Step };
            (Step::of(&done.command, &done.reply), outcome, kind)
        }
        Effect::Passed => (Step::note(&skipped(about, row.choice)), "", LineKind::Aside),
        Effect::Crashed => (Step::note("(crashed)"), "", LineKind::Aside),
        Effect::Advanced => (Step::note(&advance(row.choice)), "", LineKind::Aside),
    };
    TableLine {
        step,
        client: client(row.choice),
        outcome,
        held: format!("{}/{}{mark}", grouped(row.holders), grouped(about.limit)),
        kind,
    }
}

/// What is said of a turn that came too late.
pub(super) fn skipped(about: &About, choice: Choice) -> String {
    let client = client(choice).map_or_else(|| "its client".to_owned(), |client| name(about, client));
    format!("skipped: {client} has finished")
}

pub(super) fn advance(choice: Choice) -> String {
    match choice {
        Choice::Advance(by) => format!("-- clock +{} --", virtual_time(by)),
        Choice::Step(_) | Choice::Crash(_) => "-- clock --".to_owned(),
    }
}

pub(super) fn client(choice: Choice) -> Option<ClientId> {
    match choice {
        Choice::Step(client) | Choice::Crash(client) => Some(client),
        Choice::Advance(_) => None,
    }
}

pub(super) fn name(about: &About, client: ClientId) -> String {
    let known = about.clients.get(client.index()).cloned();
    known.unwrap_or_else(|| format!("client{}", client.index()))
}

/// How wide the columns are.
struct Layout {
    number: usize,
    lanes: Vec<ClientLane>,
    outcome: usize,
}

struct ClientLane {
    /// Whose lane it is; none in the list form, where it is everybody's.
    client: Option<ClientId>,
    heading: String,
    width: usize,
}

impl Layout {
    /// A lane for each client that has a turn, if they all fit and every command is still named.
    fn lanes(about: &About, trace: &Trace, lines: &[TableLine], width: usize) -> Option<Self> {
        let mut clients: Vec<ClientId> = trace.rows.iter().filter_map(|row| client(row.choice)).collect();
        clients.sort_unstable();
        clients.dedup();
        let natural = |id: ClientId| {
            let own = lines.iter().filter(|line| line.client == Some(id));
            own.map(|line| columns(&line.step.whole())).max().unwrap_or(0).max(columns(&name(about, id)))
        };
        let widths: Vec<usize> = clients.iter().map(|id| natural(*id)).collect();
        let mut layout = Self::frame(lines);
        let gaps = GAP.len() * clients.len().saturating_sub(1);
        let widths = level(&widths, width.checked_sub(layout.taken(lines) + gaps)?)?;
        let readable = |(id, width): (&ClientId, &usize)| {
            lines.iter().filter(|line| line.client == Some(*id)).all(|line| line.step.reads_at(*width))
        };
        if !clients.iter().zip(&widths).all(readable) {
            return None;
        }
        layout.lanes = clients
            .into_iter()
            .zip(widths)
            .map(|(id, width)| ClientLane { client: Some(id), heading: cut(&name(about, id), width), width })
            .collect();
        Some(layout)
    }

    /// One column in which each row names its client.
    fn list(about: &About, lines: &[TableLine], width: usize) -> Self {
        let mut layout = Self::frame(lines);
        let heading = "client: command".to_owned();
        let natural = lines.iter().map(|line| columns(&named(about, line).whole())).max().unwrap_or(0);
        let room = width.saturating_sub(layout.taken(lines)).max(NARROWEST_LANE);
        let width = natural.min(room).max(columns(&heading));
        layout.lanes = vec![ClientLane { client: None, heading, width }];
        layout
    }

    fn frame(lines: &[TableLine]) -> Self {
        let outcome = lines.iter().map(|line| columns(line.outcome)).max().unwrap_or(0);
        Self { number: lines.len().to_string().len(), lanes: Vec::new(), outcome }
    }

    /// The columns that are not the lanes'.
    fn taken(&self, lines: &[TableLine]) -> usize {
        let held = lines.iter().map(|line| columns(&line.held)).max().unwrap_or(0).max("held".len());
        self.number + GAP.len() + GAP.len() + self.outcome + GAP.len() + held
    }

    /// The part of a row that lies in the lanes.
    fn body(&self, about: &About, line: &TableLine) -> String {
        if let [ClientLane { client: None, width, .. }] = self.lanes.as_slice() {
            return self.cells(&[&named(about, line).fit(*width)]);
        }
        if line.client.is_none() {
            let all = columns(&self.cells::<&str>(&[]));
            return format!("{:<all$}", line.step.fit(all));
        }
        let own = |lane: &ClientLane| {
            if lane.client == line.client { line.step.fit(lane.width) } else { String::new() }
        };
        let cells: Vec<String> = self.lanes.iter().map(own).collect();
        self.cells(&cells)
    }

    fn cells<S: AsRef<str>>(&self, texts: &[S]) -> String {
        let text = |i: usize| texts.get(i).map_or("", AsRef::as_ref);
        let cells = self.lanes.iter().enumerate().map(|(i, lane)| format!("{:<1$}", text(i), lane.width));
        cells.collect::<Vec<_>>().join(GAP)
    }

    fn line(&self, number: &str, body: &str, outcome: &str, held: &str) -> String {
        let (number_width, outcome_width) = (self.number, self.outcome);
        format!("{number:>number_width$}{GAP}{body}{GAP}{outcome:<outcome_width$}{GAP}{held}")
    }
}

fn named(about: &About, line: &TableLine) -> Step {
    match line.client {
        Some(client) => line.step.clone().of_client(&name(about, client)),
        None => line.step.clone(),
    }
}

/// The widths, the widest cut down until all fit; `None` if a lane would become too narrow for that.
fn level(natural: &[usize], room: usize) -> Option<Vec<usize>> {
    let capped = |cap: usize| natural.iter().map(move |width| *width.min(&cap));
    let widest = natural.iter().copied().max().unwrap_or(0);
    let fits = |cap: &usize| capped(*cap).sum::<usize>() <= room;
    let cap = (NARROWEST_LANE.min(widest)..=widest).rev().find(fits)?;
    Some(capped(cap).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_widest_lanes_are_cut() {
        assert_eq!(level(&[8, 30, 40], 100), Some(vec![8, 30, 40]));
        assert_eq!(level(&[8, 30, 40], 60), Some(vec![8, 26, 26]));
        assert_eq!(level(&[8, 30, 40], 33), None);
        assert_eq!(level(&[8, 8], 16), Some(vec![8, 8]));
    }
}
