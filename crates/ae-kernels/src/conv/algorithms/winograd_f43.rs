//! 3x3 'same' convolution by Winograd's minimal filtering F(4x4, 3x3).
//!
//! Four outputs of a filter of three taps come of six products instead of twelve; in two dimensions a 4x4 tile
//! of outputs of 36 instead of 144. The input's 6x6 tiles are transformed by `Bᵀ d B`, the weights by `G w Gᵀ`,
//! the products, over all tiles and channels, are 36 matrix products, and `Aᵀ m A` gives the outputs. The
//! gradients are the transposes of the algorithm: to the weights `Gᵀ [(Bᵀ d B) (A g Aᵀ)] G`, to the input
//! `B [(G w Gᵀ) (A g Aᵀ)] Bᵀ` in windows that overlap ([`crate::conv::winograd::overlap_add`]).
//!
//! The interpolation points are 0, ±1/√2, ±√2 and infinity. As reciprocal pairs they keep the transforms' entries
//! near one, which the textbook's 0, ±1, ±2 do not: through the whole autoencoder the first layers' gradients then
//! carry about twice the rounding error.
//!
//! Where four does not divide a length, some tiles have three outputs ([`crate::conv::winograd::tiles`]): of the sixth product, that
//! of the point at infinity, only the fourth output depends, so that the first five with the same transforms are
//! F(3, 3).
//!
//! # References
//! Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1 and equations 12 to 23.
//! Barabasz, Anderson, Soodhalter and Gregg 2020, "Error Analysis and Improving the Accuracy of Winograd Convolution
//! for Deep Neural Networks", section 5, on the choice of points.

use crate::conv::algorithm::Algorithm;
use crate::conv::stage::{Precision, Resize, Stage};
use crate::conv::winograd::by_tiles::ByTiles;
use crate::conv::winograd::tiles::Length;
use crate::conv::winograd::transforms::{OUTPUTS, Transforms};
use crate::simd::Lanes;

/// For stages of many channels, where the transforms' rounding is allowed.
pub(crate) const ALGORITHM: &dyn Algorithm = &ByTiles::<F43, POINTS, POINTS>::NEW;

/// Products of a tile along one axis.
const POINTS: usize = 6;

/// The fewest channels on either side for which the transforms pay.
const FEWEST_CHANNELS: usize = 32;

/// The nearer interpolation point, whose square is a half; the farther is its double, the root of two.
const NEAR: f32 = std::f32::consts::FRAC_1_SQRT_2;
const FAR: f32 = std::f32::consts::SQRT_2;

/// The transforms.
#[derive(Debug)]
struct F43;

impl Transforms<POINTS, POINTS> for F43 {
    const NAME: &'static str = "Winograd F(4, 3)";
    const SCALE: usize = 1;
    const SHORT: usize = POINTS - 1;

    fn suits(stage: &Stage, precision: Precision) -> bool {
        precision == Precision::Fast
            && stage.resize != Resize::Upsample
            && stage.input_channels.min(stage.output_channels) >= FEWEST_CHANNELS
    }

    /// `Bᵀ d`.
    #[inline(always)]
    fn input<L: Lanes>(l: L, _: Length, d: [L::V; POINTS]) -> [L::V; POINTS] {
        let middle = l.splat(-2.5);
        let near_even = l.mul_add(d[2], l.splat(-2.0), d[4]);
        let near_odd = l.mul_add(d[1], l.splat(-FAR), l.mul(d[3], l.splat(NEAR)));
        let far_even = l.mul_add(d[2], l.splat(-0.5), d[4]);
        let far_odd = l.mul_add(d[1], l.splat(-NEAR), l.mul(d[3], l.splat(FAR)));
        [
            l.add(l.mul_add(d[2], middle, d[4]), d[0]),
            l.add(near_even, near_odd),
            l.sub(near_even, near_odd),
            l.add(far_even, far_odd),
            l.sub(far_even, far_odd),
            l.add(l.mul_add(d[3], middle, d[5]), d[1]),
        ]
    }

    #[inline(always)]
    fn input_gradient<L: Lanes>(l: L, length: Length, q: [L::V; POINTS]) -> [L::V; POINTS] {
        let (near, near_difference) = (l.add(q[1], q[2]), l.sub(q[1], q[2]));
        let (far, far_difference) = (l.add(q[3], q[4]), l.sub(q[3], q[4]));
        let last = match length {
            Length::Long => q[5],
            Length::Short => l.zero(),
        };
        let middle = l.splat(-2.5);
        let even = l.mul_add(near, l.splat(-2.0), l.mul(far, l.splat(-0.5)));
        [
            q[0],
            l.mul_add(
                near_difference,
                l.splat(-FAR),
                l.mul_add(far_difference, l.splat(-NEAR), last),
            ),
            l.mul_add(q[0], middle, even),
            l.mul_add(
                near_difference,
                l.splat(NEAR),
                l.mul_add(far_difference, l.splat(FAR), l.mul(last, middle)),
            ),
            l.add(l.add(q[0], near), far),
            last,
        ]
    }

    /// `Aᵀ m`.
    #[inline(always)]
    fn output<L: Lanes>(l: L, _: Length, m: [L::V; POINTS]) -> [L::V; OUTPUTS] {
        let (near, near_difference) = (l.add(m[1], m[2]), l.sub(m[1], m[2]));
        let (far, far_difference) = (l.add(m[3], m[4]), l.sub(m[3], m[4]));
        let cubes = l.mul_add(far_difference, l.splat(2.0 * FAR), m[5]);
        [
            l.add(l.add(m[0], near), far),
            l.mul_add(
                far_difference,
                l.splat(FAR),
                l.mul(near_difference, l.splat(NEAR)),
            ),
            l.mul_add(far, l.splat(2.0), l.mul(near, l.splat(0.5))),
            l.mul_add(near_difference, l.splat(0.5 * NEAR), cubes),
        ]
    }

    /// `A g`.
    #[inline(always)]
    fn output_gradient<L: Lanes>(l: L, _: Length, g: [L::V; OUTPUTS]) -> [L::V; POINTS] {
        let near_even = l.mul_add(g[2], l.splat(0.5), g[0]);
        let near_odd = l.mul_add(g[3], l.splat(0.5 * NEAR), l.mul(g[1], l.splat(NEAR)));
        let far_even = l.mul_add(g[2], l.splat(2.0), g[0]);
        let far_odd = l.mul_add(g[3], l.splat(2.0 * FAR), l.mul(g[1], l.splat(FAR)));
        [
            g[0],
            l.add(near_even, near_odd),
            l.sub(near_even, near_odd),
            l.add(far_even, far_odd),
            l.sub(far_even, far_odd),
            g[3],
        ]
    }

    /// `G w`.
    #[inline(always)]
    fn weights<L: Lanes>(l: L, w: [L::V; 3]) -> [L::V; POINTS] {
        let near_even = l.mul_add(w[2], l.splat(0.5), w[0]);
        let near_odd = l.mul(w[1], l.splat(NEAR));
        let far_even = l.mul_add(w[2], l.splat(2.0), w[0]);
        let far_odd = l.mul(w[1], l.splat(FAR));
        let (near, far) = (l.splat(-2.0 / 3.0), l.splat(1.0 / 6.0));
        [
            w[0],
            l.mul(l.add(near_even, near_odd), near),
            l.mul(l.sub(near_even, near_odd), near),
            l.mul(l.add(far_even, far_odd), far),
            l.mul(l.sub(far_even, far_odd), far),
            w[2],
        ]
    }

    /// `Gᵀ u`.
    #[inline(always)]
    fn weight_gradient<L: Lanes>(l: L, u: [L::V; POINTS]) -> [L::V; 3] {
        let (near, near_difference) = (l.add(u[1], u[2]), l.sub(u[1], u[2]));
        let (far, far_difference) = (l.add(u[3], u[4]), l.sub(u[3], u[4]));
        let third = l.splat(1.0 / 3.0);
        [
            l.mul_add(
                near,
                l.splat(-2.0 / 3.0),
                l.mul_add(far, l.splat(1.0 / 6.0), u[0]),
            ),
            l.mul_add(
                near_difference,
                l.splat(-NEAR * 2.0 / 3.0),
                l.mul(far_difference, l.splat(FAR / 6.0)),
            ),
            l.mul_add(l.sub(far, near), third, u[5]),
        ]
    }
}
