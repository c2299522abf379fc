//! The model's file: read with checks, written.

use std::io::{Read, Write};

use super::context::INPUTS;
use super::mixture::{LogisticTable, OUTPUTS};
use super::model::PictureModel;
use super::network::Network;
use crate::checked_file::{Fields, FileFormat, Filed};
use crate::error::CodecError;
use crate::model_file::{MODELS, damaged};
use crate::pixel::distribution::{PowerTable, STEPS};
use crate::pixel::layer::{Layer, is_shift};
use crate::pixel::network::Unsound;
use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;

/// Of the files that hold a model of this kind.
pub(crate) const VERSION: u16 = 2;

/// More units of a layer are refused.
const MOST_UNITS: usize = 1024;

impl PictureModel {
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
        let layers = self.network().layers.iter();
        let layers = layers.map(|layer| 2 * layer.weights.len() + 8 * layer.outputs());
        // Magic and version, two sizes, three shifts; then what varies; powers, self-test, checksum.
        10 + 4 + 3 + layers.sum::<usize>() + 4 * STEPS + 4 + 4
    }

    /// Reads a model to the end of `from` and checks it: its checksum, its sizes, that none of its sums can overflow, and
    /// that this machine computes from it what the machine did that made it.
    ///
    /// # Errors
    /// [`CodecError::Read`], [`CodecError::NotAModel`], [`CodecError::ModelVersion`] or [`CodecError::Model`].
    pub fn read(from: &mut impl Read) -> Result<Self, CodecError> {
        Self::read_file(from)
    }

    /// The model of this network, named.
    pub(crate) fn of_network(network: Network) -> Result<Self, CodecError> {
        let unnamed = Self::new(network, ModelHash([0; 8])).map_err(unsound)?;
        Ok(unnamed.named())
    }
}

impl Filed for PictureModel {
    const FORMAT: &'static FileFormat = &MODELS;
    const VERSION: u16 = VERSION;

    fn put_parts(&self, bytes: &mut Vec<u8>) {
        let network = self.network();
        // Sizes that a model has fit in 16 bits, shifts in 8.
        for layer in &network.layers[..2] {
            bytes.extend((layer.outputs() as u16).to_le_bytes());
        }
        bytes.extend(network.layers.iter().map(|layer| layer.shift as u8));
        for (layer, biases) in network.layers.iter().zip(&network.biases) {
            bytes.extend(layer.weights.iter().flat_map(|weight| weight.to_le_bytes()));
            bytes.extend(layer.multipliers.iter().flat_map(|m| m.to_le_bytes()));
            bytes.extend(biases.iter().flat_map(|bias| bias.to_le_bytes()));
        }
        let powers = network.powers.powers().iter();
        bytes.extend(powers.flat_map(|power| power.to_le_bytes()));
    }

    fn read_parts(fields: &mut Fields<'_>) -> Result<Self, CodecError> {
        let network = read_network(fields)?;
        Self::new(network, ModelHash([0; 8])).map_err(unsound)
    }

    /// The CRC-32 of a made-up picture as it is coded: smooth above, rough below, with an edge.
    fn self_test(&self) -> u32 {
        let mut state = 1u32;
        let pixels: Vec<u8> = (0..TESTED * TESTED)
            .map(|place| {
                // Numerical Recipes' generator (Press et al. 1992, section 7.1).
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (row, column) = (place / TESTED, place % TESTED);
                let edge = if column > row / 2 + 8 { 90 } else { 0 };
                let rough = (state >> 24) % u32::from(1 + row * row / 8);
                (3 * row + column + edge + rough as u16) as u8 // below 256: 69 + 23 + 90 + 66
            })
            .collect();
        let shape = ImageShape::new(TESTED, TESTED).expect("a side is not 0");
        crc32fast::hash(&self.encode_pictures(&pixels, &[shape], Near::LOSSLESS))
    }

    fn named_by(self, hash: ModelHash) -> Self {
        self.with_hash(hash)
    }
}

fn read_network(fields: &mut Fields<'_>) -> Result<Network, CodecError> {
    let units = [usize::from(fields.u16()?), usize::from(fields.u16()?)];
    if !units.iter().all(|units| (1..=MOST_UNITS).contains(units)) {
        return Err(damaged("its sizes make no sense"));
    }
    let shifts = fields.array::<3>()?.map(u32::from);
    if !shifts.iter().all(|&shift| is_shift(shift)) {
        return Err(damaged("a shift is out of range"));
    }
    let mut layer = |inputs: usize, outputs: usize, shift: u32| -> Result<_, CodecError> {
        let weights = fields.numbers(inputs * outputs, i16::from_le_bytes)?;
        let multipliers = fields.numbers(outputs, i32::from_le_bytes)?;
        let biases = fields.numbers(outputs, i32::from_le_bytes)?;
        Ok((Layer::new(weights, multipliers, shift), biases))
    };
    let (first, biases_1) = layer(INPUTS, units[0], shifts[0])?;
    let (second, biases_2) = layer(units[0], units[1], shifts[1])?;
    let (third, biases_3) = layer(units[1], OUTPUTS, shifts[2])?;
    let powers = fields.numbers(STEPS, u32::from_le_bytes)?;
    let powers = powers.first_chunk().copied().and_then(PowerTable::new);
    let powers = powers.ok_or(damaged("its table of powers is none"))?;
    Ok(Network {
        layers: [first, second, third],
        biases: [biases_1, biases_2, biases_3],
        logistic: LogisticTable::new(&powers),
        powers,
    })
}

/// Rows and columns of the picture that the self-test codes.
const TESTED: u16 = 24;

fn unsound(why: Unsound) -> CodecError {
    damaged(match why {
        Unsound::Sizes => "its layers do not fit each other",
        Unsound::Overflow => "its sums could overflow",
    })
}
