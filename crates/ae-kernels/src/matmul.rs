//! Matrix products of blocked operands, without packing.
//!
//! `A` is `[depth block][row][16]`, as activations and transformed tiles lie; `B` is
//! `[column block][depth block][16]` rows of sixteen columns, as weights lie; `C` is `[column block][row][16]`.
//! Tiles of fourteen rows by two column blocks stay in registers where there are thirty-two wide ones, six by
//! one elsewhere.

use crate::direct::{fixed, fixed_mut, tile_height};
use crate::simd::{BLOCK, Lanes, Row};

/// The size of a product: `rows` of `C`, sixteens of the common dimension, sixteens of columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) depth: usize,
    pub(crate) columns: usize,
}

/// The distance between the planes of a transform, each of `rows` rows.
///
/// The rows of one tile go to, or come from, all planes at once. At distances of a power of two they would all
/// fall into the same few lines of the first cache; three rows more spread them.
#[inline(always)]
pub(crate) fn plane(rows: usize) -> usize {
    rows + 3
}

/// `C = A B`; blocks of `a` and `c` lie `a_stride` and `c_stride` rows apart.
#[inline(always)]
pub(crate) fn multiply<L: Lanes>(
    lanes: L,
    size: Size,
    a: &[Row],
    a_stride: usize,
    b: &[Row],
    c: &mut [Row],
    c_stride: usize,
) {
    let mut column = 0;
    while column < size.columns {
        let wide = L::WIDE && column + 2 <= size.columns;
        let b = &b[column * size.depth * BLOCK..];
        let mut row = 0;
        while row < size.rows {
            let step = tile_height::<L>(size.rows - row);
            let (a, c) = (&a[row..], &mut c[column * c_stride + row..]);
            macro_rules! heights {
                ($columns:literal: $($height:literal)*) => {
                    match step {
                        $($height => multiply_tile::<L, $height, $columns>(lanes, size.depth, a, a_stride, b, c, c_stride),)*
                        _ => unreachable!()
                    }
                };
            }
            if wide {
                heights!(2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
            } else if L::WIDE {
                heights!(1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
            } else {
                heights!(1: 1 2 3 4 5 6);
            }
            row += step;
        }
        column += if wide { 2 } else { 1 };
    }
}

#[inline(always)]
fn multiply_tile<L: Lanes, const MR: usize, const NV: usize>(
    lanes: L,
    depth: usize,
    a: &[Row],
    a_stride: usize,
    b: &[Row],
    c: &mut [Row],
    c_stride: usize,
) {
    let mut sums = [[lanes.zero(); NV]; MR];
    for block in 0..depth {
        let rows: &[Row; MR] = fixed(&a[block * a_stride..]);
        let columns: [&[Row; BLOCK]; NV] = std::array::from_fn(
            #[inline(always)]
            |v| fixed(&b[(v * depth + block) * BLOCK..]),
        );
        for k in 0..BLOCK {
            let mut column = [lanes.zero(); NV];
            for v in 0..NV {
                column[v] = lanes.load(&columns[v][k]);
            }
            for i in 0..MR {
                let value = lanes.splat(rows[i].0[k]);
                for v in 0..NV {
                    sums[i][v] = lanes.mul_add(value, column[v], sums[i][v]);
                }
            }
        }
    }
    for v in 0..NV {
        let target: &mut [Row; MR] = fixed_mut(&mut c[v * c_stride..]);
        for i in 0..MR {
            lanes.store(&mut target[i], sums[i][v]);
        }
    }
}

/// `C += Aᵀ B` for `A` of `size.depth` blocks and `B` of `size.columns` blocks of `size.rows` rows each; `C` is
/// `[column block][depth block][16]` rows, as weights lie.
#[inline(always)]
pub(crate) fn add_transposed_product<L: Lanes>(
    lanes: L,
    size: Size,
    a: &[Row],
    a_stride: usize,
    b: &[Row],
    b_stride: usize,
    c: &mut [Row],
) {
    let mut column = 0;
    while column < size.columns {
        let wide = L::WIDE && column + 2 <= size.columns;
        for block in 0..size.depth {
            let a = &a[block * a_stride..][..size.rows];
            let c = &mut c[(column * size.depth + block) * BLOCK..];
            let c_stride = size.depth * BLOCK;
            if wide {
                let b = [
                    &b[column * b_stride..][..size.rows],
                    &b[(column + 1) * b_stride..][..size.rows],
                ];
                transposed_tile::<L, 8, 2>(lanes, a, 0, b, c, c_stride);
                transposed_tile::<L, 8, 2>(lanes, a, 8, b, c, c_stride);
            } else {
                let b = [&b[column * b_stride..][..size.rows]];
                if L::WIDE {
                    transposed_tile::<L, 16, 1>(lanes, a, 0, b, c, c_stride);
                } else {
                    transposed_tile::<L, 6, 1>(lanes, a, 0, b, c, c_stride);
                    transposed_tile::<L, 6, 1>(lanes, a, 6, b, c, c_stride);
                    transposed_tile::<L, 4, 1>(lanes, a, 12, b, c, c_stride);
                }
            }
        }
        column += if wide { 2 } else { 1 };
    }
}

#[inline(always)]
fn transposed_tile<L: Lanes, const MR: usize, const NV: usize>(
    lanes: L,
    a: &[Row],
    first: usize,
    b: [&[Row]; NV],
    c: &mut [Row],
    c_stride: usize,
) {
    let mut sums = [[lanes.zero(); NV]; MR];
    let b: [&[Row]; NV] = std::array::from_fn(
        #[inline(always)]
        |v| &b[v][..a.len()],
    );
    for row in 0..a.len() {
        let mut columns = [lanes.zero(); NV];
        for v in 0..NV {
            columns[v] = lanes.load(&b[v][row]);
        }
        let values: &[f32; MR] = fixed(&a[row].0[first..]);
        for i in 0..MR {
            let value = lanes.splat(values[i]);
            for v in 0..NV {
                sums[i][v] = lanes.mul_add(value, columns[v], sums[i][v]);
            }
        }
    }
    for v in 0..NV {
        let target: &mut [Row; MR] = fixed_mut(&mut c[v * c_stride + first..]);
        for i in 0..MR {
            let sum = lanes.add(lanes.load(&target[i]), sums[i][v]);
            lanes.store(&mut target[i], sum);
        }
    }
}
