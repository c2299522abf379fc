//! The arrays of an `.npz` file by what their names say that they are.

use std::path::Path;

use crate::error::DataError;
use crate::set::{LeftAside, Part};
use crate::sources::zip::{check_entry, open_zip};

/// An array: its place in the file, its name without `.npy`, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// A part's images and labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartEntries {
    pub(super) part: Part,
    pub(super) images: Entry,
    pub(super) labels: Option<Entry>,
}

/// Lists the arrays of a file.
pub(super) fn list(path: &Path) -> Result<Vec<Entry>, DataError> {
    let mut archive = open_zip(path)?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let (name, bytes) = check_entry(path, &mut archive, index)?;
        if let Some(name) = name.strip_suffix(".npy") {
            entries.push(Entry {
                index,
                name: name.to_owned(),
                bytes,
            });
        }
    }
    Ok(entries)
}

/// The words of an array's name.
fn words(name: &str) -> Vec<String> {
    name.split(|letter: char| !letter.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn part_of(name: &str) -> Part {
    let words = words(name);
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    if has(&["test", "testing"]) {
        Part::Test
    } else if has(&["val", "valid", "validation", "dev"]) {
        Part::Validation
    } else {
        Part::Train
    }
}

fn is_labels(name: &str) -> bool {
    const NAMES: [&str; 7] = [
        "y", "label", "labels", "target", "targets", "class", "classes",
    ];
    words(name)
        .iter()
        .any(|word| NAMES.contains(&word.as_str()))
}

/// Finds each part's images and labels; what is neither is left aside. `has_images` says whether an array's shape is one
/// that images may have.
pub(super) fn parts_of(
    path: &Path,
    entries: Vec<Entry>,
    has_images: impl Fn(&Entry) -> bool,
) -> Result<(Vec<PartEntries>, Vec<LeftAside>), DataError> {
    let (labels, others): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .partition(|entry| is_labels(&entry.name));
    let (images, others): (Vec<Entry>, Vec<Entry>) = others.into_iter().partition(has_images);
    let left_aside = others.into_iter().map(|entry| LeftAside {
        what: format!("array {} that is neither images nor labels", entry.name),
        count: 1,
    });
    let left_aside = left_aside.collect();
    let mut parts = Vec::new();
    for part in [Part::Train, Part::Validation, Part::Test] {
        let one = |entries: &[Entry], what: &str| -> Result<Option<Entry>, DataError> {
            let mut own = entries.iter().filter(|entry| part_of(&entry.name) == part);
            match (own.next(), own.next()) {
                (first, None) => Ok(first.cloned()),
                (Some(first), Some(second)) => {
                    let reason = format!(
                        "it has two arrays of {what}, {} and {}: save them one by one",
                        first.name, second.name
                    );
                    Err(DataError::decode(path, reason))
                }
                (None, Some(_)) => Ok(None),
            }
        };
        if let Some(images) = one(&images, "images")? {
            parts.push(PartEntries {
                part,
                images,
                labels: one(&labels, "labels")?,
            });
        }
    }
    Ok((parts, left_aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_parts_and_labels() {
        let entry = |index, name: &str| Entry {
            index,
            name: name.to_owned(),
            bytes: 0,
        };
        for (names, expected) in [
            (
                &["x_train", "y_train", "x_test", "y_test"][..],
                "train:x_train/y_train test:x_test/y_test",
            ),
            (
                &["train_images", "val_images", "val_labels", "test_images"],
                "train:train_images validation:val_images/val_labels test:test_images",
            ),
            (&["arr_0"], "train:arr_0"),
            (&["images", "labels"], "train:images/labels"),
            (&["x", "y"], "train:x/y"),
        ] {
            let entries = names
                .iter()
                .enumerate()
                .map(|(index, name)| entry(index, name));
            let (parts, aside) = parts_of(Path::new("a.npz"), entries.collect(), |_| true).unwrap();
            let text: Vec<String> = parts
                .iter()
                .map(|part| match &part.labels {
                    Some(labels) => format!("{}:{}/{}", part.part, part.images.name, labels.name),
                    None => format!("{}:{}", part.part, part.images.name),
                })
                .collect();
            assert_eq!(text.join(" "), expected);
            assert!(aside.is_empty());
        }
        let two = vec![entry(0, "a"), entry(1, "b")];
        let error = parts_of(Path::new("a.npz"), two, |_| true).unwrap_err();
        assert!(
            error.to_string().contains("two arrays of images, a and b"),
            "{error}"
        );
    }
}
