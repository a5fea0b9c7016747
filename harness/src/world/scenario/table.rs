//! Reading TOML tables: every key is known, of the right type and there if it must be, or there is an error.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::diagnostic::{Diagnostic, clipped, closest, one_of};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// The errors of a file, as they are found.
#[derive(Debug)]
pub(super) struct Problems {
    pub(super) list: Vec<Diagnostic>,
    /// The keys that the top of the file may have.
    top: &'static [&'static str],
    /// The text is no TOML: what seems to be missing may only have been unreadable.
    damaged: bool,
    /// Keys of the top of the file that stood elsewhere.
    misplaced: Vec<&'static str>,
}

impl Problems {
    pub(super) fn new(top: &'static [&'static str], damaged: bool) -> Self {
        Self { list: Vec::new(), top, damaged, misplaced: Vec::new() }
    }

    pub(super) fn push(&mut self, problem: Diagnostic) {
        self.list.push(problem);
    }

    /// Whether what is not there was not meant to be there either.
    pub(super) fn absence_is_certain(&self) -> bool {
        !self.damaged && self.misplaced.is_empty()
    }

    /// Help for a key that does not belong where it stands, if it is one of the top of the file.
    pub(super) fn misplaced(&mut self, key: &str) -> Option<String> {
        let top_key = self.top.iter().find(|top_key| **top_key == key)?;
        self.misplaced.push(top_key);
        Some(format!("`{top_key}` belongs to the top of the file, before the first `[table]`"))
    }
}

/// What may stand in a table.
#[derive(Debug)]
pub(super) struct Shape {
    /// What the table is called in messages.
    pub(super) name: &'static str,
    pub(super) keys: &'static [&'static str],
    /// Keys that are recognised, but not supported yet: whoever reads the table says so.
    pub(super) later: &'static [&'static str],
}

/// A table that is being read. Errors go to one list for the whole file.
#[derive(Debug)]
pub(super) struct TomlTable<'d, 'p> {
    shape: &'static Shape,
    entries: &'d DeTable<'d>,
    span: Range<usize>,
    /// Keys that are absent, but were clearly meant by something that has been reported already.
    meant: Vec<&'static str>,
    pub(super) problems: &'p mut Problems,
}

impl<'d, 'p> TomlTable<'d, 'p> {
    /// Starts to read a table: reports the keys that it may not have.
    pub(super) fn new(
        shape: &'static Shape,
        entries: &'d DeTable<'d>,
        span: Range<usize>,
        problems: &'p mut Problems,
    ) -> Self {
        let mut table = Self { shape, entries, span, meant: Vec::new(), problems };
        for (key, _) in in_order(entries) {
            if !shape.keys.contains(&key.value) && !shape.later.contains(&key.value) {
                table.report_unknown_key(&key);
            }
        }
        table
    }

    fn report_unknown_key(&mut self, key: &Located<&str>) {
        let absent = |known: &&'static str| !self.entries.contains_key(*known);
        let meant = closest(key.value, self.shape.keys.iter().copied().filter(absent));
        self.meant.extend(meant);
        let help = meant
            .map(|meant| format!("did you mean `{meant}`?"))
            .or_else(|| self.problems.misplaced(key.value))
            .or_else(|| one_of(self.shape.keys.iter().copied()).map(|keys| format!("expected {keys}")));
        let message = format!("unknown key `{}` in {}", clipped(key.value), self.shape.name);
        self.problems.push(Diagnostic::new(key.span.clone(), message).label("unknown key").help(help));
    }

    /// Counts a key as given that may be absent: something else that was reported stands for it.
    pub(super) fn assume(&mut self, key: &'static str) {
        self.meant.push(key);
    }

    /// Whether a key is there, or was meant to be.
    pub(super) fn mentions(&self, key: &str) -> bool {
        self.entries.contains_key(key) || self.meant.contains(&key) || self.problems.misplaced.contains(&key)
    }

    /// Where a key stands.
    pub(super) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get_key_value(key).map(|(key, _)| key.span())
    }

    /// The value of a key, if it is there and can be read.
    pub(super) fn optional<T>(&mut self, key: &str, read: Read<'d, T>) -> Option<Located<T>> {
        let value = self.entries.get(key)?;
        let context = format!("`{key}`");
        read(&context, value, self.problems).map(|read| Located { value: read, span: value.span() })
    }

    /// The value of a key that must be there.
    pub(super) fn required<T>(&mut self, key: &'static str, read: Read<'d, T>) -> Option<Located<T>> {
        if !self.mentions(key) {
            self.report_missing(Diagnostic::new(
                self.span.clone(),
                format!("`{key}` is missing from {}", self.shape.name),
            ));
        }
        self.optional(key, read)
    }

    /// Reports something that the table must have, unless the text is damaged.
    pub(super) fn report_missing(&mut self, problem: Diagnostic) {
        if !self.problems.damaged {
            self.problems.push(problem);
        }
    }
}

/// Reads a value of one type; the first argument is what the value is called in messages.
pub(super) type Read<'d, T> = fn(&str, &'d Spanned<DeValue<'d>>, &mut Problems) -> Option<T>;

pub(super) fn string<'d>(
    context: &str,
    value: &'d Spanned<DeValue<'d>>,
    problems: &mut Problems,
) -> Option<&'d str> {
    let string = value.get_ref().as_str();
    if string.is_none() {
        problems.push(wrong_type(context, "a string", value));
    }
    string
}

/// An integer. One that does not fit is as far from zero as possible: it is out of every range.
pub(super) fn integer<'d>(
    context: &str,
    value: &'d Spanned<DeValue<'d>>,
    problems: &mut Problems,
) -> Option<i128> {
    let Some(integer) = value.get_ref().as_integer() else {
        problems.push(wrong_type(context, "an integer", value));
        return None;
    };
    let bound = if integer.as_str().starts_with('-') { i128::MIN } else { i128::MAX };
    Some(i128::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(bound))
}

/// A list of strings with at least one element. Elements that are no strings are reported and left out.
pub(super) fn strings<'d>(
    context: &str,
    value: &'d Spanned<DeValue<'d>>,
    problems: &mut Problems,
) -> Option<Vec<Located<&'d str>>> {
    let Some(array) = value.get_ref().as_array() else {
        problems.push(wrong_type(context, "a list of strings", value));
        return None;
    };
    if array.is_empty() {
        problems.push(Diagnostic::new(value.span(), format!("{context} may not be empty")));
    }
    let element = format!("an element of {context}");
    let strings = array.iter().filter_map(|item| {
        string(&element, item, problems).map(|value| Located { value, span: item.span() })
    });
    Some(strings.collect())
}

pub(super) fn table<'d>(
    context: &str,
    value: &'d Spanned<DeValue<'d>>,
    problems: &mut Problems,
) -> Option<&'d DeTable<'d>> {
    let table = value.get_ref().as_table();
    if table.is_none() {
        problems.push(wrong_type(context, "a table", value));
    }
    table
}

/// The entries of a table as they were declared: the map itself is sorted by key.
pub(super) fn in_order<'d>(table: &'d DeTable<'d>) -> Vec<(Located<&'d str>, &'d Spanned<DeValue<'d>>)> {
    let located =
        |key: &'d Spanned<_>| Located { value: AsRef::<str>::as_ref(key.get_ref()), span: key.span() };
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (located(key), value)).collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    entries
}

pub(super) fn wrong_type(context: &str, expected: &str, found: &Spanned<DeValue<'_>>) -> Diagnostic {
    let found_type = match found.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let message = format!("{context} must be {expected}, not {found_type}");
    Diagnostic::new(found.span(), message).label(format!("expected {expected}"))
}
