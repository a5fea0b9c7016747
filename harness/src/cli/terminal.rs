//! What the terminal can show: how many columns, and colour or not.

use std::io;

use anstream::{AutoStream, ColorChoice};
use terminal_size::{Width, terminal_size_of};

use super::args::Color;

/// As wide as a log, and as wide as a table can still be read.
const NARROWEST: usize = 80;
const WIDEST: usize = 160;

/// How wide results are: as COLUMNS says, else as the terminal is. What is no terminal gets 80 columns.
pub(super) fn width() -> usize {
    let columns = columns_of_the_environment().or_else(|| columns_of(terminal_size_of(io::stdout())));
    columns.unwrap_or(NARROWEST).clamp(NARROWEST, WIDEST)
}

/// How many columns there are for progress.
pub(super) fn width_of_stderr() -> usize {
    columns_of(terminal_size_of(io::stderr())).unwrap_or(NARROWEST)
}

fn columns_of_the_environment() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

fn columns_of<Height>(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(Width(columns), _)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// From here on everything is in colour or not, as was chosen: by `--color`, else by `NO_COLOR`, else by `FORCE_COLOR`,
/// else by whether it goes to a terminal.
pub(super) fn choose_colour(color: Color) {
    match color {
        Color::Auto if is_set("FORCE_COLOR") && !is_set("NO_COLOR") => ColorChoice::Always,
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Whether results are in colour.
pub(super) fn colours_stdout() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Whether problems are in colour.
pub(super) fn colours_stderr() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}
