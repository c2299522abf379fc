//! Which mask belongs to which image.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::set::{MaskFiles, Part};
use crate::sources::files::arrangement::{Arrangement, Role};

/// What a mask and its image have in common: the folders below the part or the masks' own, and the name.
type Key = (Vec<OsString>, String);

/// The masks in `folder` and the images that they are of.
///
/// The mask of `test/broken/003.png` is `ground_truth/broken/003_mask.png`, `ground_truth/broken/003.png`, or all files
/// in `ground_truth/broken/003/`: as in MVTec AD, in others made after it, and in MVTec LOCO AD. Test images come
/// before others of the same name.
pub(crate) fn masks_of(
    folder: &Path,
    files: &[PathBuf],
    arrangement: &Arrangement<'_>,
) -> MaskFiles {
    let mut masks: BTreeMap<Key, Vec<PathBuf>> = BTreeMap::new();
    for (file, role) in files.iter().zip(&arrangement.roles) {
        let Role::Mask { folders } = role else {
            continue;
        };
        let stem = stem(file);
        let stem = stem.strip_suffix("_mask").unwrap_or(&stem).to_owned();
        masks
            .entry((owned(folders), stem))
            .or_default()
            .push(file.clone());
        // A folder of masks of one image.
        if let Some((name, above)) = folders.split_last() {
            let name = name.to_string_lossy().into_owned();
            masks
                .entry((owned(above), name))
                .or_default()
                .push(file.clone());
        }
    }
    let mut of_image = BTreeMap::new();
    for wants_test in [true, false] {
        for (file, role) in files.iter().zip(&arrangement.roles) {
            let Role::Image { part, folders } = role else {
                continue;
            };
            if (*part == Part::Test) == wants_test
                && let Some(files) = masks.remove(&(owned(folders), stem(file)))
            {
                of_image.insert(file.clone(), files);
            }
        }
    }
    MaskFiles::new(folder.to_owned(), of_image)
}

fn owned(folders: &[&OsStr]) -> Vec<OsString> {
    folders.iter().map(|&name| name.to_owned()).collect()
}

fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[&str], expected: &[(&str, &[&str])]) {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let arrangement = Arrangement::of(Path::new(""), &files).unwrap();
        let masks = masks_of(Path::new("set"), &files, &arrangement);
        assert_eq!(masks.len(), expected.len());
        for (image, files) in expected {
            let found: Vec<PathBuf> = masks.files(Path::new(image)).collect();
            let files: Vec<PathBuf> = files
                .iter()
                .map(|file| Path::new("set").join(file))
                .collect();
            assert_eq!(found, files, "{image}");
        }
    }

    #[test]
    fn masks_belong_to_the_test_images_of_their_name() {
        check(
            &[
                "train/good/0.png",
                "test/good/0.png",
                "test/cut/0.png",
                "test/cut/1.jpg",
                "test/hole/0.png",
                "ground_truth/cut/0_mask.png",
                "ground_truth/cut/1.png",
            ],
            &[
                ("test/cut/0.png", &["ground_truth/cut/0_mask.png"]),
                ("test/cut/1.jpg", &["ground_truth/cut/1.png"]),
            ],
        );
        // MVTec LOCO AD.
        check(
            &[
                "train/good/0.png",
                "validation/good/0.png",
                "test/logical/0.png",
                "ground_truth/logical/0/000.png",
                "ground_truth/logical/0/001.png",
            ],
            &[(
                "test/logical/0.png",
                &[
                    "ground_truth/logical/0/000.png",
                    "ground_truth/logical/0/001.png",
                ],
            )],
        );
        check(
            &["good/0.png", "bad/0.png", "ground_truth/bad/0_mask.png"],
            &[("bad/0.png", &["ground_truth/bad/0_mask.png"])],
        );
        check(&["good/0.png", "bad/0.png"], &[]);
    }
}
