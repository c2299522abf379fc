//! Which crate may use which: the table in `docs/architecture.md` against manifests and sources.
//!
//! The table stands under the heading "Allowed edges" and has three columns: a crate, the crates
//! of ours that it may use, and whether it may use Burn. A crate may only name crates in rows
//! above its own, so there are no cycles. Dev-dependencies count; a crate's dependency on itself,
//! which turns on features for its tests, does not.
//!
//! Within a crate no file imports from one that imports from it, directly or through others, and
//! no source file has more than [`LONGEST`] lines. A file imports from the file that defines what
//! it names, whatever re-exports that on the way. A parent's `mod` and `pub use` lines are no
//! imports, nor is anything that is compiled for tests alone.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

mod circles;
mod error;
mod every_file;
mod imports;
mod manifests;
mod modules;
mod sources;
mod table;
mod tokens;
mod violation;

pub use error::LayeringError;
pub use violation::{LONGEST, Violation};

use manifests::Manifest;
use table::Row;

/// What the check has found in a checkout.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Findings {
    /// What is not allowed.
    pub violations: Vec<Violation>,
    /// The longest source file, and how many lines it has.
    pub longest: (PathBuf, usize),
}

impl fmt::Display for Findings {
    /// Writes the counts, in one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_circle = |violation: &&Violation| matches!(violation, Violation::Circle { .. });
        let circles = self.violations.iter().filter(is_circle).count();
        let (file, lines) = &self.longest;
        write!(
            formatter,
            "{circles} circles, longest file {lines} lines ({})",
            file.display()
        )
    }
}

/// Checks the checkout at `root` and lists what is not allowed there.
///
/// # Errors
/// A page, manifest or source that cannot be read or has another form.
pub fn check(root: &Path) -> Result<Findings, LayeringError> {
    let page = root.join("docs/architecture.md");
    let text = fs::read_to_string(&page).map_err(LayeringError::read(&page))?;
    let table =
        table::parse(&text).map_err(|reason| LayeringError::Table { path: page, reason })?;
    let manifests = manifests::read_all(root)?;

    let mut violations = check_order(&table);
    violations.extend(check_manifests(&table, &manifests));
    let folders = manifests.iter().map(|manifest| manifest.folder.as_path());
    violations.extend(sources::check(root, folders.clone())?);
    violations.extend(check_circles(root, folders)?);
    let sources = every_file::read(root)?;
    violations.extend(every_file::check(&sources));
    let lengths = sources
        .iter()
        .map(|source| (source.file.clone(), source.lines()));
    let longest = lengths.max_by_key(|(_, lines)| *lines);
    Ok(Findings {
        violations,
        longest: longest.unwrap_or_default(),
    })
}

/// The circles of every crate's library and binary.
fn check_circles<'a>(
    root: &Path,
    folders: impl Iterator<Item = &'a Path>,
) -> Result<Vec<Violation>, LayeringError> {
    let mut violations = Vec::new();
    let roots =
        folders.flat_map(|folder| ["src/lib.rs", "src/main.rs"].map(|name| folder.join(name)));
    for file in roots.filter(|file| root.join(file).is_file()) {
        let tree = modules::Tree::read(root, &file)?;
        let imports = imports::find(&tree);
        for circle in circles::find(&imports) {
            let next = circle.iter().cycle().skip(1);
            let files = circle
                .iter()
                .zip(next)
                .map(|(from, to)| (tree.files[*from].clone(), imports[from][to].clone()));
            violations.push(Violation::Circle {
                files: files.collect(),
            });
        }
    }
    Ok(violations)
}

fn check_order(table: &[Row]) -> Vec<Violation> {
    let mut above = BTreeSet::new();
    let mut violations = Vec::new();
    for row in table {
        let wrong = row.may_use.iter().filter(|to| !above.contains(to.as_str()));
        violations.extend(wrong.map(|to| Violation::Upwards {
            from: row.name.clone(),
            to: to.clone(),
        }));
        above.insert(row.name.as_str());
    }
    violations
}

fn check_manifests(table: &[Row], manifests: &[Manifest]) -> Vec<Violation> {
    let ours: BTreeSet<&str> = manifests
        .iter()
        .map(|manifest| manifest.name.as_str())
        .collect();
    let mut violations = Vec::new();
    for row in table.iter().filter(|row| !ours.contains(row.name.as_str())) {
        violations.push(Violation::NoSuchCrate {
            name: row.name.clone(),
        });
    }
    for manifest in manifests {
        let name = &manifest.name;
        if manifest
            .folder
            .file_name()
            .is_some_and(|folder| folder != name.as_str())
        {
            let folder = manifest.folder.display().to_string();
            violations.push(Violation::Folder {
                folder,
                name: name.clone(),
            });
        }
        let Some(row) = table.iter().find(|row| row.name == *name) else {
            violations.push(Violation::NotInTable { name: name.clone() });
            continue;
        };
        for to in &manifest.dependencies {
            let burn = to == "burn" || to.starts_with("burn-");
            let allowed = if burn {
                row.may_use_burn
            } else {
                row.may_use.contains(to)
            };
            if to != name && (burn || ours.contains(to.as_str())) && !allowed {
                violations.push(Violation::Edge {
                    from: name.clone(),
                    to: to.clone(),
                });
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests;
