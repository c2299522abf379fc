//! Texts that only one file or crate may hold, looked for in sources.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::LayeringError;
use super::violation::Violation;

/// A text that only one file or crate may hold.
struct Confined {
    text: &'static str,
    /// A file, or a folder with all that is in it.
    to: &'static str,
}

const BACKENDS: &str = "crates/ae-cli/src/backend.rs";

/// The one crate that listens.
const SERVICE: &str = "crates/ae-serve";
/// What opens connections of its own accord.
const CONNECTING: &str = "xtask";

const CONFINED: [Confined; 10] = [
    Confined {
        text: "Device::flex",
        to: BACKENDS,
    },
    Confined {
        text: "Device::ndarray",
        to: BACKENDS,
    },
    Confined {
        text: "Device::wgpu",
        to: BACKENDS,
    },
    Confined {
        text: "std::net",
        to: SERVICE,
    },
    Confined {
        text: "tokio::net",
        to: SERVICE,
    },
    Confined {
        text: "hyper::",
        to: SERVICE,
    },
    Confined {
        text: "axum::",
        to: SERVICE,
    },
    Confined {
        text: "TcpStream::connect",
        to: CONNECTING,
    },
    Confined {
        text: "UdpSocket",
        to: CONNECTING,
    },
    Confined {
        text: "ureq::",
        to: CONNECTING,
    },
];

/// Looks for confined texts in the `src` of every crate under `crates`, outside tests and comments.
///
/// This crate is left out: it may open sockets, its manifest keeps Burn away, and the texts stand
/// above.
pub(super) fn check<'a>(
    root: &Path,
    crates: impl Iterator<Item = &'a Path>,
) -> Result<Vec<Violation>, LayeringError> {
    let mut violations = Vec::new();
    for folder in crates.filter(|folder| folder.starts_with("crates")) {
        let mut files = Vec::new();
        collect(root, &folder.join("src"), &mut files)?;
        files.sort();
        for file in files {
            let path = root.join(&file);
            let source = fs::read_to_string(&path).map_err(LayeringError::read(&path))?;
            for (line, confined) in find(&source) {
                if !file.starts_with(confined.to) {
                    let (found, belongs) = (confined.text, confined.to);
                    violations.push(Violation::Source {
                        file: file.clone(),
                        line,
                        found,
                        belongs,
                    });
                }
            }
        }
    }
    Ok(violations)
}

/// Rust files below a folder, except those that hold nothing but tests.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), LayeringError> {
    let path = root.join(folder);
    if !path.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&path).map_err(LayeringError::read(&path))? {
        let entry = entry.map_err(LayeringError::read(&path))?;
        let inner = folder.join(entry.file_name());
        let stem = inner
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if stem == "tests" || stem.starts_with("test_") || stem.ends_with("_tests") {
            continue;
        }
        if root.join(&inner).is_dir() {
            collect(root, &inner, files)?;
        } else if inner.extension().is_some_and(|extension| extension == "rs") {
            files.push(inner);
        }
    }
    Ok(())
}

/// Lines, counted from 1, with the confined text on them.
fn find(source: &str) -> Vec<(usize, &'static Confined)> {
    let mut found = Vec::new();
    let lines: Vec<&str> = source.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if opens_tests(&lines[index..]) {
            // By the style guide tests are the last thing in a file.
            break;
        }
        if !line.trim_start().starts_with("//") {
            let here = CONFINED
                .iter()
                .filter(|confined| line.contains(confined.text));
            found.extend(here.map(|confined| (index + 1, confined)));
        }
    }
    found
}

/// Whether the lines begin with a module that is compiled for tests alone.
fn opens_tests(lines: &[&str]) -> bool {
    let mut lines = lines.iter().map(|line| line.trim_start());
    let compiled_for_tests = lines
        .next()
        .is_some_and(|line| line.starts_with("#[cfg(test)]"));
    let item = lines.find(|line| !line.starts_with("#["));
    compiled_for_tests && item.is_some_and(|item| item.starts_with("mod ") && item.ends_with('{'))
}
