//! Which model to build: a kind and its settings, when which kind is known only at run time.

use std::any::Any;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::api::loss::ReconstructionLoss;
use crate::erased::any_model::AnyModel;
use crate::error::ModelError;
use crate::inference::Inference;
use crate::kind::{ModelKind, Outline};
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec};

/// An architecture and its settings, unchecked: as it stands in a configuration file, tagged by its `kind`.
///
/// It is made from the settings of any kind, and read from a file by a [`Registry`](crate::Registry), which knows the
/// kinds by their names.
///
/// ```
/// use ae_models::{ConvAutoencoderConfig, ModelConfig};
///
/// let config = ModelConfig::from(ConvAutoencoderConfig::default());
/// assert_eq!(config.kind(), "conv");
/// let checked = config.check([1, 28, 28])?;
/// assert_eq!(checked.parameter_count(), Some(314_625));
/// assert_eq!(checked.code_shape(), Some(&[128, 7, 7][..]));
/// # Ok::<(), ae_models::ModelError>(())
/// ```
pub struct ModelConfig(Box<dyn AnyKind>);

/// What [`ModelKind`] says, in a form that a trait object can say it. Every kind does.
trait AnyKind: erased_serde::Serialize + fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn cloned(&self) -> Box<dyn AnyKind>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn name(&self) -> &'static str;
    fn outline(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError>;
    fn built(&self, builder: &mut Builder<'_>) -> Box<dyn AnyModel>;
    fn graphs(&self, input_shape: [usize; 3]) -> Option<Inference>;
    fn specs(&self) -> Vec<SettingSpec>;
    fn take_over(&mut self, given: &GivenSettings) -> Result<(), ModelError>;
    fn drop_image_width(&mut self, image_values: usize);
    fn describe(&self) -> String;
    fn unit(&self) -> Option<&'static str>;
    fn refuses(&self, loss: ReconstructionLoss) -> Option<&'static str>;
    fn keeps_luminance(&self) -> bool;
}

impl<K: ModelKind> AnyKind for K {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn AnyKind> {
        Box::new(self.clone())
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn name(&self) -> &'static str {
        K::NAME
    }

    fn outline(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        self.check(input_shape)
    }

    fn built(&self, builder: &mut Builder<'_>) -> Box<dyn AnyModel> {
        Box::new(self.build(builder))
    }

    fn graphs(&self, input_shape: [usize; 3]) -> Option<Inference> {
        self.inference(input_shape)
    }

    fn specs(&self) -> Vec<SettingSpec> {
        K::options()
    }

    fn take_over(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        self.apply(given)
    }

    fn drop_image_width(&mut self, image_values: usize) {
        self.without_image_width(image_values);
    }

    fn describe(&self) -> String {
        self.description()
    }

    fn unit(&self) -> Option<&'static str> {
        self.objective_unit()
    }

    fn refuses(&self, loss: ReconstructionLoss) -> Option<&'static str> {
        self.refuses_loss(loss)
    }

    fn keeps_luminance(&self) -> bool {
        self.leaves_luminance()
    }
}

impl<K: ModelKind> From<K> for ModelConfig {
    fn from(settings: K) -> Self {
        Self(Box::new(settings))
    }
}

impl ModelConfig {
    /// The kind's name, as in a configuration file.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.0.name()
    }

    /// The settings, if they are those of the kind `K`.
    #[must_use]
    pub fn get<K: ModelKind>(&self) -> Option<&K> {
        self.0.as_any().downcast_ref()
    }

    /// The settings to change, if they are those of the kind `K`.
    #[must_use]
    pub fn get_mut<K: ModelKind>(&mut self) -> Option<&mut K> {
        self.0.as_any_mut().downcast_mut()
    }

    /// Takes over settings that were given as text.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for one that the kind does not have, a text that says nothing, or settings that do not
    /// go together.
    pub fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        let specs = self.0.specs();
        let is_known = |name: &&str| specs.iter().any(|spec| spec.name == *name);
        match given.names().find(|name| !is_known(name)) {
            Some(name) => Err(ModelError::setting(
                name,
                format!("not for a model of kind {}", self.kind()),
            )),
            None => self.0.take_over(given),
        }
    }

    /// What widths that a person gave mean for images of `image_values`: a first layer as wide as the image is the
    /// image itself.
    #[must_use]
    pub fn without_image_width(mut self, image_values: usize) -> Self {
        self.0.drop_image_width(image_values);
        self
    }

    /// What tells this model from others, in a few words.
    #[must_use]
    pub fn description(&self) -> String {
        self.0.describe()
    }

    /// The unit of the loss, `nats per image`, for a kind that has a loss of its own; `None` where the reconstruction
    /// loss of the training configuration is used.
    #[must_use]
    pub fn objective_unit(&self) -> Option<&'static str> {
        self.0.unit()
    }

    /// Why a model of these settings cannot be trained by a loss, if it cannot.
    #[must_use]
    pub fn refuses_loss(&self, loss: ReconstructionLoss) -> Option<&'static str> {
        self.0.refuses(loss)
    }

    /// As [`ModelKind::leaves_luminance`].
    #[must_use]
    pub fn leaves_luminance(&self) -> bool {
        self.0.keeps_luminance()
    }

    pub(crate) fn outline(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        self.0.outline(input_shape)
    }

    pub(crate) fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        self.0.graphs(input_shape)
    }

    pub(crate) fn build(&self, builder: &mut Builder<'_>) -> Box<dyn AnyModel> {
        self.0.built(builder)
    }
}

impl Clone for ModelConfig {
    fn clone(&self) -> Self {
        Self(self.0.cloned())
    }
}

impl PartialEq for ModelConfig {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0.as_any())
    }
}

impl fmt::Debug for ModelConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// `kind` first, then the settings in the order of their fields.
impl Serialize for ModelConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Tagged<'a> {
            kind: &'static str,
            #[serde(flatten)]
            settings: &'a dyn erased_serde::Serialize,
        }
        let tagged = Tagged {
            kind: self.kind(),
            settings: &*self.0,
        };
        tagged.serialize(serializer)
    }
}
