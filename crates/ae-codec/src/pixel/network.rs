//! The network in integers: a context and a position in, the levels' frequencies out.

use super::distribution::{LARGEST_OUTPUT, LEVELS, PowerTable};
use super::layer::{LARGEST_ACTIVATION, Layer};
use crate::simd::{BLOCK, InstructionSet, compiled_for};

/// Two hidden layers and an output for each level. The first layer's biases depend on the pixel's row and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) layers: [Layer; 3],
    /// `[height, units]`, in units of `2^position_shift`.
    pub(crate) row_biases: Vec<i16>,
    /// `[width, units]`, likewise.
    pub(crate) column_biases: Vec<i16>,
    /// See `row_biases`.
    pub(crate) position_shift: u32,
    /// Of the second and the third layer.
    pub(crate) biases: [Vec<i32>; 2],
    pub(crate) powers: PowerTable,
}

/// Memory that a network computes in.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// `[rows, pairs]`: what the next layer gets.
    inputs: Vec<[i16; 2]>,
    sums: Vec<[i32; BLOCK]>,
    biases: Vec<i32>,
    outputs: Vec<[i32; LEVELS]>,
}

impl Network {
    /// Whether layers and biases agree in size, and no sum can leave 32 bits.
    pub(crate) fn check(&self, inputs: usize, height: usize, width: usize) -> Result<(), Unsound> {
        let [first, second, third] = &self.layers;
        let units = first.outputs();
        let sizes = [
            first.inputs() == inputs,
            second.inputs() == units,
            third.inputs() == second.outputs(),
            third.outputs() == LEVELS,
            self.row_biases.len() == height * units,
            self.column_biases.len() == width * units,
            self.biases[0].len() == second.outputs(),
            self.biases[1].len() == LEVELS,
            self.position_shift < 16,
        ];
        if sizes.contains(&false) {
            return Err(Unsound::Sizes);
        }
        let fits = first.fits(u8::MAX.into(), &self.largest_position_biases())
            && second.fits(LARGEST_ACTIVATION, &magnitudes(&self.biases[0]))
            && third.fits(LARGEST_ACTIVATION, &magnitudes(&self.biases[1]));
        if fits { Ok(()) } else { Err(Unsound::Overflow) }
    }

    /// For each unit of the first layer, the largest magnitude of its row's and its column's bias together.
    fn largest_position_biases(&self) -> Vec<u64> {
        let units = self.layers[0].outputs();
        let largest = |biases: &[i16], unit: usize| {
            let of_unit = biases.iter().skip(unit).step_by(units);
            let magnitudes = of_unit.map(|bias| u64::from(bias.unsigned_abs()));
            magnitudes.max().unwrap_or(0) << self.position_shift
        };
        let both = |unit| largest(&self.row_biases, unit) + largest(&self.column_biases, unit);
        (0..units).map(both).collect()
    }

    /// The outputs for contexts at one position, in 256ths of a doubling.
    ///
    /// # Shapes
    /// - `contexts`: `[rows, inputs]`
    /// - output: `[rows, levels]`
    pub(crate) fn outputs<'w>(
        &self,
        instructions: InstructionSet,
        contexts: &[u8],
        (row, column): (usize, usize),
        workspace: &'w mut Workspace,
    ) -> &'w [[i32; LEVELS]] {
        let [first, second, third] = &self.layers;
        let Workspace {
            inputs,
            sums,
            biases,
            outputs,
        } = workspace;

        inputs.clear();
        for context in contexts.chunks_exact(first.inputs()) {
            let (pairs, last) = context.as_chunks::<2>();
            inputs.extend(pairs.iter().map(|pair| pair.map(i16::from)));
            inputs.extend(last.iter().map(|&last| [last.into(), 0]));
        }
        let rows = contexts.len() / first.inputs();

        let units = first.outputs();
        let row_biases = &self.row_biases[row * units..][..units];
        let column_biases = &self.column_biases[column * units..][..units];
        let both = row_biases.iter().zip(column_biases);
        biases.clear();
        biases.extend(
            both.map(|(&row, &column)| (i32::from(row) + i32::from(column)) << self.position_shift),
        );

        layer_sums(first, instructions, inputs, rows, sums);
        first.units(instructions, biases, sums, inputs);
        layer_sums(second, instructions, inputs, rows, sums);
        second.units(instructions, &self.biases[0], sums, inputs);
        layer_sums(third, instructions, inputs, rows, sums);

        outputs.resize(rows, [0; LEVELS]);
        let within = (-LARGEST_OUTPUT, LARGEST_OUTPUT);
        compiled_for(
            instructions,
            #[inline(always)]
            || {
                for (sums, outputs) in sums.chunks_exact(third.blocks()).zip(&mut *outputs) {
                    third.scaled(sums.as_flattened(), &self.biases[1], within, outputs);
                }
            },
        );
        outputs
    }
}

fn layer_sums(
    layer: &Layer,
    instructions: InstructionSet,
    inputs: &[[i16; 2]],
    rows: usize,
    sums: &mut Vec<[i32; BLOCK]>,
) {
    sums.resize(rows * layer.blocks(), [0; BLOCK]);
    layer.sums(instructions, inputs, sums);
}

fn magnitudes(biases: &[i32]) -> Vec<u64> {
    biases.iter().map(|b| b.unsigned_abs().into()).collect()
}

/// Why a network cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsound {
    /// Layers or biases don't agree in size.
    Sizes,
    /// A sum could leave 32 bits.
    Overflow,
}

#[cfg(test)]
mod tests;
