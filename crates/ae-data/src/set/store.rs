//! What all views of one set share: its images, wherever they are kept.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::DataError;
use crate::image::{Image, ImageDigest, ImageOptions, ImageShape};
use crate::picture::DeepRanges;
use crate::set::binary_draws::BinaryDraws;
use crate::set::mapped::MappedFile;
use crate::set::patch_draws::PatchDraws;
use crate::set::shard_images::ShardImages;

/// What all views of one set share.
pub(crate) struct Store {
    pub(crate) name: String,
    pub(crate) shape: ImageShape,
    pub(crate) count: usize,
    /// One label an image, each below `classes.len()`.
    pub(crate) labels: Option<Vec<u32>>,
    pub(crate) classes: Vec<String>,
    /// The file of each image, relative to the folder or archive; empty when the images are not files.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) pixels: Pixels,
    /// The digest of each image as its source has it; `None` where that is how it is stored.
    pub(crate) digests: Option<Vec<ImageDigest>>,
    /// The digest of the name of each image's group, which is never divided; `None` where there are no groups.
    pub(crate) groups: Option<Vec<ImageDigest>>,
}

/// Where a set's pixels are.
pub(crate) enum Pixels {
    /// All of them, image after image.
    Memory(Vec<u8>),
    /// The same in a file, from byte `start`.
    Mapped { file: MappedFile, start: usize },
    /// Files that are decoded whenever they are read.
    Files {
        folder: PathBuf,
        options: ImageOptions,
        /// What the values of deep pictures are taken for.
        ranges: DeepRanges,
    },
    /// Members of archives that are read and decoded whenever they are asked for.
    Shards(ShardImages),
    /// Pictures of their own sizes, from which patches are cut; the store's height and width say nothing.
    Pictures(Vec<Image>),
    /// In other stores, piece after piece; their images are those that the pieces have, drawn where they are drawn.
    Pieces(Vec<Piece>),
}

/// A set as a piece of another.
pub(crate) struct Piece {
    pub(crate) store: Arc<Store>,
    pub(crate) view: Option<Arc<[usize]>>,
    pub(crate) draws: Option<BinaryDraws>,
    pub(crate) patches: Option<PatchDraws>,
    /// The index of its first image in the whole.
    pub(crate) start: usize,
}

/// Checks labels against images and classes, and names the classes after their numbers where they have no names.
pub(crate) fn named_classes(
    name: &str,
    images: usize,
    labels: Option<&[u32]>,
    classes: Vec<String>,
) -> Result<Vec<String>, DataError> {
    let Some(labels) = labels else {
        return Ok(Vec::new());
    };
    if labels.len() != images {
        return Err(DataError::CountMismatch {
            what: format!("labels of {name}"),
            expected: images,
            found: labels.len(),
        });
    }
    let needed = labels.iter().max().map_or(0, |&label| label as usize + 1);
    if classes.is_empty() {
        return Ok((0..needed).map(|label| label.to_string()).collect());
    }
    if classes.len() < needed {
        return Err(DataError::CountMismatch {
            what: format!("classes of {name}, whose labels go up to {}", needed - 1),
            expected: needed,
            found: classes.len(),
        });
    }
    Ok(classes)
}
