//! Matrix products of transformed tiles and transformed weights, forward and back.

use rayon::prelude::*;

use crate::conv::winograd::tiles::Run;
use crate::conv::winograd::transforms::Transforms;
use crate::simd::matmul::{Size, fetch, multiply, multiply_transposed, plane, products_at_once};
use crate::simd::{BLOCK, Isa, Row, with_lanes};

/// The products of the tiles of `run`: of the transformed inputs of `depth` blocks and the weights of `columns`; with
/// `SHARED` they are shared out among threads.
pub(crate) fn multiply_tiles<
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
    const SHARED: bool,
>(
    isa: Isa,
    run: &Run,
    (transformed, depth): (&[Row], usize),
    weights: &[Row],
    (products, columns): (&mut [Row], usize),
) {
    let tiles = run.tiles();
    let multiply_one = |(product, products): (usize, &mut [Row])| {
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
        with_lanes!(isa, lanes => multiply::<_, _, true>(lanes, size, operands, tiles, target, tiles, true));
    };
    let length = plane(columns * tiles);
    if SHARED {
        let planes = products
            .par_chunks_mut(length)
            .take(T::products())
            .enumerate();
        planes
            .with_min_len(products_at_once(tiles, depth, columns))
            .for_each(multiply_one);
    } else {
        let planes = products.chunks_mut(length).take(T::products()).enumerate();
        planes.for_each(multiply_one);
    }
}

/// Both halves of the backward pass from the gradient of the products: the gradient of the transformed weights, put into
/// `planes` if they are fresh and else added to them, and where `weights` are given that of the transformed inputs, in
/// their place.
pub(crate) fn back<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize>(
    isa: Isa,
    run: &Run,
    (transformed, depth): (&mut [Row], usize),
    (products, columns): (&[Row], usize),
    (planes, is_fresh): (&mut [Row], bool),
    weights: Option<&[Row]>,
) {
    let tiles = run.tiles();
    // `input` is the plane of the product's input.
    let to_weights = |product: usize, input: &[Row], gradient: &mut [Row]| {
        let rows = T::rows_of(run, product);
        let size = Size {
            rows: rows.len(),
            depth,
            columns,
        };
        let a = &input[rows.start..];
        let b = &products[product * plane(columns * tiles) + rows.start..];
        with_lanes!(isa, lanes => multiply_transposed::<_, true>(lanes, size, (a, tiles), (b, tiles), gradient, is_fresh));
    };
    let at_once = products_at_once(tiles, depth, columns);
    let planes = planes.par_chunks_mut(plane(columns * depth * BLOCK));
    let length = plane(depth * tiles);
    match weights {
        // Every product has an input of its own: both are done while it is in cache.
        Some(weights) if POINTS == INPUTS => planes
            .zip(transformed.par_chunks_mut(length))
            .enumerate()
            .with_min_len(at_once)
            .for_each(|(product, (gradient, transformed))| {
                // The first columns that come after it.
                let start = product * plane(columns * depth * BLOCK);
                let first_columns = &weights[start..][..2.min(depth) * columns * BLOCK];
                with_lanes!(isa, lanes => fetch(lanes, first_columns));
                to_weights(product, transformed, gradient);
                let products = (products, columns);
                let target = (transformed, depth);
                to_input::<T, POINTS, INPUTS>(isa, run, product, products, weights, target);
            }),
        weights => {
            let inputs = &*transformed;
            planes
                .take(T::products())
                .enumerate()
                .with_min_len(at_once)
                .for_each(|(product, gradient)| {
                    to_weights(product, &inputs[T::input_of(product) * length..], gradient);
                });
            if let Some(weights) = weights {
                transformed
                    .par_chunks_mut(length)
                    .take(INPUTS * INPUTS)
                    .enumerate()
                    .with_min_len(at_once)
                    .for_each(|(input, transformed)| {
                        let products = (products, columns);
                        let target = (transformed, depth);
                        to_input::<T, POINTS, INPUTS>(isa, run, input, products, weights, target);
                    });
            }
        }
    }
}

/// The gradient of a transformed input: the sum over the products that take it.
fn to_input<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize>(
    isa: Isa,
    run: &Run,
    input: usize,
    (products, columns): (&[Row], usize),
    weights: &[Row],
    (transformed, depth): (&mut [Row], usize),
) {
    const {
        assert!(
            POINTS == INPUTS || POINTS == INPUTS + 1,
            "two products share an input at most"
        );
    }
    let tiles = run.tiles();
    let (row, column) = (input / INPUTS, input % INPUTS);
    let product = row * POINTS + column;
    let rows = T::rows_of(run, product);
    let size = Size {
        rows: rows.len(),
        depth: columns,
        columns: depth,
    };
    let target = &mut transformed[rows.start..];
    let of = |product: usize| {
        (
            &products[product * plane(columns * tiles) + rows.start..],
            &weights[product * plane(columns * depth * BLOCK)..],
        )
    };
    let is_shared = |number: usize| POINTS > INPUTS && number == INPUTS - 1;
    with_lanes!(isa, lanes => match (is_shared(row), is_shared(column)) {
        (false, false) => multiply::<_, _, true>(lanes, size, [of(product)], tiles, target, tiles, true),
        (false, true) => {
            multiply::<_, _, true>(lanes, size, [of(product), of(product + 1)], tiles, target, tiles, true);
        }
        (true, false) => {
            multiply::<_, _, true>(lanes, size, [of(product), of(product + POINTS)], tiles, target, tiles, true);
        }
        (true, true) => {
            let below = product + POINTS;
            let operands = [of(product), of(product + 1), of(below), of(below + 1)];
            multiply::<_, _, true>(lanes, size, operands, tiles, target, tiles, true);
        }
    });
}
