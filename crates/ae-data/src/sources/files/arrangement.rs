//! What the folders of a set of files mean: training and test part, and the class of each image.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The part of a set that a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Train,
    Test,
}

/// Parts and classes of a list of files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// One part a file.
    pub(crate) parts: Vec<Part>,
    /// One label a file, or `None` where the folders name no classes.
    pub(crate) labels: Option<Vec<u32>>,
    /// The classes' names in the order of the labels, which is that of their bytes.
    pub(crate) classes: Vec<String>,
}

impl Layout {
    /// Reads the meaning of `files`, given relative to the folder or archive.
    ///
    /// Folders that hold everything are looked through. `train` and `test` folders on the next level are the parts
    /// (`val` is the test part where there is no `test`); the folders below are the classes. Where an image lies
    /// beside the class folders, there are no classes at all.
    pub(crate) fn of(files: &[PathBuf]) -> Self {
        let mut folders: Vec<Vec<&OsStr>> = files.iter().map(|file| folders_of(file)).collect();
        while has_wrapper(&folders) {
            drop_first(&mut folders);
        }
        let parts = parts(&folders);
        let parts = match parts {
            Some(parts) => {
                drop_first(&mut folders);
                parts
            }
            None => vec![Part::Train; files.len()],
        };
        let names: Option<Vec<&OsStr>> = folders
            .iter()
            .map(|folders| folders.first().copied())
            .collect();
        let Some(names) = names else {
            return Self {
                parts,
                labels: None,
                classes: Vec::new(),
            };
        };
        let classes: BTreeSet<&OsStr> = names.iter().copied().collect();
        let label: BTreeMap<&OsStr, u32> = classes.iter().copied().zip(0..).collect();
        Self {
            parts,
            labels: Some(names.iter().map(|name| label[name]).collect()),
            classes: classes
                .iter()
                .map(|name| name.to_string_lossy().into_owned())
                .collect(),
        }
    }
}

fn folders_of(file: &Path) -> Vec<&OsStr> {
    let parent = file.parent().unwrap_or(Path::new(""));
    let normal = |component| {
        if let Component::Normal(name) = component {
            Some(name)
        } else {
            None
        }
    };
    parent.components().filter_map(normal).collect()
}

/// Whether all files lie in one folder and none directly in it.
fn has_wrapper(folders: &[Vec<&OsStr>]) -> bool {
    let first = folders.first().and_then(|folders| folders.first());
    first.is_some()
        && folders
            .iter()
            .all(|folders| folders.len() >= 2 && folders.first() == first)
}

fn drop_first(folders: &mut [Vec<&OsStr>]) {
    for folders in folders {
        folders.remove(0);
    }
}

/// The parts, when each file lies in a folder named for one and both parts have files.
fn parts(folders: &[Vec<&OsStr>]) -> Option<Vec<Part>> {
    let names: Option<Vec<String>> = folders
        .iter()
        .map(|folders| {
            folders
                .first()
                .map(|name| name.to_string_lossy().to_lowercase())
        })
        .collect();
    let names = names?;
    let has_test = names
        .iter()
        .any(|name| matches!(name.as_str(), "test" | "testing"));
    let part = |name: &String| match name.as_str() {
        "train" | "training" => Some(Part::Train),
        "test" | "testing" => Some(Part::Test),
        "val" | "valid" | "validation" => Some(if has_test { Part::Train } else { Part::Test }),
        _ => None,
    };
    let parts: Vec<Part> = names.iter().map(part).collect::<Option<_>>()?;
    (parts.contains(&Part::Train) && parts.contains(&Part::Test)).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], parts: &str, labels: Option<&[u32]>, classes: &[&str]) {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let layout = Layout::of(&files);
        let letters: String = layout
            .parts
            .iter()
            .map(|part| if *part == Part::Train { 'r' } else { 'e' })
            .collect();
        assert_eq!(letters, parts, "{files:?}");
        assert_eq!(layout.labels.as_deref(), labels, "{files:?}");
        assert_eq!(layout.classes, classes, "{files:?}");
    }

    #[test]
    fn folders_are_classes() {
        check(
            &["B/1.png", "A/1.png", "B/2.png"],
            "rrr",
            Some(&[1, 0, 1]),
            &["A", "B"],
        );
        check(
            &["set/B/1.png", "set/A/1.png"],
            "rr",
            Some(&[1, 0]),
            &["A", "B"],
        );
        check(
            &["x/y/set/B/1.png", "x/y/set/A/1.png"],
            "rr",
            Some(&[1, 0]),
            &["A", "B"],
        );
        check(&["A/1.png", "A/2.png"], "rr", Some(&[0, 0]), &["A"]);
        check(
            &["A/deep/1.png", "B/2.png"],
            "rr",
            Some(&[0, 1]),
            &["A", "B"],
        );
    }

    #[test]
    fn flat_and_mixed_folders_have_no_classes() {
        check(&["1.png", "2.png"], "rr", None, &[]);
        check(&["1.png", "A/2.png"], "rr", None, &[]);
        check(&[], "", Some(&[]), &[]);
    }

    #[test]
    fn train_and_test_folders_are_parts() {
        check(
            &["train/A/1.png", "test/A/1.png", "train/B/1.png"],
            "rer",
            Some(&[0, 0, 1]),
            &["A", "B"],
        );
        check(&["s/Training/1.png", "s/Testing/1.png"], "re", None, &[]);
        check(&["train/1.png", "val/1.png"], "re", None, &[]);
        check(
            &["train/1.png", "val/1.png", "test/1.png"],
            "rre",
            None,
            &[],
        );
        // One part alone is a class like any other, and so are parts beside something else.
        check(&["train/1.png"], "r", Some(&[0]), &["train"]);
        check(
            &["train/1.png", "test/1.png", "extra/1.png"],
            "rrr",
            Some(&[2, 1, 0]),
            &["extra", "test", "train"],
        );
    }

    #[test]
    fn there_may_be_more_classes_than_a_byte_counts() {
        let files: Vec<PathBuf> = (0..300)
            .map(|class| PathBuf::from(format!("{class:03}/1.png")))
            .collect();
        let layout = Layout::of(&files);
        assert_eq!(
            (layout.classes.len(), layout.labels.unwrap()[299]),
            (300, 299)
        );
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf8_are_classes_of_their_own() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = |bytes| PathBuf::from(OsStr::from_bytes(bytes));
        let layout = Layout::of(&[path(b"\xFE/1.png"), path(b"\xFF/1.png")]);
        assert_eq!(layout.labels.unwrap(), [0, 1]);
        assert_eq!(layout.classes, ["\u{FFFD}", "\u{FFFD}"]);
    }
}
