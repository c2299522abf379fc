//! A dense layer in integers.

use crate::simd::{BLOCK, BlockWeights, InstructionSet, compiled_for, products};

/// The largest value that a hidden unit has.
pub(crate) const LARGEST_ACTIVATION: i16 = 4095;

/// How far a unit's sum is shifted down after it was multiplied, at most.
pub(crate) const LARGEST_SHIFT: u32 = 62;

/// A dense layer: weights of 8 or 16 bits, sums of 32, and what brings each output's sum to the scale of what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    /// `[outputs, inputs]`.
    pub(crate) weights: Vec<i16>,
    /// `[outputs]`: `(sum + bias) * multiplier / 2^shift` is the output.
    pub(crate) multipliers: Vec<i32>,
    /// See `multipliers`; at most [`LARGEST_SHIFT`], at least 1.
    pub(crate) shift: u32,
    inputs: usize,
    packed: Vec<BlockWeights>,
}

impl Layer {
    /// The layer with these weights.
    ///
    /// # Panics
    /// If the numbers of weights and multipliers don't agree, or the shift is none that [`is_shift`] allows.
    pub(crate) fn new(weights: Vec<i16>, multipliers: Vec<i32>, shift: u32) -> Self {
        let outputs = multipliers.len();
        let inputs = weights.len() / outputs;
        assert_eq!(weights.len(), inputs * outputs);
        assert!(is_shift(shift));
        let pairs = inputs.div_ceil(2);
        let mut packed = vec![[[0; BLOCK]; 2]; pairs * outputs.div_ceil(BLOCK)];
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            for (input, &weight) in row.iter().enumerate() {
                let place = &mut packed[output / BLOCK * pairs + input / 2];
                place.as_flattened_mut()[output % BLOCK * 2 + input % 2] = weight;
            }
        }
        Self {
            weights,
            multipliers,
            shift,
            inputs,
            packed,
        }
    }

    /// Inputs of a row, in pairs.
    pub(crate) fn pairs(&self) -> usize {
        self.inputs.div_ceil(2)
    }

    /// How many inputs it has.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many outputs it has.
    pub(crate) fn outputs(&self) -> usize {
        self.multipliers.len()
    }

    /// Blocks of outputs, the last one filled up.
    pub(crate) fn blocks(&self) -> usize {
        self.outputs().div_ceil(BLOCK)
    }

    /// Whether no sum leaves 32 bits while inputs are within `0..=largest_input` and biases within
    /// `-largest_biases..=largest_biases`, in whatever order it is added up.
    pub(crate) fn fits(&self, largest_input: i16, largest_biases: &[u64]) -> bool {
        let rows = self.weights.chunks_exact(self.inputs);
        rows.zip(largest_biases).all(|(row, &largest_bias)| {
            let weights: u64 = row.iter().map(|&w| u64::from(w.unsigned_abs())).sum();
            weights * u64::from(largest_input.unsigned_abs()) + largest_bias <= i32::MAX as u64
        })
    }

    /// The sums of all rows of `inputs`, without biases.
    ///
    /// # Shapes
    /// - `inputs`: `[rows, pairs]`
    /// - `sums`: `[rows, blocks]`
    pub(crate) fn sums(
        &self,
        instructions: InstructionSet,
        inputs: &[[i16; 2]],
        sums: &mut [[i32; BLOCK]],
    ) {
        products(instructions, inputs, &self.packed, self.pairs(), sums);
    }

    /// The next layer's inputs by the sums of all rows: biases, scale and rectification.
    ///
    /// # Shapes
    /// - `biases`: `[outputs]`
    /// - `sums`: `[rows, blocks]`
    /// - `units`: becomes `[rows, pairs of outputs]`
    pub(crate) fn units(
        &self,
        instructions: InstructionSet,
        biases: &[i32],
        sums: &[[i32; BLOCK]],
        units: &mut Vec<[i16; 2]>,
    ) {
        let pairs = self.outputs().div_ceil(2);
        units.resize(sums.len() / self.blocks() * pairs, [0; 2]);
        let within = (0, LARGEST_ACTIVATION.into());
        compiled_for(
            instructions,
            #[inline(always)]
            || {
                let rows = units.chunks_exact_mut(pairs);
                for (sums, units) in sums.chunks_exact(self.blocks()).zip(rows) {
                    let (units, filler) = units.as_flattened_mut().split_at_mut(self.outputs());
                    self.scaled(sums.as_flattened(), biases, within, units);
                    filler.fill(0);
                }
            },
        );
    }

    /// The outputs of a row of sums, each with its bias, scaled and rounded, halves up; within `least..=largest`.
    ///
    /// # Shapes
    /// - `sums`: `[outputs]` or more
    /// - `biases`, `outputs`: `[outputs]`
    #[inline(always)]
    pub(crate) fn scaled<T: Narrowed>(
        &self,
        sums: &[i32],
        biases: &[i32],
        (least, largest): (i64, i64),
        outputs: &mut [T],
    ) {
        let half = 1 << (self.shift - 1);
        let count = outputs.len();
        let (sums, biases) = (&sums[..count], &biases[..count]);
        let multipliers = &self.multipliers[..count];
        for i in 0..count {
            // What was bounded doesn't wrap: 32 bits by 32 fit in 64, and so does half a unit more.
            let sum = i64::from(sums[i].wrapping_add(biases[i]));
            let product = sum.wrapping_mul(multipliers[i].into());
            let scaled = product.wrapping_add(half).wrapping_shr(self.shift);
            outputs[i] = T::narrowed(scaled.clamp(least, largest));
        }
    }
}

/// What an output is stored as, once it is known to fit.
pub(crate) trait Narrowed {
    fn narrowed(value: i64) -> Self;
}

impl Narrowed for i16 {
    #[inline(always)]
    fn narrowed(value: i64) -> Self {
        value as Self
    }
}

impl Narrowed for i32 {
    #[inline(always)]
    fn narrowed(value: i64) -> Self {
        value as Self
    }
}

/// Whether a layer may have this shift.
pub(crate) fn is_shift(shift: u32) -> bool {
    (1..=LARGEST_SHIFT).contains(&shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition, in 128 bits.
    #[test]
    fn outputs_are_rounded_halves_up_at_the_extremes() {
        for multiplier in [1, 3, 1 << 30, i32::MAX] {
            for shift in [1, 2, 31, 40, LARGEST_SHIFT] {
                let layer = Layer::new(vec![1], vec![multiplier], shift);
                for sum in [0, 1, -1, 5, -5, 12_345, i32::MAX, -i32::MAX, i32::MIN] {
                    let product = i128::from(sum) * i128::from(multiplier);
                    let rounded = (2 * product + (1 << shift)).div_euclid(2 << shift);
                    let mut found = [0i32];
                    let within = (-1000, i64::from(i32::MAX));
                    layer.scaled(&[sum], &[0], within, &mut found);
                    let expected = rounded.clamp(-1000, i128::from(i32::MAX));
                    assert_eq!(i128::from(found[0]), expected);
                }
            }
        }
    }

    #[test]
    fn a_sum_that_could_leave_32_bits_does_not_fit() {
        let weights = |count: usize| vec![-128; count];
        let fits =
            |count, bias| Layer::new(weights(count), vec![1], 1).fits(LARGEST_ACTIVATION, &[bias]);
        // 4,096 products of 128 * 4,095 are 2³¹ - 2¹⁹.
        assert!(fits(4_096, (1 << 19) - 1));
        assert!(!fits(4_096, 1 << 19));
        assert!(fits(4_097, 127));
        assert!(!fits(4_097, 128));
    }
}
