//! Pictures as one stream of bytes, and back.

use super::canvas::Wavefront;
use super::context::{Expected, INPUTS, Known, Predictor};
use super::mixture::Mixture;
use super::model::PictureModel;
use super::network::Workspace;
use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::pixel::Near;
use crate::shape::ImageShape;
use crate::simd::compiled_for;

impl PictureModel {
    /// The bytes that stand for pictures of `shapes`, whose pixels are in `pixels` one after the other, each within `near` of
    /// what will be decoded.
    ///
    /// # Panics
    /// If there are not as many pixels as the shapes say.
    #[must_use]
    pub fn encode_pictures(&self, pixels: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8> {
        let expected: usize = shapes.iter().map(|shape| shape.pixels()).sum();
        assert_eq!(pixels.len(), expected, "as many pixels as the shapes say");
        let mut encoder = RangeEncoder::new();
        let mut left = pixels;
        for &shape in shapes {
            let (picture, rest) = left.split_at(shape.pixels());
            left = rest;
            self.code(shape, |place, mixture| {
                let level = near.quantized(picture[place]);
                mixture.encode(level, near, &self.network().logistic, &mut encoder);
                level
            });
        }
        encoder.finish()
    }

    /// The pictures of `shapes` for which `bytes` stand, their pixels one after the other.
    ///
    /// Bytes that no encoder wrote give pictures of some kind: what was written has to be checked otherwise.
    #[must_use]
    pub fn decode_pictures(&self, bytes: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(shapes.iter().map(|shape| shape.pixels()).sum());
        let mut decoder = RangeDecoder::new(bytes);
        for &shape in shapes {
            let start = pixels.len();
            pixels.resize(start + shape.pixels(), 0);
            self.code(shape, |place, mixture| {
                let level = mixture.decode(near, &self.network().logistic, &mut decoder);
                pixels[start + place] = level;
                level
            });
        }
        pixels
    }

    /// Goes through a picture's pixels in their order: `code` gets the pixel's place and its level's distribution, and says
    /// what the level is, decoded.
    fn code(&self, shape: ImageShape, mut code: impl FnMut(usize, &Mixture) -> u8) {
        let instructions = self.instructions();
        let network = self.network();
        let wavefront = Wavefront::new(shape);
        let mut known = Known::new(shape);
        let mut predictor = Predictor::new();
        let mut workspace = Workspace::default();
        let mut contexts = vec![[0; INPUTS]; wavefront.most()];
        let mut expected = vec![Expected::default(); wavefront.most()];
        for step in 0..wavefront.steps() {
            let pixels = wavefront.pixels(step);
            let count = pixels.len();
            compiled_for(
                instructions,
                #[inline(always)]
                || {
                    let inputs = contexts.iter_mut().zip(&mut expected);
                    for ((row, column), (inputs, expected)) in wavefront.pixels(step).zip(inputs) {
                        let center = predictor.predict(&known, row, column);
                        *expected = known.inputs(row, column, center, inputs);
                    }
                },
            );
            let pairs = contexts[..count].as_flattened().as_chunks().0;
            let outputs = network.outputs(instructions, pairs, &mut workspace);
            compiled_for(
                instructions,
                #[inline(always)]
                || {
                    for ((pixel, outputs), &expected) in pixels.clone().zip(outputs).zip(&expected)
                    {
                        let mixture = Mixture::new(outputs, expected, &network.powers);
                        let level = code(pixel.0 * shape.width() + pixel.1, &mixture);
                        predictor.learn(&mut known, pixel, expected, level);
                    }
                },
            );
            if let Some((row, _)) = pixels.clone().next() {
                predictor.forget(row.saturating_sub(1));
            }
        }
    }
}

#[cfg(test)]
mod tests;
