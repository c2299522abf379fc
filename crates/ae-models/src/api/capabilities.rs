//! What a model can do: small traits, of which each model has those that fit it.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::api::code_bits::CodeBits;
use crate::api::discrete_codes::DiscreteCodes;
use crate::api::latent_variable::LatentVariableModel;
use crate::api::objective::{Objective, TrainingBatch};
use crate::api::validation::ValidationMeasure;

/// A model that can be trained: what the training loop asks for, and all it asks for.
///
/// What else a model can do it says by itself: [`as_reconstruct`](Self::as_reconstruct), [`as_codes`](Self::as_codes),
/// [`as_latent_variable_model`](Self::as_latent_variable_model), [`as_discrete_codes`](Self::as_discrete_codes). Code that needs one of these asks for it, and refuses a
/// model without it.
///
/// Everything is written against Burn's device-dispatched tensors, so an implementation runs on every backend, with or
/// without autodiff. Pixels are `f32` in `[0, 1]`, images `[batch, channels, height, width]`.
pub trait Trainable: Module + 'static {
    /// The image the model was made for: `[channels, height, width]`.
    fn input_shape(&self) -> [usize; 3];

    /// What training minimizes on one batch. [`Reconstruct::reconstruction_objective`] is that of a plain
    /// autoencoder.
    ///
    /// A variational model samples here, with the random numbers that the batch brings along; a sparse or contractive
    /// one adds its penalty and lists it in [`Objective::terms`].
    fn objective(&self, batch: TrainingBatch<'_>) -> Objective;

    /// Whether the objective of a batch is the mean of those of its images, so that the objectives of a batch's parts add up
    /// to the whole's. By default it is; a model that measures something over the batch, such as the mean activity of
    /// its code, says that it isn't, and its batches are not cut into parts.
    fn objective_is_mean_of_images(&self) -> bool {
        true
    }

    /// What the best epoch is chosen by on images that were not trained on. By default the bound of a model with a
    /// likelihood, the mean squared error of one that reconstructs, and the objective of any other.
    fn validation_measure(&self) -> ValidationMeasure {
        if self.as_latent_variable_model().is_some() {
            ValidationMeasure::NegativeBound
        } else if self.as_reconstruct().is_some() {
            ValidationMeasure::MeanSquaredError
        } else {
            ValidationMeasure::Objective
        }
    }

    /// The model after the optimizer's step number `step`, counted from 1: where codebooks and moving averages are
    /// brought up to date, by what the step's [objective](Objective::observed) observed of its batch. By default the model
    /// as it is.
    ///
    /// A model that goes by what was observed says that its objective is no
    /// [mean of images](Self::objective_is_mean_of_images): only a batch that is computed at once is observed.
    fn after_step(self, step: u64, observed: &[Tensor<2>]) -> Self {
        let _ = (step, observed);
        self
    }

    /// The model as one that gives images back, if it does. `None`, the default, for any other.
    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        None
    }

    /// The model as one with codes, if it has them. `None`, the default, for any other.
    fn as_codes(&self) -> Option<&dyn Codes> {
        None
    }

    /// The model as one with a likelihood, if it is one: its bound, its log-likelihood and its posterior can then be
    /// asked for. `None`, the default, for a model without a distribution over codes.
    fn as_latent_variable_model(&self) -> Option<&dyn LatentVariableModel> {
        None
    }

    /// The model as one whose codes are indices into a list of codewords, if it is one. `None`, the default, for any other.
    fn as_discrete_codes(&self) -> Option<&dyn DiscreteCodes> {
        None
    }

    /// Whether the model takes images of `[channels, height, width]`.
    fn accepts(&self, image_shape: [usize; 3]) -> bool {
        let [channels, height, width] = self.input_shape();
        let takes_any_size = self
            .as_reconstruct()
            .is_some_and(|model| model.size_multiple().is_some());
        let any_size = takes_any_size && image_shape[1] > 0 && image_shape[2] > 0;
        image_shape[0] == channels && (any_size || image_shape[1..] == [height, width])
    }

    /// The code's size beside the image's, whether this is compression at all; `None` for a model without codes.
    fn code_bits(&self) -> Option<CodeBits> {
        let codes = self.as_codes()?;
        Some(CodeBits::new(
            codes.code_values(),
            codes.bits_per_code(),
            self.input_shape().iter().product(),
        ))
    }

    /// How many values training changes.
    fn parameter_count(&self) -> usize {
        self.num_params()
    }
}

/// A model that gives images back: as they were, or without their noise.
pub trait Reconstruct {
    /// Takes images through the model.
    ///
    /// # Shapes
    /// - `images`, output: `[batch, channels, height, width]`, of [`Trainable::input_shape`], or of any height and
    ///   width where [`size_multiple`](Self::size_multiple) is `Some`
    ///
    /// # Panics
    /// May panic when the model does not [accept](Trainable::accepts) the shape.
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4>;

    /// `Some(multiple)` if [`reconstruct`](Self::reconstruct) takes images of any height and width, as a fully
    /// convolutional model does. Sizes that `multiple` divides need no padding inside, so tiles should have such a
    /// size. `None`, the default, if only the shape that the model was made for will do.
    fn size_multiple(&self) -> Option<usize> {
        None
    }

    /// The side of the square, in pixels, that a pixel of the output depends on at most, where that is a part of the
    /// picture: a tile has to be larger. `None`, the default, where it isn't known or is all of the picture.
    fn field_of_view(&self) -> Option<usize> {
        None
    }

    /// The objective of a plain autoencoder: the reconstruction loss between what becomes of the batch's input and its
    /// target.
    fn reconstruction_objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let output = self.reconstruct(batch.input);
        Objective::reconstruction(batch.loss.value(output, batch.target))
    }
}

/// A model with codes: it compresses an image to a list of values, and decodes an image from it.
pub trait Codes {
    /// The shape of one image's code, for drawing it: `[channels, height, width]` of a feature map, or `[latent]`.
    fn code_shape(&self) -> Vec<usize>;

    /// Compresses images to codes. A variational model gives the mean of its posterior.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, of [`Trainable::input_shape`]
    /// - output: `[batch, code_values]`, the code in the row-major order of [`code_shape`](Self::code_shape)
    ///
    /// # Panics
    /// May panic when `images` have another shape: that is the caller's error.
    fn encode(&self, images: Tensor<4>) -> Tensor<2>;

    /// Decodes images from codes.
    ///
    /// # Shapes
    /// - `codes`: `[batch, code_values]`
    /// - output: `[batch, channels, height, width]`, of [`Trainable::input_shape`]
    ///
    /// # Panics
    /// May panic when `codes` have another shape.
    fn decode(&self, codes: Tensor<2>) -> Tensor<4>;

    /// How many values one image's code has.
    fn code_values(&self) -> usize {
        self.code_shape().iter().product()
    }

    /// How many bits one image's code takes as it is stored. By default 32 for each value, an `f32`; a model whose
    /// codes are indices into a codebook, say, has fewer.
    fn bits_per_code(&self) -> u64 {
        32 * self.code_values() as u64
    }

    /// The size that a value of a code must exceed to count as active, for a model whose codes are meant to be sparse:
    /// the shares of active and dead values are then reported. `None`, the default, for a model without such a thing.
    fn activity_threshold(&self) -> Option<f32> {
        None
    }
}

/// The full set: a model that trains, reconstructs and has codes. Whatever has the three is one.
pub trait Autoencoder: Trainable + Reconstruct + Codes {}

impl<M: Trainable + Reconstruct + Codes> Autoencoder for M {}
