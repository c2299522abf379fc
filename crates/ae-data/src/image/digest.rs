//! What an image is known by.

use sha2::{Digest as _, Sha256};

use crate::image::shape::ImageShape;

/// The first half of a SHA-256 of an image: equal for equal images, and for no others that anyone will meet.
pub(crate) type ImageDigest = [u8; 16];

/// The digest of an image as its source has it: of its shape, and its values plane by plane.
///
/// It is the same for an image in memory, in an IDX file and in an image file of 8 bits without alpha.
pub(crate) fn source_digest(shape: ImageShape, bytes: &[u8]) -> ImageDigest {
    let mut hash = Sha256::new();
    for number in [shape.channels, shape.height, shape.width] {
        hash.update((number as u64).to_le_bytes());
    }
    hash.update(bytes);
    first_half(hash)
}

/// The digest of bytes alone.
pub(crate) fn bytes_digest(bytes: &[u8]) -> ImageDigest {
    first_half(Sha256::new_with_prefix(bytes))
}

fn first_half(hash: Sha256) -> ImageDigest {
    let mut digest = ImageDigest::default();
    digest.copy_from_slice(&hash.finalize()[..16]);
    digest
}
