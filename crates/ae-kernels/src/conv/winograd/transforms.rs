//! The linear maps that an algorithm by transformed tiles is made of, and those of its weights.

use std::fmt::Debug;
use std::ops::Range;

use crate::conv::stage::{Precision, Stage};
use crate::conv::winograd::tiles::{Length, Run};
use crate::simd::matmul::plane;
use crate::simd::{Isa, Lanes, Row, with_lanes};

/// Products of the algorithm that has the most.
pub(crate) const MOST_PRODUCTS: usize = 36;
/// Rows of weights that are transformed before they go where they belong.
const ROWS_AT_ONCE: usize = 8;
/// Taps of the window along an axis.
const TAPS: usize = 3;
/// Outputs of a long tile along an axis: the algorithms here are forms of F(4, 3).
pub(crate) const OUTPUTS: usize = 4;

/// An algorithm of `POINTS` products along each axis of a long tile, out of `INPUTS` transformed inputs: as many, or one
/// less, which the last two products share.
///
/// All maps are along one axis. Of a short tile the values beyond its own, both given and taken, do not matter.
pub(crate) trait Transforms<const POINTS: usize, const INPUTS: usize>:
    Debug + Send + Sync + 'static
{
    /// The algorithm's name, for a person to read.
    const NAME: &'static str;
    /// Outputs along an axis for every pixel of the input: two where it is upsampled first.
    const SCALE: usize;
    /// Products of a short tile along an axis, the first of them.
    const SHORT: usize;
    /// Pixels of the input in a long tile along an axis; a short one has one less.
    const PIXELS: usize = OUTPUTS / Self::SCALE;
    /// Whether a tile may reach beyond the image: where not every length is a sum of long and short tiles.
    const OVERHANGS: bool = Self::PIXELS > 2;

    /// Whether the algorithm is for such a stage.
    fn suits(stage: &Stage, precision: Precision) -> bool;

    /// A tile's pixels, with one more on either side.
    fn input<L: Lanes>(lanes: L, length: Length, pixels: [L::V; INPUTS]) -> [L::V; INPUTS];

    /// The transpose of [`Transforms::input`].
    fn input_gradient<L: Lanes>(
        lanes: L,
        length: Length,
        transformed: [L::V; INPUTS],
    ) -> [L::V; INPUTS];

    /// The outputs, from their products.
    fn output<L: Lanes>(lanes: L, length: Length, products: [L::V; POINTS]) -> [L::V; OUTPUTS];

    /// The transpose of [`Transforms::output`].
    fn output_gradient<L: Lanes>(
        lanes: L,
        length: Length,
        gradient: [L::V; OUTPUTS],
    ) -> [L::V; POINTS];

    /// The window's weights.
    fn weights<L: Lanes>(lanes: L, weights: [L::V; TAPS]) -> [L::V; POINTS];

    /// The transpose of [`Transforms::weights`].
    fn weight_gradient<L: Lanes>(lanes: L, products: [L::V; POINTS]) -> [L::V; TAPS];

    /// Products in both axes.
    fn products() -> usize {
        POINTS * POINTS
    }

    /// The transformed input that a product takes.
    fn input_of(product: usize) -> usize {
        let along = |number: usize| number.min(INPUTS - 1);
        along(product / POINTS) * INPUTS + along(product % POINTS)
    }

    /// Whether a product is the first of those that take its input.
    fn is_first(product: usize) -> bool {
        product / POINTS < INPUTS && product % POINTS < INPUTS
    }

    /// The rows of a product among the tiles of `run`.
    fn rows_of(run: &Run, product: usize) -> Range<usize> {
        run.rows(
            product / POINTS >= Self::SHORT,
            product % POINTS >= Self::SHORT,
        )
    }
}

/// Transforms all of a stage's weights, `[tap][...]` rows, into planes.
pub(crate) fn transform_weights<
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    isa: Isa,
    weights: &[Row],
    transformed: &mut [Row],
) {
    let count = weights.len() / (TAPS * TAPS);
    let plane = plane(count);
    // Some rows go to each plane at a time: to write one to every plane in turn would wait for memory at each.
    let mut rows = [Row::ZERO; MOST_PRODUCTS * ROWS_AT_ONCE];
    for start in (0..count).step_by(ROWS_AT_ONCE) {
        let here = ROWS_AT_ONCE.min(count - start);
        with_lanes!(isa, lanes => weights_of_rows::<_, T, POINTS, INPUTS>(lanes, here, &weights[start..], count, &mut rows, ROWS_AT_ONCE));
        for (product, rows) in rows
            .chunks_exact(ROWS_AT_ONCE)
            .enumerate()
            .take(T::products())
        {
            transformed[product * plane + start..][..here].copy_from_slice(&rows[..here]);
        }
    }
}

/// The transpose of [`transform_weights`]: the weights' gradient from that of the transformed ones.
pub(crate) fn transform_weight_gradient<
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    isa: Isa,
    transformed: &[Row],
    gradient: &mut [Row],
) {
    let count = gradient.len() / (TAPS * TAPS);
    let plane = plane(count);
    let taps = gradient.chunks_exact_mut(count);
    let mut taps: Vec<_> = taps.map(|tap| tap.chunks_mut(ROWS_AT_ONCE)).collect();
    let mut rows = [Row::ZERO; MOST_PRODUCTS * ROWS_AT_ONCE];
    for start in (0..count).step_by(ROWS_AT_ONCE) {
        let here = ROWS_AT_ONCE.min(count - start);
        for (product, rows) in rows
            .chunks_exact_mut(ROWS_AT_ONCE)
            .enumerate()
            .take(T::products())
        {
            rows[..here].copy_from_slice(&transformed[product * plane + start..][..here]);
        }
        let mut taps: Vec<&mut [Row]> = taps.iter_mut().filter_map(Iterator::next).collect();
        with_lanes!(isa, lanes => gradient_of_rows::<_, T, POINTS, INPUTS>(lanes, here, &rows, ROWS_AT_ONCE, &mut taps));
    }
}

/// Transforms `count` rows of each tap; taps lie `tap_stride` rows apart, and the products' planes `plane`.
#[inline(always)]
pub(crate) fn weights_of_rows<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    lanes: L,
    count: usize,
    weights: &[Row],
    tap_stride: usize,
    transformed: &mut [Row],
    plane: usize,
) {
    for index in 0..count {
        let mut down = [[lanes.zero(); TAPS]; POINTS];
        for column in 0..TAPS {
            let values = std::array::from_fn(
                #[inline(always)]
                |row| lanes.load(&weights[(row * TAPS + column) * tap_stride + index]),
            );
            let values = T::weights(lanes, values);
            for row in 0..POINTS {
                down[row][column] = values[row];
            }
        }
        for row in 0..POINTS {
            let values = T::weights(lanes, down[row]);
            for column in 0..POINTS {
                let target = &mut transformed[(row * POINTS + column) * plane + index];
                lanes.store(target, values[column]);
            }
        }
    }
}

/// The transpose of [`weights_of_rows`], into `count` rows of each of the nine taps.
#[inline(always)]
pub(crate) fn gradient_of_rows<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    lanes: L,
    count: usize,
    transformed: &[Row],
    plane: usize,
    taps: &mut [&mut [Row]],
) {
    for index in 0..count {
        let mut down = [[lanes.zero(); POINTS]; TAPS];
        for column in 0..POINTS {
            let values = std::array::from_fn(
                #[inline(always)]
                |row| lanes.load(&transformed[(row * POINTS + column) * plane + index]),
            );
            let values = T::weight_gradient(lanes, values);
            for row in 0..TAPS {
                down[row][column] = values[row];
            }
        }
        for row in 0..TAPS {
            let values = T::weight_gradient(lanes, down[row]);
            for column in 0..TAPS {
                lanes.store(&mut taps[row * TAPS + column][index], values[column]);
            }
        }
    }
}
