//! Masking: sets a share of the pixels to black, in all their channels.
//!
//! # References
//! P. Vincent et al. (2008), *Extracting and composing robust features with denoising autoencoders*, section 2.3.

use ae_random::RandomStream;

use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition};

pub(crate) const MASKING: Definition = Definition {
    name: "masking",
    effect: "sets pixels to black, in all their channels",
    strength_meaning: "share of the pixels",
    maximum_strength: 1.0,
    example_strength: 0.3,
    other_scale: Some(100.0),
    apply: Apply::One(apply),
};

fn apply(probability: f32, shape: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
    for pixel in 0..shape.pixels() {
        if stream.uniform() < probability {
            values[pixel..]
                .iter_mut()
                .step_by(shape.pixels())
                .for_each(|value| *value = 0.0);
        }
    }
}
