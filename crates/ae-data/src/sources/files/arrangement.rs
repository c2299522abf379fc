//! What the folders of a set of files mean: the part and class of each image, and which files are no images of the set.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::error::DataError;
use crate::set::Part;
use crate::sources::files::folder_names::{
    is_images_name, is_masks_name, is_truth_name, part_named,
};
use crate::sources::files::place_of_parts::{PlaceOfParts, place_of_parts};

/// The meaning of a list of files.
#[derive(Debug)]
pub(crate) struct Arrangement<'a> {
    /// One a file.
    pub(crate) roles: Vec<Role<'a>>,
    /// Whether the folders are parts.
    pub(crate) has_parts: bool,
    /// Whether they are those of MVTec AD: `good` to learn from, `good` and defects to test on.
    pub(crate) is_mvtec: bool,
}

/// What a file is in its set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Role<'a> {
    /// An image of a part, with the folders that it lies in below the part.
    Image { part: Part, folders: Vec<&'a OsStr> },
    /// A mask of what is wrong with an image, with the folders below the masks' own.
    Mask { folders: Vec<&'a OsStr> },
    /// No part of the set, for this reason.
    Aside(&'static str),
}

impl Role<'_> {
    /// The part of an image; `None` for what is no image.
    pub(crate) fn part(&self) -> Option<Part> {
        match self {
            Self::Image { part, .. } => Some(*part),
            Self::Mask { .. } | Self::Aside(_) => None,
        }
    }
}

/// Why a picture beside the parts is left aside.
const BESIDE_PARTS: &str = "beside the train and test folders";

impl<'a> Arrangement<'a> {
    /// Reads the meaning of `files`, given relative to `root`, a folder or an archive.
    ///
    /// Folders that hold everything are looked through. `train` and `test` or `val` folders are the parts, and what
    /// lies beside them is left aside; the folders below are the classes. Where there are no parts, the folders are the
    /// classes. A `ground_truth` folder holds masks, not images.
    ///
    /// # Errors
    /// [`DataError::SeveralSets`] where several folders have parts of their own.
    pub(crate) fn of(root: &Path, files: &'a [PathBuf]) -> Result<Self, DataError> {
        let folders: Vec<Vec<&OsStr>> = files.iter().map(|file| folders_of(file)).collect();
        match place_of_parts(&folders) {
            PlaceOfParts::Here(above) => Ok(Self::of_parts(&folders, &above)),
            PlaceOfParts::Nowhere => Ok(Self::of_one_part(folders)),
            PlaceOfParts::Several(sets) => Err(DataError::SeveralSets {
                path: root.to_owned(),
                sets: sets
                    .iter()
                    .map(|set| set.to_string_lossy().into_owned())
                    .collect(),
            }),
        }
    }

    /// Files some of which lie in part folders in the folder `above`.
    fn of_parts(folders: &[Vec<&'a OsStr>], above: &[&'a OsStr]) -> Self {
        let role = |folders: &Vec<&'a OsStr>| -> Role<'a> {
            let Some((name, below)) = folders
                .strip_prefix(above)
                .and_then(|folders| folders.split_first())
            else {
                return Role::Aside(BESIDE_PARTS);
            };
            if let Some(part) = part_named(name) {
                return match below.split_first() {
                    Some((name, below)) if is_truth_name(name) => Role::Mask {
                        folders: below.to_vec(),
                    },
                    _ => Role::Image {
                        part,
                        folders: below.to_vec(),
                    },
                };
            }
            match is_masks_name(name) {
                true => Role::Mask {
                    folders: below.to_vec(),
                },
                false => Role::Aside(BESIDE_PARTS),
            }
        };
        let mut arrangement = Self {
            roles: folders.iter().map(role).collect(),
            has_parts: true,
            is_mvtec: false,
        };
        arrangement.look_through_image_folders();
        arrangement.is_mvtec = arrangement.has_mvtec_folders();
        arrangement
    }

    /// Files without part folders.
    fn of_one_part(mut folders: Vec<Vec<&'a OsStr>>) -> Self {
        while has_wrapper(&folders) {
            for folders in &mut folders {
                folders.remove(0);
            }
        }
        let is_truth = |folders: &[&OsStr]| folders.first().is_some_and(|name| is_truth_name(name));
        let are_all_truth = folders.iter().all(|folders| is_truth(folders));
        let role = |mut folders: Vec<&'a OsStr>| {
            if is_truth(&folders) && !are_all_truth {
                folders.remove(0);
                return Role::Mask { folders };
            }
            Role::Image {
                part: Part::Train,
                folders,
            }
        };
        let mut arrangement = Self {
            roles: folders.into_iter().map(role).collect(),
            has_parts: false,
            is_mvtec: false,
        };
        arrangement.look_through_image_folders();
        arrangement
    }

    /// Where the only folders are one of images and others of masks, as sets for segmentation have them, the masks are
    /// no images and the images have no classes.
    fn look_through_image_folders(&mut self) {
        let names = self.first_folders();
        let is_images = |name: &Option<&OsStr>| name.is_some_and(is_images_name);
        let is_known = |name: &Option<&OsStr>| {
            name.is_some_and(|name| is_images_name(name) || is_masks_name(name))
        };
        if !(names.iter().all(is_known) && names.iter().any(is_images)) {
            return;
        }
        for role in &mut self.roles {
            if let Role::Image { folders, .. } = role {
                let name = folders.remove(0);
                if is_masks_name(name) {
                    *role = Role::Mask {
                        folders: std::mem::take(folders),
                    };
                }
            }
        }
    }

    /// How many files are images.
    pub(crate) fn images(&self) -> usize {
        self.roles
            .iter()
            .filter(|role| role.part().is_some())
            .count()
    }

    /// The first folders that images lie in below their part.
    fn first_folders(&self) -> BTreeSet<Option<&'a OsStr>> {
        let first = |role: &Role<'a>| match role {
            Role::Image { folders, .. } => Some(folders.first().copied()),
            Role::Mask { .. } | Role::Aside(_) => None,
        };
        self.roles.iter().filter_map(first).collect()
    }

    /// Whether all training images lie in `good`, all test images in folders, and some of these are not `good`.
    fn has_mvtec_folders(&self) -> bool {
        let (mut is_all_good, mut has_defects) = (true, false);
        for role in &self.roles {
            match role {
                Role::Image { part, folders } => {
                    let Some(name) = folders.first() else {
                        return false;
                    };
                    let is_good = name.eq_ignore_ascii_case("good");
                    if *part == Part::Test {
                        has_defects |= !is_good;
                    } else {
                        is_all_good &= is_good;
                    }
                }
                Role::Mask { .. } => has_defects = true,
                Role::Aside(_) => {}
            }
        }
        is_all_good && has_defects
    }

    /// One label an image, and the classes' names in the order of the labels, which is that of their bytes; `None`
    /// where the folders name no classes. Files that are no images have label 0. Line breaks and what else commands a terminal
    /// are no part of a name.
    pub(crate) fn labels(&self) -> Option<(Vec<u32>, Vec<String>)> {
        let names: BTreeSet<&OsStr> = self.first_folders().into_iter().collect::<Option<_>>()?;
        let classes: Vec<&OsStr> = names.into_iter().collect();
        let label = |role: &Role<'a>| match role {
            Role::Image { folders, .. } => {
                classes.binary_search(&folders[0]).unwrap_or_default() as u32
            }
            Role::Mask { .. } | Role::Aside(_) => 0,
        };
        let labels = self.roles.iter().map(label).collect();
        let names = classes
            .iter()
            .map(|name| name.to_string_lossy().replace(char::is_control, "\u{fffd}"));
        Some((labels, names.collect()))
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

/// Whether all files lie in one folder and none directly in it; or in a folder that is named for a part.
fn has_wrapper(folders: &[Vec<&OsStr>]) -> bool {
    let Some(first) = folders.first().and_then(|folders| folders.first()) else {
        return false;
    };
    let least = if part_named(first).is_some() { 1 } else { 2 };
    folders
        .iter()
        .all(|folders| folders.len() >= least && folders.first() == Some(first))
}

#[cfg(test)]
mod tests;
