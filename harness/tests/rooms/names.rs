//! Names of types that are defined more than once.

use std::collections::BTreeMap;

use crate::source::Tree;

/// Each crate has one error type of that name, as crates do.
const IN_EACH_CRATE: [&str; 1] = ["Error"];

/// The names that several files define, with their places.
pub(crate) fn defined_twice(crates: &[(&str, &Tree)]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (krate, tree) in crates {
        for (name, file, line) in tree.types() {
            places.entry(name).or_default().push(format!("{krate}/src/{file}:{line}"));
        }
    }
    let twice = |name: &str, places: &[String]| {
        let most = if IN_EACH_CRATE.contains(&name) { crates.len() } else { 1 };
        places.len() > most
    };
    let shown = |(name, places): (&String, &Vec<String>)| format!("{name}: {}", places.join(", "));
    places.iter().filter(|(name, places)| twice(name, places)).map(shown).collect()
}
