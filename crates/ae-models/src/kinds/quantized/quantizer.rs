//! What makes codewords of an encoder's vectors.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Int, Tensor};

use crate::api::objective::TrainingBatch;

/// Vectors as codewords in training.
#[derive(Debug)]
pub struct Quantized {
    /// What the decoder is given: codewords, whose gradients are those of the vectors. `[places of the batch, channels]`.
    pub decoded: Tensor<2>,
    /// What is added to the loss, by name.
    pub terms: Vec<(&'static str, Tensor<1>)>,
    /// What [`Quantizer::after_step`] goes by.
    pub observed: Vec<Tensor<2>>,
}

/// What makes codewords of vectors, `[places of all images, channels]`.
pub trait Quantizer: Module + ModuleDisplay + Sync + 'static {
    /// Whether it goes by what it observed of a batch.
    const OBSERVES: bool;

    /// Channels of a vector, as of a codeword.
    fn channels(&self) -> usize;

    /// How many codewords there are.
    fn codewords(&self) -> usize;

    /// The levels of a codeword's numbers, where all combinations of them are the codewords.
    fn levels(&self) -> Option<&[usize]> {
        None
    }

    /// The codewords: `[codewords, channels]`.
    fn codeword_vectors(&self, device: &Device) -> Tensor<2>;

    /// The indices of the codewords of an encoder's vectors.
    fn indices(&self, vectors: Tensor<2>) -> Tensor<1, Int>;

    /// The codewords of an encoder's vectors.
    fn codewords_of(&self, vectors: Tensor<2>) -> Tensor<2>;

    /// The codewords nearest to anything.
    fn nearest(&self, vectors: Tensor<2>) -> Tensor<2>;

    /// What the decoder is given for codewords.
    fn decoded(&self, codewords: Tensor<2>) -> Tensor<2>;

    /// Vectors of a batch with `places` an image as codewords, in training.
    fn quantized(&self, vectors: Tensor<2>, places: usize, batch: &TrainingBatch<'_>) -> Quantized;

    /// The quantizer after a step in which it observed this.
    fn after_step(self, observed: &[Tensor<2>]) -> Self {
        let _ = observed;
        self
    }
}
