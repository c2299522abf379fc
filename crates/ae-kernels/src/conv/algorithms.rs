//! The algorithms of a stage's convolution: each is a file, its `mod` line and its place in the list.

use crate::conv::algorithm::{Algorithm, Place};
use crate::conv::stage::{Precision, Stage};

mod direct;
mod planar;
mod tap_gather;
mod upsampled;
mod winograd_f43;

/// All algorithms; the first that suits a stage computes it.
const ALGORITHMS: [&dyn Algorithm; 5] = [
    planar::ALGORITHM,
    tap_gather::ALGORITHM,
    upsampled::ALGORITHM,
    winograd_f43::ALGORITHM,
    direct::ALGORITHM,
];

/// The algorithm for a stage.
pub(crate) fn choose(stage: &Stage, place: Place, precision: Precision) -> &'static dyn Algorithm {
    ALGORITHMS
        .into_iter()
        .find(|algorithm| algorithm.suits(stage, place, precision))
        .expect("one of upsampled and direct suits whatever the others do not")
}
