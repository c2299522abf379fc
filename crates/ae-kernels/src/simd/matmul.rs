//! Matrix products of blocked operands, without packing.
//!
//! `A` is `[depth block][row][16]`, as activations and transformed tiles lie; `B` is
//! `[column block][depth block][16]` rows of sixteen columns, as weights lie; `C` is `[column block][row][16]`.
//! Tiles of fourteen rows by two column blocks stay in registers where there are thirty-two wide ones, six by
//! one elsewhere.
//!
//! The larger operand often comes from far: weights, or their gradient, are passed over once for some tens of rows. While a
//! tile is computed from what is near, what a later one needs is fetched, with `FAR`.

use crate::simd::lanes::{Lanes, tile_height};
use crate::simd::rows::{BLOCK, Row, fixed, fixed_mut};

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

/// How far ahead of its use a gradient is fetched: some tiles.
const ROWS_AHEAD: usize = 2 * BLOCK;

/// How many products of up to `rows` rows a task should take, lest handing it to another thread cost more than that
/// thread saves.
pub(crate) fn products_at_once(rows: usize, depth: usize, columns: usize) -> usize {
    const WORTH_A_TASK: usize = 1 << 19;
    let multiplications = rows * depth * BLOCK * columns * BLOCK;
    WORTH_A_TASK.div_ceil(multiplications.max(1))
}

/// `C` is the sum of the products `A B` of all `operands` where `c` `is_fresh`, else that is added to it; blocks of every
/// `A` and of `c` lie `a_stride` and `c_stride` rows apart.
#[inline(always)]
pub(crate) fn multiply<L: Lanes, const N: usize, const FAR: bool>(
    lanes: L,
    size: Size,
    operands: [(&[Row], &[Row]); N],
    a_stride: usize,
    c: &mut [Row],
    c_stride: usize,
    is_fresh: bool,
) {
    let operands: [Operands<'_>; N] = std::array::from_fn(
        #[inline(always)]
        |index| {
            let (a, b) = operands[index];
            Operands { a, b, ahead: &[] }
        },
    );
    let mut column = 0;
    while column < size.columns {
        let wide = L::WIDE && column + 2 <= size.columns;
        let mut row = 0;
        while row < size.rows {
            let step = tile_height::<L>(size.rows - row);
            // The first tile has its own columns to wait for; the next columns come during the second, if there is one.
            let fetches = FAR && (row == 0) == (step == size.rows) && row <= step;
            let mut operands = operands;
            for Operands { a, b, ahead } in &mut operands {
                *a = &a[row..];
                *b = &b[column * size.depth * BLOCK..];
                if fetches {
                    let columns = if wide { 2 } else { 1 };
                    *ahead = b.get(columns * size.depth * BLOCK..).unwrap_or_default();
                }
            }
            let c = &mut c[column * c_stride + row..];
            macro_rules! heights {
                ($columns:literal: $($height:literal)*) => {
                    match step {
                        $($height => multiply_tile::<L, N, $height, $columns, FAR>(lanes, size.depth, operands, a_stride, c, c_stride, is_fresh),)*
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

/// What a tile multiplies, and rows of the next columns that are to be fetched meanwhile, if any.
#[derive(Clone, Copy)]
struct Operands<'a> {
    a: &'a [Row],
    b: &'a [Row],
    ahead: &'a [Row],
}

#[inline(always)]
fn multiply_tile<L: Lanes, const N: usize, const MR: usize, const NV: usize, const FAR: bool>(
    lanes: L,
    depth: usize,
    operands: [Operands<'_>; N],
    a_stride: usize,
    c: &mut [Row],
    c_stride: usize,
    is_fresh: bool,
) {
    let mut sums = [[lanes.zero(); NV]; MR];
    for Operands { a, b, ahead } in operands {
        for block in 0..depth {
            if FAR {
                for v in 0..NV {
                    let start = (v * depth + block) * BLOCK;
                    if let Some(rows) = ahead.get(start..start + BLOCK) {
                        fetch(lanes, rows);
                    }
                }
            }
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
    }
    for v in 0..NV {
        let target: &mut [Row; MR] = fixed_mut(&mut c[v * c_stride..]);
        for i in 0..MR {
            let sum = if is_fresh {
                sums[i][v]
            } else {
                lanes.add(lanes.load(&target[i]), sums[i][v])
            };
            lanes.store(&mut target[i], sum);
        }
    }
}

/// `C = Aᵀ B` where `c` `is_fresh`, else `C += Aᵀ B`, for `A` of `size.depth` blocks and `B` of `size.columns` blocks of
/// `size.rows` rows each, both given with the distance of their blocks; `C` is `[column block][depth block][16]` rows, as
/// weights lie.
#[inline(always)]
pub(crate) fn multiply_transposed<L: Lanes, const FAR: bool>(
    lanes: L,
    size: Size,
    (a, a_stride): (&[Row], usize),
    (b, b_stride): (&[Row], usize),
    c: &mut [Row],
    is_fresh: bool,
) {
    let c_stride = size.depth * BLOCK;
    let mut column = 0;
    while column < size.columns {
        let wide = L::WIDE && column + 2 <= size.columns;
        for block in 0..size.depth {
            let a = &a[block * a_stride..][..size.rows];
            let c = &mut c[(column * size.depth + block) * BLOCK..];
            let b_of = |column: usize| &b[column * b_stride..][..size.rows];
            macro_rules! tiles {
                ($b:expr; $($first:literal $height:literal $columns:literal),*) => {
                    $(transposed_tile::<L, $height, $columns, FAR>(lanes, a, $first, $b, c, c_stride, is_fresh);)*
                };
            }
            if wide {
                tiles!([b_of(column), b_of(column + 1)]; 0 8 2, 8 8 2);
            } else if L::WIDE {
                tiles!([b_of(column)]; 0 16 1);
            } else {
                tiles!([b_of(column)]; 0 6 1, 6 6 1, 12 4 1);
            }
        }
        column += if wide { 2 } else { 1 };
    }
}

/// Has all `rows` fetched.
#[inline(always)]
pub(crate) fn fetch<L: Lanes>(lanes: L, rows: &[Row]) {
    for row in rows {
        lanes.prefetch(row);
    }
}

/// Has a row fetched, if there is one.
#[inline(always)]
fn prefetch<L: Lanes>(lanes: L, rows: &[Row], index: usize) {
    if let Some(row) = rows.get(index) {
        lanes.prefetch(row);
    }
}

#[inline(always)]
fn transposed_tile<L: Lanes, const MR: usize, const NV: usize, const FAR: bool>(
    lanes: L,
    a: &[Row],
    first: usize,
    b: [&[Row]; NV],
    c: &mut [Row],
    c_stride: usize,
    is_fresh: bool,
) {
    if FAR {
        for v in 0..NV {
            for i in 0..MR {
                prefetch(lanes, c, v * c_stride + first + i + ROWS_AHEAD);
            }
        }
    }
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
            let sum = if is_fresh {
                sums[i][v]
            } else {
                lanes.add(lanes.load(&target[i]), sums[i][v])
            };
            lanes.store(&mut target[i], sum);
        }
    }
}
