//! The pixels that a network is trained on: those of some pictures, with the predictions that were made of them.

use ae_random::RandomStream;
use rayon::prelude::*;

use super::cost::Target;
use crate::error::CodecError;
use crate::picture::canvas::Wavefront;
use crate::picture::context::{Expected, INPUTS, Known, ONE, Predictor};
use crate::picture::least_squares::UNITS;
use crate::shape::ImageShape;
use crate::simd::{InstructionSet, compiled_for};

/// Pictures that are drawn from.
#[derive(Debug)]
pub(super) struct Pool {
    pictures: Vec<(ImageShape, Known)>,
    /// Where the pixels of each picture begin, of all that may be drawn, and how many there are.
    starts: Vec<u64>,
}

impl Pool {
    /// Predicts all pixels of `pictures`.
    ///
    /// # Errors
    /// [`CodecError::Training`] where there is no pixel to draw.
    pub(super) fn new(pictures: Vec<(ImageShape, Vec<u8>)>) -> Result<Self, CodecError> {
        let pictures: Vec<_> = pictures
            .into_par_iter()
            .map(|(shape, pixels)| (shape, predicted(shape, &pixels)))
            .collect();
        let mut starts = vec![0];
        for (shape, _) in &pictures {
            let drawn = shape.width() * (shape.height() - 1);
            starts.push(starts[starts.len() - 1] + drawn as u64);
        }
        match starts.last() {
            Some(&pixels) if pixels > 0 => Ok(Self { pictures, starts }),
            _ => Err(CodecError::Training {
                reason: "there are no pictures of two rows",
            }),
        }
    }

    /// Forgets all pictures.
    pub(super) fn clear(&mut self) {
        self.pictures = Vec::new();
    }

    /// How many pixels may be drawn: all but those of first rows.
    pub(super) fn pixels(&self) -> u64 {
        self.starts[self.starts.len() - 1]
    }

    /// Draws pixels, each as likely as any other: their inputs, of which a scale is 1.
    ///
    /// # Shapes
    /// - `inputs`: `[targets, INPUTS]`
    pub(super) fn draw(
        &self,
        stream: &mut RandomStream,
        inputs: &mut [f32],
        targets: &mut [Target],
    ) {
        compiled_for(
            InstructionSet::detect(),
            #[inline(always)]
            || {
                let mut integers = [0; INPUTS];
                for (inputs, target) in inputs.chunks_exact_mut(INPUTS).zip(targets) {
                    let pixel = stream.uniform_below(self.pixels());
                    let picture = self.starts.partition_point(|&start| start <= pixel) - 1;
                    let (shape, known) = &self.pictures[picture];
                    let place = (pixel - self.starts[picture]) as usize + shape.width();
                    let (row, column) = (place / shape.width(), place % shape.width());
                    let place = known.levels.place(row, column);
                    let level = known.levels.values()[place];
                    let error = i32::from(known.errors.values()[place]);
                    let center = i32::from(level) * UNITS - error;
                    let expected = known.inputs(row, column, center, &mut integers);
                    *target = Target { expected, level };
                    for (input, &integer) in inputs.iter_mut().zip(&integers) {
                        *input = f32::from(integer) / ONE as f32;
                    }
                }
            },
        );
    }
}

/// A picture with the predictions of its pixels, made as a coder makes them.
fn predicted(shape: ImageShape, pixels: &[u8]) -> Known {
    let mut known = Known::new(shape);
    let mut predictor = Predictor::new();
    let wavefront = Wavefront::new(shape);
    let mut expected = Vec::new();
    let mut integers = [0; INPUTS];
    compiled_for(
        InstructionSet::detect(),
        #[inline(always)]
        || {
            for step in 0..wavefront.steps() {
                expected.clear();
                for (row, column) in wavefront.pixels(step) {
                    let center = predictor.predict(&known, row, column);
                    // The scale alone is wanted.
                    expected.push(known.inputs(row, column, center, &mut integers));
                }
                for (pixel, &expected) in wavefront.pixels(step).zip(&expected) {
                    let level = pixels[pixel.0 * shape.width() + pixel.1];
                    let _: Expected = expected;
                    predictor.learn(&mut known, pixel, expected, level);
                }
                if let Some((row, _)) = wavefront.pixels(step).next() {
                    predictor.forget(row.saturating_sub(1));
                }
            }
        },
    );
    known
}
