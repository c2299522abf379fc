//! Any of this crate's models, when which one is known only at run time.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::api::autoencoder::{Autoencoder, Objective, TrainingBatch};
use crate::api::latent_variable::LatentVariableModel;
use crate::config::ModelConfig;
use crate::kinds::contractive::ContractiveAutoencoder;
use crate::kinds::sparse::SparseAutoencoder;
use crate::kinds::vae::VariationalAutoencoder;
use crate::networks::conv::ConvAutoencoder;
use crate::networks::dense::DenseAutoencoder;

/// A model of a kind that a configuration or a file decides. What it is asked, the kind answers.
///
/// A parameter's name does not have the kind in it: `encoder.0.weight`, whether through this type or not.
#[derive(Module, Debug)]
#[non_exhaustive]
pub enum Model {
    /// A convolutional autoencoder.
    Conv(ConvAutoencoder),
    /// A fully connected one.
    Dense(DenseAutoencoder),
    /// A variational one.
    Vae(VariationalAutoencoder),
    /// One with a sparse code.
    Sparse(SparseAutoencoder),
    /// One whose code resists small changes.
    Contractive(ContractiveAutoencoder),
}

/// Calls a method of whichever model it is.
macro_rules! delegate {
    ($self:ident, $model:ident => $call:expr) => {
        match $self {
            Model::Conv($model) => $call,
            Model::Dense($model) => $call,
            Model::Vae($model) => $call,
            Model::Sparse($model) => $call,
            Model::Contractive($model) => $call,
        }
    };
}

impl Model {
    /// The same model, whose layers are Burn's own operations on every backend, to compare the kernels with.
    #[must_use]
    pub fn by_operations(self) -> Self {
        match self {
            Self::Conv(model) => Self::Conv(model.by_operations()),
            Self::Dense(model) => Self::Dense(model.by_operations()),
            Self::Vae(model) => Self::Vae(model.by_operations()),
            Self::Sparse(model) => Self::Sparse(model.by_operations()),
            Self::Contractive(model) => Self::Contractive(model.by_operations()),
        }
    }
}

impl Autoencoder for Model {
    fn input_shape(&self) -> [usize; 3] {
        delegate!(self, model => model.input_shape())
    }

    fn code_shape(&self) -> Vec<usize> {
        delegate!(self, model => model.code_shape())
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        delegate!(self, model => model.encode(images))
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        delegate!(self, model => model.decode(codes))
    }

    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        delegate!(self, model => model.reconstruct(images))
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        delegate!(self, model => model.objective(batch))
    }

    fn size_multiple(&self) -> Option<usize> {
        delegate!(self, model => model.size_multiple())
    }

    fn config(&self) -> Option<ModelConfig> {
        delegate!(self, model => model.config())
    }

    fn as_latent_variable_model(&self) -> Option<&dyn LatentVariableModel> {
        delegate!(self, model => model.as_latent_variable_model())
    }

    fn activity_threshold(&self) -> Option<f32> {
        delegate!(self, model => model.activity_threshold())
    }
}
