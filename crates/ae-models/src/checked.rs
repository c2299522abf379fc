//! A configuration that has been checked: the only one that can be built.

use crate::api::code_bits::CodeBits;
use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::inference::Inference;
use crate::kind::Outline;
use crate::limits;
use crate::model::Model;
use crate::parameters::builder::Builder;
use crate::parameters::tensors::TensorShape;
use crate::placement::Placement;

impl ModelConfig {
    /// Checks the settings against the images they are for, `[channels, height, width]`. Allocates nothing.
    ///
    /// # Errors
    /// [`ModelError::Config`], naming the setting: a width or latent of 0, more pooling than the image's size allows,
    /// or anything past the [`limits`].
    pub fn check(&self, input_shape: [usize; 3]) -> Result<CheckedModelConfig, ModelError> {
        check_input_shape(input_shape)?;
        let outline = self.outline(input_shape)?;
        let parameters = match outline.tensors() {
            Some(tensors) => Some(parameter_count(tensors)?),
            None => None,
        };
        Ok(CheckedModelConfig {
            config: self.clone(),
            input_shape,
            outline,
            parameters,
        })
    }

    /// Checks the settings and builds the model, its weights drawn from `seed`.
    ///
    /// # Errors
    /// As for [`check`](Self::check).
    pub fn init<'a>(
        &self,
        input_shape: [usize; 3],
        seed: u64,
        placement: impl Into<Placement<'a>>,
    ) -> Result<Model, ModelError> {
        Ok(self.check(input_shape)?.init(seed, placement))
    }
}

fn check_input_shape([channels, height, width]: [usize; 3]) -> Result<(), ModelError> {
    let reject = |reason: String| Err(ModelError::config("input_shape", reason));
    if channels == 0 || channels > limits::CHANNELS {
        return reject(format!(
            "{channels} channels: must be 1 to {}, 1 for gray and 3 for color",
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

fn parameter_count(tensors: &[TensorShape]) -> Result<usize, ModelError> {
    let count = |tensor: &TensorShape| {
        let mut sides = tensor.shape.iter();
        sides.try_fold(1usize, |product, &side| product.checked_mul(side))
    };
    tensors
        .iter()
        .try_fold(0usize, |sum, tensor| sum.checked_add(count(tensor)?))
        .filter(|&parameters| parameters <= limits::PARAMETERS)
        .ok_or_else(|| {
            let reason = format!(
                "more than {} parameters: choose smaller widths or a smaller code",
                limits::PARAMETERS
            );
            ModelError::config("model", reason)
        })
}

/// A configuration that describes a model, with the image shape it is for. Only this type can be built.
#[derive(Clone, Debug)]
pub struct CheckedModelConfig {
    config: ModelConfig,
    input_shape: [usize; 3],
    outline: Outline,
    parameters: Option<usize>,
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

    /// The shape of one image's code; `None` for a kind that has none or does not say.
    #[must_use]
    pub fn code_shape(&self) -> Option<&[usize]> {
        self.outline.code_shape()
    }

    /// The code's size beside the image's; `None` for a kind that has none or does not say.
    #[must_use]
    pub fn code_bits(&self) -> Option<CodeBits> {
        Some(CodeBits::new(
            self.code_shape()?.iter().product(),
            self.outline.code_bits()?,
            self.input_shape.iter().product(),
        ))
    }

    /// How many values training will change; `None` for a kind that does not say before the model is built.
    #[must_use]
    pub fn parameter_count(&self) -> Option<usize> {
        self.parameters
    }

    /// Every tensor of the model, in the order of [`named_tensors`](crate::named_tensors); `None` for a kind that does
    /// not say before the model is built.
    #[must_use]
    pub fn tensor_shapes(&self) -> Option<&[TensorShape]> {
        self.outline.tensors()
    }

    /// What the model computes when it is used; `None` for a kind that doesn't describe it.
    #[must_use]
    pub fn inference(&self) -> Option<Inference> {
        self.config.inference(self.input_shape)
    }

    /// Builds the model where `placement` says, its weights drawn on the host from `seed`: the same bits on every
    /// backend.
    #[must_use]
    pub fn init<'a>(&self, seed: u64, placement: impl Into<Placement<'a>>) -> Model {
        let mut builder = Builder::drawing(self.input_shape, placement.into(), seed);
        self.build(&mut builder)
    }

    pub(crate) fn build(&self, builder: &mut Builder<'_>) -> Model {
        Model::new(self.config.clone(), self.config.build(builder))
    }
}
