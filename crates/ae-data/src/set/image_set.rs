//! The image set: images of one shape, wherever they are stored.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::DataError;
use crate::image::{Image, ImageDigest, ImageShape, source_digest};
use crate::set::binary_draws::BinaryDraws;
use crate::set::store::{Piece, Pixels, Store, named_classes};

/// Images of one shape, with or without labels.
///
/// A set is a view: a list of indices into shared storage, so [`subset`](Self::subset), [`take`](Self::take) and
/// `clone` cost no pixels. The storage is memory, a memory-mapped IDX file, or a folder whose images are decoded each
/// time they are read; which of them it is makes no difference to whoever reads.
#[derive(Clone)]
pub struct ImageSet {
    pub(crate) store: Arc<Store>,
    /// Indices into the store; `None` for all of it in order.
    pub(crate) view: Option<Arc<[usize]>>,
    /// How grays become black and white whenever an image is read; `None` where they stay.
    pub(crate) draws: Option<BinaryDraws>,
}

impl ImageSet {
    /// A set in memory.
    ///
    /// `pixels` holds the images one after another, each `[channels, height, width]`. Where there are labels but no
    /// `classes`, the classes are named `0`, `1`, … after the labels.
    ///
    /// # Errors
    /// [`DataError::CountMismatch`] when pixels, labels and classes do not agree with each other or with `shape`.
    pub fn from_images(
        name: impl Into<String>,
        shape: ImageShape,
        pixels: Vec<u8>,
        labels: Option<Vec<u32>>,
        classes: Vec<String>,
    ) -> Result<Self, DataError> {
        let name = name.into();
        let values = shape
            .checked_values()
            .ok_or_else(|| DataError::CountMismatch {
                what: format!("values of a {shape} image in {name}"),
                expected: 1,
                found: 0,
            })?;
        let count = pixels.len() / values;
        if count * values != pixels.len() {
            return Err(DataError::CountMismatch {
                what: format!("pixel values of {} images of {shape} in {name}", count + 1),
                expected: (count + 1) * values,
                found: pixels.len(),
            });
        }
        let classes = named_classes(&name, count, labels.as_deref(), classes)?;
        Ok(Self::from_store(Store {
            name,
            shape,
            count,
            labels,
            classes,
            files: Vec::new(),
            pixels: Pixels::Memory(pixels),
            digests: None,
            groups: None,
        }))
    }

    pub(crate) fn from_store(store: Store) -> Self {
        debug_assert!(store.files.is_empty() || store.files.len() == store.count);
        debug_assert!(
            store
                .labels
                .as_ref()
                .is_none_or(|labels| labels.len() == store.count)
        );
        Self {
            store: Arc::new(store),
            view: None,
            draws: None,
        }
    }

    /// The set's name: a known name, or the file's or folder's own.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.store.name
    }

    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.view
            .as_ref()
            .map_or(self.store.count, |view| view.len())
    }

    /// Whether there is no image at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Channels, height and width of every image.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.store.shape
    }

    /// The classes' names, in the order of the labels; empty when there are no labels.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.store.classes
    }

    /// The image's label: an index into [`classes`](Self::classes).
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn label(&self, index: usize) -> Option<u32> {
        let stored = self.stored(index);
        self.store.labels.as_ref().map(|labels| labels[stored])
    }

    /// The image's file, relative to its folder or archive; `None` when the images are not files of their own.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    #[must_use]
    pub fn file(&self, index: usize) -> Option<&Path> {
        let stored = self.stored(index);
        self.store.files.get(stored).map(PathBuf::as_path)
    }

    /// Copies one image's bytes, `[channels, height, width]`.
    ///
    /// # Errors
    /// When the image is decoded lazily and its file can no longer be read.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len) or `buffer` is not as long as an image has values.
    pub fn read_into(&self, index: usize, buffer: &mut [u8]) -> Result<(), DataError> {
        assert_eq!(
            buffer.len(),
            self.shape().values(),
            "buffer for a {} image",
            self.shape()
        );
        self.with_bytes(index, |bytes| buffer.copy_from_slice(bytes))
    }

    /// Copies one image as values in `[0, 1]`, each byte divided by 255.
    ///
    /// # Errors
    /// When the image is decoded lazily and its file can no longer be read.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len) or `buffer` is not as long as an image has values.
    pub fn read_unit_into(&self, index: usize, buffer: &mut [f32]) -> Result<(), DataError> {
        assert_eq!(
            buffer.len(),
            self.shape().values(),
            "buffer for a {} image",
            self.shape()
        );
        self.with_bytes(index, |bytes| {
            for (value, &byte) in buffer.iter_mut().zip(bytes) {
                *value = f32::from(byte) / 255.0;
            }
        })
    }

    /// One image.
    ///
    /// # Errors
    /// When the image is decoded lazily and its file can no longer be read.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn image(&self, index: usize) -> Result<Image, DataError> {
        self.with_bytes(index, |bytes| {
            Image::from_parts(self.shape(), bytes.to_vec())
        })
    }

    /// The images at `indices`, in that order; an index may occur more than once.
    ///
    /// # Panics
    /// When an index is not below [`len`](Self::len).
    #[must_use]
    pub fn subset(&self, indices: Vec<usize>) -> Self {
        let stored = indices
            .into_iter()
            .map(|index| self.stored(index))
            .collect();
        Self {
            store: Arc::clone(&self.store),
            view: Some(stored),
            draws: self.draws,
        }
    }

    /// The first `count` images, or all when there are fewer.
    #[must_use]
    pub fn take(&self, count: usize) -> Self {
        if count >= self.len() {
            self.clone()
        } else {
            self.subset((0..count).collect())
        }
    }

    /// Runs `read` on one image's bytes, without a copy where the storage allows.
    pub(crate) fn with_bytes<T>(
        &self,
        index: usize,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, DataError> {
        let Some(draws) = &self.draws else {
            return self.with_stored_bytes(index, read);
        };
        self.with_stored_bytes(index, |bytes| {
            let mut bytes = bytes.to_vec();
            draws.apply(self.stored(index), &mut bytes);
            read(&bytes)
        })
    }

    /// The same of the image as it is stored, in grays.
    pub(crate) fn with_stored_bytes<T>(
        &self,
        index: usize,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, DataError> {
        let stored = self.stored(index);
        let values = self.store.shape.values();
        let range = |start: usize| start + stored * values..start + (stored + 1) * values;
        match &self.store.pixels {
            Pixels::Memory(pixels) => Ok(read(&pixels[range(0)])),
            Pixels::Mapped { file, start } => Ok(read(&file.bytes()[range(*start)])),
            Pixels::Files {
                folder,
                options,
                ranges,
            } => {
                let path = folder.join(&self.store.files[stored]);
                let image = Image::read_in(&path, options, ranges)?;
                if image.shape() != self.store.shape {
                    return Err(DataError::ShapeMismatch {
                        what: path.display().to_string(),
                        expected: self.store.shape,
                        found: image.shape(),
                    });
                }
                Ok(read(image.pixels()))
            }
            Pixels::Pieces(pieces) => {
                let (set, index) = Self::in_piece(pieces, stored);
                Ok(read(&set.copied(index)?))
            }
        }
    }

    /// The digest of an image as its source has it, before it was brought to the set's shape.
    pub(crate) fn source_digest(&self, index: usize) -> Result<ImageDigest, DataError> {
        match (&self.store.digests, &self.store.pixels) {
            (Some(digests), _) => Ok(digests[self.stored(index)]),
            (None, Pixels::Pieces(pieces)) => {
                let (set, index) = Self::in_piece(pieces, self.stored(index));
                set.source_digest(index)
            }
            (None, _) => self.with_stored_bytes(index, |bytes| source_digest(self.shape(), bytes)),
        }
    }

    /// The digest of the name of an image's group, where the source knows groups.
    pub(crate) fn group(&self, index: usize) -> Option<ImageDigest> {
        let stored = self.stored(index);
        self.store.groups.as_ref().map(|groups| groups[stored])
    }

    /// An image of a set that is made of pieces: its piece as a set, and its index there.
    fn in_piece(pieces: &[Piece], stored: usize) -> (Self, usize) {
        let piece = &pieces[pieces.partition_point(|piece| piece.start <= stored) - 1];
        let set = Self {
            store: Arc::clone(&piece.store),
            view: piece.view.clone(),
            draws: piece.draws,
        };
        (set, stored - piece.start)
    }

    /// A copy of an image's bytes.
    fn copied(&self, index: usize) -> Result<Vec<u8>, DataError> {
        self.with_bytes(index, <[u8]>::to_vec)
    }

    /// The same images with a group each, by the digest of its name: images of one group are never divided.
    ///
    /// # Panics
    /// When there are not as many groups as images, or the set is a view or has been cloned.
    pub(crate) fn grouped(mut self, groups: Vec<ImageDigest>) -> Self {
        assert_eq!(groups.len(), self.store.count, "groups of {}", self.name());
        let store = Arc::get_mut(&mut self.store).expect("a set that was just made is not shared");
        store.groups = Some(groups);
        self
    }

    /// The index into the store.
    pub(crate) fn stored(&self, index: usize) -> usize {
        assert!(index < self.len(), "image {index} of {}", self.len());
        self.view.as_ref().map_or(index, |view| view[index])
    }
}

impl fmt::Debug for ImageSet {
    /// What the set is, without its pixels.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let storage = match self.store.pixels {
            Pixels::Memory(_) => "memory",
            Pixels::Mapped { .. } => "mapped",
            Pixels::Files { .. } => "files",
            Pixels::Pieces(_) => "pieces",
        };
        f.debug_struct("ImageSet")
            .field("name", &self.name())
            .field("len", &self.len())
            .field("shape", &self.shape())
            .field("classes", &self.classes())
            .field("storage", &storage)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Channels, Fit, ImageOptions};

    fn numbers() -> ImageSet {
        let labels = Some(vec![0, 2, 1]);
        ImageSet::from_images(
            "numbers",
            ImageShape::new(1, 1, 2),
            vec![0, 51, 102, 153, 204, 255],
            labels,
            vec![],
        )
        .unwrap()
    }

    #[test]
    fn a_set_gives_its_images_as_bytes_and_as_unit_values() {
        let set = numbers();
        assert_eq!(
            (set.len(), set.is_empty(), set.name()),
            (3, false, "numbers")
        );
        assert_eq!(set.classes(), ["0", "1", "2"]);
        assert_eq!((set.label(1), set.file(1)), (Some(2), None));
        let mut bytes = [0; 2];
        set.read_into(2, &mut bytes).unwrap();
        assert_eq!(bytes, [204, 255]);
        let mut values = [0.0; 2];
        set.read_unit_into(1, &mut values).unwrap();
        assert_eq!(values, [0.4, 0.6]);
        assert_eq!(set.image(0).unwrap().pixels(), [0, 51]);
        assert!(format!("{set:?}").contains("memory"));
    }

    #[test]
    fn views_of_views_lead_to_the_right_images() {
        let view = numbers().subset(vec![2, 0, 2]).subset(vec![1, 2]);
        assert_eq!(
            (view.len(), view.label(0), view.label(1)),
            (2, Some(0), Some(1))
        );
        assert_eq!(view.image(1).unwrap().pixels(), [204, 255]);
        assert_eq!(view.take(1).image(0).unwrap().pixels(), [0, 51]);
        assert_eq!(view.take(9).len(), 2);
        assert!(view.take(0).is_empty());
    }

    #[test]
    #[should_panic(expected = "image 3 of 3")]
    fn an_index_beyond_the_end_is_a_programmers_error() {
        let _ = numbers().subset(vec![0, 3]);
    }

    #[test]
    #[should_panic(expected = "buffer for a 2x1x1 image")]
    fn so_is_a_buffer_of_another_length() {
        let _ = numbers().read_into(0, &mut [0; 3]);
    }

    #[test]
    fn what_does_not_agree_is_refused_with_the_numbers() {
        let shape = ImageShape::new(1, 2, 2);
        let build = |shape, values, labels: Option<Vec<u32>>, classes: &[&str]| {
            let classes = classes.iter().map(|&class| class.to_owned()).collect();
            ImageSet::from_images("s", shape, vec![0; values], labels, classes)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            build(shape, 7, None, &[]),
            "pixel values of 2 images of 2x2x1 in s: expected 8, found 7"
        );
        assert_eq!(
            build(shape, 8, Some(vec![0]), &[]),
            "labels of s: expected 2, found 1"
        );
        assert_eq!(
            build(shape, 8, Some(vec![0, 2]), &["a", "b"]),
            "classes of s, whose labels go up to 2: expected 3, found 2"
        );
        assert!(build(ImageShape::new(1, 0, 2), 0, None, &[]).contains("2x0x1"));
        let empty = ImageSet::from_images("none", shape, vec![], None, vec![]).unwrap();
        assert!(empty.is_empty());
    }

    #[test]
    fn conversion_keeps_order_labels_and_the_memory_limit() {
        let set = numbers().subset(vec![1, 0]);
        let options = ImageOptions {
            size: Some("4x2".parse().unwrap()),
            fit: Fit::Stretch,
            channels: Some(Channels::Rgb),
            ..ImageOptions::default()
        };
        let converted = set.converted(&options, 1_000).unwrap();
        assert_eq!(converted.shape(), ImageShape::new(3, 2, 4));
        assert_eq!(
            (converted.len(), converted.label(0), converted.classes()),
            (2, Some(2), set.classes())
        );
        let image = converted.image(1).unwrap();
        assert_eq!((image.pixels()[0], image.pixels()[3]), (0, 51));
        let error = set.converted(&options, 47).unwrap_err().to_string();
        assert_eq!(
            error,
            "numbers is too large: 2 images of 4x2x3 are 48 bytes, the limit is 47 bytes"
        );
        assert!(Arc::ptr_eq(
            &set.converted(&ImageOptions::default(), 0).unwrap().store,
            &set.store
        ));
    }
}
