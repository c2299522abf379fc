//! The kinds of noise: each is a file here and an entry in the list, from which parsing, help, errors and tests are made.

mod blur;
mod cutout;
mod gaussian;
mod masking;
mod poisson;
mod poisson_gaussian;
mod salt_and_pepper;
mod speckle;

use crate::noise::kind::NoiseKind;

impl NoiseKind {
    /// Every kind, in the order in which they are listed for people.
    pub const ALL: &'static [NoiseKind] = &[
        NoiseKind::of(&gaussian::GAUSSIAN),
        NoiseKind::of(&salt_and_pepper::SALT_AND_PEPPER),
        NoiseKind::of(&masking::MASKING),
        NoiseKind::of(&cutout::CUTOUT),
        NoiseKind::of(&speckle::SPECKLE),
        NoiseKind::of(&poisson::POISSON),
        NoiseKind::of(&poisson_gaussian::POISSON_GAUSSIAN),
        NoiseKind::of(&blur::BLUR),
    ];
}
