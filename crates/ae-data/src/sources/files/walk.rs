//! Finding the image files in a folder and all folders in it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::set::LeftAside;
use crate::sources::files::is_hidden;
use crate::sources::files::passed_over::{PassedOver, first_bytes};

/// How deep folders may lie in each other.
const MAX_DEPTH: usize = 32;

/// What lies in a folder and all folders in it.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Image files relative to the folder, sorted.
    pub(crate) files: Vec<PathBuf>,
    /// Files that are no images and not hidden, by their ending, and runs of this program.
    pub(crate) left_aside: Vec<LeftAside>,
}

/// Lists what lies in `root`.
///
/// Hidden files and folders are passed over. A folder that is a run of this program holds pictures that were drawn of
/// the set, not images of it: where a run lies in the set that it is trained on, it is left out.
///
/// # Errors
/// A folder cannot be listed, or folders lie deeper than 32.
pub(crate) fn walk(root: &Path) -> Result<Walked, DataError> {
    let mut walk = Walk {
        root,
        files: Vec::new(),
        others: PassedOver::default(),
        runs: 0,
        seen: HashSet::new(),
    };
    walk.enter(root, MAX_DEPTH)?;
    let Walk {
        mut files,
        others,
        runs,
        ..
    } = walk;
    files.sort();
    let mut left_aside = others.left_aside();
    if runs > 0 {
        let what = if runs == 1 { "run of ae" } else { "runs of ae" };
        left_aside.push(LeftAside {
            what: what.to_owned(),
            count: runs,
        });
    }
    Ok(Walked { files, left_aside })
}

/// Whether a folder is one that `ae train` made: it has a configuration and what training writes.
fn is_run(folder: &Path) -> bool {
    let is_file = |name: &str| folder.join(name).is_file();
    is_file("config.toml")
        && (is_file("metrics.jsonl")
            || is_file("model.safetensors")
            || is_file("model.aepixel")
            || folder.join("checkpoints").is_dir())
}

struct Walk<'a> {
    root: &'a Path,
    /// In whatever order the file system has them.
    files: Vec<PathBuf>,
    others: PassedOver,
    runs: usize,
    /// Folders that were entered, by their real path: a link that leads back is not followed twice.
    seen: HashSet<PathBuf>,
}

impl Walk<'_> {
    fn enter(&mut self, folder: &Path, depth: usize) -> Result<(), DataError> {
        let read_error = |error| DataError::read(folder, error);
        if depth == 0 {
            return Err(DataError::TooLarge {
                path: self.root.to_owned(),
                found: format!("folders lie deeper than {MAX_DEPTH}"),
                limit: format!("{MAX_DEPTH}"),
            });
        }
        if !self
            .seen
            .insert(fs::canonicalize(folder).map_err(read_error)?)
        {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(read_error)? {
            let entry = entry.map_err(read_error)?;
            let path = entry.path();
            if is_hidden(&entry.file_name()) {
                continue;
            }
            // A link is what it leads to; one that leads nowhere is taken for a file, which fails by its name later.
            if fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                if is_run(&path) {
                    self.runs += 1;
                } else {
                    self.enter(&path, depth - 1)?;
                }
            } else if self.others.is_image(&path, || first_bytes(&path)) {
                let relative = path
                    .strip_prefix(self.root)
                    .expect("what a folder lists lies in the folder");
                self.files.push(relative.to_owned());
            }
        }
        Ok(())
    }
}
