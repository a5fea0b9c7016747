//! What a job shows: Markdown and annotations.

use crate::support::{LAST_SLOT, Ran, arg, folder, ran};

fn explore(more: &[&str]) -> Ran {
    ran(&[&["explore", LAST_SLOT, "--stable"], more].concat())
}

#[test]
fn markdown_goes_to_a_file_beside_the_text_or_alone_to_stdout() {
    let folder = folder(&[]);
    let file = arg(folder.path().join("summary.md"));
    let ran = explore(&["--expect", "clean", "--markdown", &file]).exits(1);
    assert_eq!(ran.stdout, explore(&["--expect", "clean"]).stdout);
    let alone = explore(&["--expect", "clean", "--markdown", "-"]).exits(1).stdout;
    assert_eq!(alone, std::fs::read_to_string(&file).unwrap());
    assert!(alone.starts_with("## gatecrash: **failed**\n"), "{alone}");
    for part in
        ["```mermaid\nsequenceDiagram\n", "    rect rgba(", "```text\nshortest counterexample", "```sh\n"]
    {
        assert!(alone.contains(part), "{part:?} is not in: {alone}");
    }
}

#[test]
fn markdown_that_could_not_be_written_is_refused_before_anything_runs() {
    explore(&["--markdown", "no-such-folder/a.md"]).exits(64).complains(&["--markdown", "no such folder"]);
    explore(&["--markdown", "-", "--json", "-"]).exits(64).complains(&["both want stdout"]);
}

#[test]
fn annotations_go_to_stderr_and_change_nothing_else() {
    let ran = explore(&["--expect", "clean", "--annotations", "--json", "-"]).exits(1);
    assert_eq!(ran.stdout, explore(&["--expect", "clean", "--json", "-"]).stdout);
    let start =
        "::error file=scenarios/last-slot.toml,title=last-slot%3A not as expected::naive on model by census";
    assert!(ran.stderr.starts_with(start), "{}", ran.stderr);
    assert!(!explore(&["--annotations"]).exits(0).stderr.contains("::"));
}
