//! Products of matrices of floats on one thread, with whatever vectors the machine has.

use pulp::{Arch, Simd, WithSimd};

/// Columns of a tile.
const COLUMNS: usize = 16;
/// Rows of a tile.
const ROWS: usize = 6;

/// A matrix somewhere in a slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `values` as `[rows, columns]`.
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns);
        Self {
            values,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// Rows for columns.
    pub(super) fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// Memory in which factors are laid out anew.
#[derive(Debug, Default)]
pub(super) struct Packed {
    left: Vec<f32>,
    right: Vec<f32>,
}

/// Computes `left * right` into `product`, `[left.rows, right.columns]`.
///
/// # Panics
/// If the sizes don't agree.
pub(super) fn matmul(
    left: Matrix<'_>,
    right: Matrix<'_>,
    product: &mut [f32],
    packed: &mut Packed,
) {
    assert_eq!(left.columns, right.rows);
    assert_eq!(product.len(), left.rows * right.columns);
    pack(left, ROWS, &mut packed.left);
    pack(right.transposed(), COLUMNS, &mut packed.right);
    Arch::new().dispatch(Tiles {
        left: &packed.left,
        right: &packed.right,
        depth: left.columns,
        rows: left.rows,
        columns: right.columns,
        product,
    });
}

/// Lays `matrix` out in panels of `height` rows, column after column, the last one filled up with zeros.
fn pack(matrix: Matrix<'_>, height: usize, packed: &mut Vec<f32>) {
    let panels = matrix.rows.div_ceil(height);
    packed.clear();
    packed.resize(panels * height * matrix.columns, 0.0);
    for (panel, packed) in packed.chunks_exact_mut(height * matrix.columns).enumerate() {
        let rows = height.min(matrix.rows - panel * height);
        let start = panel * height * matrix.row_stride;
        if matrix.row_stride == 1 {
            for (column, packed) in packed.chunks_exact_mut(height).enumerate() {
                let values = &matrix.values[start + column * matrix.column_stride..][..rows];
                packed[..rows].copy_from_slice(values);
            }
        } else {
            for row in 0..rows {
                let values = &matrix.values[start + row * matrix.row_stride..];
                let values = values.iter().step_by(matrix.column_stride);
                for (packed, &value) in packed.chunks_exact_mut(height).zip(values) {
                    packed[row] = value;
                }
            }
        }
    }
}

struct Tiles<'a> {
    left: &'a [f32],
    right: &'a [f32],
    depth: usize,
    rows: usize,
    columns: usize,
    product: &'a mut [f32],
}

impl WithSimd for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Sixteen columns are as many vectors as the machine's width asks for.
        match COLUMNS / S::F32_LANES {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            4 => self.run::<S, 4>(simd),
            _ => self.run::<S, 16>(simd),
        }
    }
}

impl Tiles<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self {
            left,
            right,
            depth,
            rows,
            columns,
            product,
        } = self;
        for (column, right) in right.chunks_exact(COLUMNS * depth).enumerate() {
            let width = COLUMNS.min(columns - column * COLUMNS);
            for (row, left) in left.chunks_exact(ROWS * depth).enumerate() {
                let height = ROWS.min(rows - row * ROWS);
                let tile = tile::<S, N>(simd, left, right);
                for (i, sums) in tile[..height].iter().enumerate() {
                    let mut line = [0.0; COLUMNS];
                    let (vectors, _) = S::as_mut_simd_f32s(&mut line);
                    vectors.copy_from_slice(sums);
                    let start = (row * ROWS + i) * columns + column * COLUMNS;
                    product[start..][..width].copy_from_slice(&line[..width]);
                }
            }
        }
    }
}

/// Six rows of the left factor times sixteen columns of the right one.
#[inline(always)]
fn tile<S: Simd, const N: usize>(simd: S, left: &[f32], right: &[f32]) -> [[S::f32s; N]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); N]; ROWS];
    let (left, _) = left.as_chunks::<ROWS>();
    let (right, _) = right.as_chunks::<COLUMNS>();
    for (left, right) in left.iter().zip(right) {
        let (vectors, _) = S::as_simd_f32s(right);
        for i in 0..ROWS {
            let factor = simd.splat_f32s(left[i]);
            for n in 0..N {
                sums[i][n] = simd.mul_add_e_f32s(factor, vectors[n], sums[i][n]);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use ae_random::{Draw, Purpose};

    #[test]
    fn products_are_those_of_the_definition() {
        let mut packed = Packed::default();
        for (rows, depth, columns) in [(1, 1, 1), (6, 3, 16), (7, 5, 17), (13, 40, 33)] {
            let mut stream = Draw {
                seed: 1,
                purpose: Purpose::Display,
                epoch: 0,
                index: rows as u64,
            }
            .stream();
            let mut values = |count: usize| -> Vec<f32> {
                (0..count).map(|_| stream.uniform_within(1.0)).collect()
            };
            let (a, b) = (values(rows * depth), values(depth * columns));
            let expected: Vec<f64> = (0..rows * columns)
                .map(|place| {
                    let terms = (0..depth).map(|k| {
                        f64::from(a[place / columns * depth + k])
                            * f64::from(b[k * columns + place % columns])
                    });
                    terms.sum()
                })
                .collect();
            let transpose = |values: &[f32], rows: usize, columns: usize| -> Vec<f32> {
                let places = 0..rows * columns;
                let place = |place: usize| values[place % rows * columns + place / rows];
                places.map(place).collect()
            };
            let (a_t, b_t) = (transpose(&a, rows, depth), transpose(&b, depth, columns));
            for a in [
                Matrix::new(&a, rows, depth),
                Matrix::new(&a_t, depth, rows).transposed(),
            ] {
                for b in [
                    Matrix::new(&b, depth, columns),
                    Matrix::new(&b_t, columns, depth).transposed(),
                ] {
                    let mut product = vec![f32::NAN; rows * columns];
                    matmul(a, b, &mut product, &mut packed);
                    for (found, expected) in product.iter().zip(&expected) {
                        assert!((f64::from(*found) - expected).abs() < 1e-5);
                    }
                }
            }
        }
    }
}
