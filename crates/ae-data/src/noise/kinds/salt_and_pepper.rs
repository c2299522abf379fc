//! Salt and pepper: sets a share of the values to black or white, either as likely.
//!
//! # References
//! P. Vincent et al. (2010), *Stacked denoising autoencoders*, section 3.3.

use ae_random::RandomStream;

use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition};

pub(crate) const SALT_AND_PEPPER: Definition = Definition {
    name: "salt-and-pepper",
    effect: "sets values to black or white, either as likely",
    strength_meaning: "share of the values",
    maximum_strength: 1.0,
    example_strength: 0.2,
    other_scale: Some(100.0),
    apply: Apply::One(apply),
};

fn apply(probability: f32, _: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
    for value in values {
        let number = stream.uniform();
        if number < probability {
            *value = if number < probability / 2.0 { 0.0 } else { 1.0 };
        }
    }
}
