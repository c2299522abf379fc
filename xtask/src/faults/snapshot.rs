//! What is in a folder, to the byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// The SHA-256 of every file below a folder; links and what is no file are there without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot(BTreeMap<PathBuf, String>);

impl Snapshot {
    pub(super) fn of(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
                let path = entry.path();
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                if kind.is_dir() {
                    folders.push(path);
                    continue;
                }
                let sum = match kind.is_file() {
                    true => sha256_of(&path).unwrap_or_default(),
                    false => String::new(),
                };
                let relative = path.strip_prefix(folder).map(Path::to_owned);
                files.insert(relative.unwrap_or(path), sum);
            }
        }
        Self(files)
    }

    /// Fails with the names of files that are new, gone or other ones, but for those that `may_differ`.
    pub(super) fn check_same(
        &self,
        now: &Self,
        may_differ: impl Fn(&Path) -> bool,
    ) -> Result<(), String> {
        let names = self.0.keys().chain(now.0.keys());
        let differing: Vec<_> = names
            .filter(|name| self.0.get(*name) != now.0.get(*name) && !may_differ(name))
            .map(|name| name.display().to_string())
            .collect();
        match differing.as_slice() {
            [] => Ok(()),
            names => Err(format!("files changed: {}", names.join(", "))),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.keys()
    }
}

/// A file's SHA-256 in hexadecimal digits.
pub(super) fn sha256_of(path: &Path) -> Result<String, String> {
    let content = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(sha256(&content))
}

pub(super) fn sha256(content: &[u8]) -> String {
    let sum = Sha256::digest(content);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}
