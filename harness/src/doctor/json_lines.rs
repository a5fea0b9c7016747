//! Lines of values in a JSON file.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// One step from a value to a value inside.
#[derive(Clone, Copy, Debug)]
pub(super) enum JsonStep<'a> {
    /// To the value of a key.
    Key(&'a str),
    /// To an element of a list, counted from 0.
    Index(usize),
}

/// A JSON text that knows where its values stand. It is read by a parser that takes more than JSON: that it is JSON is
/// for others to judge, and so is how deep it may nest.
#[derive(Debug)]
pub(super) struct JsonLines<'a> {
    text: &'a str,
    root: Option<Value<'a>>,
}

impl<'a> JsonLines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
        Self { text, root: parsed.ok().and_then(|parsed| parsed.value) }
    }

    /// The line, counted from 1, where the value at the end of the path begins, or its key if it has one. Of a key that
    /// comes twice, the last counts, as it does for the value.
    pub(super) fn of(&self, path: &[JsonStep<'_>]) -> Option<u32> {
        let mut value = self.root.as_ref()?;
        let mut start = value.start();
        for step in path {
            match step {
                JsonStep::Key(key) => {
                    let mut properties = value.as_object()?.properties.iter();
                    let property = properties.rfind(|property| property.name.as_str() == *key)?;
                    (value, start) = (&property.value, property.start());
                }
                JsonStep::Index(at) => {
                    value = value.as_array()?.elements.get(*at)?;
                    start = value.start();
                }
            }
        }
        u32::try_from(self.text.get(..start)?.matches('\n').count() + 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_its_own_line() {
        let lines = JsonLines::new("{\n\"a\": \"b\",\n\"b\": [\n1,\n{\"a\":\n2}],\n\"\\u0063\": 1\n}");
        let key = JsonStep::Key;
        assert_eq!(lines.of(&[]), Some(1));
        assert_eq!(lines.of(&[key("a")]), Some(2));
        assert_eq!(lines.of(&[key("b")]), Some(3));
        assert_eq!(lines.of(&[key("b"), JsonStep::Index(1), key("a")]), Some(5));
        assert_eq!(lines.of(&[key("c")]), Some(7));
        for nowhere in [&[key("d")][..], &[key("a"), key("a")], &[key("b"), JsonStep::Index(2)]] {
            assert_eq!(lines.of(nowhere), None);
        }
        assert_eq!(JsonLines::new("{\"a\": 1,\n\"a\": 2}").of(&[key("a")]), Some(2));
        assert_eq!(JsonLines::new("{").of(&[]), None);
    }
}
