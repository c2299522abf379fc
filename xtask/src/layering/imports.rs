//! Which file of a crate imports from which.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{Tree, Use};

/// For each file, the files it imports from, each with a name that it takes from there.
pub(super) type Imports = BTreeMap<usize, BTreeMap<usize, String>>;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Module(usize),
    /// Something that the module defines.
    Item(usize),
    /// Something that is not found in the module: made by a macro, or from another crate.
    Unknown(usize),
    /// Another crate.
    Outside,
}

/// Follows every import and path of the crate to the file that defines what it names.
///
/// A module named on the way is not imported from: what is taken through it is. Re-exports of what
/// lies below a module are no imports, but its own use of a re-exported name is one.
pub(super) fn find(tree: &Tree) -> Imports {
    let mut imports = Imports::new();
    for (number, module) in tree.modules.iter().enumerate() {
        let mut note = |target: Target, name: &str| {
            if let Target::Item(of) | Target::Unknown(of) = target {
                let file = tree.modules[of].file;
                if file != module.file {
                    let from_here = imports.entry(module.file).or_default();
                    from_here.entry(file).or_insert_with(|| name.to_owned());
                }
            }
        };
        for declared in &module.uses {
            for (target, name) in targets(tree, number, declared) {
                let below = match target {
                    Target::Module(of) | Target::Item(of) | Target::Unknown(of) => {
                        is_below(tree, of, number)
                    }
                    Target::Outside => false,
                };
                if !declared.reexport || !below || module.words.contains(&declared.name) {
                    note(target, &name);
                }
            }
        }
        for path in &module.paths {
            let target = follow(tree, number, path, &mut BTreeSet::new());
            note(target, path.last().map_or("", String::as_str));
        }
    }
    imports
}

/// Where the names of one `use` come from.
fn targets(tree: &Tree, from: usize, declared: &Use) -> Vec<(Target, String)> {
    let target = follow(tree, from, &declared.path, &mut BTreeSet::new());
    let (Target::Module(all), "*") = (target, declared.name.as_str()) else {
        return vec![(target, declared.path.last().cloned().unwrap_or_default())];
    };
    let module = &tree.modules[all];
    let seen = module.uses.iter().filter(|inner| inner.reexport);
    let seen = seen.map(|inner| &inner.name).filter(|name| *name != "*");
    let names: BTreeSet<&String> = module.items.iter().chain(seen).collect();
    let find = |name: &String| {
        let path = std::slice::from_ref(name);
        (inside(tree, all, path, &mut BTreeSet::new()), name.clone())
    };
    names.into_iter().map(find).collect()
}

fn is_below(tree: &Tree, module: usize, top: usize) -> bool {
    let mut parents = std::iter::successors(Some(module), |&here| tree.modules[here].parent);
    parents.any(|here| here == top)
}

/// Follows a path that stands in the module `from`.
///
/// `passed` holds the uses that were followed already, so that one which leads to itself ends.
fn follow(
    tree: &Tree,
    from: usize,
    path: &[String],
    passed: &mut BTreeSet<(usize, usize)>,
) -> Target {
    let Some((first, mut rest)) = path.split_first() else {
        return Target::Outside;
    };
    let mut here = match first.as_str() {
        "crate" => 0,
        "self" => from,
        "super" => tree.modules[from].parent.unwrap_or(from),
        _ => {
            return match inside(tree, from, path, passed) {
                Target::Unknown(_) => Target::Outside,
                found => found,
            };
        }
    };
    while let Some((next, after)) = rest.split_first()
        && next == "super"
    {
        here = tree.modules[here].parent.unwrap_or(here);
        rest = after;
    }
    inside(tree, here, rest, passed)
}

/// Follows a path within a module that is known.
fn inside(
    tree: &Tree,
    module: usize,
    path: &[String],
    passed: &mut BTreeSet<(usize, usize)>,
) -> Target {
    let Some((first, rest)) = path.split_first() else {
        return Target::Module(module);
    };
    let here = &tree.modules[module];
    let child = here.children.get(first);
    if let (Some(&child), false) = (child, rest.is_empty()) {
        return inside(tree, child, rest, passed);
    }
    if here.items.contains(first) {
        return Target::Item(module);
    }
    for (index, declared) in here.uses.iter().enumerate() {
        if declared.name == *first && passed.insert((module, index)) {
            match follow(tree, module, &declared.path, passed) {
                Target::Module(through) if !rest.is_empty() => {
                    return inside(tree, through, rest, passed);
                }
                // A module and an item may share a name; the item is then found by another `use`.
                Target::Module(_) => {}
                found => return found,
            }
        }
    }
    if let Some(&child) = child {
        return Target::Module(child);
    }
    for (index, declared) in here.uses.iter().enumerate() {
        if declared.name == "*"
            && passed.insert((module, index))
            && let Target::Module(all) = follow(tree, module, &declared.path, passed)
        {
            match inside(tree, all, path, passed) {
                Target::Unknown(_) => {}
                found => return found,
            }
        }
    }
    Target::Unknown(module)
}
