//! Nearest upsampling x2 followed by a 3x3 'same' convolution, as 25 products for four small pixels.
//!
//! Along one axis the two pixels that come of `x[i]` see `x[i-1], x[i], x[i]` and `x[i], x[i], x[i+1]`. With the
//! weights `w0, w1, w2` and `h = (w0 + w1 + w2) / 2` the four that come of `x1` and `x2` are
//!
//! ```text
//! w0 x0 + (w1 + w2) x1 = m0 + m1 - m3        m0 = w0 (x0 - x2)
//! (w0 + w1) x1 + w2 x2 = m1 + m4             m1 = h (x1 + x2)
//! w0 x1 + (w1 + w2) x2 = m1 + m3             m2 = w2 (x3 - x1)
//! (w0 + w1) x2 + w2 x3 = m1 + m2 - m4        m3 = (h - w0) (x2 - x1)
//!                                            m4 = (w2 - h) (x2 - x1)
//! ```
//!
//! five products where the convolution of the large image takes twelve; in two dimensions 25 where it takes 144.
//! It is Winograd's F(4, 3) with the interpolation points 0, ±1, ±i and infinity: the product at -1 is zero for a signal
//! of equal pairs, and those at ±i share their data. Its transforms but add, and halve the weights' sum, so it adds no
//! more than rounding. A small pixel that is left over takes the first three products,
//!
//! ```text
//! w0 x0 + (w1 + w2) x1 = m0 + m1             m0 = w0 (x0 - x1)    m1 = h (2 x1)
//! (w0 + w1) x1 + w2 x2 = m1 + m2             m2 = w2 (x2 - x1)
//! ```
//!
//! Each product, over all tiles and channels, is a matrix product. Backwards the same three linear maps are transposed.
//!
//! # References
//! The form of the algorithm: Winograd 1980, "Arithmetic Complexity of Computations", chapter V.

use crate::conv::algorithm::Algorithm;
use crate::conv::stage::{Precision, Resize, Stage};
use crate::conv::winograd::by_tiles::ByTiles;
use crate::conv::winograd::tiles::Length;
use crate::conv::winograd::transforms::{OUTPUTS, Transforms};
use crate::simd::Lanes;

/// For every stage that is upsampled.
pub(crate) const ALGORITHM: &dyn Algorithm = &ByTiles::<Upsampled, LONG, INPUTS>::NEW;

/// Products of a long tile along one axis and of a short one, the first of them.
const LONG: usize = 5;
const SHORT: usize = 3;
/// Transformed inputs of a long tile along one axis, the last being that of two products.
const INPUTS: usize = 4;

/// The transforms.
#[derive(Debug)]
struct Upsampled;

impl Transforms<LONG, INPUTS> for Upsampled {
    const NAME: &'static str = "upsampled";
    const SCALE: usize = 2;
    const SHORT: usize = SHORT;

    fn suits(stage: &Stage, _: Precision) -> bool {
        stage.resize == Resize::Upsample
    }

    #[inline(always)]
    fn input<L: Lanes>(l: L, length: Length, x: [L::V; INPUTS]) -> [L::V; INPUTS] {
        match length {
            Length::Long => [
                l.sub(x[0], x[2]),
                l.add(x[1], x[2]),
                l.sub(x[3], x[1]),
                l.sub(x[2], x[1]),
            ],
            Length::Short => [
                l.sub(x[0], x[1]),
                l.add(x[1], x[1]),
                l.sub(x[2], x[1]),
                l.zero(),
            ],
        }
    }

    #[inline(always)]
    fn input_gradient<L: Lanes>(l: L, length: Length, q: [L::V; INPUTS]) -> [L::V; INPUTS] {
        match length {
            Length::Long => [
                q[0],
                l.sub(l.sub(q[1], q[2]), q[3]),
                l.add(l.sub(q[1], q[0]), q[3]),
                q[2],
            ],
            Length::Short => {
                let twice = l.add(q[1], q[1]);
                [q[0], l.sub(l.sub(twice, q[0]), q[2]), q[2], l.zero()]
            }
        }
    }

    #[inline(always)]
    fn output<L: Lanes>(l: L, length: Length, m: [L::V; LONG]) -> [L::V; OUTPUTS] {
        let first = l.add(m[0], m[1]);
        let last = l.add(m[1], m[2]);
        match length {
            Length::Long => [
                l.sub(first, m[3]),
                l.add(m[1], m[4]),
                l.add(m[1], m[3]),
                l.sub(last, m[4]),
            ],
            Length::Short => [first, last, l.zero(), l.zero()],
        }
    }

    #[inline(always)]
    fn output_gradient<L: Lanes>(l: L, length: Length, g: [L::V; OUTPUTS]) -> [L::V; LONG] {
        let first = l.add(g[0], g[1]);
        match length {
            Length::Long => [
                g[0],
                l.add(first, l.add(g[2], g[3])),
                g[3],
                l.sub(g[2], g[0]),
                l.sub(g[1], g[3]),
            ],
            Length::Short => [g[0], first, g[1], l.zero(), l.zero()],
        }
    }

    /// `{w0, h, w2, h - w0, w2 - h}` for `h = (w0 + w1 + w2) / 2`.
    #[inline(always)]
    fn weights<L: Lanes>(l: L, w: [L::V; 3]) -> [L::V; LONG] {
        let half = l.mul(l.add(l.add(w[0], w[1]), w[2]), l.splat(0.5));
        [w[0], half, w[2], l.sub(half, w[0]), l.sub(w[2], half)]
    }

    #[inline(always)]
    fn weight_gradient<L: Lanes>(l: L, u: [L::V; LONG]) -> [L::V; 3] {
        let half = l.mul(l.sub(l.add(u[1], u[3]), u[4]), l.splat(0.5));
        [
            l.add(l.sub(u[0], u[3]), half),
            half,
            l.add(l.add(u[2], u[4]), half),
        ]
    }
}
