//! A model for pictures of any sizes that can be used: checked, and named by its hash.

use super::context::{Known, Predictor};
use super::network::Network;
use crate::pixel::ModelHash;
use crate::pixel::network::Unsound;
use crate::shape::ImageShape;
use crate::simd::InstructionSet;

/// Predicts each pixel of a gray picture of any size from the pixels before it, in integers: for photographs.
///
/// A linear prediction adapts to the picture; a network tells from how it and the pixels around lie by how much it will be
/// wrong, as a mixture of logistic distributions. Every machine computes the same frequencies, with whatever instructions
/// and threads, so what one has encoded the others decode.
///
/// # References
/// M. J. Weinberger, G. Seroussi and G. Sapiro (2000), *The LOCO-I lossless image compression algorithm*, for residuals of
/// a prediction whose distribution depends on the context; T. Salimans, A. Karpathy, X. Chen and D. P. Kingma (2017),
/// *PixelCNN++*, section 2.1, for discretized mixtures of logistic distributions.
#[derive(Debug, Clone)]
pub struct PictureModel {
    network: Network,
    hash: ModelHash,
    instructions: InstructionSet,
}

impl PictureModel {
    /// The model of checked parts.
    pub(crate) fn new(network: Network, hash: ModelHash) -> Result<Self, Unsound> {
        network.check()?;
        Ok(Self {
            network,
            hash,
            instructions: InstructionSet::detect(),
        })
    }

    /// The same model, computed with `instructions` where the machine has them, otherwise with plain code.
    #[must_use]
    pub fn with_instructions(mut self, instructions: InstructionSet) -> Self {
        self.instructions = instructions;
        self
    }

    /// What names it: files that were coded with it hold the same.
    #[must_use]
    pub fn hash(&self) -> ModelHash {
        self.hash
    }

    /// The memory that a picture takes while it is coded.
    pub(crate) fn bytes_of_picture(shape: ImageShape) -> usize {
        shape.pixels() + Known::bytes(shape) + Predictor::bytes(shape)
    }

    pub(crate) fn with_hash(mut self, hash: ModelHash) -> Self {
        self.hash = hash;
        self
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn instructions(&self) -> InstructionSet {
        self.instructions
    }
}
