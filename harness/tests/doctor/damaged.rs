//! Workflows damaged at random: whatever comes of them, it comes, and nothing panics.

use gatecrash::doctor::{Diagnosis, mappings, matrix, rules, sarif, shell, text, workflow, yaml};
use proptest::prelude::*;
use proptest::sample::Index;

const MAPPINGS: &str = r#"{"mappings": [
  {"priority": 1, "request": {"method": "GET", "urlPath": "/a"}, "response": {"status": 200, "body": "\u00e9"}},
  {"name": "b",
   "request": {"urlPath": "/b"},
   "response": {"bodyFileName": "b.json"}},
  {"request": {"urlPath": "/b"}, "response": {}}
]}"#;
const WHOLE: &str = include_str!("pin-045/before/.github/workflows/ci.yml");

/// One kind of damage.
#[derive(Clone, Debug)]
enum Damage {
    Drop(Index),
    Double(Index),
    Swap(Index, Index),
    Indent(Index, usize),
    Insert(Index, String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let piece = prop::sample::select(vec![
        "\t", "'", "\"", "&a ", "*a", "<<: *a", "${{", "}}", "[", "]", "{", "}", "|", ">", "&", "||", "`",
        "$(", "<<E", "- ", ": ", "\r", "\u{feff}", "é", "\0", "!!x ", "? ", "---\n", "...", "%", "#",
    ]);
    let index = any::<Index>;
    prop_oneof![
        index().prop_map(Damage::Drop),
        index().prop_map(Damage::Double),
        (index(), index()).prop_map(|(a, b)| Damage::Swap(a, b)),
        (index(), 0..9_usize).prop_map(|(line, by)| Damage::Indent(line, by)),
        (index(), piece).prop_map(|(at, piece)| Damage::Insert(at, piece.to_owned())),
    ]
}

fn apply(text: &str, damage: &Damage) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return String::new();
    }
    match damage {
        Damage::Drop(at) => drop(lines.remove(at.index(lines.len()))),
        Damage::Double(at) => {
            let at = at.index(lines.len());
            lines.insert(at, lines[at].clone());
        }
        Damage::Swap(a, b) => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
        }
        Damage::Indent(at, by) => {
            let at = at.index(lines.len());
            lines[at] = format!("{:by$}{}", "", lines[at].trim_start());
        }
        Damage::Insert(at, piece) => {
            let mut text = text.to_owned();
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            text.insert_str(places[at.index(places.len())], piece);
            return text;
        }
    }
    lines.join("\n")
}

proptest! {
    #[test]
    fn a_damaged_workflow_is_read_or_refused(damages in prop::collection::vec(damage(), 1..12)) {
        let text = damages.iter().fold(WHOLE.to_owned(), |text, damage| apply(&text, damage));
        if let Ok(documents) = yaml::read(&text)
            && let Ok(Some(workflow)) = workflow::read("ci.yml", &documents)
        {
            let lines = u32::try_from(text.lines().count()).unwrap();
            let workflows = [workflow];
            let mut diagnosis = Diagnosis::new(rules::check(&workflows));
            for finding in diagnosis.findings() {
                prop_assert!(finding.line.is_some_and(|line| (1..=lines).contains(&line)), "{finding:?}");
            }
            diagnosis.matrix = Some(matrix::of(&workflows));
            let shown = text::render(&diagnosis, &text::TextOptions::default());
            prop_assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
            sarif::render(&diagnosis).unwrap();
        }
    }

    #[test]
    fn a_damaged_mapping_file_is_judged(damages in prop::collection::vec(damage(), 1..6)) {
        let text = damages.iter().fold(MAPPINGS.to_owned(), |text, damage| apply(&text, damage));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), &text).unwrap();
        let lines = u32::try_from(text.lines().count()).unwrap().max(1);
        for finding in mappings::check(folder.path()).unwrap() {
            prop_assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)), "{finding:?} in {text}");
        }
    }

    #[test]
    fn any_script_is_read(script in "[ -~\n\té]{0,200}", piece in "([a-z]|[|&;<>()$`'\"{}\\\\\n =#!-]|if|fi|do|<<E|\\$\\{\\{){0,60}") {
        shell::read(&script);
        shell::read(&piece);
    }
}
