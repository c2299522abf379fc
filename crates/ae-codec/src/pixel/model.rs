//! A model that can be used: checked, and named by its hash.

use std::fmt;

use super::context::{Canvas, Context};
use super::network::{Network, Unsound};
use crate::shape::ImageShape;
use crate::simd::InstructionSet;

/// Predicts each pixel of a gray image from the pixels before it, in integers.
///
/// Made by [`train`](Self::train) or [`read`](Self::read). Every machine computes the same frequencies from it, with
/// whatever instructions and threads, so what one has encoded the others decode.
///
/// # References
/// A. van den Oord, N. Kalchbrenner and K. Kavukcuoglu (2016), *Pixel recurrent neural networks*, for images as a product
/// of distributions of one pixel each, given those before it; J. Ballé, N. Johnston and D. Minnen (2019), *Integer networks
/// for data compression with latent-variable models*, for integers instead of floats.
#[derive(Debug, Clone)]
pub struct PixelModel {
    shape: ImageShape,
    context: Context,
    network: Network,
    hash: ModelHash,
    instructions: InstructionSet,
}

impl PixelModel {
    /// The model of checked parts.
    pub(crate) fn new(
        shape: ImageShape,
        context: Context,
        network: Network,
        hash: ModelHash,
    ) -> Result<Self, Unsound> {
        network.check(context.inputs(), shape.height(), shape.width())?;
        Ok(Self {
            shape,
            context,
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

    /// The shape of the images that it codes.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// What names it: files that were coded with it hold the same.
    #[must_use]
    pub fn hash(&self) -> ModelHash {
        self.hash
    }

    /// The memory that an image takes while it is coded, with the border that its pixels' contexts reach into.
    pub(crate) fn bytes_with_border(&self) -> usize {
        Canvas::new(&self.context, self.shape, 0).bytes_of_image()
    }

    pub(crate) fn with_hash(mut self, hash: ModelHash) -> Self {
        self.hash = hash;
        self
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn instructions(&self) -> InstructionSet {
        self.instructions
    }
}

/// The first eight bytes of the SHA-256 of a model's file, without the checksum at its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelHash(pub [u8; 8]);

impl fmt::Display for ModelHash {
    /// Writes sixteen hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for ModelHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ModelHash({self})")
    }
}
