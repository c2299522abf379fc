//! Gaussian noise: adds an independent normal number to each value.

use ae_random::RandomStream;

use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition};
use crate::noise::normal::with_normal_numbers;

pub(crate) const GAUSSIAN: Definition = Definition {
    name: "gaussian",
    effect: "adds a normal number to each value",
    strength_meaning: "standard deviation",
    maximum_strength: 10.0,
    example_strength: 0.5,
    other_scale: Some(255.0),
    apply: Apply::One(apply),
};

fn apply(deviation: f32, _: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
    with_normal_numbers(values, stream, |value, normal| value + deviation * normal);
}
