//! Errors in a text: where each stands, what is wrong, what would be right.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// How many errors are shown; of the others only the number.
const MAX_SHOWN: usize = 100;

/// Rendered lines are cut to about this many columns around the error.
const WIDTH: usize = 80;

/// A line longer than this is not shown: only the position in it.
const MAX_LINE: usize = 10_000;

/// One error and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// A few words for beside the caret; may be empty.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a label or help.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: String::new(), help: None }
    }

    /// Puts a few words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }
}

/// All errors of one text, sorted by position. `Display` renders them without colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    source_name: String,
    text: String,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// The errors of a text. Spans that do not lie on its characters are moved there.
    pub fn new(source_name: &str, text: impl Into<String>, mut list: Vec<Diagnostic>) -> Self {
        let text = text.into();
        for diagnostic in &mut list {
            let start = char_boundary(&text, diagnostic.span.start);
            let end = char_boundary(&text, diagnostic.span.end);
            diagnostic.span = start..end.max(start);
        }
        list.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        Self { source_name: escaped(source_name.chars()), text, list }
    }

    /// The errors, by position.
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// Every error with file, line, column, the line itself and a caret; in colour if asked.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
        let mut out = String::new();
        for diagnostic in self.list.iter().take(MAX_SHOWN) {
            out.push_str(&renderer.render(&[self.report(diagnostic)]));
            out.push_str("\n\n");
        }
        let total = self.list.len();
        if total > MAX_SHOWN {
            out.push_str(&(total - MAX_SHOWN).to_string());
            out.push_str(" more errors are not shown");
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn report<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let place = Place::of(&self.text, diagnostic.span.start);
        let group = Group::with_title(Level::ERROR.primary_title(&diagnostic.message));
        let group = if place.line.len() > MAX_LINE {
            let column = place.line[..place.offset].chars().count() + 1;
            group.element(Origin::path(&self.source_name).line(place.number).char_column(column))
        } else {
            let end = place.line.len().min(place.offset + diagnostic.span.len());
            let label = Some(diagnostic.label.as_str()).filter(|label| !label.is_empty());
            let annotation = AnnotationKind::Primary.span(place.offset..end).label(label);
            group.element(
                Snippet::source(place.line)
                    .line_start(place.number)
                    .path(&self.source_name)
                    .annotation(annotation),
            )
        };
        match &diagnostic.help {
            Some(help) => group.element(Level::HELP.message(wrapped(help))),
            None => group,
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// The start of the character at that byte; the end of the text for bytes beyond it.
fn char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}

/// The line that a byte of a text stands on.
struct Place<'a> {
    /// Counted from 1.
    number: usize,
    /// Without its end.
    line: &'a str,
    /// The byte's place within the line; at most its length.
    offset: usize,
}

impl<'a> Place<'a> {
    fn of(text: &'a str, at: usize) -> Self {
        let before = &text[..at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..].split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        Self { number: before.matches('\n').count() + 1, line, offset: (at - start).min(line.len()) }
    }
}

/// The text in lines that fit beside the margin of a rendered error.
fn wrapped(text: &str) -> String {
    const MARGIN: usize = 14;
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column != 0 {
            let fits = column + 1 + width <= WIDTH - MARGIN;
            lines.push(if fits { ' ' } else { '\n' });
            column = if fits { column + 1 } else { 0 };
        }
        lines.push_str(word);
        column += width;
    }
    lines
}

/// The candidate that was most likely meant: the one that differs least, if it differs little.
pub fn closest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = given.len() / 3;
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let distance = if given.eq_ignore_ascii_case(candidate) {
                0
            } else if given.len().abs_diff(candidate.len()) > allowed {
                return None;
            } else {
                strsim::osa_distance(given, candidate)
            };
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean ..?" if one of the candidates is close, else all of them (cut when there are many).
pub fn suggestion<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    match closest(given, candidates.clone()) {
        Some(meant) => Some(format!("did you mean `{meant}`?")),
        None => one_of(candidates).map(|list| format!("expected {list}")),
    }
}

/// `a`, `b` or `c`; nothing if there are no candidates.
pub fn one_of<'a>(candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const MAX_LISTED: usize = 16;
    let all: Vec<&str> = candidates.into_iter().collect();
    let quoted: Vec<_> =
        all.iter().take(MAX_LISTED).map(|candidate| format!("`{}`", clipped(candidate))).collect();
    let (last, head) = quoted.split_last()?;
    Some(if all.len() > MAX_LISTED {
        format!("one of {}, … ({} in all)", quoted.join(", "), all.len())
    } else if head.is_empty() {
        last.clone()
    } else {
        format!("{} or {last}", head.join(", "))
    })
}

/// Text from a user, fit to stand within a message: short, and without control characters.
pub fn clipped(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    let mut chars = text.chars();
    let mut clipped = escaped(chars.by_ref().take(MAX_CHARS));
    if chars.next().is_some() {
        clipped.push('…');
    }
    clipped
}

/// Text without control characters and others that would move or hide what stands around them.
fn escaped(text: impl Iterator<Item = char>) -> String {
    let mut escaped = String::new();
    for c in text {
        match c {
            '"' | '\'' | '\\' => escaped.push(c),
            _ => escaped.extend(c.escape_debug()),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_candidate_differs_little() {
        let known = ["limit", "limiters", "lease", "A"];
        for (given, expected) in [
            ("limt", Some("limit")),
            ("limitres", Some("limiters")),
            ("LEASE", Some("lease")),
            ("a", Some("A")),
            ("B", None),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(closest(given, known), expected, "{given}");
        }
    }

    #[test]
    fn lists_are_joined_and_cut() {
        assert_eq!(one_of([]), None);
        assert_eq!(one_of(["a"]).as_deref(), Some("`a`"));
        assert_eq!(one_of(["a", "b", "c"]).as_deref(), Some("`a`, `b` or `c`"));
        assert!(one_of(["x"; 17]).is_some_and(|list| list.ends_with("`x`, … (17 in all)")));
    }

    #[test]
    fn spans_are_moved_onto_the_characters_of_the_text() {
        let text = "aé";
        let list = vec![Diagnostic::new(2..9, "second"), Diagnostic::new(1..2, "first")];
        let diagnostics = Diagnostics::new("x", text, list);
        let spans: Vec<_> = diagnostics.list().iter().map(|diagnostic| diagnostic.span.clone()).collect();
        assert_eq!(spans, [1..1, 1..3]);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clipped("\u{1b}[31m 'x'"), "\\u{1b}[31m 'x'");
        let diagnostic = Diagnostic::new(0..1, "here");
        let rendered = Diagnostics::new("a\u{1b}b", "\u{1b}[31m\n", vec![diagnostic]).to_string();
        assert!(!rendered.contains('\u{1b}'), "{rendered}");
    }
}
