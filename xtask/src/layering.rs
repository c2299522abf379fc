//! Which crate may use which: the table in `docs/architecture.md` against manifests and sources.
//!
//! The table stands under the heading "Allowed edges" and has three columns: a crate, the crates
//! of ours that it may use, and whether it may use Burn. A crate may only name crates in rows
//! above its own, so there are no cycles. Dev-dependencies count; a crate's dependency on itself,
//! which turns on features for its tests, does not.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

mod manifests;
mod sources;
mod table;

use manifests::Manifest;
use table::Row;

/// Something that the architecture does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A dependency that the table does not list.
    Edge {
        /// The crate that has it.
        from: String,
        /// The crate it uses.
        to: String,
    },
    /// A crate that the table does not list.
    NotInTable {
        /// The crate.
        name: String,
    },
    /// A row of the table without a crate.
    NoSuchCrate {
        /// The row's crate.
        name: String,
    },
    /// A row that names a crate in its own or a later row.
    Upwards {
        /// The row's crate.
        from: String,
        /// The crate it may not name.
        to: String,
    },
    /// A crate with a name other than its folder's.
    Folder {
        /// The folder.
        folder: String,
        /// The crate.
        name: String,
    },
    /// A source file that names what only one place may.
    Source {
        /// The file, from the checkout's root.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What it names.
        found: &'static str,
        /// Where that belongs.
        belongs: &'static str,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge { from, to } => {
                write!(
                    formatter,
                    "{from} depends on {to}, which docs/architecture.md does not allow"
                )
            }
            Self::NotInTable { name } => {
                write!(
                    formatter,
                    "{name} has no row in the table of docs/architecture.md"
                )
            }
            Self::NoSuchCrate { name } => {
                write!(
                    formatter,
                    "docs/architecture.md has a row for {name}, which does not exist"
                )
            }
            Self::Upwards { from, to } => write!(
                formatter,
                "docs/architecture.md: {from} may use {to} only in a row below that of {to}"
            ),
            Self::Folder { folder, name } => {
                write!(formatter, "the crate in {folder} is called {name}")
            }
            Self::Source {
                file,
                line,
                found,
                belongs,
            } => {
                write!(
                    formatter,
                    "{}:{line}: {found} belongs in {belongs}",
                    file.display()
                )
            }
        }
    }
}

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayeringError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A manifest is no TOML.
    #[error("cannot parse {}: {source}", path.display())]
    Parse {
        /// The manifest.
        path: PathBuf,
        /// The reason.
        source: Box<toml::de::Error>,
    },
    /// The architecture page has no table, or one of another form.
    #[error("{}: {reason}", path.display())]
    Table {
        /// The page.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl LayeringError {
    fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

/// Checks the checkout at `root` and lists what is not allowed there.
///
/// # Errors
/// A page, manifest or source that cannot be read or has another form.
pub fn check(root: &Path) -> Result<Vec<Violation>, LayeringError> {
    let page = root.join("docs/architecture.md");
    let text = fs::read_to_string(&page).map_err(LayeringError::read(&page))?;
    let table =
        table::parse(&text).map_err(|reason| LayeringError::Table { path: page, reason })?;
    let manifests = manifests::read_all(root)?;

    let mut violations = check_order(&table);
    violations.extend(check_manifests(&table, &manifests));
    violations.extend(sources::check(root, &manifests)?);
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
