//! What a set is: counts, ranges, duplicates, and what usually goes wrong.

use std::collections::HashSet;

use rayon::prelude::*;
use serde::Serialize;

use crate::error::DataError;
use crate::image::{ImageDigest, ImageShape, bytes_digest};
use crate::set::image_set::ImageSet;

/// How many images have one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The class's name.
    pub class: String,
    /// How many images are in it.
    pub images: usize,
}

/// What one set of images is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetInfo {
    /// The set's name.
    pub name: String,
    /// How many images it has.
    pub images: usize,
    /// The shape of each.
    pub shape: ImageShape,
    /// Images per class, in the order of the labels; empty when there are no labels.
    pub classes: Vec<ClassCount>,
    /// The smallest byte.
    pub minimum: u8,
    /// The largest byte.
    pub maximum: u8,
    /// The mean of all values in `[0, 1]`.
    pub mean: f64,
    /// The standard deviation of all values in `[0, 1]`, dividing by their number.
    pub standard_deviation: f64,
    /// Images that are an exact copy of an earlier one.
    pub duplicates: usize,
    /// Images without a single pixel above 0.
    pub black: usize,
    /// What usually goes wrong and seems to have gone wrong here, a sentence each.
    pub warnings: Vec<String>,
}

impl ImageSet {
    /// What the set is; reads every image once.
    ///
    /// # Errors
    /// When an image that is decoded lazily can no longer be read.
    pub fn info(&self) -> Result<SetInfo, DataError> {
        Ok(self.survey()?.0)
    }

    /// The set's description and the digests of its images.
    pub(crate) fn survey(&self) -> Result<(SetInfo, Vec<ImageDigest>), DataError> {
        let images: Vec<ImageSurvey> = (0..self.len())
            .into_par_iter()
            .map(|index| match self.patches {
                // The whole pictures.
                Some(_) => self.with_picture(index, |shape, bytes| ImageSurvey::of(bytes, shape)),
                None => self.with_bytes(index, |bytes| ImageSurvey::of(bytes, self.shape())),
            })
            .collect::<Result<_, _>>()?;
        let mut whole = Totals::default();
        for image in &images {
            whole.add(&image.totals);
        }
        let mut seen = HashSet::new();
        let duplicates = images
            .iter()
            .filter(|image| !seen.insert(image.digest))
            .count();
        let black = images
            .iter()
            .filter(|image| image.totals.maximum == 0)
            .count();
        let mut classes: Vec<ClassCount> = self
            .classes()
            .iter()
            .map(|class| ClassCount {
                class: class.clone(),
                images: 0,
            })
            .collect();
        for label in (0..self.len()).filter_map(|index| self.label(index)) {
            classes[label as usize].images += 1;
        }
        let (mean, standard_deviation) = whole.mean_and_deviation();
        let info = SetInfo {
            name: self.name().to_owned(),
            images: self.len(),
            shape: self.shape(),
            classes,
            minimum: if images.is_empty() { 0 } else { whole.minimum },
            maximum: whole.maximum,
            mean,
            standard_deviation,
            duplicates,
            black,
            warnings: self.warnings(&images, &whole),
        };
        Ok((info, images.into_iter().map(|image| image.digest).collect()))
    }

    fn warnings(&self, images: &[ImageSurvey], whole: &Totals) -> Vec<String> {
        let mut warnings = Vec::new();
        if images.is_empty() {
            return warnings;
        }
        let span = whole.maximum.saturating_sub(whole.minimum);
        if whole.maximum == 0 {
            warnings.push("every image is all black".to_owned());
        } else if whole.maximum == 1 {
            warnings.push(
                "the values are 0 and 1 of 255, all but black: the range was not scaled to bytes when the set was made"
                    .to_owned(),
            );
        } else if span < 128 {
            warnings.push(format!(
                "the values lie between {} and {} of 255: the range is not normalized",
                whole.minimum, whole.maximum
            ));
        }
        let black: Vec<usize> = (0..images.len())
            .filter(|&index| images[index].totals.maximum == 0)
            .collect();
        if let Some(&first) = black.first().filter(|_| whole.maximum > 0) {
            let first = match self.file(first) {
                Some(file) => file.display().to_string(),
                None => format!("image {first}"),
            };
            warnings.push(match black.len() {
                1 => format!("1 image is all black: {first}"),
                count => format!("{count} images are all black, the first is {first}"),
            });
        }
        if self.patches.is_none() && looks_inverted(images, self.shape()) {
            warnings.push(
                "the images look inverted: dark on a white ground, where most sets of this kind are light on black"
                    .to_owned(),
            );
        }
        if self.shape().channels == 3 && images.iter().all(|image| image.colorless) {
            warnings.push(
                "all images are gray though stored in color: gray channels say the same in a third"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// Sums over bytes, exact in integers and so independent of order.
#[derive(Clone, Debug)]
struct Totals {
    count: u64,
    sum: u64,
    sum_of_squares: u64,
    minimum: u8,
    maximum: u8,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            count: 0,
            sum: 0,
            sum_of_squares: 0,
            minimum: u8::MAX,
            maximum: 0,
        }
    }
}

impl Totals {
    fn of(bytes: &[u8]) -> Self {
        let mut totals = Self {
            count: bytes.len() as u64,
            ..Self::default()
        };
        for &byte in bytes {
            totals.sum += u64::from(byte);
            totals.sum_of_squares += u64::from(byte) * u64::from(byte);
            totals.minimum = totals.minimum.min(byte);
            totals.maximum = totals.maximum.max(byte);
        }
        totals
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }

    /// Mean and standard deviation in units of 255; zeros when there is nothing.
    fn mean_and_deviation(&self) -> (f64, f64) {
        if self.count == 0 {
            return (0.0, 0.0);
        }
        let (count, sum, squares) = (
            u128::from(self.count),
            u128::from(self.sum),
            u128::from(self.sum_of_squares),
        );
        // Never negative, by Cauchy and Schwarz, and exact in integers.
        let scaled_variance = count * squares - sum * sum;
        (
            self.sum as f64 / self.count as f64 / 255.0,
            (scaled_variance as f64).sqrt() / self.count as f64 / 255.0,
        )
    }
}

/// What is learnt from one image.
struct ImageSurvey {
    totals: Totals,
    /// The sum and number of the bytes on the image's edge.
    edge: (u64, u64),
    /// Whether all channels are equal.
    colorless: bool,
    digest: ImageDigest,
}

impl ImageSurvey {
    fn of(bytes: &[u8], shape: ImageShape) -> Self {
        let mut edge = (0, 0);
        for plane in bytes.chunks_exact(shape.pixels()) {
            for (row, pixels) in plane.chunks_exact(shape.width).enumerate() {
                let step = if row == 0 || row + 1 == shape.height {
                    1
                } else {
                    (shape.width - 1).max(1)
                };
                for &pixel in pixels.iter().step_by(step) {
                    edge.0 += u64::from(pixel);
                    edge.1 += 1;
                }
            }
        }
        let first = &bytes[..shape.pixels()];
        Self {
            totals: Totals::of(bytes),
            edge,
            colorless: bytes
                .chunks_exact(shape.pixels())
                .all(|plane| plane == first),
            digest: bytes_digest(bytes),
        }
    }
}

/// Whether gray drawings stand dark on a white ground: edges that are bright, and brighter than what they enclose.
fn looks_inverted(images: &[ImageSurvey], shape: ImageShape) -> bool {
    if shape.channels != 1 || shape.height < 3 || shape.width < 3 {
        return false;
    }
    let (mut sum, mut edge_sum, mut count, mut edge_count) = (0, 0, 0, 0);
    for image in images {
        sum += image.totals.sum;
        count += image.totals.count;
        edge_sum += image.edge.0;
        edge_count += image.edge.1;
    }
    let edge = edge_sum as f64 / edge_count as f64 / 255.0;
    let inside = (sum - edge_sum) as f64 / (count - edge_count) as f64 / 255.0;
    edge > 0.6 && edge > inside + 0.05
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(shape: ImageShape, pixels: Vec<u8>, labels: Option<Vec<u32>>) -> ImageSet {
        ImageSet::from_images("s", shape, pixels, labels, vec![]).unwrap()
    }

    fn warnings(shape: ImageShape, pixels: Vec<u8>) -> Vec<String> {
        set(shape, pixels, None).info().unwrap().warnings
    }

    #[test]
    fn counts_and_moments_are_right() {
        let info = set(
            ImageShape::new(1, 1, 2),
            vec![0, 255, 0, 255, 51, 102],
            Some(vec![2, 0, 2]),
        )
        .info()
        .unwrap();
        let counts: Vec<_> = info
            .classes
            .iter()
            .map(|class| (class.class.as_str(), class.images))
            .collect();
        assert_eq!(counts, [("0", 1), ("1", 0), ("2", 2)]);
        assert_eq!(
            (
                info.images,
                info.minimum,
                info.maximum,
                info.duplicates,
                info.black
            ),
            (3, 0, 255, 1, 0)
        );
        // 0, 1, 0, 1, .2, .4: mean 2.6 / 6, mean of squares 2.2 / 6.
        let mean: f64 = 2.6 / 6.0;
        assert!((info.mean - mean).abs() < 1e-12);
        assert!((info.standard_deviation - (2.2 / 6.0 - mean * mean).sqrt()).abs() < 1e-12);
        assert_eq!(info.warnings, Vec::<String>::new());
        let json = serde_json::to_value(&info).unwrap();
        assert_eq!(json["classes"][2]["images"], 2);
        assert_eq!(json["shape"]["width"], 2);
    }

    #[test]
    fn an_empty_set_has_no_numbers_and_no_warnings() {
        let info = set(ImageShape::new(1, 2, 2), vec![], None).info().unwrap();
        assert_eq!(
            (
                info.images,
                info.minimum,
                info.maximum,
                info.mean,
                info.warnings.len()
            ),
            (0, 0, 0, 0.0, 0)
        );
    }

    #[test]
    fn ranges_that_were_never_scaled_are_told() {
        let shape = ImageShape::new(1, 1, 2);
        assert_eq!(warnings(shape, vec![0, 0]), ["every image is all black"]);
        assert!(warnings(shape, vec![0, 1])[0].starts_with("the values are 0 and 1 of 255"));
        assert!(
            warnings(shape, vec![0, 16])[0].starts_with("the values lie between 0 and 16 of 255")
        );
        assert!(
            warnings(shape, vec![200, 255])[0].starts_with("the values lie between 200 and 255")
        );
        assert!(warnings(shape, vec![100, 228]).is_empty());
    }

    #[test]
    fn black_images_are_named() {
        let shape = ImageShape::new(1, 1, 2);
        assert_eq!(
            warnings(shape, vec![0, 255, 0, 0]),
            ["1 image is all black: image 1"]
        );
        assert_eq!(
            warnings(shape, vec![0, 0, 0, 255, 0, 0]),
            ["2 images are all black, the first is image 0"]
        );
    }

    #[test]
    fn dark_drawings_on_white_look_inverted_and_light_ones_on_black_do_not() {
        let shape = ImageShape::new(1, 5, 5);
        let drawing = |ground: u8, ink: u8| {
            let mut pixels = vec![ground; 25];
            pixels[12] = ink;
            pixels[7] = ink;
            pixels
        };
        assert!(warnings(shape, drawing(255, 0))[0].starts_with("the images look inverted"));
        assert!(warnings(shape, drawing(0, 255)).is_empty());
        // Edges are counted right: a frame of white around black is all edge.
        let survey = ImageSurvey::of(&drawing(10, 0), shape);
        assert_eq!(survey.edge, (160, 16));
        assert_eq!(
            ImageSurvey::of(&[1, 2, 3], ImageShape::new(1, 3, 1)).edge,
            (6, 3)
        );
    }

    #[test]
    fn gray_stored_in_color_is_told() {
        let shape = ImageShape::new(3, 1, 2);
        assert!(
            warnings(shape, vec![0, 255, 0, 255, 0, 255])[0].starts_with("all images are gray")
        );
        assert!(warnings(shape, vec![0, 255, 0, 255, 0, 254]).is_empty());
    }
}
