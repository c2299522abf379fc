//! Images of a chunk as one stream of bytes, and back.

use super::context::Canvas;
use super::distribution::{Distribution, Near};
use super::model::PixelModel;
use super::network::Workspace;
use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::simd::compiled_for;

/// Images whose pixels at one position are computed together.
const TOGETHER: usize = 64;

impl PixelModel {
    /// The bytes that stand for `images`, `[count, height, width]`, each pixel within `near` of what will be decoded.
    ///
    /// The pixels at the first position of all images come first, then those at the second, and so on.
    ///
    /// # Panics
    /// If `images` isn't a whole number of images of the model's shape.
    #[must_use]
    pub fn encode_images(&self, images: &[u8], near: Near) -> Vec<u8> {
        let pixels = self.shape().pixels();
        assert!(images.len().is_multiple_of(pixels), "whole images");
        let mut encoder = RangeEncoder::new();
        self.code(images.len() / pixels, |image, place, distribution| {
            let level = near.quantized(images[image * pixels + place]);
            distribution.encode(level, near, &mut encoder);
            level
        });
        encoder.finish()
    }

    /// The `count` images, `[count, height, width]`, for which `bytes` stand.
    ///
    /// Bytes that no encoder wrote give images of some kind: what was written has to be checked otherwise.
    #[must_use]
    pub fn decode_images(&self, bytes: &[u8], count: usize, near: Near) -> Vec<u8> {
        let pixels = self.shape().pixels();
        let mut images = vec![0; count * pixels];
        let mut decoder = RangeDecoder::new(bytes);
        self.code(count, |image, place, distribution| {
            let level = distribution.decode(near, &mut decoder);
            images[image * pixels + place] = level;
            level
        });
        images
    }

    /// Goes through the pixels of `count` images in their order: `code` gets the image, the pixel's place in it and the
    /// levels' distribution, and says what the level is, decoded.
    fn code(&self, count: usize, mut code: impl FnMut(usize, usize, &Distribution) -> u8) {
        let shape = self.shape();
        let (context, network) = (self.context(), self.network());
        let mut canvas = Canvas::new(context, shape, count);
        let mut workspace = Workspace::default();
        let mut contexts = vec![0; TOGETHER.min(count) * context.inputs()];
        for place in 0..shape.pixels() {
            let position = (place / shape.width(), place % shape.width());
            for first in (0..count).step_by(TOGETHER) {
                let together = TOGETHER.min(count - first);
                let contexts = &mut contexts[..together * context.inputs()];
                for (row, inputs) in contexts.chunks_exact_mut(context.inputs()).enumerate() {
                    canvas.inputs(first + row, position.0, position.1, inputs);
                }
                let instructions = self.instructions();
                let outputs = network.outputs(instructions, contexts, position, &mut workspace);
                for (image, outputs) in (first..).zip(outputs) {
                    let distribution = compiled_for(
                        instructions,
                        #[inline(always)]
                        || network.powers.distribution(outputs),
                    );
                    let level = code(image, place, &distribution);
                    canvas.set(image, position.0, position.1, level);
                }
            }
        }
    }
}
