//! YAML as a tree with lines, within bounds: a file that would grow or nest without end is refused, not read.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// A file may have this many bytes: 1 MiB, twice what GitHub takes.
pub const MAX_BYTES: u64 = 1 << 20;
/// Aliases count as often as they are used.
const MAX_NODES: usize = 100_000;
/// All text, aliases again as often as they are used.
const MAX_TEXT: usize = 4 << 20;
const MAX_DEPTH: usize = 64;
/// So much is read again where lines have to be indented, all in all.
const MAX_REPAIRED_BYTES: usize = 32 << 20;

/// A value, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlNode {
    /// Its line, counted from 1. That of a block is the line after its `|` or `>`.
    pub line: u32,
    /// What it is.
    pub value: YamlValue,
}

/// What a node can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum YamlValue {
    /// Text, a number, a boolean: as it is written. Quoted or in a block, it is text in any case.
    Scalar {
        /// The text.
        text: String,
        /// Whether it is neither quoted nor in a block.
        plain: bool,
        /// Whether each of its lines is a line of the file.
        literal: bool,
    },
    /// Nodes in order.
    List(Vec<YamlNode>),
    /// Keys and their nodes in order. What was merged by `<<` comes last.
    Map(Vec<(YamlNode, YamlNode)>),
}

impl YamlNode {
    /// The value of a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&YamlNode> {
        self.entries().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// Keys that are text, and their values; none if it is no map.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &YamlNode)> {
        self.pairs().map(|(key, _, node)| (key, node))
    }

    /// Keys that are text with their lines, and their values; none if it is no map.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, u32, &YamlNode)> {
        let pairs = if let YamlValue::Map(pairs) = &self.value { pairs.as_slice() } else { &[] };
        pairs.iter().filter_map(|(key, node)| key.text().map(|text| (text, key.line, node)))
    }

    /// The elements; none if it is no list.
    pub fn items(&self) -> &[YamlNode] {
        if let YamlValue::List(items) = &self.value { items } else { &[] }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        if let YamlValue::Scalar { text, .. } = &self.value { Some(text) } else { None }
    }

    /// Whether there is nothing: an empty value, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, YamlValue::Scalar { text, plain: true, .. }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    fn weight(&self) -> Weight {
        let add = |sum: Weight, node: &YamlNode| sum.and(node.weight());
        let own = Weight { nodes: 1, text: self.text().map_or(0, str::len) };
        match &self.value {
            YamlValue::Scalar { .. } => own,
            YamlValue::List(items) => items.iter().fold(own, add),
            YamlValue::Map(pairs) => pairs.iter().fold(own, |sum, (key, node)| add(add(sum, key), node)),
        }
    }
}

/// Why a file is no YAML that could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// It breaks the rules of YAML.
    #[error("{line}:{column}: not YAML: {why}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What the parser says.
        why: String,
    },
    /// An alias names nothing that stands before it.
    #[error("{line}: an alias names no anchor before it")]
    Alias {
        /// The line, counted from 1.
        line: u32,
    },
    /// It is larger than any workflow.
    #[error(
        "{line}: too much for a workflow: more than 100,000 values, 4 MiB of text or 64 levels, aliases followed"
    )]
    TooMuch {
        /// The line where the bound was reached, counted from 1.
        line: u32,
    },
}

/// The documents of a file.
pub fn read(text: &str) -> Result<Vec<YamlNode>, YamlError> {
    let mut text = Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut tries = MAX_REPAIRED_BYTES / (text.len() + 1);
    loop {
        match parse(&text) {
            Err(Unread::Indentation(line)) if tries > 0 => {
                tries -= 1;
                text = Cow::Owned(indented(&text, line));
            }
            Err(Unread::Indentation(line)) => {
                let why =
                    "too many lines of lists in brackets that are indented less than their key".to_owned();
                return Err(YamlError::Syntax { line, column: 1, why });
            }
            Err(Unread::Error(error)) => return Err(error),
            Ok(documents) => return Ok(documents),
        }
    }
}

/// Why a text was not read.
enum Unread {
    Error(YamlError),
    /// In brackets, a line is indented less than YAML 1.2 asks. Everybody writes that, and GitHub takes it.
    Indentation(usize),
}

fn parse(text: &str) -> Result<Vec<YamlNode>, Unread> {
    let mut builder = TreeBuilder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let (line, column) = (error.marker().line(), error.marker().col() + 1);
            if matches!(error.info(), "invalid indentation" | "invalid indentation in flow construct") {
                return Unread::Indentation(line);
            }
            Unread::Error(YamlError::Syntax { line, column, why: error.info().to_owned() })
        })?;
        builder.take(event, span).map_err(Unread::Error)?;
    }
    Ok(builder.documents)
}

/// The text with that line indented far more: in brackets, it means the same.
fn indented(text: &str, line: usize) -> String {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let (before, after) = text.split_at(start);
    format!("{before}{:1$}{after}", "", MAX_DEPTH * 4)
}

#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    nodes: usize,
    text: usize,
}

impl Weight {
    fn and(self, other: Self) -> Self {
        Self { nodes: self.nodes + other.nodes, text: self.text + other.text }
    }
}

/// A list or a map that is not finished.
#[derive(Debug)]
struct OpenCollection {
    node: YamlNode,
    anchor: usize,
    key: Option<YamlNode>,
}

#[derive(Debug, Default)]
struct TreeBuilder {
    documents: Vec<YamlNode>,
    open: Vec<OpenCollection>,
    anchors: HashMap<usize, (YamlNode, Weight)>,
    total: Weight,
}

impl TreeBuilder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let literal = style == ScalarStyle::Literal;
                // The parser tells where the first line that is not empty begins.
                let empty = text.bytes().take_while(|byte| *byte == b'\n').count();
                let block = literal || style == ScalarStyle::Folded;
                let line = if block { line.saturating_sub(u32::try_from(empty).unwrap_or(0)) } else { line };
                let value = YamlValue::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                    literal,
                };
                self.finish(YamlNode { line, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.begin(YamlNode { line, value: YamlValue::List(Vec::new()) }, anchor)
            }
            Event::MappingStart(anchor, _) => {
                self.begin(YamlNode { line, value: YamlValue::Map(Vec::new()) }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(OpenCollection { node, anchor, .. }) => {
                    let node = self.merged(node, line)?;
                    self.finish_counted(node, anchor);
                    Ok(())
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some((node, weight)) = self.anchors.get(&anchor) else {
                    return Err(YamlError::Alias { line });
                };
                // Counted before it is copied.
                let (node, weight) = (node, *weight);
                self.total = self.total.and(weight);
                if self.total.nodes > MAX_NODES || self.total.text > MAX_TEXT {
                    return Err(YamlError::TooMuch { line });
                }
                let node = node.clone();
                self.finish_counted(node, 0);
                Ok(())
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn count(&mut self, weight: Weight, line: u32) -> Result<(), YamlError> {
        self.total = self.total.and(weight);
        let too_much = self.total.nodes > MAX_NODES || self.total.text > MAX_TEXT;
        if too_much { Err(YamlError::TooMuch { line }) } else { Ok(()) }
    }

    fn begin(&mut self, node: YamlNode, anchor: usize) -> Result<(), YamlError> {
        self.count(Weight { nodes: 1, text: 0 }, node.line)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::TooMuch { line: node.line });
        }
        self.open.push(OpenCollection { node, anchor, key: None });
        Ok(())
    }

    fn finish(&mut self, node: YamlNode, anchor: usize) -> Result<(), YamlError> {
        self.count(node.weight(), node.line)?;
        self.finish_counted(node, anchor);
        Ok(())
    }

    fn finish_counted(&mut self, node: YamlNode, anchor: usize) {
        if anchor > 0 {
            let weight = node.weight();
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        match &mut open.node.value {
            YamlValue::List(items) => items.push(node),
            YamlValue::Map(pairs) => match open.key.take() {
                Some(key) => pairs.push((key, node)),
                None => open.key = Some(node),
            },
            YamlValue::Scalar { .. } => {}
        }
    }

    /// The map with what its `<<` name; what it says itself counts more.
    fn merged(&mut self, node: YamlNode, line: u32) -> Result<YamlNode, YamlError> {
        let YamlValue::Map(pairs) = node.value else { return Ok(node) };
        let is_merge = |(key, _): &(YamlNode, YamlNode)| matches!(&key.value, YamlValue::Scalar { text, plain: true, .. } if text == "<<");
        let (merges, mut pairs): (Vec<_>, Vec<_>) = pairs.into_iter().partition(is_merge);
        for (_, from) in merges {
            let maps = if let YamlValue::List(maps) = from.value { maps } else { vec![from] };
            for map in maps {
                let YamlValue::Map(more) = map.value else { continue };
                let known: std::collections::HashSet<String> =
                    pairs.iter().filter_map(|(key, _)| key.text().map(str::to_owned)).collect();
                let new =
                    more.into_iter().filter(|(key, _)| key.text().is_some_and(|key| !known.contains(key)));
                pairs.extend(new);
                self.count(Weight { nodes: pairs.len(), text: 0 }, line)?;
            }
        }
        Ok(YamlNode { line: node.line, value: YamlValue::Map(pairs) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> YamlNode {
        let mut documents = read(text).unwrap();
        assert_eq!(documents.len(), 1);
        documents.remove(0)
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let node =
            one("a: 1\nb:\n  - x\n  - |\n    first\n    second\n  - >-\n    folded\n\"on\":\r\n  c: 'd'\n");
        let lines: Vec<u32> = node.get("b").unwrap().items().iter().map(|item| item.line).collect();
        assert_eq!(lines, [3, 5, 8]);
        assert_eq!(node.get("b").unwrap().items()[1].text(), Some("first\nsecond\n"));
        assert_eq!(
            one("k: |\n\n  x\n").get("k").map(|node| (node.line, node.text())),
            Some((2, Some("\nx\n")))
        );
        assert_eq!(one("k: | # c\n  x\n").get("k").unwrap().line, 2);
        assert_eq!(node.get("on").unwrap().get("c").unwrap().line, 10);
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let node = one("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\n");
        assert_eq!(node.get("b").unwrap().get("x").unwrap().text(), Some("1"));
        assert_eq!(node.get("b").unwrap().get("y").unwrap().text(), Some("3"));
        assert_eq!(node.get("c").unwrap().get("y").unwrap().line, 1);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let level = |level: usize| {
            let aliases = vec![format!("*a{}", level.saturating_sub(1)); if level == 0 { 0 } else { 10 }];
            format!("a{level}: &a{level} [x, {}]\n", aliases.join(", "))
        };
        let bomb: String = (0..30).map(level).collect();
        assert!(matches!(read(&bomb), Err(YamlError::TooMuch { .. })));
        let text = format!("a: &a '{}'\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 50].join(", "));
        assert!(matches!(read(&text), Err(YamlError::TooMuch { .. })));
        assert!(matches!(read("a: &a [*a]"), Err(YamlError::Alias { .. })));
    }

    #[test]
    fn brackets_may_close_where_their_key_begins() {
        let node = one("a:\n  b: [\n    'x',\n    y\n  ]\n  c: {\n  d: e\n  }\nf: [\ng,\n]\n");
        assert_eq!(node.get("a").unwrap().get("b").unwrap().items().len(), 2);
        assert_eq!(node.get("a").unwrap().get("c").unwrap().get("d").unwrap().line, 7);
        assert_eq!(node.get("f").unwrap().items().len(), 1);
    }

    #[test]
    fn deep_nesting_is_refused() {
        for (open, count) in [("[", 200_000), ("{a: ", 100_000), ("- ", 200_000), ("? ", 200_000)] {
            assert!(read(&open.repeat(count)).is_err(), "{open}");
        }
    }

    #[test]
    fn tabs_and_documents_are_told() {
        assert!(matches!(read("a:\n\t- b\n"), Err(YamlError::Syntax { line: 2, .. })));
        assert_eq!(read("a: 1\n---\nb: 2\n").unwrap().len(), 2);
        assert_eq!(read("").unwrap(), []);
        assert!(read("\u{feff}a: 1").unwrap()[0].get("a").is_some());
    }
}
