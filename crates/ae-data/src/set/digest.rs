//! Hashes of images: the fingerprint of a set, and what finds exact duplicates.

use std::fmt::Write as _;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::error::DataError;
use crate::image::{ImageDigest, bytes_digest, source_digest};
use crate::set::binary_draws::Binarization;
use crate::set::image_set::ImageSet;

impl ImageSet {
    /// The set's fingerprint: SHA-256 in hexadecimal over its shape, labels and pixels, in order.
    ///
    /// It is the same wherever the images are stored, and another one for another order. Of images that are drawn anew
    /// in each epoch ([`Binarization::Dynamic`]) it is over those of the set's epoch, and over that they are drawn. Of
    /// patches it is over the patch's shape, their pictures, each with its height and width, and how many are drawn. Of images
    /// that stay in shards it is over their digests in place of their pixels, so that none is read.
    ///
    /// # Errors
    /// When an image that is decoded lazily can no longer be read.
    pub fn fingerprint(&self) -> Result<String, DataError> {
        if let Some(pictures) = self.pictures_of_patches() {
            return pictures.fingerprint_of_patches(self);
        }
        let shape = self.shape();
        let is_streamed = self.shards().is_some();
        let mut hash = match is_streamed {
            true => Sha256::new_with_prefix(b"streamed"),
            false => Sha256::new(),
        };
        for number in [shape.channels, shape.height, shape.width, self.len()] {
            hash.update((number as u64).to_le_bytes());
        }
        for index in 0..self.len() {
            self.hash_label(index, &mut hash);
            match is_streamed {
                true => hash.update(self.source_digest(index)?),
                false => self.with_bytes(index, |bytes| hash.update(bytes))?,
            }
        }
        if self.binarization() == Binarization::Dynamic {
            hash.update(b"dynamic");
        }
        Ok(in_hexadecimal(hash))
    }

    /// The fingerprint of `patches` that are cut from these pictures.
    fn fingerprint_of_patches(&self, patches: &Self) -> Result<String, DataError> {
        let shape = patches.shape();
        let mut hash = Sha256::new_with_prefix(b"patches");
        let counts = [patches.len(), self.len()];
        for number in [shape.channels, shape.height, shape.width]
            .into_iter()
            .chain(counts)
        {
            hash.update((number as u64).to_le_bytes());
        }
        for index in 0..self.len() {
            self.hash_label(index, &mut hash);
            self.with_picture(index, |shape, bytes| {
                for number in [shape.height, shape.width] {
                    hash.update((number as u64).to_le_bytes());
                }
                hash.update(bytes);
            })?;
        }
        Ok(in_hexadecimal(hash))
    }

    fn hash_label(&self, index: usize, hash: &mut Sha256) {
        match self.label(index) {
            // A byte where it fits, as it always was.
            Some(label) => match u8::try_from(label) {
                Ok(label) => hash.update([1, label]),
                Err(_) => {
                    hash.update([2]);
                    hash.update(label.to_le_bytes());
                }
            },
            None => hash.update([0]),
        }
    }

    /// One digest an image as it is stored, in order: copies are copies whatever is drawn from them, and patches are
    /// what their pictures are. Images that stay in shards are what they are there, before size and channels.
    pub(crate) fn digests(&self) -> Result<Vec<ImageDigest>, DataError> {
        if self.shards().is_some() {
            return self.source_digests();
        }
        (0..self.len())
            .into_par_iter()
            .map(|index| match self.patches {
                Some(_) => self.with_picture(index, source_digest),
                None => self.with_stored_bytes(index, bytes_digest),
            })
            .collect()
    }
}

impl ImageSet {
    /// One digest an image as its source has it, in order.
    pub(crate) fn source_digests(&self) -> Result<Vec<ImageDigest>, DataError> {
        (0..self.len())
            .into_par_iter()
            .map(|index| self.source_digest(index))
            .collect()
    }

    /// What each image's part follows from: its group, or where there are no groups, what it is.
    pub(crate) fn division_keys(&self) -> Result<Vec<ImageDigest>, DataError> {
        (0..self.len())
            .into_par_iter()
            .map(|index| match self.group(index) {
                Some(group) => Ok(group),
                None => self.source_digest(index),
            })
            .collect()
    }
}

fn in_hexadecimal(hash: Sha256) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::image::ImageShape;
    use crate::set::image_set::ImageSet;

    fn set(shape: ImageShape, pixels: &[u8], labels: Option<Vec<u32>>) -> ImageSet {
        ImageSet::from_images("s", shape, pixels.to_vec(), labels, vec![]).unwrap()
    }

    #[test]
    fn the_fingerprint_is_the_sha_256_of_shape_labels_and_pixels() {
        // python3 -c "import hashlib, struct; print(hashlib.sha256(struct.pack('<4Q', 1, 1, 2, 2)
        //     + bytes([1, 7, 10, 20, 1, 3, 30, 40])).hexdigest())"
        let labeled = set(
            ImageShape::new(1, 1, 2),
            &[10, 20, 30, 40],
            Some(vec![7, 3]),
        );
        let expected = "a06f31ec7553fcdc50d9ad0e13e5f88def9d100acb467a7af84e236f0d839c06";
        assert_eq!(labeled.fingerprint().unwrap(), expected);
        assert_eq!(
            labeled
                .subset(vec![1, 0])
                .subset(vec![1, 0])
                .fingerprint()
                .unwrap(),
            expected
        );
    }

    #[test]
    fn whatever_differs_changes_the_fingerprint() {
        let base = set(ImageShape::new(1, 1, 2), &[1, 2, 3, 4], None);
        let others = [
            base.subset(vec![1, 0]),
            base.take(1),
            set(ImageShape::new(1, 2, 1), &[1, 2, 3, 4], None),
            set(ImageShape::new(1, 1, 2), &[1, 2, 3, 5], None),
            set(ImageShape::new(1, 1, 2), &[1, 2, 3, 4], Some(vec![0, 0])),
            set(ImageShape::new(1, 1, 2), &[1, 2, 3, 4], Some(vec![0, 256])),
            set(ImageShape::new(1, 1, 2), &[1, 2, 3, 4], Some(vec![256, 0])),
        ];
        let fingerprint = base.fingerprint().unwrap();
        assert!(
            others
                .iter()
                .all(|other| other.fingerprint().unwrap() != fingerprint)
        );
    }

    #[test]
    fn digests_are_equal_for_equal_images_only() {
        let digests = set(ImageShape::new(1, 1, 2), &[1, 2, 2, 1, 1, 2], None)
            .digests()
            .unwrap();
        assert_eq!(digests[0], digests[2]);
        assert_ne!(digests[0], digests[1]);
    }
}
