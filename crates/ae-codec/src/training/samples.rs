//! The pixels that a network is trained on.

use ae_random::RandomStream;

use crate::pixel::context::Context;
use crate::shape::ImageShape;

/// The images, and what the network sees of them.
#[derive(Debug, Clone)]
pub(super) struct Samples {
    images: Vec<u8>,
    shape: ImageShape,
    context: Context,
    /// For each input what is taken off and what the rest is multiplied by.
    standard: Vec<(f32, f32)>,
}

/// A pixel: where, and of what level.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Target {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) level: u8,
    /// How often it counts.
    pub(super) weight: f32,
}

/// How many pixels in plain surroundings there are for each that is drawn.
///
/// They are easy to predict: nearly all that there is to learn is in the others.
const PLAIN: u64 = 4;

/// Pixels from which inputs' means and deviations are taken.
const MEASURED: usize = 16_384;

/// Added to deviations, for inputs that hardly ever change.
const LEAST_DEVIATION: f64 = 0.05;

impl Samples {
    /// What is drawn from `images`: inputs standardized by some that `stream` chooses.
    ///
    /// # References
    /// Y. LeCun, L. Bottou, G. Orr and K.-R. Müller (1998), *Efficient backprop*, section 4.3, for standardized inputs.
    pub(super) fn new(
        images: Vec<u8>,
        shape: ImageShape,
        context: Context,
        stream: &mut RandomStream,
    ) -> Self {
        let count = context.inputs();
        let mut samples = Self {
            images,
            shape,
            context,
            standard: vec![(0.0, 1.0); count],
        };
        let mut sums = vec![(0.0, 0.0); count];
        let mut inputs = vec![0.0; count];
        for _ in 0..MEASURED {
            samples.draw(stream, &mut inputs, &mut [Target::default()]);
            for ((sum, squares), &input) in sums.iter_mut().zip(&inputs) {
                *sum += f64::from(input);
                *squares += f64::from(input).powi(2);
            }
        }
        let standard = sums.into_iter().map(|(sum, squares)| {
            let mean = sum / MEASURED as f64;
            let deviation = (squares / MEASURED as f64 - mean.powi(2)).max(0.0).sqrt();
            (mean as f32, (1.0 / (deviation + LEAST_DEVIATION)) as f32)
        });
        samples.standard = standard.collect();
        samples
    }

    /// Draws from other images.
    pub(super) fn replace(&mut self, images: Vec<u8>) {
        self.images = images;
    }

    /// For each input, from 0 to 1, what is taken off and what the rest is multiplied by.
    pub(super) fn standard(&self) -> &[(f32, f32)] {
        &self.standard
    }

    /// Draws pixels, each as likely as any other but those in plain surroundings, which are drawn less often and count
    /// as much more: their contexts, standardized, into `inputs`.
    ///
    /// # Shapes
    /// - `inputs`: `[targets, context inputs]`
    pub(super) fn draw(
        &self,
        stream: &mut RandomStream,
        inputs: &mut [f32],
        targets: &mut [Target],
    ) {
        let mut levels = vec![0; self.context.inputs()];
        let rows = inputs.chunks_exact_mut(self.context.inputs());
        for (inputs, target) in rows.zip(targets) {
            *target = loop {
                let target = self.pixel(stream, &mut levels);
                if target.weight == 1.0 || stream.uniform_below(PLAIN) == 0 {
                    break target;
                }
            };
            let standard = self.standard.iter().zip(&levels);
            for (input, (&(mean, factor), &level)) in inputs.iter_mut().zip(standard) {
                *input = (f32::from(level) / 255.0 - mean) * factor;
            }
        }
    }

    /// Draws one pixel, and its inputs.
    fn pixel(&self, stream: &mut RandomStream, levels: &mut [u8]) -> Target {
        // What is below a `usize` fits into one.
        let pixel = stream.uniform_below(self.images.len() as u64) as usize;
        let (image, place) = (pixel / self.shape.pixels(), pixel % self.shape.pixels());
        let image = &self.images[image * self.shape.pixels()..][..self.shape.pixels()];
        let (row, column) = (place / self.shape.width(), place % self.shape.width());
        self.context
            .of_image(image, self.shape, row, column, levels);
        let nearest = &levels[..self.context.marked];
        let is_plain = nearest
            .iter()
            .all(|&level| level == nearest[0] && matches!(level, 0 | 255));
        Target {
            row,
            column,
            level: image[place],
            weight: if is_plain && !nearest.is_empty() {
                PLAIN as f32
            } else {
                1.0
            },
        }
    }
}
