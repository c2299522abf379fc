//! `docs/file-map.md`: what each source file is about, in its own words.
//!
//! A file's line is the first of its `//!` documentation; a crate's is its manifest's description.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::Table;

/// What `file-map` may be told.
#[derive(Debug, Clone, clap::Args)]
pub struct FileMapOptions {
    /// Write the map anew, instead of comparing it with the tree.
    #[arg(long)]
    pub write: bool,
}

/// Why there is no map, or not the right one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileMapError {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A manifest is no TOML, or has no description.
    #[error("{} has no description", path.display())]
    Description {
        /// The manifest.
        path: PathBuf,
    },
    /// Files that do not say what they are about.
    #[error(
        "the first line is no `//!` that says what the file is about: {}",
        list(files)
    )]
    Silent {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// The map is not that of the tree.
    #[error("docs/file-map.md is not what the tree gives: cargo xtask file-map --write")]
    Stale,
}

fn list(files: &[PathBuf]) -> String {
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    files.join(", ")
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> FileMapError {
    let path = path.to_owned();
    move |source| FileMapError::Io { path, source }
}

/// Compares the map of the checkout at `root` with its tree, or writes it.
///
/// # Errors
/// A file cannot be read or written, does not say what it is about, or the map is of another tree.
pub fn run(root: &Path, options: &FileMapOptions) -> Result<(), FileMapError> {
    let path = root.join("docs/file-map.md");
    let map = map(root)?;
    if options.write {
        return fs::write(&path, map).map_err(io(&path));
    }
    match fs::read_to_string(&path).map_err(io(&path))? == map {
        true => Ok(()),
        false => Err(FileMapError::Stale),
    }
}

/// The text of the map.
fn map(root: &Path) -> Result<String, FileMapError> {
    let mut text = "# File map\n\n\
        Written by `cargo xtask file-map --write` from the first line of each file; an ordinary test compares it with \
        the tree.\n"
        .to_owned();
    let mut silent = Vec::new();
    let mut crates = folders(&root.join("crates"))?;
    crates.push(root.join("xtask"));
    for folder in crates.iter().filter(|folder| folder.join("src").is_dir()) {
        let name = folder.strip_prefix(root).unwrap_or(folder).display();
        let description = description(&folder.join("Cargo.toml"))?;
        text += &format!("\n## `{name}`\n\n{description}.\n\n");
        describe(&folder.join("src"), 0, &mut text, &mut silent)?;
    }
    text += "\n## `tests/integration`\n\nWhat users see, run through the binary.\n\n";
    describe(&root.join("tests/integration"), 0, &mut text, &mut silent)?;
    if silent.is_empty() {
        return Ok(text);
    }
    let inside = |file: PathBuf| file.strip_prefix(root).map(Path::to_owned).unwrap_or(file);
    Err(FileMapError::Silent {
        files: silent.into_iter().map(inside).collect(),
    })
}

/// Adds a line for each file of a folder, and below it for what is in the folder of the same name.
fn describe(
    folder: &Path,
    depth: usize,
    text: &mut String,
    silent: &mut Vec<PathBuf>,
) -> Result<(), FileMapError> {
    // By the name that a file shares with its folder.
    let mut entries: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            entries.entry(stem).or_default().1 = true;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            entries.entry(stem).or_default().0 = true;
        }
    }
    for (name, (is_file, is_folder)) in entries {
        // The crate's own description stands above, and tests stand beside what they test.
        if depth == 0 && ["lib", "main"].contains(&name.as_str()) || name == "tests" {
            continue;
        }
        let inner = folder.join(&name);
        if is_file {
            let path = folder.join(format!("{name}.rs"));
            let source = fs::read_to_string(&path).map_err(io(&path))?;
            match source
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("//! "))
            {
                Some(about) => {
                    let folder = if is_folder {
                        format!(", `{name}/`")
                    } else {
                        String::new()
                    };
                    let indent = "  ".repeat(depth);
                    *text += &format!("{indent}- `{name}.rs`{folder}: {about}\n");
                }
                None => silent.push(path),
            }
        }
        if is_folder {
            describe(&inner, depth + usize::from(is_file), text, silent)?;
        }
    }
    Ok(())
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, FileMapError> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path).map_err(io(path))? {
        let path = entry.map_err(io(path))?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn description(manifest: &Path) -> Result<String, FileMapError> {
    let text = fs::read_to_string(manifest).map_err(io(manifest))?;
    let table: Option<Table> = text.parse().ok();
    let description = table
        .as_ref()
        .and_then(|table| table.get("package")?.get("description")?.as_str());
    description
        .map(str::to_owned)
        .ok_or_else(|| FileMapError::Description {
            path: manifest.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkout with one crate of these files, and without a map.
    fn checkout(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "[package]\ndescription = \"Low things\"\n";
        let more = [
            ("crates/low/Cargo.toml", manifest),
            ("xtask/Cargo.toml", manifest),
            ("docs/other.md", ""),
            ("tests/integration/main.rs", ""),
        ];
        for (path, text) in more.iter().chain(files) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn the_map_of_this_checkout_is_true() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        run(&root, &FileMapOptions { write: false }).unwrap();
    }

    #[test]
    fn files_stand_below_the_one_that_shares_their_folders_name() {
        let folder = checkout(&[
            ("crates/low/src/lib.rs", ""),
            ("crates/low/src/b.rs", "//! What b is.\n//!\n//! More.\n"),
            ("crates/low/src/b/c.rs", "//! What c is.\n"),
            ("crates/low/src/b/tests.rs", "use super::*;\n"),
            ("crates/low/src/a.rs", "//! What a is.\n"),
            ("tests/integration/topic.rs", "//! A topic.\n"),
        ]);
        let map = map(folder.path()).unwrap();
        let low = "## `crates/low`\n\nLow things.\n\n- `a.rs`: What a is.\n- `b.rs`, `b/`: What b is.\n  - `c.rs`: What c is.\n";
        assert!(map.contains(low), "{map}");
        assert!(map.ends_with("- `topic.rs`: A topic.\n"), "{map}");
    }

    #[test]
    fn a_map_is_true_until_the_tree_changes() {
        let folder = checkout(&[("crates/low/src/a.rs", "//! What a is.\n")]);
        run(folder.path(), &FileMapOptions { write: true }).unwrap();
        run(folder.path(), &FileMapOptions { write: false }).unwrap();
        fs::write(
            folder.path().join("crates/low/src/b.rs"),
            "//! What b is.\n",
        )
        .unwrap();
        let error = run(folder.path(), &FileMapOptions { write: false }).unwrap_err();
        assert!(matches!(error, FileMapError::Stale), "{error}");
        fs::write(folder.path().join("crates/low/src/b.rs"), "fn b() {}\n").unwrap();
        let error = run(folder.path(), &FileMapOptions { write: true }).unwrap_err();
        assert!(
            error.to_string().ends_with("crates/low/src/b.rs"),
            "{error}"
        );
    }
}
