//! Sets of square patches, cut from pictures of any sizes.

use std::path::PathBuf;

use crate::error::DataError;
use crate::image::{Image, Size};
use crate::set::dataset::Dataset;
use crate::set::image_set::ImageSet;
use crate::set::layout::LeftAside;
use crate::set::patch_draws::{DrawnPatches, PatchDraws, PatchPlace};
use crate::set::split::Split;
use crate::set::store::{Piece, Pixels};

/// Patches of each picture that is only measured: enough that no picture is judged by one corner.
const MEASURED_PER_PICTURE: usize = 4;
/// Pictures that are named where some are left out.
const MOST_NAMED: usize = 5;

impl Dataset {
    /// The set with patches of `side` by `side` pixels as its images: until others are [drawn](Split::with_drawn_patches), one from
    /// the center of each picture. Pictures smaller than that are left out, which [`layout`](Self::layout) says.
    ///
    /// # Errors
    /// [`DataError::InvalidValue`] where `side` is 0, [`DataError::PatchTooLarge`] where it is larger than every picture.
    pub(crate) fn in_patches(mut self, side: usize) -> Result<Self, DataError> {
        if side == 0 {
            return Err(DataError::InvalidValue {
                what: "patch",
                value: side.to_string(),
                expected: "a number of pixels above 0".to_owned(),
            });
        }
        let mut small = Vec::new();
        let mut sets = [Some(self.train), self.validation, self.test];
        for set in sets.iter_mut().flatten() {
            *set = set.in_patches(side, &mut small);
        }
        if sets.iter().flatten().all(ImageSet::is_empty) {
            let largest = small.iter().map(|(_, size)| *size);
            let largest = largest.max_by_key(|size| size.height.min(size.width));
            return Err(match largest {
                Some(largest) => DataError::PatchTooLarge {
                    name: self.name,
                    side,
                    largest,
                },
                None => DataError::NoImages {
                    path: PathBuf::from(self.name),
                },
            });
        }
        let [train, validation, test] = sets;
        self.train = train.expect("training images were put there");
        self.validation = validation.filter(|set| !set.is_empty());
        self.test = test.filter(|set| !set.is_empty());
        if !small.is_empty() {
            self.layout.left_aside.push(LeftAside {
                what: match small.len() {
                    1 => format!("picture smaller than the patch of {side}x{side}"),
                    _ => format!("pictures smaller than the patch of {side}x{side}"),
                },
                count: small.len(),
            });
            self.layout.values.push(left_out(&small, side));
        }
        Ok(self)
    }
}

/// Which pictures were left out.
fn left_out(small: &[(String, Size)], side: usize) -> String {
    let named = small.iter().take(MOST_NAMED);
    let named: Vec<_> = named
        .map(|(name, size)| format!("{name} ({}x{})", size.width, size.height))
        .collect();
    let more = match small.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "left out, smaller than the patch of {side}x{side}: {}{more}",
        named.join(", ")
    )
}

impl Split {
    /// The same parts as patches that are drawn from `seed`, of a set that was opened [for
    /// patches](crate::OpenOptions::patch).
    ///
    /// Training images become patches drawn [anew in each epoch](ImageSet::with_drawn_patches), validation and test images
    /// patches that are [drawn once](ImageSet::with_measured_patches).
    #[must_use]
    pub fn with_drawn_patches(self, seed: u64, per_epoch: Option<usize>) -> Self {
        Self {
            train: self.train.with_drawn_patches(seed, per_epoch),
            validation: self.validation.with_measured_patches(seed),
            test: self.test.with_measured_patches(seed),
            ..self
        }
    }
}

impl ImageSet {
    /// Whether the images are patches of pictures.
    #[must_use]
    pub fn is_of_patches(&self) -> bool {
        self.patches.is_some() || self.pieces_of_patches().is_some()
    }

    /// How many pictures the images are patches of; 0 where they are no patches.
    #[must_use]
    pub fn picture_count(&self) -> usize {
        match self.pieces_of_patches() {
            Some(pieces) if self.has_drawn_patches() => pieces
                .iter()
                .map(|piece| Self::of_piece(piece).picture_count())
                .sum(),
            // An image is a picture, and a view is of pictures.
            Some(_) => self.pictures(),
            None if self.patches.is_some() => self.pictures(),
            None => 0,
        }
    }

    /// A whole picture of a set of patches, by its place among them.
    ///
    /// # Errors
    /// When pictures are decoded lazily and its file can no longer be read.
    ///
    /// # Panics
    /// When `number` is not below [`picture_count`](Self::picture_count).
    pub fn picture(&self, number: usize) -> Result<Image, DataError> {
        if let Some(pieces) = self.pieces_of_patches() {
            if !self.has_drawn_patches() {
                let (set, index) = Self::in_piece(pieces, self.stored(number));
                return set.picture(index);
            }
            let mut number = number;
            for set in pieces.iter().map(Self::of_piece) {
                let pictures = set.picture_count();
                if number < pictures {
                    return set.picture(number);
                }
                number -= pictures;
            }
        }
        let pictures = self.pictures_of_patches().expect("a set of patches");
        pictures.with_picture(number, |shape, bytes| {
            Image::from_parts(shape, bytes.to_vec())
        })
    }

    /// The sets that this one is made of, where all are of patches.
    fn pieces_of_patches(&self) -> Option<&[Piece]> {
        match &self.store.pixels {
            Pixels::Pieces(pieces) if self.patches.is_none() => {
                let are_patches = pieces
                    .iter()
                    .all(|piece| Self::of_piece(piece).is_of_patches());
                are_patches.then_some(pieces.as_slice())
            }
            _ => None,
        }
    }

    /// Whether the images are patches at places that are drawn, in any of the sets that this one is made of.
    fn has_drawn_patches(&self) -> bool {
        match self.pieces_of_patches() {
            Some(pieces) => pieces
                .iter()
                .any(|piece| Self::of_piece(piece).has_drawn_patches()),
            None => self.drawn_patches().is_some(),
        }
    }

    /// The same pictures with `per_epoch` patches as images, others in each epoch ([`in_epoch`](Self::in_epoch)); with as many as
    /// cover the pictures' area once where it isn't said. A set that is not of patches stays as it is.
    ///
    /// Pictures take turns, whatever their sizes: none is drawn more than once more often than another over all epochs.
    /// Where a patch lies in its picture, and by which of the square's eight symmetries it is turned, follows from the
    /// seed, the epoch and the patch's index.
    ///
    /// # Panics
    /// When `per_epoch` is 0.
    #[must_use]
    pub fn with_drawn_patches(&self, seed: u64, per_epoch: Option<usize>) -> Self {
        assert_ne!(per_epoch, Some(0), "an epoch has patches");
        self.drawn(seed, true, per_epoch)
    }

    /// The same pictures with four patches of each as images, drawn once, upright: what is measured twice is the same.
    #[must_use]
    pub fn with_measured_patches(&self, seed: u64) -> Self {
        self.drawn(seed, false, Some(MEASURED_PER_PICTURE * self.pictures()))
    }

    /// Each picture once, as the patch from its center: with as many images as pictures, whose files and labels are theirs. A set
    /// that is not of patches stays as it is.
    #[must_use]
    pub fn with_center_patches(&self) -> Self {
        match self.pieces_of_patches() {
            Some(pieces) if self.has_drawn_patches() => {
                let sets = pieces.iter().map(Self::of_piece);
                Self::concatenated(
                    &sets
                        .map(|set| set.with_center_patches())
                        .collect::<Vec<_>>(),
                )
            }
            Some(_) => self.clone(),
            None => self.pictures_of_patches().unwrap_or_else(|| self.clone()),
        }
    }

    fn drawn(&self, seed: u64, anew: bool, count: Option<usize>) -> Self {
        let Some(pictures) = self.pictures_of_patches().filter(|set| !set.is_empty()) else {
            return self.clone();
        };
        let side = pictures.shape().height;
        let place = PatchPlace::Drawn(DrawnPatches {
            seed,
            anew,
            epoch: 0,
            count: count.unwrap_or_else(|| pictures.patches_of_area(side)),
            chosen: None,
        });
        Self {
            patches: Some(PatchDraws { side, place }),
            ..pictures
        }
    }

    /// Patches that have as many pixels as all pictures, at least one a picture.
    fn patches_of_area(&self, side: usize) -> usize {
        let pixels = (0..self.len()).map(|index| self.picture_shape(index).pixels());
        let pixels: usize = pixels.fold(0, usize::saturating_add);
        pixels.div_ceil(side * side).max(self.len())
    }

    /// The patches from the centers of the pictures that are large enough; the others are noted in `small`.
    fn in_patches(&self, side: usize, small: &mut Vec<(String, Size)>) -> Self {
        let mut kept = Vec::with_capacity(self.len());
        for index in 0..self.len() {
            let size = self.picture_shape(index).size();
            if size.height.min(size.width) >= side {
                kept.push(index);
                continue;
            }
            let name = match self.file(index) {
                Some(file) => file.display().to_string(),
                None => format!("image {index}"),
            };
            small.push((name, size));
        }
        let mut set = match kept.len() == self.len() {
            true => self.clone(),
            false => self.subset(kept),
        };
        let place = PatchPlace::Center;
        set.patches = Some(PatchDraws { side, place });
        set
    }
}

#[cfg(test)]
mod tests;
