//! Progress on stderr: a bar on a terminal, now and then a whole line elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{output, terminal};
use crate::base::words::{columns, cut};
use crate::observe::{Extent, PhaseNow, Snapshot, text};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How far is not known: no bar.
const OPEN: &str = "{spinner} {msg}";
/// How far is known.
const BOUNDED: &str = "{spinner} {bar:10} {msg}";
/// What a template takes beside the message, and a column that stays free.
const BESIDE_MESSAGE: usize = 14;

/// Where progress is shown.
pub(super) enum ProgressView {
    /// Nowhere.
    Quiet,
    /// On a terminal.
    Bar(ProgressBar),
    /// In a log: the time at which the next line is due.
    Lines(Duration),
}

impl ProgressView {
    pub(super) fn new(quiet: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if std::io::stderr().is_terminal() {
            Self::Bar(ProgressBar::no_length().with_style(style(OPEN)))
        } else {
            Self::Lines(LINE_EVERY)
        }
    }

    /// Whether something is to be shown after that long.
    pub(super) fn is_due(&self, elapsed: Duration) -> bool {
        match self {
            Self::Quiet => false,
            Self::Bar(_) => true,
            Self::Lines(due) => elapsed >= *due,
        }
    }

    /// Shows how far a run has come, if that is due. Nothing is shown of one that has not begun.
    pub(super) fn show(&mut self, now: &Snapshot) {
        match self {
            Self::Bar(bar) if now.ready => show_bar(bar, now),
            Self::Lines(due) if now.elapsed >= *due => {
                *due = now.elapsed + LINE_EVERY;
                output::note(&text::heartbeat(now));
            }
            Self::Quiet | Self::Bar(_) | Self::Lines(_) => {}
        }
    }

    /// Writes whole lines, past a bar.
    pub(super) fn say(&self, lines: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| output::note(lines)),
            Self::Quiet | Self::Lines(_) => output::note(lines),
        }
    }

    /// Nothing more is shown.
    pub(super) fn end(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn show_bar(bar: &ProgressBar, now: &Snapshot) {
    let known = now.phase.as_ref().and_then(|PhaseNow { phase, done, .. }| match phase.extent {
        Extent::Units(total) => Some((*done, total)),
        Extent::Open | Extent::Time(_) => None,
    });
    let total = known.map(|(_, total)| total);
    if total != bar.length() {
        bar.set_style(style(if total.is_some() { BOUNDED } else { OPEN }));
        total.map_or_else(|| bar.unset_length(), |total| bar.set_length(total));
    }
    if let Some((done, _)) = known {
        bar.set_position(done);
    }
    bar.set_message(message(now, terminal::width_of_stderr().saturating_sub(BESIDE_MESSAGE)));
    bar.tick();
}

/// As much of a heartbeat as fits: first everything, then the phase, then how far it is and how long it will take.
fn message(now: &Snapshot, width: usize) -> String {
    let phase = now.phase.as_ref();
    let lines = [Some(text::heartbeat(now)), phase.map(text::progress), phase.map(text::remaining)];
    let fitting = lines.iter().flatten().find(|line| columns(line) <= width);
    fitting
        .cloned()
        .unwrap_or_else(|| cut(lines.iter().flatten().next_back().map_or("", String::as_str), width))
}

/// Both templates can be read: a test says so.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::observe::{Activity, Phase};

    #[test]
    fn a_message_fits_and_keeps_what_matters_most() {
        let activity = Arc::new(Activity::default());
        let what = "four-workers-three-slots, naive: enumerate on redis".to_owned();
        activity.begin(Phase { what, unit: "executions", extent: Extent::Units(20_000) });
        activity.expect_tasks(3);
        activity.advance(1_234);
        let now = activity.snapshot();
        for width in [200, 140, 100, 66, 40, 20, 6] {
            let shown = message(&now, width);
            assert!(columns(&shown) <= width, "{shown}");
            assert!(shown.contains("6%") || width < 10, "{shown}");
        }
        assert!(message(&now, 200).starts_with("0 of 3 done; four-workers"));
        assert!(message(&now, 40).starts_with("6%"));
    }

    #[test]
    fn templates_can_be_read() {
        for template in [OPEN, BOUNDED] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
