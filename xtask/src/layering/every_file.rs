//! What is asked of every source file, tests included.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::LayeringError;
use super::violation::{LONGEST, Violation};

/// Folders with source of ours.
const FOLDERS: [&str; 4] = ["crates", "xtask", "tests", "fuzz"];

/// The crate that leaves tensors to others, and its one file that may not.
const COMMAND_LINE: &str = "crates/ae-cli/src";
const BACKENDS: &str = "crates/ae-cli/src/backend.rs";

const BURN: &str = "burn::";

/// A Rust file.
#[derive(Debug)]
pub(super) struct Source {
    /// From the checkout's root.
    pub(super) file: PathBuf,
    pub(super) text: String,
}

impl Source {
    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

/// All Rust files of the checkout at `root`.
pub(super) fn read(root: &Path) -> Result<Vec<Source>, LayeringError> {
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> = FOLDERS.map(PathBuf::from).into();
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        if !path.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&path).map_err(LayeringError::read(&path))? {
            let entry = entry.map_err(LayeringError::read(&path))?;
            let (file, path) = (folder.join(entry.file_name()), entry.path());
            if path.is_dir() {
                if entry.file_name() != "target" {
                    folders.push(file);
                }
            } else if file.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).map_err(LayeringError::read(&path))?;
                sources.push(Source { file, text });
            }
        }
    }
    sources.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(sources)
}

/// Looks for files that are too long, and for Burn in the command line.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        let file = source.file.clone();
        if file.starts_with(COMMAND_LINE) && file != Path::new(BACKENDS) {
            violations.extend(burn_lines(&source.text).map(|line| Violation::Source {
                file: file.clone(),
                line,
                found: BURN,
                belongs: BACKENDS,
            }));
        }
        let lines = source.lines();
        if lines > LONGEST {
            violations.push(Violation::Length { file, lines });
        }
    }
    violations
}

/// Lines, counted from 1, that name Burn, be it in a comment.
fn burn_lines(text: &str) -> impl Iterator<Item = usize> {
    let names_burn = |line: &str| {
        line.match_indices(BURN).any(|(index, _)| {
            let before = line[..index].chars().next_back();
            !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
        })
    };
    let lines = text.lines().enumerate();
    lines
        .filter(move |(_, line)| names_burn(line))
        .map(|(index, _)| index + 1)
}
