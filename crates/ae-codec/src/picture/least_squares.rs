//! A linear prediction that adapts to the picture: least squares over the pixels around, solved in integers.

/// Neighbors whose differences from the nearest one the prediction is a sum of.
pub(crate) const TERMS: usize = 16;

/// Bits after the binary point of a coefficient.
const FRACTION: u32 = 16;

/// The largest coefficient, 8.
const LARGEST: i64 = 8 << FRACTION;

/// Units of a prediction in a level.
pub(crate) const UNITS: i32 = 16;

/// How fast what was seen in a row is forgotten: by 1/64 a pixel.
const FORGETTING: u32 = 6;

/// How fast what the row above has seen is taken over: by 1/8 a pixel.
const SHARING: u32 = 3;

/// What is added to the diagonal.
const RIDGE: i32 = 1000;

/// The normal equations of a row: sums over the pixels that it and the rows above it have seen, nearer ones counting
/// more, and the coefficients that solve them nearly.
///
/// Each pixel takes one sweep of the method of Gauss and Seidel from the solution of the pixel before, in integers of
/// fixed size, so that every machine predicts the same.
///
/// # References
/// X. Wu, G. Zhai, X. Yang and W. Zhang (2011), *Adaptive sequential prediction of multidimensional signals with
/// applications to lossless image coding*, for least squares over a causal window.
#[derive(Debug, Clone)]
pub(crate) struct LeastSquares {
    products: [[i32; TERMS]; TERMS],
    targets: [i32; TERMS],
    coefficients: [i32; TERMS],
}

impl LeastSquares {
    /// Nothing seen: the mean of the two nearest neighbors.
    pub(crate) fn new() -> Self {
        let mut products = [[0; TERMS]; TERMS];
        for (term, row) in products.iter_mut().enumerate() {
            row[term] = RIDGE;
        }
        let mut coefficients = [0; TERMS];
        coefficients[0] = 1 << (FRACTION - 1);
        Self {
            products,
            targets: [0; TERMS],
            coefficients,
        }
    }

    /// Brings the coefficients nearer to the solution, one after the other.
    #[inline(always)]
    pub(crate) fn sweep(&mut self) {
        for term in 0..TERMS {
            let row = &self.products[term];
            let sum = dot(row, &self.coefficients);
            let missing = (i64::from(self.targets[term]) << FRACTION).wrapping_sub(sum);
            let diagonal = i64::from(row[term].max(0)) + i64::from(RIDGE);
            let coefficient = i64::from(self.coefficients[term]) + missing / diagonal;
            self.coefficients[term] = coefficient.clamp(-LARGEST, LARGEST) as i32;
        }
    }

    /// How far above the nearest neighbor the prediction is, in 16ths of a level.
    #[inline(always)]
    pub(crate) fn predict(&self, differences: &[i32; TERMS]) -> i32 {
        let sum = dot(&self.coefficients, differences);
        const SHIFT: u32 = FRACTION - UNITS.ilog2();
        // At most 16 * 8 * 255 * 16.
        ((sum + (1 << (SHIFT - 1))) >> SHIFT) as i32
    }

    /// Adds a pixel, `above` being the row above's equations: `value` is the pixel's difference from the nearest neighbor.
    ///
    /// `weight` is from 1 to 64.
    #[inline(always)]
    pub(crate) fn add(
        &mut self,
        above: Option<&Self>,
        differences: &[i32; TERMS],
        value: i32,
        weight: i32,
    ) {
        // A square is below 2¹⁶, with its weight below 2²², and 64 times that below 2²⁸.
        for term in 0..TERMS {
            let weighted = differences[term] * weight;
            let row = &mut self.products[term];
            if let Some(above) = above {
                for i in 0..TERMS {
                    let shared = above.products[term][i].wrapping_sub(row[i]) >> SHARING;
                    row[i] = forgotten(row[i], shared)
                        .wrapping_add(weighted.wrapping_mul(differences[i]));
                }
                let shared = above.targets[term].wrapping_sub(self.targets[term]) >> SHARING;
                self.targets[term] =
                    forgotten(self.targets[term], shared).wrapping_add(weighted * value);
            } else {
                for i in 0..TERMS {
                    row[i] =
                        forgotten(row[i], 0).wrapping_add(weighted.wrapping_mul(differences[i]));
                }
                self.targets[term] =
                    forgotten(self.targets[term], 0).wrapping_add(weighted * value);
            }
        }
    }
}

/// The sum of products, which 64 bits hold: below 2²⁸ and 2¹⁹, sixteen times.
#[inline(always)]
fn dot(a: &[i32; TERMS], b: &[i32; TERMS]) -> i64 {
    let mut sum = 0i64;
    for (&a, &b) in a.iter().zip(b) {
        sum = sum.wrapping_add(i64::from(a).wrapping_mul(b.into()));
    }
    sum
}

#[inline(always)]
fn forgotten(sum: i32, shared: i32) -> i32 {
    sum.wrapping_sub(sum >> FORGETTING).wrapping_add(shared)
}

#[cfg(test)]
mod tests;
