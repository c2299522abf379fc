//! What a kind of model is: all there is to say of it, in the one file that implements this.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::capabilities::Trainable;
use crate::api::loss::ReconstructionLoss;
use crate::error::ModelError;
use crate::inference::Inference;
use crate::parameters::builder::Builder;
use crate::parameters::tensors::TensorShape;
use crate::settings::{GivenSettings, SettingSpec};

/// A kind of model, by its settings: the type that implements this holds them, and builds the model.
///
/// A kind that is given to a [`Registry`](crate::Registry) can be named in a configuration and on the command line, is
/// saved with its settings in the model file, and is loaded again by its name. Its settings are written in the order of
/// their fields; with `#[serde(default, deny_unknown_fields)]` what a file leaves out takes its default, and a
/// mistyped name is refused. The crate's example shows a kind from beginning to end.
pub trait ModelKind:
    Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The name in configurations, model files and on the command line: one word in lower case.
    const NAME: &'static str;

    /// What the kind is, in half a sentence for help.
    const SUMMARY: &'static str;

    /// The model that it builds.
    type Model: Trainable + Sync;

    /// Checks the settings against the images that the model is for, `[channels, height, width]`, and says what can be
    /// said of the model before it exists. Allocates nothing.
    ///
    /// # Errors
    /// [`ModelError::Config`], naming the setting at fault.
    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError>;

    /// Builds the model. Called only with settings that were checked for the builder's image.
    fn build(&self, builder: &mut Builder<'_>) -> Self::Model;

    /// What the model computes when it is used, for whatever writes it in another program's form. Called only with
    /// settings that were checked for images of `[channels, height, width]`. `None`, the default, for a kind that doesn't
    /// describe it: its models cannot be exported.
    #[must_use]
    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        let _ = input_shape;
        None
    }

    /// The settings that can be given as text, beside a configuration. By default none.
    #[must_use]
    fn options() -> Vec<SettingSpec> {
        Vec::new()
    }

    /// Takes over what was given as text; only what [`options`](Self::options) lists is. By default nothing.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a text that says nothing, or that does not go with the other settings.
    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        let _ = given;
        Ok(())
    }

    /// Takes out of widths that a person gave what the image of `image_values` says already. By default nothing.
    fn without_image_width(&mut self, image_values: usize) {
        let _ = image_values;
    }

    /// What tells this model from others, in a few words, its settings included.
    #[must_use]
    fn description(&self) -> String {
        Self::SUMMARY.to_owned()
    }

    /// The unit of the loss, for a kind that has a loss of its own and does not use the reconstruction loss of the
    /// training configuration: `nats per image`. `None`, the default, for any other.
    #[must_use]
    fn objective_unit(&self) -> Option<&'static str> {
        None
    }

    /// Why it cannot be trained by this loss, if it cannot. `None`, the default, for any.
    #[must_use]
    fn refuses_loss(&self, loss: ReconstructionLoss) -> Option<&'static str> {
        let _ = loss;
        None
    }

    /// Whether its reconstructions keep the luminance of their images, and gray images as they are, so that it is no denoiser by
    /// itself. `false`, the default, for any other.
    #[must_use]
    fn leaves_luminance(&self) -> bool {
        false
    }
}

/// What checked settings say of a model before it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    code_shape: Option<Vec<usize>>,
    code_bits: Option<u64>,
    tensors: Option<Vec<TensorShape>>,
}

impl Outline {
    /// An outline that says nothing: of a model without codes, whose tensors are known only when it is built.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the shape of one image's code, of 32 bits a value unless [`with_code_bits`](Self::with_code_bits) says
    /// another size.
    #[must_use]
    pub fn with_code(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.code_shape = Some(shape.into());
        self
    }

    /// Adds the bits that one image's code takes.
    #[must_use]
    pub fn with_code_bits(mut self, bits: u64) -> Self {
        self.code_bits = Some(bits);
        self
    }

    /// Adds every tensor of the model, in the order of [`named_tensors`](crate::named_tensors): a file's are then
    /// checked before the model is built, and the parameters counted.
    #[must_use]
    pub fn with_tensors(mut self, tensors: Vec<TensorShape>) -> Self {
        self.tensors = Some(tensors);
        self
    }

    /// The shape of one image's code.
    #[must_use]
    pub fn code_shape(&self) -> Option<&[usize]> {
        self.code_shape.as_deref()
    }

    /// The bits that one image's code takes.
    #[must_use]
    pub fn code_bits(&self) -> Option<u64> {
        let values: usize = self.code_shape.as_ref()?.iter().product();
        Some(self.code_bits.unwrap_or(32 * values as u64))
    }

    /// Every tensor of the model.
    #[must_use]
    pub fn tensors(&self) -> Option<&[TensorShape]> {
        self.tensors.as_deref()
    }
}
