//! Finding the folder whose folders are the parts of a set.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::set::Part;
use crate::sources::files::folder_names::part_named;

/// Where a set's part folders are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PlaceOfParts<'a> {
    /// There are none.
    Nowhere,
    /// In the folder that these lead to.
    Here(Vec<&'a OsStr>),
    /// In each of several folders.
    Several(Vec<PathBuf>),
}

/// Finds the folder that has a folder for training images and one for validation or test images, or of these alone, given
/// the folders that each image lies in.
pub(crate) fn place_of_parts<'a>(folders: &[Vec<&'a OsStr>]) -> PlaceOfParts<'a> {
    let all: Vec<&[&'a OsStr]> = folders.iter().map(Vec::as_slice).collect();
    let mut places = Vec::new();
    find(&all, &mut Vec::new(), &mut places);
    match places.len() {
        0 => place_without_training(all).map_or(PlaceOfParts::Nowhere, PlaceOfParts::Here),
        1 => PlaceOfParts::Here(places.swap_remove(0)),
        _ => PlaceOfParts::Several(places.iter().map(|place| place.iter().collect()).collect()),
    }
}

/// The folder all of whose folders are named for validation or test images: nobody wants these trained on, for being
/// alone.
fn place_without_training<'a>(mut folders: Vec<&[&'a OsStr]>) -> Option<Vec<&'a OsStr>> {
    let mut above = Vec::new();
    loop {
        let names: Option<BTreeSet<&'a OsStr>> = folders
            .iter()
            .map(|folders| folders.first().copied())
            .collect();
        let names = names?;
        let is_measured =
            |name: &&OsStr| matches!(part_named(name), Some(Part::Validation | Part::Test));
        if !names.is_empty() && names.iter().all(is_measured) {
            return Some(above);
        }
        let mut names = names.into_iter();
        let only = names.next().filter(|name| part_named(name).is_none())?;
        if names.next().is_some() {
            return None;
        }
        above.push(only);
        folders = folders.into_iter().map(|folders| &folders[1..]).collect();
    }
}

fn find<'a>(
    folders: &[&[&'a OsStr]],
    above: &mut Vec<&'a OsStr>,
    places: &mut Vec<Vec<&'a OsStr>>,
) {
    let mut children: BTreeMap<&'a OsStr, Vec<&[&'a OsStr]>> = BTreeMap::new();
    for folders in folders {
        if let Some((name, below)) = folders.split_first() {
            children.entry(name).or_default().push(below);
        }
    }
    let holds = |part: Part| children.keys().any(|name| part_named(name) == Some(part));
    if holds(Part::Train) && (holds(Part::Validation) || holds(Part::Test)) {
        places.push(above.clone());
        return;
    }
    for (name, below) in children {
        above.push(name);
        find(&below, above, places);
        above.pop();
    }
}
