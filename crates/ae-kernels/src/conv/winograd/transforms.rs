//! What the algorithms by transformed tiles have in common: their weights' transforms, and which product takes what.

use std::ops::Range;

use rayon::prelude::*;

use crate::conv::winograd::on_the_fly;
use crate::conv::winograd::tiles::Run;
use crate::simd::lanes::{BLOCK, Isa, Lanes, Row, with_lanes};
use crate::simd::matmul::{Size, multiply, plane, products_at_once};

/// Taps of the window along an axis.
const TAPS: usize = 3;

/// Weights that products are made with.
#[derive(Clone, Copy)]
pub(crate) enum ProductWeights<'a> {
    /// Planes of transformed ones.
    Transformed(&'a [Row]),
    /// As they are before, to be transformed on their way by [`crate::conv::winograd::on_the_fly`].
    Untransformed(&'a [Row]),
}

/// Where the gradient of the weights goes.
pub(crate) enum WeightGradient<'a> {
    /// That of transformed ones, into planes: put there if they are fresh, else added.
    Transformed {
        planes: &'a mut [Row],
        is_fresh: bool,
    },
    /// That of the weights themselves, put there.
    Untransformed(&'a mut [Row]),
}

/// An algorithm of `POINTS` products along each axis of a long tile.
pub(crate) trait Transforms<const POINTS: usize> {
    /// Products of a short tile along an axis, the first of them.
    const SHORT: usize;
    /// Transformed inputs of a long tile along an axis; the products beyond share the last.
    const INPUTS: usize;

    /// The transform of the window's weights along one axis.
    fn weights<L: Lanes>(lanes: L, weights: [L::V; TAPS]) -> [L::V; POINTS];

    /// The transpose of [`Transforms::weights`].
    fn weight_gradient<L: Lanes>(lanes: L, products: [L::V; POINTS]) -> [L::V; TAPS];

    /// Products in both axes.
    fn products() -> usize {
        POINTS * POINTS
    }

    /// The transformed input that a product takes.
    fn input_of(product: usize) -> usize {
        let along = |number: usize| number.min(Self::INPUTS - 1);
        along(product / POINTS) * Self::INPUTS + along(product % POINTS)
    }

    /// Whether a product is the first of those that take its input.
    fn is_first(product: usize) -> bool {
        product / POINTS < Self::INPUTS && product % POINTS < Self::INPUTS
    }

    /// The rows of a product among the tiles of `run`.
    fn rows_of(run: &Run, product: usize) -> Range<usize> {
        run.rows(
            product / POINTS >= Self::SHORT,
            product % POINTS >= Self::SHORT,
        )
    }
}

/// The products of the tiles of `run`: of the transformed inputs of `depth` blocks and the weights of `columns`.
pub(crate) fn multiply_tiles<T: Transforms<POINTS>, const POINTS: usize>(
    isa: Isa,
    run: &Run,
    (transformed, depth): (&[Row], usize),
    weights: ProductWeights<'_>,
    (products, columns): (&mut [Row], usize),
) {
    let tiles = run.tiles();
    let weights = match weights {
        ProductWeights::Transformed(weights) => weights,
        ProductWeights::Untransformed(weights) => {
            let (input, target) = ((transformed, depth), (products, columns));
            on_the_fly::multiply_tiles::<T, POINTS>(isa, run, input, weights, target);
            return;
        }
    };
    products
        .par_chunks_mut(plane(columns * tiles))
        .take(T::products())
        .enumerate()
        .with_min_len(products_at_once(tiles, depth, columns))
        .for_each(|(product, products)| {
            let rows = T::rows_of(run, product);
            let size = Size {
                rows: rows.len(),
                depth,
                columns,
            };
            let operands = [(
                &transformed[T::input_of(product) * plane(depth * tiles) + rows.start..],
                &weights[product * plane(columns * depth * BLOCK)..],
            )];
            let target = &mut products[rows.start..];
            with_lanes!(isa, lanes => multiply(lanes, size, operands, tiles, target, tiles, true));
        });
}

/// Transforms all of a stage's weights, `[tap][...]` rows, into planes.
pub(crate) fn transform_weights<T: Transforms<POINTS>, const POINTS: usize>(
    isa: Isa,
    weights: &[Row],
    transformed: &mut [Row],
) {
    let count = weights.len() / (TAPS * TAPS);
    with_lanes!(isa, lanes => weights_of_rows::<_, T, POINTS>(lanes, count, weights, count, transformed, plane(count)));
}

/// The transpose of [`transform_weights`]: the weights' gradient from that of the transformed ones.
pub(crate) fn transform_weight_gradient<T: Transforms<POINTS>, const POINTS: usize>(
    isa: Isa,
    transformed: &[Row],
    gradient: &mut [Row],
) {
    let count = gradient.len() / (TAPS * TAPS);
    let mut taps: Vec<&mut [Row]> = gradient.chunks_exact_mut(count).collect();
    with_lanes!(isa, lanes => gradient_of_rows::<_, T, POINTS>(lanes, count, transformed, plane(count), &mut taps));
}

/// Transforms `count` rows of each tap; taps lie `tap_stride` rows apart, and the products' planes `plane`.
#[inline(always)]
pub(crate) fn weights_of_rows<L: Lanes, T: Transforms<POINTS>, const POINTS: usize>(
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
pub(crate) fn gradient_of_rows<L: Lanes, T: Transforms<POINTS>, const POINTS: usize>(
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
