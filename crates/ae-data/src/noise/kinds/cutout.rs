//! Cutout: sets one block of the image to black.
//!
//! The strength is the block's height as a share of the image's and its width as a share of the image's width; the
//! block lies wholly inside, each place as likely.
//!
//! # References
//! T. DeVries and G. W. Taylor (2017), *Improved regularization of convolutional neural networks with cutout*; there the
//! block is a square that may reach over the edge.

use ae_random::RandomStream;

use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition};

pub(crate) const CUTOUT: Definition = Definition {
    name: "cutout",
    effect: "sets one block of the image to black",
    strength_meaning: "share of the height and of the width",
    maximum_strength: 1.0,
    example_strength: 0.5,
    other_scale: Some(100.0),
    apply: Apply::One(apply),
};

fn apply(share: f32, shape: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
    let side = |length: usize| ((share * length as f32).round() as usize).min(length);
    let (height, width) = (side(shape.height), side(shape.width));
    let top = stream.uniform_below((shape.height - height) as u64 + 1) as usize;
    let left = stream.uniform_below((shape.width - width) as u64 + 1) as usize;
    for plane in values.chunks_exact_mut(shape.pixels()) {
        for row in plane.chunks_exact_mut(shape.width).skip(top).take(height) {
            row[left..left + width].fill(0.0);
        }
    }
}
