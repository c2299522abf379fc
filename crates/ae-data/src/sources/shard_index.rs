//! What is known of one archive that is streamed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::image::{ImageDigest, ImageShape};
use crate::set::{LeftAside, Skipped};

/// What is known of an archive's images without their pixels: where each lies, what it is and its label, in 32 bytes an image.
/// With it the archive needs not be gone through to be streamed ([`Streaming`](crate::Streaming)).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardIndex {
    /// The archive's length.
    pub(crate) bytes: u64,
    pub(crate) offsets: Vec<u64>,
    pub(crate) sizes: Vec<u32>,
    pub(crate) digests: Vec<ImageDigest>,
    /// One an image, or none at all.
    pub(crate) labels: Vec<u32>,
    /// The first image's name and shape, with as many channels as any image has.
    pub(crate) first: Option<(String, ImageShape)>,
    /// Images in folders, which name nothing here.
    pub(crate) in_folders: usize,
    /// What was found out of deep pictures' values, a sentence each.
    pub(crate) values: Vec<String>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) left_aside: Vec<LeftAside>,
}

/// Refuses images of two sizes.
pub(crate) fn same_size(
    shard: &Path,
    (name, shape): (&str, &ImageShape),
    other_shard: &Path,
    (other_name, other): (&str, &ImageShape),
) -> Result<(), DataError> {
    match shape.size() == other.size() {
        true => Ok(()),
        false => Err(DataError::SizesDiffer {
            first: shard.join(name),
            first_size: shape.size(),
            path: other_shard.join(other_name),
            size: other.size(),
        }),
    }
}
