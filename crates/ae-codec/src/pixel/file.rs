//! The model's file: read with checks, written.

use std::io::{Read, Write};

use super::context::{Context, Neighbor};
use super::distribution::{LEVELS, PowerTable, STEPS};
use super::layer::{Layer, is_shift};
use super::model::{ModelHash, PixelModel};
use super::network::{Network, Unsound, Workspace};
use crate::checked_file::{Fields, FileFormat, Filed};
use crate::error::CodecError;
use crate::model_file::{MODELS, damaged};
use crate::shape::ImageShape;

/// Of the files that hold a model of this kind.
pub(crate) const VERSION: u16 = 1;

/// More of each are refused.
const MOST_NEIGHBORS: usize = 1024;
const MOST_UNITS: usize = 1024;
const MOST_SIDE: usize = 1024;

/// Contexts of which the self-test is made.
const TESTED: usize = 16;

impl PixelModel {
    /// Writes the model, as `docs/aez-format.md` says.
    ///
    /// # Errors
    /// [`CodecError::Write`].
    pub fn write(&self, to: &mut impl Write) -> Result<(), CodecError> {
        self.write_file(to)
    }

    /// How many bytes its file has.
    #[must_use]
    pub fn file_bytes(&self) -> usize {
        let (context, network) = (self.context(), self.network());
        let layers = network.layers.iter();
        let layers = layers.map(|layer| layer.weights.len() + 4 * layer.outputs());
        let position_biases = network.row_biases.len() + network.column_biases.len();
        let biases: usize = network.biases.iter().map(Vec::len).sum();
        // Magic and version, seven sizes, four shifts; then what varies; powers, self-test, checksum.
        let fixed = 10 + 14 + 4 + 4 * STEPS + 4 + 4;
        fixed
            + 2 * context.neighbors.len()
            + 2 * position_biases
            + layers.sum::<usize>()
            + 4 * biases
    }

    /// Reads a model to the end of `from` and checks it: its checksum, its sizes, that none of its sums can overflow, and
    /// that this machine computes from it what the machine did that made it.
    ///
    /// # Errors
    /// [`CodecError::Read`], [`CodecError::NotAModel`], [`CodecError::ModelVersion`] or [`CodecError::Model`].
    pub fn read(from: &mut impl Read) -> Result<Self, CodecError> {
        Self::read_file(from)
    }

    /// The model of these parts, named.
    pub(crate) fn of_parts(
        shape: ImageShape,
        context: Context,
        network: Network,
    ) -> Result<Self, CodecError> {
        let unnamed = Self::new(shape, context, network, ModelHash([0; 8])).map_err(unsound)?;
        Ok(unnamed.named())
    }
}

impl Filed for PixelModel {
    const FORMAT: &'static FileFormat = &MODELS;
    const VERSION: u16 = VERSION;

    fn put_parts(&self, bytes: &mut Vec<u8>) {
        let (shape, context, network) = (self.shape(), self.context(), self.network());
        let [first, second, _] = &network.layers;
        let sizes = [
            shape.height(),
            shape.width(),
            context.neighbors.len(),
            context.marked,
            context.graded,
            first.outputs(),
            second.outputs(),
        ];
        // Sizes that a model has fit in 16 bits, shifts in 8.
        bytes.extend(sizes.iter().flat_map(|&size| (size as u16).to_le_bytes()));
        bytes.push(network.position_shift as u8);
        bytes.extend(network.layers.iter().map(|layer| layer.shift as u8));
        let neighbors = context.neighbors.iter();
        bytes.extend(neighbors.flat_map(|n| [n.row.cast_unsigned(), n.column.cast_unsigned()]));
        let position_biases = network.row_biases.iter().chain(&network.column_biases);
        bytes.extend(position_biases.flat_map(|bias| bias.to_le_bytes()));
        for layer in &network.layers {
            // Weights of such a model have 8 bits.
            bytes.extend(layer.weights.iter().map(|&weight| weight as u8));
            bytes.extend(layer.multipliers.iter().flat_map(|m| m.to_le_bytes()));
        }
        let biases = network.biases.iter().flatten();
        bytes.extend(biases.flat_map(|bias| bias.to_le_bytes()));
        let powers = network.powers.powers().iter();
        bytes.extend(powers.flat_map(|power| power.to_le_bytes()));
    }

    fn read_parts(fields: &mut Fields<'_>) -> Result<Self, CodecError> {
        let (shape, context, network) = read_parts(fields)?;
        Self::new(shape, context, network, ModelHash([0; 8])).map_err(unsound)
    }

    /// The CRC-32 of the frequencies that the model gives for some contexts.
    fn self_test(&self) -> u32 {
        let (shape, network) = (self.shape(), self.network());
        let mut state = 1u32;
        let mut contexts = vec![0; TESTED * self.context().inputs()];
        for input in &mut contexts {
            // Numerical Recipes' generator (Press et al. 1992, section 7.1). A third of the inputs are black, a third white.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [level, choice, ..] = state.to_be_bytes();
            *input = match choice % 3 {
                0 => 0,
                1 => u8::MAX,
                _ => level,
            };
        }
        let mut checksum = crc32fast::Hasher::new();
        for test in 0..TESTED {
            let position = (test * 7 % shape.height(), test * 11 % shape.width());
            let mut workspace = Workspace::default();
            let instructions = self.instructions();
            for outputs in network.outputs(instructions, &contexts, position, &mut workspace) {
                for frequency in network.powers.distribution(outputs).frequencies {
                    checksum.update(&frequency.to_le_bytes());
                }
            }
        }
        checksum.finalize()
    }

    fn named_by(self, hash: ModelHash) -> Self {
        self.with_hash(hash)
    }
}

fn read_parts(fields: &mut Fields<'_>) -> Result<(ImageShape, Context, Network), CodecError> {
    let (height, width) = (fields.u16()?, fields.u16()?);
    let shape = ImageShape::new(height, width).ok_or(damaged("a side of its images is 0"))?;
    let mut size = |most: usize| -> Result<usize, CodecError> {
        let size = usize::from(fields.u16()?);
        if size > most {
            return Err(damaged("it is too large"));
        }
        Ok(size)
    };
    let neighbors = size(MOST_NEIGHBORS)?;
    let (marked, graded) = (size(neighbors)?, size(neighbors)?);
    let units = [size(MOST_UNITS)?, size(MOST_UNITS)?];
    if shape.height().max(shape.width()) > MOST_SIDE {
        return Err(damaged("its images are too large"));
    }
    if neighbors == 0 || units.contains(&0) {
        return Err(damaged("its sizes make no sense"));
    }
    let [position_shift, shifts @ ..] = fields.array::<4>()?.map(u32::from);
    if !shifts.iter().all(|&shift| is_shift(shift)) {
        return Err(damaged("a shift is out of range"));
    }
    let neighbors = fields.take(2 * neighbors)?.as_chunks::<2>().0.iter();
    let neighbors = neighbors.map(|&[row, column]| Neighbor {
        row: row.cast_signed(),
        column: column.cast_signed(),
    });
    let context = Context {
        neighbors: neighbors.collect(),
        marked,
        graded,
    };
    if !context
        .neighbors
        .iter()
        .all(|neighbor| neighbor.is_causal())
    {
        return Err(damaged("a neighbor is not among the pixels before"));
    }
    let row_biases = fields.numbers(shape.height() * units[0], i16::from_le_bytes)?;
    let column_biases = fields.numbers(shape.width() * units[0], i16::from_le_bytes)?;
    let mut layer = |inputs: usize, outputs: usize, shift: u32| -> Result<Layer, CodecError> {
        let weights = fields.take(inputs * outputs)?.iter();
        let weights = weights.map(|weight| weight.cast_signed().into()).collect();
        let multipliers = fields.numbers(outputs, i32::from_le_bytes)?;
        Ok(Layer::new(weights, multipliers, shift))
    };
    let layers = [
        layer(context.inputs(), units[0], shifts[0])?,
        layer(units[0], units[1], shifts[1])?,
        layer(units[1], LEVELS, shifts[2])?,
    ];
    let biases = [
        fields.numbers(units[1], i32::from_le_bytes)?,
        fields.numbers(LEVELS, i32::from_le_bytes)?,
    ];
    let powers = fields.numbers(LEVELS, u32::from_le_bytes)?;
    let powers = powers.first_chunk().copied().and_then(PowerTable::new);
    let network = Network {
        layers,
        row_biases,
        column_biases,
        position_shift,
        biases,
        powers: powers.ok_or(damaged("its table of powers is none"))?,
    };
    Ok((shape, context, network))
}

fn unsound(why: Unsound) -> CodecError {
    damaged(match why {
        Unsound::Sizes => "its layers do not fit each other",
        Unsound::Overflow => "its sums could overflow",
    })
}
