//! Circles of files that use each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::source::Arrow;

/// For each room a shortest circle through each file that is part of one, each circle once, as lines of arrows.
pub(crate) fn within_rooms(arrows: &[Arrow]) -> Vec<String> {
    let mut next: BTreeMap<&str, Vec<&Arrow>> = BTreeMap::new();
    for arrow in arrows.iter().filter(|arrow| arrow.room_from() == arrow.room_to()) {
        next.entry(&arrow.from).or_default().push(arrow);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for start in next.keys() {
        if seen.contains(start) {
            continue;
        }
        if let Some(circle) = shortest(&next, start) {
            seen.extend(circle.iter().map(|arrow| arrow.from.as_str()));
            found.push(circle.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "));
        }
    }
    found
}

/// The shortest way from a file back to itself, breadth first.
fn shortest<'a>(next: &BTreeMap<&str, Vec<&'a Arrow>>, start: &str) -> Option<Vec<&'a Arrow>> {
    let mut came_by: BTreeMap<&str, &'a Arrow> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for arrow in next.get(file).into_iter().flatten() {
            if arrow.to == start {
                let mut circle = vec![*arrow];
                while circle[0].from != start {
                    circle.insert(0, came_by[circle[0].from.as_str()]);
                }
                return Some(circle);
            }
            if !came_by.contains_key(arrow.to.as_str()) {
                came_by.insert(&arrow.to, arrow);
                queue.push_back(&arrow.to);
            }
        }
    }
    None
}
