//! A model on a device, ready to be used.

use std::path::{Path, PathBuf};

use ae_data::{ImageShape, NoiseChain};
use ae_models::{
    CodeBits, Codes, Model, ModelCard, Placement, Reconstruct, Registry, Trainable as _,
};
use ae_train::{DataCard, Measurement, RunConfig, RunDirectory};
use burn::tensor::Device;

use crate::error::{Capability, InferError};
use crate::model_path::ModelPath;
use crate::progress::{Listener, Progress};
use crate::sets::own_set::OwnSet;

/// Images that go through a model at once.
pub const BATCH_SIZE: usize = 128;

/// A model on a device.
///
/// Images are brought to the model's form by [`read_image`](Self::read_image) or [`open_set`](Self::open_set); pixels are
/// `f32` in `[0, 1]`, images `[channels, height, width]`. Memory is bounded by a few batches of [`BATCH_SIZE`] images.
#[derive(Debug, Clone)]
pub struct OpenModel {
    name: String,
    run: Option<PathBuf>,
    card: ModelCard,
    own_set: OwnSet,
    model: Model,
    device: Device,
    listener: Listener,
}

impl OpenModel {
    /// Opens the model at `path`, a model file or the directory of a run, and puts it where `placement` says: on a
    /// `&Device`, for one.
    ///
    /// # Errors
    /// There is no model, or `registry` doesn't know its kind.
    pub fn open<'a>(
        path: impl AsRef<Path>,
        registry: &Registry,
        placement: impl Into<Placement<'a>>,
    ) -> Result<Self, InferError> {
        Self::load(&ModelPath::find(path)?, registry, placement)
    }

    /// Opens a model that was found.
    ///
    /// # Errors
    /// The file is no model file, or `registry` doesn't know its kind.
    pub fn load<'a>(
        path: &ModelPath,
        registry: &Registry,
        placement: impl Into<Placement<'a>>,
    ) -> Result<Self, InferError> {
        let placement = placement.into();
        let (model, card) = ae_models::load_model(path.file(), registry, placement)?;
        Ok(Self {
            run: path.run().map(Path::to_owned),
            own_set: OwnSet::find(path, &card, registry),
            card,
            ..Self::new(path.name(), model, placement.device)
        })
    }

    /// Opens a model from the bytes of its file, under a name to speak of it.
    ///
    /// # Errors
    /// They are no model file, or `registry` doesn't know its kind.
    pub fn from_bytes<'a>(
        bytes: &[u8],
        name: &str,
        registry: &Registry,
        placement: impl Into<Placement<'a>>,
    ) -> Result<Self, InferError> {
        let placement = placement.into();
        let (model, card) = ae_models::load_model_from_bytes(bytes, name, registry, placement)?;
        Ok(Self {
            own_set: OwnSet::unknown(&card),
            card,
            ..Self::new(name, model, placement.device)
        })
    }

    /// A model that is in memory already, under a name to speak of it.
    #[must_use]
    pub fn new(name: impl Into<String>, model: Model, device: &Device) -> Self {
        let card = ModelCard::new(&model);
        Self {
            name: name.into(),
            run: None,
            own_set: OwnSet::unknown(&card),
            card,
            model,
            device: device.clone(),
            listener: Listener::default(),
        }
    }

    /// The same with what a file of it would say: how images are brought to it, and what set it was trained on.
    #[must_use]
    pub fn with_card(self, card: ModelCard) -> Self {
        let own_set = OwnSet::of(&card);
        Self {
            own_set,
            card,
            ..self
        }
    }

    /// Has `listen` called while images go through the model.
    #[must_use]
    pub fn with_progress(mut self, listen: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(listen);
        self
    }

    /// What people call it: the directory of its run, or its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of model.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.model.config().kind()
    }

    /// What its file says of it.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// The model itself.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model itself, to train it on.
    #[must_use]
    pub fn into_model(self) -> Model {
        self.model
    }

    /// Where it computes.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The shape of an image that the model was made for.
    #[must_use]
    pub fn image_shape(&self) -> ImageShape {
        let [channels, height, width] = self.model.input_shape();
        ImageShape::new(channels, height, width)
    }

    /// The shape of one code.
    ///
    /// # Errors
    /// The model has no codes.
    pub fn code_shape(&self) -> Result<Vec<usize>, InferError> {
        Ok(self.with_codes()?.code_shape())
    }

    /// How many values one code has.
    ///
    /// # Errors
    /// The model has no codes.
    pub fn code_values(&self) -> Result<usize, InferError> {
        Ok(self.with_codes()?.code_values())
    }

    /// The size of a code beside an image's.
    ///
    /// # Errors
    /// The model has no codes.
    pub fn code_bits(&self) -> Result<CodeBits, InferError> {
        let code = self.model.code_bits();
        code.ok_or_else(|| self.lacks(Capability::Codes))
    }

    /// Whether the model has a prior over codes, and a likelihood.
    #[must_use]
    pub fn has_prior(&self) -> bool {
        self.model.as_latent_variable_model().is_some()
    }

    /// The configuration of the model's run, where it lies in one.
    ///
    /// # Errors
    /// The file cannot be read, or `registry` doesn't know the kind of model.
    pub fn run_config(&self, registry: &Registry) -> Result<Option<RunConfig>, InferError> {
        match &self.run {
            Some(run) => Ok(Some(RunDirectory::open(run)?.read_run_config(registry)?)),
            None => Ok(None),
        }
    }

    /// The noise that the model was trained to remove.
    ///
    /// # Errors
    /// The model's file names a noise that is not known here.
    pub fn trained_noise(&self) -> Result<Option<NoiseChain>, InferError> {
        let parsed = self.card.noise.as_deref().map(str::parse).transpose();
        parsed.map_err(|source| InferError::TrainedNoise {
            model: self.name.clone(),
            source,
        })
    }

    /// What the model's file says of its data: how images are brought to it, and what set it was trained on; `None` where
    /// the file is of version 1, which doesn't say it.
    #[must_use]
    pub fn data_card(&self) -> Option<&DataCard> {
        self.own_set.card.as_ref()
    }

    /// Checks that `found`, the shape of `name`, is the model's.
    pub(crate) fn check_shape(&self, name: &str, found: ImageShape) -> Result<(), InferError> {
        let expected = self.image_shape();
        if found == expected {
            return Ok(());
        }
        Err(InferError::Shape {
            name: name.to_owned(),
            model: self.name.clone(),
            expected,
            found,
        })
    }

    /// What is known of the set that the model was trained on.
    pub(crate) fn own_set(&self) -> &OwnSet {
        &self.own_set
    }

    /// Runs the model over sets.
    pub(crate) fn measurement(&self) -> Measurement<'_, Model> {
        Measurement::new(&self.model, &self.device).batch_size(BATCH_SIZE)
    }

    /// The model as one with codes.
    pub(crate) fn with_codes(&self) -> Result<&dyn Codes, InferError> {
        let codes = self.model.as_codes();
        codes.ok_or_else(|| self.lacks(Capability::Codes))
    }

    /// The model as one that reconstructs.
    pub(crate) fn reconstructs(&self) -> Result<&dyn Reconstruct, InferError> {
        let model = self.model.as_reconstruct();
        model.ok_or_else(|| self.lacks(Capability::Reconstruction))
    }

    /// That the model cannot do what it was asked for.
    pub(crate) fn lacks(&self, missing: Capability) -> InferError {
        InferError::Lacks {
            model: self.name.clone(),
            kind: self.kind().to_owned(),
            missing,
        }
    }

    pub(crate) fn listener(&self) -> &Listener {
        &self.listener
    }
}
