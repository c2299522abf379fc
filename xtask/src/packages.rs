//! What library crates are made of: everything they compile lies in their folders, so that each builds from its package.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// A place where a source file names a file outside its crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachingOut {
    /// The source file, from the checkout.
    pub file: PathBuf,
    /// Its line, counted from 1.
    pub line: usize,
    /// What it names.
    pub path: String,
}

/// What a file is included by, before the path in quotes.
const INCLUDES: [&str; 4] = ["include_bytes!(", "include_str!(", "include!(", "#[path = "];

/// Every source file of a crate under `crates` that includes a file outside the crate's folder.
///
/// # Errors
/// A folder or file cannot be read.
pub fn reaching_out(root: &Path) -> std::io::Result<Vec<ReachingOut>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let folder = entry?.path();
        let mut pending = vec![folder.join("src")];
        while let Some(place) = pending.pop() {
            if place.is_dir() {
                for entry in fs::read_dir(&place)? {
                    pending.push(entry?.path());
                }
            } else if place.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&place)?;
                let depth = depth(&folder, &place);
                found.extend(outside(&text, depth).into_iter().map(|(line, path)| {
                    let file = place.strip_prefix(root).unwrap_or(&place).to_owned();
                    ReachingOut { file, line, path }
                }));
            }
        }
    }
    found.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    Ok(found)
}

/// How many folders a file is below its crate.
fn depth(crate_folder: &Path, file: &Path) -> usize {
    let inner = file.strip_prefix(crate_folder).unwrap_or(file);
    inner.components().count().saturating_sub(1)
}

/// The paths that a text includes which lead out of its crate, with their lines.
fn outside(text: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for start in INCLUDES {
        for (at, _) in text.match_indices(start) {
            let rest = text[at + start.len()..].trim_start();
            let Some(path) = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            if climbs(path, depth) {
                let line = text[..at].matches('\n').count() + 1;
                found.push((line, path.to_owned()));
            }
        }
    }
    found
}

/// Whether a path, from a folder so deep below its crate, leads out of it.
fn climbs(path: &str, depth: usize) -> bool {
    let mut level = depth as isize;
    for component in Path::new(path).components() {
        match component {
            Component::ParentDir => level -= 1,
            Component::Normal(_) => level += 1,
            Component::RootDir | Component::Prefix(_) => return true,
            Component::CurDir => {}
        }
        if level < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_found() {
        let text = "a\nconst A: &str = include_str!(\n    \"../../README.md\"\n);\n#[path = \"../x.rs\"]\nmod x;\n";
        assert_eq!(outside(text, 2), []);
        assert_eq!(outside(text, 1), [(2, "../../README.md".to_owned())]);
        for (path, depth, expected) in [
            ("../README.md", 1, false),
            ("../README.md", 0, true),
            ("../src/../../a", 1, true),
            ("../../a/../b", 2, false),
            ("/etc/passwd", 5, true),
            ("./a", 0, false),
        ] {
            assert_eq!(climbs(path, depth), expected, "{path}");
        }
    }

    #[test]
    fn no_library_crate_includes_what_is_not_in_its_package() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(reaching_out(&root).unwrap(), []);
    }
}
