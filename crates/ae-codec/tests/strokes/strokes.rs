//! What the tests code: drawn strokes, and the model of `golden`.

use ae_codec::{ImageShape, PixelModel};
use ae_random::{Draw, Purpose};

/// `count` images of 8x8 with a gray-edged stroke each, in black, gray and white.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn images(count: usize) -> Vec<u8> {
    let mut images = Vec::with_capacity(count * 64);
    for index in 0..count {
        let mut stream = Draw {
            seed: 8,
            purpose: Purpose::Display,
            epoch: 0,
            index: index as u64,
        }
        .stream();
        let (slope, middle) = (stream.uniform() - 0.5, 2.0 + 4.0 * stream.uniform());
        let width = 0.7 + stream.uniform();
        for row in 0..8 {
            for column in 0..8 {
                let center = middle + slope * (row as f32 - 4.0);
                let inside = width - (column as f32 - center).abs();
                let level = (inside + 0.5).clamp(0.0, 1.0) * 255.0;
                images.push(level.round() as u8);
            }
        }
    }
    images
}

/// The shape of [`images`].
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn shape() -> ImageShape {
    ImageShape::new(8, 8).unwrap()
}

/// The model of `golden/strokes.aepixel`, which was trained on other strokes.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn model() -> PixelModel {
    PixelModel::read(&mut &include_bytes!("../golden/strokes.aepixel")[..]).unwrap()
}
