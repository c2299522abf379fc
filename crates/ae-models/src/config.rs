//! Which model to build: a configuration as a person writes it, and the same once it has been checked.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::api::autoencoder::CodeBits;
use crate::error::ModelError;
use crate::kinds::contractive::{ContractiveAutoencoder, ContractiveAutoencoderConfig};
use crate::kinds::sparse::{SparseAutoencoder, SparseAutoencoderConfig};
use crate::kinds::vae::{VariationalAutoencoder, VariationalAutoencoderConfig};
use crate::model::Model;
use crate::networks::conv::{ConvAutoencoder, ConvAutoencoderConfig};
use crate::networks::dense::{DenseAutoencoder, DenseAutoencoderConfig};
use crate::networks::layer::LayerSpec;
use crate::parameters::initialization::{Initialization, WeightSource};

/// What a configuration may ask for at most, so that a mistyped or hostile one cannot ask for terabytes.
pub mod limits {
    /// Channels of an image.
    pub const CHANNELS: usize = 4;
    /// Height or width of the image a model is made for. (A fully convolutional one then runs on larger pictures.)
    pub const SIDE: usize = 16_384;
    /// Values of that image: `channels * height * width`.
    pub const IMAGE_VALUES: usize = 1 << 26;
    /// Convolutions in an encoder; each but the last halves the picture.
    pub const CONV_DEPTH: usize = 12;
    /// Channels between convolutions.
    pub const CONV_WIDTH: usize = 4_096;
    /// Hidden layers in a dense encoder.
    pub const DENSE_DEPTH: usize = 32;
    /// Numbers in a hidden layer or a code.
    pub const DENSE_WIDTH: usize = 1 << 20;
    /// Samples of a code per image and step.
    pub const IMPORTANCE_SAMPLES: usize = 4_096;
    /// Parameters in all: a gibibyte of `f32`.
    pub const PARAMETERS: usize = 1 << 28;
}

/// An architecture and its settings, unchecked: as it stands in a configuration file, tagged by its `kind`.
///
/// ```
/// use ae_models::{ConvAutoencoderConfig, ModelConfig};
///
/// let config = ModelConfig::Conv(ConvAutoencoderConfig::default());
/// let checked = config.check([1, 28, 28])?;
/// assert_eq!(checked.parameter_count(), 314_625);
/// assert_eq!(checked.code_shape(), [128, 7, 7]);
/// # Ok::<(), ae_models::ModelError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum ModelConfig {
    /// Convolutions and pooling, `kind = "conv"`.
    Conv(ConvAutoencoderConfig),
    /// Fully connected layers, `kind = "dense"`.
    Dense(DenseAutoencoderConfig),
    /// A variational model, `kind = "vae"`.
    Vae(VariationalAutoencoderConfig),
    /// A model with a sparse code, `kind = "sparse"`.
    Sparse(SparseAutoencoderConfig),
    /// A model whose code resists small changes of the image, `kind = "contractive"`.
    Contractive(ContractiveAutoencoderConfig),
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self::Conv(ConvAutoencoderConfig::default())
    }
}

impl ModelConfig {
    /// The kind's name, as in a configuration file.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::Dense(_) => "dense",
            Self::Vae(_) => "vae",
            Self::Sparse(_) => "sparse",
            Self::Contractive(_) => "contractive",
        }
    }

    /// Checks the settings against the images they are for, `[channels, height, width]`. Allocates nothing.
    ///
    /// # Errors
    /// [`ModelError::Config`], naming the setting: a width or latent of 0, more pooling than the image's size allows,
    /// or anything past the [`limits`].
    pub fn check(&self, input_shape: [usize; 3]) -> Result<CheckedModelConfig, ModelError> {
        check_input_shape(input_shape)?;
        let layers = match self {
            Self::Conv(config) => config.layers(input_shape, 1)?,
            Self::Dense(config) => config.layers(input_shape, 1)?,
            Self::Vae(config) => config.layers(input_shape)?,
            Self::Sparse(config) => config.layers(input_shape)?,
            Self::Contractive(config) => config.layers(input_shape)?,
        };
        let parameters = layers
            .iter()
            .try_fold(0usize, |sum, layer| {
                sum.checked_add(layer.parameter_count()?)
            })
            .filter(|&parameters| parameters <= limits::PARAMETERS)
            .ok_or_else(|| {
                let reason = format!(
                    "more than {} parameters: choose smaller widths or a smaller code",
                    limits::PARAMETERS
                );
                ModelError::config("model", reason)
            })?;
        Ok(CheckedModelConfig {
            config: self.clone(),
            input_shape,
            layers,
            parameters,
        })
    }

    /// Checks the settings and builds the model, its weights drawn from `seed`.
    ///
    /// # Errors
    /// As for [`check`](Self::check).
    pub fn init(
        &self,
        input_shape: [usize; 3],
        seed: u64,
        device: &Device,
    ) -> Result<Model, ModelError> {
        Ok(self.check(input_shape)?.init(seed, device))
    }

    fn initialization(&self) -> Initialization {
        match self {
            Self::Conv(config) => config.initialization,
            Self::Dense(config) => config.initialization,
            Self::Vae(config) => config.network.initialization(),
            Self::Sparse(config) => config.network.initialization(),
            Self::Contractive(config) => config.network.initialization(),
        }
    }

    fn code_shape(&self, input_shape: [usize; 3]) -> Vec<usize> {
        match self {
            Self::Conv(config) => config.code_shape(input_shape),
            Self::Dense(config) => vec![config.latent],
            Self::Vae(config) => config.network.code_shape(input_shape),
            Self::Sparse(config) => config.network.code_shape(input_shape),
            Self::Contractive(config) => config.network.code_shape(input_shape),
        }
    }
}

fn check_input_shape([channels, height, width]: [usize; 3]) -> Result<(), ModelError> {
    let reject = |reason: String| Err(ModelError::config("input_shape", reason));
    if channels == 0 || channels > limits::CHANNELS {
        return reject(format!(
            "{channels} channels: must be 1 to {}, 1 for gray and 3 for colour",
            limits::CHANNELS
        ));
    }
    if height == 0 || width == 0 {
        return reject(format!("an image of {width}x{height} pixels has none"));
    }
    if height > limits::SIDE
        || width > limits::SIDE
        || channels * height * width > limits::IMAGE_VALUES
    {
        return reject(format!(
            "{width}x{height} pixels of {channels} channels: at most {} a side and {} values in all",
            limits::SIDE,
            limits::IMAGE_VALUES
        ));
    }
    Ok(())
}

/// The name and shape that one tensor of a model has in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorShape {
    /// The name, as in the `state_dict` of the equivalent PyTorch module.
    pub name: String,
    /// The shape, in PyTorch's order.
    pub shape: Vec<usize>,
}

/// A configuration that describes a model, with the image shape it is for. Only this type can be built.
#[derive(Clone, Debug)]
pub struct CheckedModelConfig {
    config: ModelConfig,
    input_shape: [usize; 3],
    layers: Vec<LayerSpec>,
    parameters: usize,
}

impl CheckedModelConfig {
    /// The settings that were checked.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The image shape they were checked for: `[channels, height, width]`.
    #[must_use]
    pub fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    /// The shape of one image's code.
    #[must_use]
    pub fn code_shape(&self) -> Vec<usize> {
        self.config.code_shape(self.input_shape)
    }

    /// The code's size beside the image's.
    #[must_use]
    pub fn code_bits(&self) -> CodeBits {
        CodeBits::new(
            self.code_shape().iter().product(),
            self.input_shape.iter().product(),
        )
    }

    /// How many numbers training will change.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters
    }

    /// Every tensor of the model, in the order of [`named_tensors`](crate::named_tensors).
    #[must_use]
    pub fn tensor_shapes(&self) -> Vec<TensorShape> {
        self.layers
            .iter()
            .flat_map(LayerSpec::tensor_shapes)
            .collect()
    }

    /// Builds the model on `device`, its weights drawn on the host from `seed`: the same bits on every backend.
    #[must_use]
    pub fn init(&self, seed: u64, device: &Device) -> Model {
        self.build(&mut self.config.initialization().weights(seed), device)
    }

    pub(crate) fn build(&self, weights: &mut dyn WeightSource, device: &Device) -> Model {
        let Self {
            config,
            input_shape,
            layers,
            ..
        } = self;
        let shape = *input_shape;
        match config {
            ModelConfig::Conv(config) => Model::Conv(ConvAutoencoder::build(
                config, shape, layers, weights, device,
            )),
            ModelConfig::Dense(config) => Model::Dense(DenseAutoencoder::build(
                config, shape, layers, weights, device,
            )),
            ModelConfig::Vae(config) => Model::Vae(VariationalAutoencoder::build(
                config, shape, layers, weights, device,
            )),
            ModelConfig::Sparse(config) => Model::Sparse(SparseAutoencoder::build(
                config, shape, layers, weights, device,
            )),
            ModelConfig::Contractive(config) => Model::Contractive(ContractiveAutoencoder::build(
                config, shape, layers, weights, device,
            )),
        }
    }
}
