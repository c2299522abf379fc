//! Circles among files that import from each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::imports::Imports;

/// The shortest circle through each file that lies on one, each circle once.
pub(super) fn find(imports: &Imports) -> BTreeSet<Vec<usize>> {
    let circles = imports.keys().filter_map(|&file| shortest(imports, file));
    circles
        .map(|mut circle| {
            // The same circle is found from each of its files.
            let first = circle.iter().enumerate().min_by_key(|(_, file)| **file);
            let turn = first.map_or(0, |(index, _)| index);
            circle.rotate_left(turn);
            circle
        })
        .collect()
}

/// The shortest way from a file back to itself, the file first.
fn shortest(imports: &Imports, start: usize) -> Option<Vec<usize>> {
    let mut reached_from = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(here) = queue.pop_front() {
        for &next in imports.get(&here).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                let back = |file: &usize| reached_from.get(file).copied();
                let mut circle: Vec<usize> = std::iter::successors(Some(here), back).collect();
                circle.reverse();
                return Some(circle);
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = reached_from.entry(next) {
                entry.insert(here);
                queue.push_back(next);
            }
        }
    }
    None
}
