//! What a set is known by, wherever it lies.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::DataError;
use crate::image::ImageDigest;
use crate::set::dataset::Dataset;
use crate::set::image_set::ImageSet;

/// Hashes in a sketch, at most.
const SKETCH_HASHES: usize = 64;

/// What a set is known by, wherever it lies: two sets with one digest have the same images in the same parts and
/// classes, and where digests differ, the sketches tell how many images two sets have in common.
///
/// It is of the images as their source has them, before size, fit and channels, and not of their order or their files'
/// names, nor of a single class's name, which may be that of a folder around all images. As text it is the digest's first 12 digits.
///
/// # References
/// A. Broder (1997), *On the resemblance and containment of documents*; Z. Bar-Yossef et al. (2002), *Counting distinct
/// elements in a data stream*: the smallest hashes of a set are a sample of it that is the same sample for whoever takes
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetFingerprint {
    /// SHA-256 in hexadecimal over the sorted images, each with its part and class.
    pub digest: String,
    /// The smallest 64 of the first 8 bytes of all different images' digests, ascending, 16 hexadecimal digits each;
    /// all of them where there are fewer.
    pub sketch: Vec<String>,
}

impl SetFingerprint {
    /// An estimate of the share of images that two sets have in common, of all images that either has: 1 for the same
    /// images, 0 for none. Exact where both have at most 64 different images together; its standard error is at most
    /// 0.0625 else.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        let (ours, theirs): (BTreeSet<&String>, BTreeSet<&String>) =
            (self.sketch.iter().collect(), other.sketch.iter().collect());
        // The smallest of the union are known from the smallest of either; hexadecimal digits sort as the numbers do.
        let union: Vec<&String> = ours.union(&theirs).copied().take(SKETCH_HASHES).collect();
        let common = union
            .iter()
            .filter(|hash| ours.contains(*hash) && theirs.contains(*hash))
            .count();
        match union.len() {
            0 => 0.0,
            hashes => common as f64 / hashes as f64,
        }
    }
}

impl fmt::Display for SetFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.digest.get(..12).unwrap_or(&self.digest))
    }
}

impl Dataset {
    /// What the set is known by.
    ///
    /// # Errors
    /// When an image that is decoded lazily can no longer be read.
    pub fn fingerprint(&self) -> Result<SetFingerprint, DataError> {
        let parts: [(u8, Option<&ImageSet>); 3] = [
            (0, Some(&self.train)),
            (1, self.validation.as_ref()),
            (2, self.test.as_ref()),
        ];
        let mut images: Vec<(u8, &str, ImageDigest)> = Vec::new();
        for (part, set) in parts {
            let Some(set) = set else { continue };
            for (index, digest) in set.source_digests()?.into_iter().enumerate() {
                // One class tells no images apart: it may be a folder around all of them.
                let class = set
                    .label(index)
                    .filter(|_| set.classes().len() > 1)
                    .map_or("", |label| set.classes()[label as usize].as_str());
                images.push((part, class, digest));
            }
        }
        images.sort_unstable();
        let mut hash = Sha256::new();
        for (part, class, digest) in &images {
            hash.update([*part]);
            hash.update((class.len() as u64).to_le_bytes());
            hash.update(class.as_bytes());
            hash.update(digest);
        }
        let mut digest = String::with_capacity(64);
        for byte in hash.finalize() {
            write!(digest, "{byte:02x}").expect("writing to a string cannot fail");
        }
        let different: BTreeSet<u64> = images
            .iter()
            .map(|(_, _, [a, b, c, d, e, f, g, h, ..])| {
                u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])
            })
            .collect();
        Ok(SetFingerprint {
            digest,
            sketch: different
                .into_iter()
                .take(SKETCH_HASHES)
                .map(|hash| format!("{hash:016x}"))
                .collect(),
        })
    }
}
