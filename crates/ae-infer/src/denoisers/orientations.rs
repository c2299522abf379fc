//! Denoising a picture in several orientations.

use ae_data::ImageShape;

use crate::denoisers::denoiser::Denoiser;
use crate::error::InferError;

/// A denoiser that goes over each picture several times, mirrored and turned, and gives the mean of what comes out, turned back: what it
/// does wrong in one orientation it does otherwise in another. It takes as many times as long.
///
/// # References
/// R. Timofte, R. Rothe and L. Van Gool (2016), *Seven ways to improve example-based single image super resolution*, CVPR, section
/// 3.5 ("enhanced prediction"; later called self-ensemble).
pub struct InOrientations<'a> {
    denoiser: &'a dyn Denoiser,
    count: usize,
}

impl<'a> InOrientations<'a> {
    /// How many orientations there may be: the picture alone; its mirror image, too; both upside down, too; those four turned by
    /// a quarter, too.
    pub const COUNTS: [usize; 4] = [1, 2, 4, 8];

    /// # Panics
    /// When `count` is none of [`COUNTS`](Self::COUNTS).
    #[must_use]
    pub fn new(denoiser: &'a dyn Denoiser, count: usize) -> Self {
        assert!(Self::COUNTS.contains(&count), "{count} orientations");
        Self { denoiser, count }
    }
}

impl Denoiser for InOrientations<'_> {
    fn name(&self) -> &str {
        self.denoiser.name()
    }

    fn needs_noise_level(&self) -> bool {
        self.denoiser.needs_noise_level()
    }

    fn assumes_independent_noise(&self) -> bool {
        self.denoiser.assumes_independent_noise()
    }

    fn remove_noise(
        &self,
        shape: ImageShape,
        values: &[f32],
        noise_level: f32,
    ) -> Result<Vec<f32>, InferError> {
        if self.count == 1 {
            return self.denoiser.remove_noise(shape, values, noise_level);
        }
        let mut sum = vec![0.0; values.len()];
        for number in 0..self.count {
            let orientation = Orientation::of(number);
            let mut turned = vec![0.0; values.len()];
            orientation.for_each_value(shape, |place, source| turned[place] = values[source]);
            let shape_there = orientation.shape(shape);
            let output = self
                .denoiser
                .remove_noise(shape_there, &turned, noise_level)?;
            orientation.for_each_value(shape, |place, source| sum[source] += output[place]);
        }
        let share = (self.count as f32).recip();
        sum.iter_mut().for_each(|value| *value *= share);
        Ok(sum)
    }
}

/// One of the eight symmetries of a rectangle's pixels: mirrored and upside down, and rows made columns after that.
#[derive(Clone, Copy)]
struct Orientation {
    mirrored: bool,
    upside_down: bool,
    transposed: bool,
}

impl Orientation {
    /// The first 2 keep rows in their order, the first 4 the sides.
    fn of(number: usize) -> Self {
        Self {
            mirrored: number & 1 != 0,
            upside_down: number & 2 != 0,
            transposed: number & 4 != 0,
        }
    }

    fn shape(self, shape: ImageShape) -> ImageShape {
        match self.transposed {
            true => ImageShape::new(shape.channels, shape.width, shape.height),
            false => shape,
        }
    }

    /// Calls `visit` with each place of a turned picture and the one that its value has in the picture of `shape`.
    fn for_each_value(self, shape: ImageShape, mut visit: impl FnMut(usize, usize)) {
        let there = self.shape(shape);
        let mut place = 0;
        for channel in 0..shape.channels {
            for row in 0..there.height {
                for column in 0..there.width {
                    let (y, x) = match self.transposed {
                        true => (column, row),
                        false => (row, column),
                    };
                    let y = if self.upside_down {
                        shape.height - 1 - y
                    } else {
                        y
                    };
                    let x = if self.mirrored {
                        shape.width - 1 - x
                    } else {
                        x
                    };
                    visit(place, (channel * shape.height + y) * shape.width + x);
                    place += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds 1 to the second pixel of the first row.
    struct Marks;

    impl Denoiser for Marks {
        fn name(&self) -> &str {
            "marks"
        }

        fn needs_noise_level(&self) -> bool {
            false
        }

        fn remove_noise(
            &self,
            _: ImageShape,
            values: &[f32],
            _: f32,
        ) -> Result<Vec<f32>, InferError> {
            let mut output = values.to_vec();
            output[1] += 1.0;
            Ok(output)
        }
    }

    #[test]
    fn what_is_done_at_one_place_is_spread_over_its_images() {
        let shape = ImageShape::new(1, 3, 4);
        let values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        let added = |count: usize| -> Vec<f32> {
            let denoiser = InOrientations::new(&Marks, count);
            let output = denoiser.remove_noise(shape, &values, 0.0).unwrap();
            let pairs = output.iter().zip(&values);
            pairs.map(|(output, value)| output - value).collect()
        };
        let at = |places: &[usize], share: f32| -> Vec<f32> {
            let share_of = |place| if places.contains(&place) { share } else { 0.0 };
            (0..12).map(share_of).collect()
        };
        assert_eq!(added(1), at(&[1], 1.0));
        assert_eq!(added(2), at(&[1, 2], 0.5));
        assert_eq!(added(4), at(&[1, 2, 9, 10], 0.25));
        // Of a turned picture the second of the first row is one of the outer columns' middle.
        let mut expected = at(&[1, 2, 9, 10], 0.125);
        for place in [4, 7] {
            expected[place] = 0.25;
        }
        assert_eq!(added(8), expected);
    }

    #[test]
    fn channels_stay_apart() {
        let shape = ImageShape::new(2, 2, 3);
        let values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        let denoiser = InOrientations::new(&Marks, 8);
        let output = denoiser.remove_noise(shape, &values, 0.0).unwrap();
        assert_eq!(output[6..], values[6..]);
    }
}
