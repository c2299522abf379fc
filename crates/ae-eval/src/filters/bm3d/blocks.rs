//! Blocks of pixels, and the matrix arithmetic that their transforms are made of.

/// A square of pixels or of coefficients, `[row][column]`.
pub(super) type Block<const SIDE: usize> = [[f32; SIDE]; SIDE];

/// Reads the blocks that start at `starts` of a plane.
#[inline(always)]
pub(super) fn read_blocks<const SIDE: usize>(
    plane: &[f32],
    width: usize,
    starts: &[usize],
    blocks: &mut [Block<SIDE>],
) {
    for index in 0..starts.len() {
        for row in 0..SIDE {
            let start = starts[index] + row * width;
            blocks[index][row].copy_from_slice(&plane[start..start + SIDE]);
        }
    }
}

#[inline(always)]
pub(super) fn product<const SIDE: usize>(left: &Block<SIDE>, right: &Block<SIDE>) -> Block<SIDE> {
    let mut product = [[0.0; SIDE]; SIDE];
    for row in 0..SIDE {
        let mut sums = [0.0; SIDE];
        for inner in 0..SIDE {
            let factor = left[row][inner];
            for column in 0..SIDE {
                sums[column] += factor * right[inner][column];
            }
        }
        product[row] = sums;
    }
    product
}

#[inline(always)]
pub(super) fn transposed<T: Copy, const SIDE: usize>(
    matrix: &[[T; SIDE]; SIDE],
) -> [[T; SIDE]; SIDE] {
    let mut transposed = *matrix;
    for row in 0..SIDE {
        for column in 0..SIDE {
            transposed[row][column] = matrix[column][row];
        }
    }
    transposed
}

/// A matrix in single precision.
pub(super) fn rounded<const SIDE: usize>(matrix: &[[f64; SIDE]; SIDE]) -> Block<SIDE> {
    matrix.map(|row| row.map(|value| value as f32))
}

#[cfg(test)]
pub(super) mod examples {
    //! Blocks that transforms are tested on.

    use super::Block;

    /// A block without pattern.
    pub(in crate::filters::bm3d) fn block<const SIDE: usize>(seed: usize) -> Block<SIDE> {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                ((row * row * 13 + column * 29 + row * column * 7 + seed * 31) % 97) as f32 / 96.0
            })
        })
    }

    /// The sum of a block's squares.
    pub(in crate::filters::bm3d) fn energy<const SIDE: usize>(block: &Block<SIDE>) -> f64 {
        let values = block.as_flattened().iter();
        values.map(|&value| f64::from(value).powi(2)).sum()
    }

    pub(in crate::filters::bm3d) fn assert_blocks_near<const SIDE: usize>(
        found: &Block<SIDE>,
        expected: &Block<SIDE>,
    ) {
        for (a, b) in found.as_flattened().iter().zip(expected.as_flattened()) {
            assert!((a - b).abs() < 3e-6, "{found:?} instead of {expected:?}");
        }
    }

    /// A transform and its inverse give back what there was, and the transform does something.
    pub(in crate::filters::bm3d) fn the_inverse_undoes<const SIDE: usize>(
        forward: impl Fn(&mut Block<SIDE>),
        inverse: impl Fn(&mut Block<SIDE>),
    ) {
        for seed in 0..5 {
            let original = block::<SIDE>(seed);
            let mut found = original;
            forward(&mut found);
            assert!((found[SIDE - 1][1] - original[SIDE - 1][1]).abs() > 1e-3);
            inverse(&mut found);
            assert_blocks_near(&found, &original);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_row_by_row() {
        let plane: Vec<f32> = (0..20).map(|value| value as f32).collect();
        let mut blocks = [[[0.0; 2]; 2]; 2];
        read_blocks(&plane, 5, &[3, 12], &mut blocks);
        assert_eq!(
            blocks,
            [[[3.0, 4.0], [8.0, 9.0]], [[12.0, 13.0], [17.0, 18.0]]]
        );
    }

    #[test]
    fn products_and_transposes_are_matrices() {
        let (a, b) = ([[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]);
        assert_eq!(product(&a, &b), [[19.0, 22.0], [43.0, 50.0]]);
        assert_eq!(transposed(&a), [[1.0, 3.0], [2.0, 4.0]]);
    }
}
