//! Going through a set's images one after the other.

use std::iter::FusedIterator;
use std::ops::Range;
use std::path::Path;

use crate::error::DataError;
use crate::image::Image;
use crate::set::image_set::ImageSet;

impl ImageSet {
    /// The set's images in order. None is read before it is asked for its pixels.
    ///
    /// ```
    /// use ae_data::lines;
    ///
    /// let set = lines::lines()?.train;
    /// let level = set.iter().filter(|image| image.class() == Some("level"));
    /// for image in level {
    ///     let pixels = image.read()?.into_pixels();
    ///     assert_eq!(pixels[0], pixels[4], "image {}", image.index());
    /// }
    /// # Ok::<(), ae_data::DataError>(())
    /// ```
    #[must_use]
    pub fn iter(&self) -> Images<'_> {
        Images {
            set: self,
            indices: 0..self.len(),
        }
    }
}

impl<'a> IntoIterator for &'a ImageSet {
    type Item = SetImage<'a>;
    type IntoIter = Images<'a>;

    fn into_iter(self) -> Images<'a> {
        self.iter()
    }
}

/// The images of a set in order, made by [`ImageSet::iter`].
#[derive(Clone, Debug)]
pub struct Images<'a> {
    set: &'a ImageSet,
    indices: Range<usize>,
}

impl<'a> Images<'a> {
    fn at(&self, index: usize) -> SetImage<'a> {
        SetImage {
            set: self.set,
            index,
        }
    }
}

impl<'a> Iterator for Images<'a> {
    type Item = SetImage<'a>;

    fn next(&mut self) -> Option<SetImage<'a>> {
        self.indices.next().map(|index| self.at(index))
    }

    fn nth(&mut self, count: usize) -> Option<SetImage<'a>> {
        self.indices.nth(count).map(|index| self.at(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.indices.size_hint()
    }
}

impl DoubleEndedIterator for Images<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.indices.next_back().map(|index| self.at(index))
    }
}

impl ExactSizeIterator for Images<'_> {}

impl FusedIterator for Images<'_> {}

/// One image of a set: what is known of it, and its pixels when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct SetImage<'a> {
    set: &'a ImageSet,
    index: usize,
}

impl<'a> SetImage<'a> {
    /// The image's place in the set, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The image's label: an index into the set's classes.
    #[must_use]
    pub fn label(&self) -> Option<u32> {
        self.set.label(self.index)
    }

    /// The name of the image's class.
    #[must_use]
    pub fn class(&self) -> Option<&'a str> {
        let label = self.label()? as usize;
        self.set.classes().get(label).map(String::as_str)
    }

    /// The image's file, relative to its folder or archive; `None` when the images are not files of their own.
    #[must_use]
    pub fn file(&self) -> Option<&'a Path> {
        self.set.file(self.index)
    }

    /// The image's pixels.
    ///
    /// # Errors
    /// When the image is decoded lazily and its file can no longer be read.
    pub fn read(&self) -> Result<Image, DataError> {
        self.set.image(self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageShape;

    #[test]
    fn a_set_is_gone_through_from_either_end() {
        let shape = ImageShape::new(1, 1, 1);
        let classes = ["a", "b"].map(str::to_owned).to_vec();
        let labels = Some(vec![0, 1, 0]);
        let whole = ImageSet::from_images("s", shape, vec![7, 8, 9], labels, classes).unwrap();
        let set = whole.subset(vec![2, 1, 0]);
        assert_eq!(set.iter().len(), 3);
        let seen: Vec<_> = set
            .iter()
            .map(|image| {
                let pixel = image.read().unwrap().pixels()[0];
                (image.index(), image.label(), image.class(), pixel)
            })
            .collect();
        let expected = [
            (0, Some(0), Some("a"), 9),
            (1, Some(1), Some("b"), 8),
            (2, Some(0), Some("a"), 7),
        ];
        assert_eq!(seen, expected);
        let mut images = set.iter();
        assert_eq!(images.next_back().map(|image| image.index()), Some(2));
        assert_eq!(images.nth(1).map(|image| image.index()), Some(1));
        assert_eq!((images.len(), images.next().is_none()), (0, true));
        assert!(set.iter().all(|image| image.file().is_none()));
        let mut count = 0;
        for image in &set.take(2) {
            count += image.index();
        }
        assert_eq!(count, 1);
    }
}
