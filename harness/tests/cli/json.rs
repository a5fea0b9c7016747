//! Where reports go: files, stdout, their forms.

use crate::support::{LAST_SLOT, Ran, arg, document, folder, gatecrash, ran, results};

const EXPLORE: [&str; 3] = ["explore", LAST_SLOT, "--stable"];

fn explore(more: &[&str]) -> Ran {
    ran(&[&EXPLORE, more].concat())
}

#[test]
fn a_json_file_lies_beside_the_text() {
    let folder = folder(&[("report.json", "something older")]);
    let file = arg(folder.path().join("report.json"));
    let ran = explore(&["--json", &file]).exits(0);
    assert_eq!(ran.stdout, explore(&[]).stdout);
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(results(&document(&written)).len(), 2);
    assert_eq!(written, explore(&["--json", "-"]).stdout);
    // Nothing that it was made from is left beside it.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Every element that is opened is closed, in order; the text between has no stray `<` or `&`.
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    for (i, part) in xml.split('<').enumerate() {
        let Some((tag, text)) = part.split_once('>') else {
            assert!(i == 0 && part.trim().is_empty(), "{part}");
            continue;
        };
        let name = tag.split([' ', '\n']).next().unwrap().trim_end_matches('/');
        match name.strip_prefix('/') {
            _ if tag.starts_with('?') => assert_eq!(i, 1),
            Some(name) => assert_eq!(open.pop(), Some(name), "{part}"),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
        for entity in text.split('&').skip(1) {
            assert!(entity.split_once(';').is_some_and(|(name, _)| name.len() < 8), "&{entity}");
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn junit_has_a_case_for_each_result() {
    let folder = folder(&[]);
    let file = arg(folder.path().join("report.xml"));
    explore(&["--junit", &file, "--on", "all", "--expect", "clean"]).exits(1);
    let xml = std::fs::read_to_string(&file).unwrap();
    assert!(xml.starts_with("<?xml "), "{xml}");
    assert_well_formed(&xml);
    assert_eq!(xml.matches("<testcase ").count(), 6);
    assert_eq!(xml.matches("<failure ").count(), 3);
}

#[test]
fn quiet_shows_what_failed_and_the_verdict() {
    let good = explore(&["-q"]).exits(0);
    assert_eq!(good.all(), "ok: 2 results\n");
    let bad = explore(&["--quiet", "--expect", "clean"]).exits(1);
    assert!(bad.stdout.contains("naive, all interleavings"), "{}", bad.stdout);
    assert!(!bad.stdout.contains("atomic, all interleavings"), "{}", bad.stdout);
    assert!(bad.stdout.contains("failed: 1 of 2 results not as expected"), "{}", bad.stdout);
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    assert!(!explore(&[]).stdout.contains('\u{1b}'));
    assert!(explore(&["--color", "always"]).stdout.contains('\u{1b}'));
    assert!(!explore(&["--color", "always", "--json", "-"]).stdout.contains('\u{1b}'));
    let coloured = Ran::of(gatecrash(&EXPLORE).env("CLICOLOR_FORCE", "1")).stdout;
    assert!(coloured.contains('\u{1b}'));
    let plain = Ran::of(gatecrash(&EXPLORE).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "0")).stdout;
    assert_eq!(plain, explore(&[]).stdout);
}

#[test]
fn the_seed_is_kept() {
    assert_eq!(explore(&["--json", "-", "--seed", "7"]).json()["seed"], 7);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for bound in [&[][..], &["--max-executions", "100"]] {
        let on = |threads| {
            let size = ["--clients", "3", "--json", "-", "--threads", threads];
            explore(&[&size[..], bound].concat()).stdout
        };
        assert_eq!(on("1"), on("3"));
    }
}

#[test]
fn what_is_printed_fits_80_columns() {
    let wide = |text: &str| text.lines().filter(|line| line.chars().count() > 80).count();
    let scenarios = ran(&["run", "scenarios", "--on", "model"]).exits(0).stdout;
    assert_eq!(wide(&scenarios), 0, "{scenarios}");
}
