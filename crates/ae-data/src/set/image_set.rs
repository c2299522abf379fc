//! The image set: images of one shape, wherever they are stored.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::DataError;
use crate::image::{Image, ImageDigest, ImageShape, source_digest};
use crate::set::binary_draws::BinaryDraws;
use crate::set::patch_draws::{DrawnPatches, PatchDraws, PatchPlace};
use crate::set::shard_images::ShardImages;
use crate::set::store::{Piece, Pixels, Store, named_classes};

/// Images of one shape, with or without labels.
///
/// A set is a view: a list of indices into shared storage, so [`subset`](Self::subset), [`take`](Self::take) and
/// `clone` cost no pixels. The storage is memory, a memory-mapped IDX file, or a folder whose images are decoded each
/// time they are read, as are the members of archives that are streamed; which of them it is makes no difference to whoever reads.
#[derive(Clone)]
pub struct ImageSet {
    pub(crate) store: Arc<Store>,
    /// Indices into the store; `None` for all of it in order.
    pub(crate) view: Option<Arc<[usize]>>,
    /// How grays become black and white whenever an image is read; `None` where they stay.
    pub(crate) draws: Option<BinaryDraws>,
    /// Which patches of the stored pictures the images are; `None` where they are the pictures.
    pub(crate) patches: Option<PatchDraws>,
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
            patches: None,
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
        self.drawn_patches()
            .map_or_else(|| self.pictures(), DrawnPatches::len)
    }

    /// Whether there is no image at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Channels, height and width of every image.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        match &self.patches {
            Some(PatchDraws { side, .. }) => {
                ImageShape::new(self.store.shape.channels, *side, *side)
            }
            None => self.store.shape,
        }
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
        let mut subset = self.clone();
        if let Some(drawn) = self.drawn_patches() {
            // The same patches, not others of the same pictures.
            let chosen = indices.into_iter().map(|index| {
                assert!(index < self.len(), "image {index} of {}", self.len());
                drawn.number(index)
            });
            let chosen = Some(chosen.collect());
            let place = PatchPlace::Drawn(DrawnPatches {
                chosen,
                ..drawn.clone()
            });
            subset.patches = self
                .patches
                .as_ref()
                .map(|patches| PatchDraws { place, ..*patches });
            return subset;
        }
        let stored = indices.into_iter().map(|index| self.stored(index));
        subset.view = Some(stored.collect());
        subset
    }

    /// How many images an order should mix, where they are read from shards as they are asked for and those that lie near each
    /// other should be read near each other; `None` where any order is as good.
    #[must_use]
    pub fn shuffle_buffer(&self) -> Option<usize> {
        self.shards().map(|shards| shards.shuffle_buffer)
    }

    /// How many images of the whole set were read and decoded so far by anybody, each time counted; `None` where they are
    /// not read from shards as they are asked for.
    #[must_use]
    pub fn images_read(&self) -> Option<u64> {
        self.shards().map(ShardImages::images_read)
    }

    pub(crate) fn shards(&self) -> Option<&ShardImages> {
        match &self.store.pixels {
            Pixels::Shards(shards) => Some(shards),
            _ => None,
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

    /// The same of the image as it is stored, in grays; a patch is cut from its picture.
    pub(crate) fn with_stored_bytes<T>(
        &self,
        index: usize,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, DataError> {
        let Some(patches) = &self.patches else {
            return self.with_picture(index, |_, bytes| read(bytes));
        };
        let mut patch = vec![0; self.shape().values()];
        self.with_picture(index, |shape, bytes| {
            patches.cut(index, shape, bytes, &mut patch);
        })?;
        Ok(read(&patch))
    }

    /// Runs `read` on the picture that an image is, or a patch of, as it is stored.
    pub(crate) fn with_picture<T>(
        &self,
        index: usize,
        read: impl FnOnce(ImageShape, &[u8]) -> T,
    ) -> Result<T, DataError> {
        let stored = self.stored(index);
        let shape = self.store.shape;
        let values = shape.values();
        let range = |start: usize| start + stored * values..start + (stored + 1) * values;
        match &self.store.pixels {
            Pixels::Memory(pixels) => Ok(read(shape, &pixels[range(0)])),
            Pixels::Mapped { file, start } => Ok(read(shape, &file.bytes()[range(*start)])),
            Pixels::Pictures(pictures) => {
                let picture = &pictures[stored];
                Ok(read(picture.shape(), picture.pixels()))
            }
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
                Ok(read(shape, image.pixels()))
            }
            Pixels::Shards(shards) => {
                let digests = self.store.digests.as_ref();
                let digest = digests.expect("images of shards have digests")[stored];
                let image = shards.image(stored, &digest)?;
                assert_eq!(image.shape(), shape, "one digest, one shape");
                Ok(read(shape, image.pixels()))
            }
            Pixels::Pieces(pieces) => {
                let (set, index) = Self::in_piece(pieces, stored);
                Ok(read(shape, &set.copied(index)?))
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
            (None, _) => self.with_picture(index, source_digest),
        }
    }

    /// The digest of the name of an image's group, where the source knows groups.
    pub(crate) fn group(&self, index: usize) -> Option<ImageDigest> {
        let stored = self.stored(index);
        self.store.groups.as_ref().map(|groups| groups[stored])
    }

    /// An image of a set that is made of pieces: its piece as a set, and its index there.
    pub(crate) fn in_piece(pieces: &[Piece], stored: usize) -> (Self, usize) {
        let piece = &pieces[pieces.partition_point(|piece| piece.start <= stored) - 1];
        (Self::of_piece(piece), stored - piece.start)
    }

    /// A piece by itself.
    pub(crate) fn of_piece(piece: &Piece) -> Self {
        Self {
            store: Arc::clone(&piece.store),
            view: piece.view.clone(),
            draws: piece.draws,
            patches: piece.patches.clone(),
        }
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
        let picture = match self.drawn_patches() {
            Some(drawn) => drawn.picture(drawn.number(index), self.pictures()),
            None => index,
        };
        self.view.as_ref().map_or(picture, |view| view[picture])
    }

    /// Pictures in the view, each of which is an image or has any number of them as patches.
    pub(crate) fn pictures(&self) -> usize {
        self.view
            .as_ref()
            .map_or(self.store.count, |view| view.len())
    }

    /// The shape of the picture that an image is, or a patch of.
    pub(crate) fn picture_shape(&self, index: usize) -> ImageShape {
        match &self.store.pixels {
            Pixels::Pictures(pictures) => pictures[self.stored(index)].shape(),
            _ => self.store.shape,
        }
    }

    /// Whether the pictures are of sizes of their own.
    pub(crate) fn keeps_own_sizes(&self) -> bool {
        matches!(self.store.pixels, Pixels::Pictures(_))
    }

    /// The set of the pictures, each once, where the images are patches of them.
    pub(crate) fn pictures_of_patches(&self) -> Option<Self> {
        let side = self.patches.as_ref()?.side;
        let place = PatchPlace::Center;
        Some(Self {
            patches: Some(PatchDraws { side, place }),
            ..self.clone()
        })
    }

    /// The patches that are drawn from the pictures, if the images are such.
    pub(crate) fn drawn_patches(&self) -> Option<&DrawnPatches> {
        match &self.patches.as_ref()?.place {
            PatchPlace::Drawn(drawn) => Some(drawn),
            PatchPlace::Center => None,
        }
    }
}

impl fmt::Debug for ImageSet {
    /// What the set is, without its pixels.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let storage = match self.store.pixels {
            Pixels::Memory(_) => "memory",
            Pixels::Mapped { .. } => "mapped",
            Pixels::Files { .. } => "files",
            Pixels::Shards(_) => "shards",
            Pixels::Pictures(_) => "pictures",
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
mod tests;
