//! The colours of the terminal. Without colour every style is empty, so that the same code writes plain text.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use super::verdict::{Judgement, Verdict};

/// What stands out, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Palette {
    pub(crate) heading: Style,
    pub(crate) good: Style,
    pub(crate) bad: Style,
    pub(crate) warning: Style,
    pub(crate) dim: Style,
}

impl Palette {
    pub(crate) fn new(color: bool) -> Self {
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
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
