//! Sums of products of small integers, with whatever instructions the machine has: the same sums by all of them.
//!
//! Sixteen bits are multiplied to thirty-two and added there, which nothing saturates; the caller bounds the sums. That
//! excludes AVX2's `maddubs`, which adds pairs of products in sixteen bits. Detection and intrinsics are those of the crate
//! [`pulp`]; nothing here is unsafe.

#[cfg(target_arch = "x86_64")]
use pulp::{
    Simd, cast, i16x16, i16x32, i32x16, u32x8, u32x16,
    x86::{V3, V4},
};

/// Outputs that are computed together.
pub(crate) const BLOCK: usize = 16;

/// The weights by which a pair of inputs acts on a block of outputs: two for each output, the outputs in halves.
pub(crate) type BlockWeights = [[i16; BLOCK]; 2];

/// Which instructions the integer network is computed with. All give the same integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// AVX-512, with byte and word instructions.
    Avx512,
    /// AVX2.
    Avx2,
    /// What the compiler makes of plain code.
    Plain,
}

impl InstructionSet {
    /// Every set that this machine has, the widest first; plain code is always the last.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(V4::try_new().map(|_| Self::Avx512));
            sets.extend(V3::try_new().map(|_| Self::Avx2));
        }
        sets.push(Self::Plain);
        sets
    }

    /// The widest set that this machine has.
    #[must_use]
    pub fn detect() -> Self {
        Self::available()[0]
    }
}

/// Computes `sums[row][output] = Σ inputs[row][i] * weights[output][i]`.
///
/// # Shapes
/// - `inputs`: `[rows, pairs]`, pairs of neighboring inputs
/// - `weights`: `[blocks, pairs]`
/// - `sums`: `[rows, blocks]`
///
/// A sum that doesn't fit in 32 bits wraps. A set that the machine doesn't have is replaced by plain code.
pub(crate) fn products(
    instructions: InstructionSet,
    inputs: &[[i16; 2]],
    weights: &[BlockWeights],
    pairs: usize,
    sums: &mut [[i32; BLOCK]],
) {
    #[cfg(target_arch = "x86_64")]
    match instructions {
        InstructionSet::Avx512 => {
            if let Some(simd) = V4::try_new() {
                return simd.vectorize(
                    #[inline(always)]
                    || all_rows(simd, inputs, weights, pairs, sums),
                );
            }
        }
        InstructionSet::Avx2 => {
            if let Some(simd) = V3::try_new() {
                return simd.vectorize(
                    #[inline(always)]
                    || all_rows(simd, inputs, weights, pairs, sums),
                );
            }
        }
        InstructionSet::Plain => {}
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = instructions;
    all_rows(PlainCode, inputs, weights, pairs, sums);
}

/// Runs `body`, which has to be `#[inline(always)]` together with all that it calls, compiled for `instructions`.
#[inline(always)]
pub(crate) fn compiled_for<R>(instructions: InstructionSet, body: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    match instructions {
        InstructionSet::Avx512 => {
            if let Some(simd) = V4::try_new() {
                return simd.vectorize(body);
            }
        }
        InstructionSet::Avx2 => {
            if let Some(simd) = V3::try_new() {
                return simd.vectorize(body);
            }
        }
        InstructionSet::Plain => {}
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = instructions;
    body()
}

/// A block of sums in registers, and how a pair of inputs is added to it.
trait Accumulate: Copy {
    type Sums: Copy;
    type Weights: Copy;
    fn zero(self) -> Self::Sums;
    fn load(self, weights: &BlockWeights) -> Self::Weights;
    fn add(self, sums: Self::Sums, pair: [i16; 2], weights: Self::Weights) -> Self::Sums;
    fn store(self, sums: Self::Sums, to: &mut [i32; BLOCK]);
}

#[inline(always)]
fn all_rows<A: Accumulate>(
    simd: A,
    inputs: &[[i16; 2]],
    weights: &[BlockWeights],
    pairs: usize,
    sums: &mut [[i32; BLOCK]],
) {
    let rows = inputs.len() / pairs;
    let blocks = weights.len() / pairs;
    assert_eq!(inputs.len(), rows * pairs);
    assert_eq!(weights.len(), blocks * pairs);
    assert_eq!(sums.len(), rows * blocks);
    let mut row = 0;
    while rows - row >= 6 {
        some_rows::<A, 6>(simd, inputs, weights, pairs, sums, row);
        row += 6;
    }
    while rows - row >= 2 {
        some_rows::<A, 2>(simd, inputs, weights, pairs, sums, row);
        row += 2;
    }
    if row < rows {
        some_rows::<A, 1>(simd, inputs, weights, pairs, sums, row);
    }
}

/// `R` rows from `row` on.
#[inline(always)]
fn some_rows<A: Accumulate, const R: usize>(
    simd: A,
    inputs: &[[i16; 2]],
    weights: &[BlockWeights],
    pairs: usize,
    sums: &mut [[i32; BLOCK]],
    row: usize,
) {
    let blocks = weights.len() / pairs;
    let mut rows: [&[[i16; 2]]; R] = [&[]; R];
    for i in 0..R {
        rows[i] = &inputs[(row + i) * pairs..][..pairs];
    }
    for block in 0..blocks {
        let weights = &weights[block * pairs..][..pairs];
        let mut tile = [simd.zero(); R];
        for pair in 0..pairs {
            let weights = simd.load(&weights[pair]);
            for i in 0..R {
                tile[i] = simd.add(tile[i], rows[i][pair], weights);
            }
        }
        for i in 0..R {
            simd.store(tile[i], &mut sums[(row + i) * blocks + block]);
        }
    }
}

/// Plain code, for every machine.
#[derive(Clone, Copy)]
struct PlainCode;

impl Accumulate for PlainCode {
    type Sums = [i32; BLOCK];
    type Weights = BlockWeights;

    #[inline(always)]
    fn load(self, weights: &BlockWeights) -> BlockWeights {
        *weights
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0; BLOCK]
    }

    #[inline(always)]
    fn add(self, mut sums: Self::Sums, pair: [i16; 2], weights: Self::Weights) -> Self::Sums {
        let weights = weights.as_flattened();
        for i in 0..BLOCK {
            let first = i32::from(pair[0]).wrapping_mul(weights[2 * i].into());
            let second = i32::from(pair[1]).wrapping_mul(weights[2 * i + 1].into());
            sums[i] = sums[i].wrapping_add(first.wrapping_add(second));
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums, to: &mut [i32; BLOCK]) {
        *to = sums;
    }
}

#[cfg(target_arch = "x86_64")]
impl Accumulate for V3 {
    type Sums = [u32x8; 2];
    type Weights = [i16x16; 2];

    #[inline(always)]
    fn load(self, weights: &BlockWeights) -> Self::Weights {
        [cast(weights[0]), cast(weights[1])]
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [self.splat_u32x8(0); 2]
    }

    #[inline(always)]
    fn add(self, sums: Self::Sums, pair: [i16; 2], weights: Self::Weights) -> Self::Sums {
        let pair: i16x16 = cast(self.splat_u32x8(cast(pair)));
        let product = |half: usize| -> u32x8 {
            cast(self.multiply_wrapping_add_adjacent_i16x16(pair, weights[half]))
        };
        [
            self.add_u32s(sums[0], product(0)),
            self.add_u32s(sums[1], product(1)),
        ]
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums, to: &mut [i32; BLOCK]) {
        let (halves, _) = to.as_chunks_mut::<8>();
        halves[0] = cast(sums[0]);
        halves[1] = cast(sums[1]);
    }
}

#[cfg(target_arch = "x86_64")]
impl Accumulate for V4 {
    type Sums = u32x16;
    type Weights = i16x32;

    #[inline(always)]
    fn load(self, weights: &BlockWeights) -> i16x32 {
        cast(*weights)
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        self.splat_u32x16(0)
    }

    #[inline(always)]
    fn add(self, sums: Self::Sums, pair: [i16; 2], weights: Self::Weights) -> Self::Sums {
        let pair: i16x32 = cast(self.splat_u32x16(cast(pair)));
        let product: i32x16 = self.multiply_wrapping_add_adjacent_i16x32(pair, weights);
        self.add_u32s(sums, cast(product))
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums, to: &mut [i32; BLOCK]) {
        *to = cast(sums);
    }
}

#[cfg(test)]
mod tests;
