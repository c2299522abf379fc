//! The network in integers: contexts in, the parameters of mixtures out.

use super::context::{INPUTS, LARGEST_INPUT};
use super::mixture::{LogisticTable, OUTPUTS};
use crate::pixel::distribution::{LARGEST_OUTPUT, PowerTable};
use crate::pixel::layer::{LARGEST_ACTIVATION, Layer};
use crate::pixel::network::Unsound;
use crate::simd::{BLOCK, InstructionSet, compiled_for};

/// Two hidden layers and the outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) layers: [Layer; 3],
    pub(crate) biases: [Vec<i32>; 3],
    pub(crate) powers: PowerTable,
    pub(crate) logistic: LogisticTable,
}

/// Memory that a network computes in.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    units: Vec<[i16; 2]>,
    sums: Vec<[i32; BLOCK]>,
    outputs: Vec<[i32; OUTPUTS]>,
}

impl Network {
    /// Whether layers and biases agree in size, and no sum can leave 32 bits.
    pub(crate) fn check(&self) -> Result<(), Unsound> {
        let [first, second, third] = &self.layers;
        let sizes = [
            first.inputs() == INPUTS,
            second.inputs() == first.outputs(),
            third.inputs() == second.outputs(),
            third.outputs() == OUTPUTS,
            self.layers
                .iter()
                .zip(&self.biases)
                .all(|(layer, biases)| layer.outputs() == biases.len()),
        ];
        if sizes.contains(&false) {
            return Err(Unsound::Sizes);
        }
        let largest = [LARGEST_INPUT, LARGEST_ACTIVATION, LARGEST_ACTIVATION];
        let mut all = self.layers.iter().zip(&self.biases).zip(largest);
        let fits = all.all(|((layer, biases), largest)| {
            let biases: Vec<u64> = biases
                .iter()
                .map(|bias| bias.unsigned_abs().into())
                .collect();
            layer.fits(largest, &biases)
        });
        if fits { Ok(()) } else { Err(Unsound::Overflow) }
    }

    /// The outputs for contexts.
    ///
    /// # Shapes
    /// - `contexts`: `[rows, pairs of inputs]`
    /// - output: `[rows, OUTPUTS]`
    pub(crate) fn outputs<'w>(
        &self,
        instructions: InstructionSet,
        contexts: &[[i16; 2]],
        workspace: &'w mut Workspace,
    ) -> &'w [[i32; OUTPUTS]] {
        let Workspace {
            units,
            sums,
            outputs,
        } = workspace;
        let [first, second, third] = &self.layers;
        let rows = contexts.len() / first.pairs();
        let layer_sums = |layer: &Layer, inputs: &[[i16; 2]], sums: &mut Vec<_>| {
            sums.resize(rows * layer.blocks(), [0; BLOCK]);
            layer.sums(instructions, inputs, sums);
        };
        layer_sums(first, contexts, sums);
        first.units(instructions, &self.biases[0], sums, units);
        layer_sums(second, units, sums);
        second.units(instructions, &self.biases[1], sums, units);
        layer_sums(third, units, sums);
        outputs.resize(rows, [0; OUTPUTS]);
        let within = (-LARGEST_OUTPUT, LARGEST_OUTPUT);
        compiled_for(
            instructions,
            #[inline(always)]
            || {
                for (sums, outputs) in sums.chunks_exact(third.blocks()).zip(&mut *outputs) {
                    third.scaled(sums.as_flattened(), &self.biases[2], within, outputs);
                }
            },
        );
        outputs
    }
}

#[cfg(test)]
pub(crate) mod tests;
