//! Poisson-Gaussian noise: what a camera's sensor does, which counts photons and is read out with noise.
//!
//! A value `x` becomes `gain * Poisson(x / gain) + sigma * n` with a standard normal `n`, whose mean is `x` and whose
//! variance is `gain * x + sigma^2`.
//!
//! # References
//! A. Foi, M. Trimeche, V. Katkovnik and K. Egiazarian (2008), *Practical Poissonian-Gaussian noise modeling and fitting for
//! single-image raw-data*, equations 1 to 3: `a` is the gain, `b` the square of sigma.

use ae_random::RandomStream;

use super::poisson::poisson;
use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition, SecondStrength};
use crate::noise::normal::with_normal_numbers;

pub(crate) const POISSON_GAUSSIAN: Definition = Definition {
    name: "poisson-gaussian",
    effect: "counts photons, as a camera does, and reads them out with noise",
    strength_meaning: "gain: the value of one photon",
    maximum_strength: 10.0,
    example_strength: 0.02,
    // A gain is no share of the full range.
    other_scale: None,
    apply: Apply::Two(
        SecondStrength {
            meaning: "standard deviation of the readout",
            maximum: 10.0,
            example: 0.05,
        },
        apply,
    ),
};

fn apply([gain, sigma]: [f32; 2], _: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
    if gain > 0.0 {
        let gain = f64::from(gain);
        for value in &mut *values {
            let photons = poisson(stream, f64::from(value.max(0.0)) / gain);
            *value = (photons * gain) as f32;
        }
    }
    if sigma > 0.0 {
        with_normal_numbers(values, stream, |value, normal| value + sigma * normal);
    }
}
