//! Products of few tiles, with weights that are transformed on their way.
//!
//! Transformed weights are three to four times as many numbers as the weights. A large batch multiplies each by many tiles;
//! for a single image, writing them to memory and reading them again would be most of a training step. Here the weights
//! of one block of input channels and one of output channels are transformed at a time, into a buffer that stays in cache,
//! and multiplied at once; their gradient goes the same way. Blocks of channels are shared out among the threads, and
//! every sum is computed by one of them.

use rayon::prelude::*;

use crate::conv::winograd::tiles::Run;
use crate::conv::winograd::transforms::{
    MOST_PRODUCTS, Transforms, gradient_of_rows, weights_of_rows,
};
use crate::simd::matmul::{Size, multiply, multiply_transposed, plane};
use crate::simd::{BLOCK, Isa, Row, with_lanes};

/// A block of transformed weights, sixteen rows a product.
type TransformedBlock = [Row; MOST_PRODUCTS * BLOCK];

/// A product of one block by one.
const fn block_size(rows: usize) -> Size {
    Size {
        rows,
        depth: 1,
        columns: 1,
    }
}

/// The products of the tiles of `run`: of their transformed inputs of `depth` blocks, and of weights
/// `[tap][column][depth][16]` as they are before their transforms.
pub(crate) fn multiply_tiles<
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    isa: Isa,
    run: &Run,
    (transformed, depth): (&[Row], usize),
    weights: &[Row],
    (products, columns): (&mut [Row], usize),
) {
    let tiles = run.tiles();
    let tap_stride = columns * depth * BLOCK;
    by_block(products, plane(columns * tiles), T::products(), tiles, columns)
        .into_par_iter()
        .enumerate()
        .with_min_len(blocks_at_once::<T, POINTS, INPUTS>(tiles, depth))
        .for_each(|(column, mut products)| {
            let mut block: TransformedBlock = [Row::ZERO; MOST_PRODUCTS * BLOCK];
            for input in 0..depth {
                let weights = &weights[(column * depth + input) * BLOCK..];
                with_lanes!(isa, lanes => {
                    weights_of_rows::<_, T, POINTS, INPUTS>(lanes, BLOCK, weights, tap_stride, &mut block, BLOCK);
                    for product in 0..T::products() {
                        let rows = T::rows_of(run, product);
                        let start = T::input_of(product) * plane(depth * tiles) + input * tiles;
                        let operands = [(&transformed[start + rows.start..], &block[product * BLOCK..])];
                        let target = &mut products[product][rows.start..];
                        multiply::<_, _, false>(lanes, block_size(rows.len()), operands, tiles, target, tiles, input == 0);
                    }
                });
            }
        });
}

/// Both halves of the backward pass from the gradient of the products, side by side: the weights' gradient and, where it is
/// wanted, that of the transformed inputs.
pub(crate) fn back<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize>(
    isa: Isa,
    run: &Run,
    input: (&[Row], usize),
    products: (&[Row], usize),
    gradient: &mut [Row],
    target: Option<(&[Row], &mut [Row])>,
) {
    let depth = input.1;
    rayon::join(
        || weight_gradient::<T, POINTS, INPUTS>(isa, run, input, products, gradient),
        || {
            if let Some((weights, transformed)) = target {
                input_gradient::<T, POINTS, INPUTS>(
                    isa,
                    run,
                    products,
                    weights,
                    (transformed, depth),
                );
            }
        },
    );
}

/// The weights' gradient, `[tap][column][depth][16]`, from what [`multiply_tiles`] took and the gradient of what it gave.
fn weight_gradient<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize>(
    isa: Isa,
    run: &Run,
    (transformed, depth): (&[Row], usize),
    (products, columns): (&[Row], usize),
    gradient: &mut [Row],
) {
    let tiles = run.tiles();
    let taps = gradient.len() / (columns * depth * BLOCK);
    by_block(
        gradient,
        columns * depth * BLOCK,
        taps,
        depth * BLOCK,
        columns,
    )
    .into_par_iter()
    .enumerate()
    .with_min_len(blocks_at_once::<T, POINTS, INPUTS>(tiles, depth))
    .for_each(|(column, taps)| {
        let mut block: TransformedBlock = [Row::ZERO; MOST_PRODUCTS * BLOCK];
        let mut inputs: Vec<_> = taps
            .into_iter()
            .map(|tap| tap.chunks_exact_mut(BLOCK))
            .collect();
        for input in 0..depth {
            let mut taps: Vec<&mut [Row]> = inputs.iter_mut().filter_map(Iterator::next).collect();
            with_lanes!(isa, lanes => {
                for product in 0..T::products() {
                    let rows = T::rows_of(run, product);
                    let start = T::input_of(product) * plane(depth * tiles) + input * tiles;
                    let a = (&transformed[start + rows.start..], tiles);
                    let start = product * plane(columns * tiles) + column * tiles;
                    let b = (&products[start + rows.start..], tiles);
                    let target = &mut block[product * BLOCK..];
                    multiply_transposed::<_, false>(lanes, block_size(rows.len()), a, b, target, true);
                }
                gradient_of_rows::<_, T, POINTS, INPUTS>(lanes, BLOCK, &block, BLOCK, &mut taps);
            });
        }
    });
}

/// The gradient of the transformed inputs from that of the products; `weights` are `[tap][depth][column][16]`.
fn input_gradient<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize>(
    isa: Isa,
    run: &Run,
    (products, columns): (&[Row], usize),
    weights: &[Row],
    (transformed, depth): (&mut [Row], usize),
) {
    let tiles = run.tiles();
    let tap_stride = columns * depth * BLOCK;
    let inputs = INPUTS * INPUTS;
    by_block(transformed, plane(depth * tiles), inputs, tiles, depth)
        .into_par_iter()
        .enumerate()
        .with_min_len(blocks_at_once::<T, POINTS, INPUTS>(tiles, columns))
        .for_each(|(input, mut transformed)| {
            let mut block: TransformedBlock = [Row::ZERO; MOST_PRODUCTS * BLOCK];
            for column in 0..columns {
                let weights = &weights[(input * columns + column) * BLOCK..];
                with_lanes!(isa, lanes => {
                    weights_of_rows::<_, T, POINTS, INPUTS>(lanes, BLOCK, weights, tap_stride, &mut block, BLOCK);
                    for product in 0..T::products() {
                        let rows = T::rows_of(run, product);
                        let start = product * plane(columns * tiles) + column * tiles;
                        let operands = [(&products[start + rows.start..], &block[product * BLOCK..])];
                        let target = &mut transformed[T::input_of(product)][rows.start..];
                        let is_fresh = column == 0 && T::is_first(product);
                        multiply::<_, _, false>(lanes, block_size(rows.len()), operands, tiles, target, tiles, is_fresh);
                    }
                });
            }
        });
}

/// The rows of each block in every plane, `[block][plane]`, where `planes` has `count` of them.
fn by_block(
    planes: &mut [Row],
    plane: usize,
    count: usize,
    rows: usize,
    blocks: usize,
) -> Vec<Vec<&mut [Row]>> {
    let mut by_block: Vec<_> = (0..blocks).map(|_| Vec::with_capacity(count)).collect();
    for plane in planes.chunks_mut(plane).take(count) {
        for (block, rows) in by_block.iter_mut().zip(plane.chunks_mut(rows)) {
            block.push(rows);
        }
    }
    by_block
}

/// How many blocks a task should take, lest handing it to another thread cost more than that thread saves.
fn blocks_at_once<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize>(
    tiles: usize,
    depth: usize,
) -> usize {
    const WORTH_A_TASK: usize = 1 << 15;
    /// Operations on rows that the transforms of a row of weights take, about.
    const TRANSFORM: usize = 128;
    WORTH_A_TASK.div_ceil(depth * BLOCK * (T::products() * tiles + TRANSFORM))
}
