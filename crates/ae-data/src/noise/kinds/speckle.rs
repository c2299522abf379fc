//! Speckle: adds to each value its product with an independent normal number.

use ae_random::RandomStream;

use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition};
use crate::noise::normal::with_normal_numbers;

pub(crate) const SPECKLE: Definition = Definition {
    name: "speckle",
    effect: "adds to each value its product with a normal number",
    strength_meaning: "standard deviation of a white pixel",
    maximum_strength: 10.0,
    example_strength: 0.5,
    other_scale: Some(255.0),
    apply: Apply::One(apply),
};

fn apply(deviation: f32, _: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
    with_normal_numbers(values, stream, |value, normal| {
        value + value * deviation * normal
    });
}
