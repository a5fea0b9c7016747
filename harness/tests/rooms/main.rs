//! The rooms of `harness/src` stand in layers: a file uses the rooms above its own and never those below, and the files
//! of one room form no circle. ARCHITECTURE.md shows the picture.

mod circles;
mod names;
mod source;

use std::collections::BTreeMap;
use std::path::Path;

use source::{Arrow, Tree};

/// The rooms from top to bottom, as `lib.rs` and ARCHITECTURE.md list them.
const ROOMS: [&str; 11] =
    ["base", "observe", "world", "model", "redis", "explore", "report", "load", "doctor", "campaign", "cli"];

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tree() -> Tree {
    Tree::read(&crate_folder().join("src"))
}

/// A tree of files that are written here: path and text.
fn written(files: &[(&str, &str)]) -> Tree {
    let texts: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Tree::parse(&texts)
}

fn depth(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// The arrows that go to a room below, or from or to a room that has no place.
fn upward(arrows: &[Arrow]) -> Vec<String> {
    let wrong = |arrow: &&Arrow| match (depth(arrow.room_from()), depth(arrow.room_to())) {
        (Some(from), Some(to)) => to > from,
        _ => true,
    };
    arrows.iter().filter(wrong).map(ToString::to_string).collect()
}

#[test]
fn no_file_uses_a_room_below_its_own() {
    let found = upward(&tree().arrows());
    assert!(
        found.is_empty(),
        "these lines use a room that stands below theirs; move what they need up, or them down (the order is {}):\n{}",
        ROOMS.join(", "),
        found.join("\n")
    );
}

/// Rooms whose files still form circles. To be emptied; a room that is mended must leave the list.
const WITH_CIRCLES: [&str; 1] = ["campaign"];

/// So many type names are still defined more than once. It must not grow; whoever renames one lowers it.
const NAMES_DEFINED_TWICE: usize = 6;

#[test]
fn the_files_of_a_room_form_no_circle() {
    let arrows = tree().arrows();
    let (known, others): (Vec<_>, Vec<_>) =
        arrows.into_iter().partition(|arrow| WITH_CIRCLES.contains(&arrow.room_from()));
    let found = circles::within_rooms(&others);
    assert!(
        found.is_empty(),
        "these files use each other in a circle; move what both need to a file of its own:\n{}",
        found.join("\n")
    );
    for room in WITH_CIRCLES {
        let of_room: Vec<Arrow> = known.iter().filter(|arrow| arrow.room_from() == room).cloned().collect();
        assert!(
            !circles::within_rooms(&of_room).is_empty(),
            "{room} has no circle any more: take it off WITH_CIRCLES"
        );
    }
}

#[test]
fn a_type_name_is_defined_once() {
    let limiter = Tree::read(&crate_folder().join("../limiter/src"));
    let found = names::defined_twice(&[("harness", &tree()), ("limiter", &limiter)]);
    assert_eq!(
        found.len(),
        NAMES_DEFINED_TWICE,
        "a name says what it is without its folder; rename, and lower the number:\n{}",
        found.join("\n")
    );
}

#[test]
fn the_rooms_are_listed_in_the_same_order_everywhere() {
    let lib = std::fs::read_to_string(crate_folder().join("src/lib.rs")).expect("lib.rs can be read");
    let declared: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, ROOMS, "the order in lib.rs");

    let page =
        std::fs::read_to_string(crate_folder().join("../ARCHITECTURE.md")).expect("the page can be read");
    let listed: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |").map(|(room, _)| room))
        .collect();
    assert_eq!(listed, ROOMS, "the order in ARCHITECTURE.md's table of rooms");
}

#[test]
fn an_arrow_that_goes_up_is_found_with_its_line() {
    let tree = written(&[
        ("lib.rs", "pub mod model;\npub mod explore;"),
        ("model.rs", "//! The model.\nuse std::fmt;\nuse crate::explore::Graph;\n"),
        ("explore.rs", "pub struct Graph;\npub fn run() { crate::model::go() }"),
    ]);
    assert_eq!(upward(&tree.arrows()), ["harness/src/model.rs:3: model.rs uses explore.rs"]);
}

#[test]
fn paths_in_expressions_macros_and_groups_count_and_tests_do_not() {
    let tree = written(&[
        ("lib.rs", "pub mod base;\npub mod model;\npub mod cli;"),
        (
            "base.rs",
            "fn a() { crate::cli::run() }\nfn b() { assert!(matches!(1, crate::cli::ONE)) }\n\
             use crate::{model::Model, std_like};\n#[cfg(test)]\nmod tests { use crate::cli::run; }\n\
             #[cfg(test)]\nmod checks;\n",
        ),
        ("base/checks.rs", "use crate::cli::run;"),
        ("model.rs", "pub struct Model;"),
        ("cli.rs", "pub fn run() {}"),
    ]);
    assert_eq!(
        upward(&tree.arrows()),
        [
            "harness/src/base.rs:1: base.rs uses cli.rs",
            "harness/src/base.rs:2: base.rs uses cli.rs",
            "harness/src/base.rs:3: base.rs uses model.rs",
        ]
    );
}

#[test]
fn a_circle_is_found_also_through_the_room_s_own_file() {
    let tree = written(&[
        ("lib.rs", "pub mod model;"),
        ("model.rs", "mod keys;\nuse keys::Keys;\npub struct Database(Keys);"),
        ("model/keys.rs", "use super::Database;\npub struct Keys;"),
    ]);
    assert_eq!(
        circles::within_rooms(&tree.arrows()),
        [
            "harness/src/model.rs:2: model.rs uses model/keys.rs\n  harness/src/model/keys.rs:1: model/keys.rs uses model.rs"
        ]
    );
}

#[test]
fn a_name_that_is_passed_on_belongs_to_the_file_that_defines_it() {
    let tree = written(&[
        ("lib.rs", "pub mod model;\npub mod explore;\npub use model::Keys;"),
        ("model.rs", "mod keys;\nmod values;\npub use keys::Keys;"),
        ("model/keys.rs", "pub struct Keys;"),
        ("model/values.rs", "use super::Keys;\nuse crate::model::keys;\nuse super::Keys as Named;"),
        ("explore.rs", "use crate::Keys;"),
    ]);
    let arrows = tree.arrows();
    assert!(circles::within_rooms(&arrows).is_empty());
    let shown: Vec<String> = arrows.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "harness/src/explore.rs:1: explore.rs uses model/keys.rs",
            "harness/src/model/values.rs:1: model/values.rs uses model/keys.rs",
            "harness/src/model/values.rs:2: model/values.rs uses model/keys.rs",
            "harness/src/model/values.rs:3: model/values.rs uses model/keys.rs",
        ]
    );
}

#[test]
fn a_name_that_is_defined_twice_is_found() {
    let one =
        written(&[("lib.rs", "pub mod base;"), ("base.rs", "struct Plan;\nmod inner { enum Step {} }")]);
    let other = written(&[("lib.rs", "pub struct Plan;\n#[cfg(test)]\nmod tests { struct Step; }")]);
    assert_eq!(
        names::defined_twice(&[("harness", &one), ("limiter", &other)]),
        ["Plan: harness/src/base.rs:1, limiter/src/lib.rs:1"]
    );
}
