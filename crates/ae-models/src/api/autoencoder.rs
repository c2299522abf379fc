//! What every autoencoder of the workspace is, built in or written by a user.

use std::fmt;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use crate::api::latent_variable::LatentVariableModel;
use crate::api::loss::ReconstructionLoss;
use crate::api::random::RandomNumbers;
use crate::config::ModelConfig;

/// A network that squeezes images to a code and draws them again from it.
///
/// This trait is all that training, evaluation and the command line know of a model. It is written against Burn's
/// device-dispatched tensors, so an implementation runs on every backend, with or without autodiff. Four methods are
/// required; the crate's example shows them on a model of one's own.
///
/// Pixels are `f32` in `[0, 1]`, images `[batch, channels, height, width]`, a batch of codes `[batch, numbers]`.
///
/// A variational model encodes to the mean of its posterior and samples only in [`objective`](Self::objective), with
/// the [`RandomNumbers`] that the batch brings along; a sparse or contractive one adds its penalty there and lists it in
/// [`Objective::terms`].
pub trait Autoencoder: Module {
    /// The image the model was made for: `[channels, height, width]`.
    fn input_shape(&self) -> [usize; 3];

    /// The shape of one image's code, for drawing it: `[channels, height, width]` of a feature map, or `[latent]`.
    fn code_shape(&self) -> Vec<usize>;

    /// Compresses images to codes.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, of [`input_shape`](Self::input_shape)
    /// - output: `[batch, code_values]`, the code in the row-major order of [`code_shape`](Self::code_shape)
    ///
    /// # Panics
    /// May panic when `images` have another shape: that is the caller's error.
    fn encode(&self, images: Tensor<4>) -> Tensor<2>;

    /// Draws images from codes.
    ///
    /// # Shapes
    /// - `codes`: `[batch, code_values]`
    /// - output: `[batch, channels, height, width]`, of [`input_shape`](Self::input_shape)
    ///
    /// # Panics
    /// May panic when `codes` have another shape.
    fn decode(&self, codes: Tensor<2>) -> Tensor<4>;

    /// Compresses images and draws them again.
    ///
    /// # Shapes
    /// - `images`, output: `[batch, channels, height, width]`, of [`input_shape`](Self::input_shape), or of any height
    ///   and width where [`size_multiple`](Self::size_multiple) is `Some`
    ///
    /// # Panics
    /// May panic when the model does not [accept](Self::accepts) the shape.
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(images))
    }

    /// What training minimises on one batch. By default the reconstruction loss between `reconstruct(input)` and
    /// `target`, its only term.
    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        Objective::reconstruction(
            batch
                .loss
                .value(self.reconstruct(batch.input), batch.target),
        )
    }

    /// `Some(multiple)` if [`reconstruct`](Self::reconstruct) takes images of any height and width, as a fully
    /// convolutional model does. Sizes that `multiple` divides need no padding inside, so tiles should have such a
    /// size. `None`, the default, if only [`input_shape`](Self::input_shape) will do.
    fn size_multiple(&self) -> Option<usize> {
        None
    }

    /// The configuration that builds this architecture again, if it is one of this crate's; it goes into the model
    /// file. `None`, the default, for a model of one's own, whose file holds the tensors alone.
    fn config(&self) -> Option<ModelConfig> {
        None
    }

    /// The model as one with a likelihood, if it is one: its bound, its log-likelihood and its posterior can then be
    /// asked for. `None`, the default, for a model without a distribution over codes.
    fn as_latent_variable_model(&self) -> Option<&dyn LatentVariableModel> {
        None
    }

    /// The size that a number of a code must exceed to count as active, for a model whose codes are meant to be sparse:
    /// the shares of active and dead numbers are then reported. `None`, the default, for a model without such a thing.
    fn activity_threshold(&self) -> Option<f32> {
        None
    }

    /// Whether [`reconstruct`](Self::reconstruct) takes images of `[channels, height, width]`.
    fn accepts(&self, image_shape: [usize; 3]) -> bool {
        let [channels, height, width] = self.input_shape();
        let any_size = self.size_multiple().is_some() && image_shape[1] > 0 && image_shape[2] > 0;
        image_shape[0] == channels && (any_size || image_shape[1..] == [height, width])
    }

    /// How many numbers one image's code has.
    fn code_values(&self) -> usize {
        self.code_shape().iter().product()
    }

    /// How many numbers training changes.
    fn parameter_count(&self) -> usize {
        self.num_params()
    }

    /// The code's size beside the image's: whether this is compression at all.
    fn code_bits(&self) -> CodeBits {
        CodeBits::new(self.code_values(), self.input_shape().iter().product())
    }
}

/// One batch as the training loop hands it to [`Autoencoder::objective`].
#[derive(Clone, Debug)]
pub struct TrainingBatch<'a> {
    /// What the model sees: `[batch, channels, height, width]`, noisy for a denoiser.
    pub input: Tensor<4>,
    /// What it should draw, of the same shape: the clean images.
    pub target: Tensor<4>,
    /// How the two are compared.
    pub loss: ReconstructionLoss,
    /// Optimiser steps taken before this batch, over all epochs: what the warm-up of a term goes by.
    pub step: u64,
    /// The batch's random numbers, for models that sample; `&()` for none, which is every distribution's mean.
    pub random: &'a dyn RandomNumbers,
}

impl TrainingBatch<'_> {
    /// `numbers` standard normal numbers for each image, on the device of the images.
    ///
    /// # Shapes
    /// - output: `[batch, numbers]`
    #[must_use]
    pub fn standard_normal(&self, numbers: usize) -> Tensor<2> {
        let [batch, ..] = self.input.dims();
        let mut values = vec![0.0; batch * numbers];
        for (position, numbers) in values.chunks_exact_mut(numbers.max(1)).enumerate() {
            self.random.fill_standard_normal(position, numbers);
        }
        Tensor::from_data(
            TensorData::new(values, [batch, numbers]),
            &self.input.device(),
        )
    }
}

/// What training minimises, and what it is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Objective {
    /// The number to minimise; differentiable.
    pub loss: Tensor<1>,
    /// Its terms by name, for the log, as they enter the loss: coefficients applied, so that they add up to it.
    pub terms: Vec<(&'static str, Tensor<1>)>,
}

impl Objective {
    /// An objective that is the reconstruction loss alone.
    #[must_use]
    pub fn reconstruction(loss: Tensor<1>) -> Self {
        Self {
            terms: vec![("reconstruction", loss.clone())],
            loss,
        }
    }

    /// An objective that is the sum of `terms`, their coefficients already applied.
    ///
    /// # Panics
    /// Without a term there is nothing to minimise.
    #[must_use]
    pub fn sum(terms: Vec<(&'static str, Tensor<1>)>) -> Self {
        let loss = terms
            .iter()
            .map(|(_, term)| term.clone())
            .reduce(|sum, term| sum + term)
            .expect("an objective has a term");
        Self { loss, terms }
    }
}

/// The size of a code beside that of the image it stands for.
///
/// Bits are those of the plain representation: 32 for each number of the code, an `f32`, and 8 for each value of the
/// image. Nothing is said of what an entropy coder would make of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CodeBits {
    /// Numbers in one image's code.
    pub code_numbers: usize,
    /// Bits in one image's code: 32 a number.
    pub code_bits: usize,
    /// Values in one image: pixels times channels.
    pub image_values: usize,
    /// Bits in one image: 8 a value.
    pub image_bits: usize,
}

impl CodeBits {
    /// The sizes for a code of `code_numbers` and an image of `image_values`.
    #[must_use]
    pub fn new(code_numbers: usize, image_values: usize) -> Self {
        Self {
            code_numbers,
            code_bits: 32 * code_numbers,
            image_values,
            image_bits: 8 * image_values,
        }
    }

    /// Bits of the code for each bit of the image; below 1 it is compression.
    #[must_use]
    pub fn bit_ratio(&self) -> f64 {
        self.code_bits as f64 / self.image_bits as f64
    }

    /// Whether the code takes fewer bits than the image.
    #[must_use]
    pub fn is_compression(&self) -> bool {
        self.code_bits < self.image_bits
    }

    /// Whether the code has fewer numbers than the image has values: *undercomplete*, as the field says. Weaker than
    /// [`is_compression`](Self::is_compression), as a number takes four times a pixel's bits.
    #[must_use]
    pub fn is_undercomplete(&self) -> bool {
        self.code_numbers < self.image_values
    }
}

impl fmt::Display for CodeBits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code_numbers,
            code_bits,
            image_values,
            image_bits,
        } = self;
        write!(
            formatter,
            "{code_numbers} numbers ({code_bits} bits) for {image_values} pixel values ({image_bits} bits): "
        )?;
        if self.is_compression() {
            write!(formatter, "compressed {:.1} times", 1.0 / self.bit_ratio())
        } else if self.is_undercomplete() {
            write!(
                formatter,
                "fewer numbers, but {:.1} times the bits: no compression",
                self.bit_ratio()
            )
        } else {
            write!(
                formatter,
                "{:.1} times the bits: no compression",
                self.bit_ratio()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_size_of_a_code_is_told_honestly() {
        let check = |code: usize, image: usize, expected: &str| {
            assert_eq!(CodeBits::new(code, image).to_string(), expected)
        };

        check(
            6_272,
            784,
            "6272 numbers (200704 bits) for 784 pixel values (6272 bits): 32.0 times the bits: no compression",
        );
        check(
            392,
            784,
            "392 numbers (12544 bits) for 784 pixel values (6272 bits): fewer numbers, but 2.0 times the bits: no compression",
        );
        check(
            196,
            784,
            "196 numbers (6272 bits) for 784 pixel values (6272 bits): fewer numbers, but 1.0 times the bits: no compression",
        );
        check(
            32,
            784,
            "32 numbers (1024 bits) for 784 pixel values (6272 bits): compressed 6.1 times",
        );
    }

    #[test]
    fn the_terms_of_an_objective_add_up() {
        let device = Device::flex();
        let term = |value: f32| Tensor::<1>::from_data([value], &device);
        let objective = Objective::sum(vec![
            ("reconstruction", term(0.5)),
            ("kl", term(0.25)),
            ("l1", term(2.0)),
        ]);
        assert_eq!(objective.loss.into_scalar::<f32>(), 2.75);
        assert_eq!(objective.terms.len(), 3);
    }
}
