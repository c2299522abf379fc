//! What folders are named for.

use std::ffi::OsStr;

use crate::set::Part;

/// The part that a folder of this name holds, whatever the case of its letters.
pub(crate) fn part_named(name: &OsStr) -> Option<Part> {
    match name.to_string_lossy().to_lowercase().as_str() {
        "train" | "training" => Some(Part::Train),
        "val" | "valid" | "validation" | "dev" => Some(Part::Validation),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

/// Whether a folder of this name holds what is true of images, never images: MVTec AD's masks.
pub(crate) fn is_truth_name(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    matches!(
        name.as_str(),
        "ground_truth" | "ground-truth" | "groundtruth"
    )
}

/// Whether a folder of this name holds masks where it lies beside images or parts.
pub(crate) fn is_masks_name(name: &OsStr) -> bool {
    let lower = name.to_string_lossy().to_lowercase();
    is_truth_name(name) || matches!(lower.as_str(), "mask" | "masks" | "labels" | "annotations")
}

/// Whether a folder of this name says only that it holds images.
pub(crate) fn is_images_name(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    matches!(name.as_str(), "image" | "images" | "img" | "imgs")
}
