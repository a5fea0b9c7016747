//! The colours of the terminal. Without colour every style is empty, so that the same code writes plain text.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use super::verdict::{Judgement, Verdict};

/// What stands out, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Palette {
    pub(super) heading: Style,
    pub(super) good: Style,
    pub(super) bad: Style,
    pub(super) warning: Style,
    pub(super) dim: Style,
}

impl Palette {
    pub(super) fn new(color: bool) -> Self {
        if !color {
            return Self::default();
        }
        Self {
            heading: Style::new().bold(),
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::Red.on_default().bold(),
            warning: AnsiColor::Yellow.on_default(),
            dim: Style::new().dimmed(),
        }
    }

    /// The style of a judgement: what fails is bad, also where the verdict itself is a clean one.
    pub(super) fn of(self, judgement: Judgement) -> Style {
        match (judgement.ok(), judgement.verdict()) {
            (Some(false), _) => self.bad,
            (None, Verdict::Undecided) => self.warning,
            _ => self.good,
        }
    }
}

/// The text in a style.
pub(super) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
