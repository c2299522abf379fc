//! The algorithms of a stage's convolution: each is a file, its `mod` line and its place in the list.

use crate::conv::algorithm::{Algorithm, Place};
use crate::conv::stage::{Precision, Stage};

mod direct;
mod planar;
mod pointwise;
mod tap_gather;
mod upsampled;
mod winograd_f43;

/// All algorithms; the first that suits a stage computes it.
const ALGORITHMS: [&dyn Algorithm; 6] = [
    pointwise::ALGORITHM,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;

    #[test]
    fn a_stage_goes_by_the_first_algorithm_that_suits_it() {
        let check = |stage: Stage, [is_first, is_last]: [bool; 2], precision, expected: &str| {
            let algorithm = choose(&stage, Place { is_first, is_last }, precision);
            assert_eq!(algorithm.name(), expected, "{stage:?} {precision:?}");
        };
        let stage = |inputs, outputs| Stage::new(inputs, outputs, Activation::Relu);
        use Precision::{Exact, Fast};
        check(stage(1, 32), [true, false], Fast, "planar");
        check(stage(1, 1).with_max_pool(), [true, true], Exact, "planar");
        check(
            stage(1, 32).with_upsample(),
            [true, false],
            Fast,
            "upsampled",
        );
        check(stage(15, 32), [false, false], Fast, "direct");
        check(stage(64, 1), [false, true], Fast, "tap gather");
        check(
            stage(64, 1).with_upsample(),
            [true, true],
            Fast,
            "tap gather",
        );
        check(stage(64, 1).with_max_pool(), [false, true], Fast, "direct");
        check(stage(64, 1), [false, false], Fast, "direct");
        check(
            stage(64, 64).with_upsample(),
            [false, true],
            Exact,
            "upsampled",
        );
        check(stage(32, 32), [true, true], Fast, "Winograd F(4, 3)");
        check(
            stage(32, 32).with_max_pool(),
            [false, false],
            Exact,
            "direct",
        );
        check(stage(31, 64), [false, false], Fast, "direct");
        for place in [[true, false], [false, true]] {
            check(stage(1, 1).pointwise(), place, Fast, "pointwise");
        }
    }

    #[test]
    fn no_two_algorithms_have_one_name() {
        let names: std::collections::BTreeSet<_> = ALGORITHMS
            .iter()
            .map(|algorithm| algorithm.name())
            .collect();
        assert_eq!(names.len(), ALGORITHMS.len());
    }
}
