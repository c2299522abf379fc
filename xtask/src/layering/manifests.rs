//! What manifests say of dependencies.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::error::LayeringError;

/// What a crate's manifest says about its dependencies.
#[derive(Debug)]
pub(super) struct Manifest {
    /// The crate's folder, from the checkout's root.
    pub(super) folder: PathBuf,
    pub(super) name: String,
    /// Every package it names, of any kind and for any target.
    pub(super) dependencies: BTreeSet<String>,
}

/// The manifests of `crates/*` and `xtask`.
pub(super) fn read_all(root: &Path) -> Result<Vec<Manifest>, LayeringError> {
    let crates = root.join("crates");
    let mut folders = Vec::new();
    for entry in fs::read_dir(&crates).map_err(LayeringError::read(&crates))? {
        let name = entry.map_err(LayeringError::read(&crates))?.file_name();
        folders.push(Path::new("crates").join(name));
    }
    folders.push(PathBuf::from("xtask"));
    folders.sort();
    folders.retain(|folder| root.join(folder).join("Cargo.toml").is_file());
    folders
        .into_iter()
        .map(|folder| read(root, folder))
        .collect()
}

fn read(root: &Path, folder: PathBuf) -> Result<Manifest, LayeringError> {
    let path = root.join(&folder).join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(LayeringError::read(&path))?;
    let manifest: Table = text.parse().map_err(|source| LayeringError::Parse {
        path: path.clone(),
        source: Box::new(source),
    })?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    let name = name.and_then(Value::as_str).unwrap_or_default().to_owned();

    let mut dependencies = dependencies(&manifest);
    let targets = manifest.get("target").and_then(Value::as_table);
    for target in targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table)
    {
        dependencies.extend(self::dependencies(target));
    }
    Ok(Manifest {
        folder,
        name,
        dependencies,
    })
}

fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = kinds
        .iter()
        .filter_map(|kind| manifest.get(*kind)?.as_table());
    tables
        .flatten()
        .map(|(key, dependency)| {
            // A renamed dependency has its real name in `package`.
            let package = dependency.get("package").and_then(Value::as_str);
            package.unwrap_or(key).to_owned()
        })
        .collect()
}
