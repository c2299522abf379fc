//! A model on a device, ready to be used.

use std::path::{Path, PathBuf};

use ae_data::{Channels, Image, ImageOptions, ImageSet, ImageShape, NoiseChain, Size};
use ae_eval::QualityMeter;
use ae_models::{Autoencoder as _, CodeBits, Model, ModelCard};
use ae_train::{DataConfig, Measurement, Reconstruction, RunConfig, RunDirectory};
use burn::tensor::{Device, Tensor, TensorData};

use crate::codes::Codes;
use crate::error::{Capability, InferError};
use crate::model_path::ModelPath;
use crate::progress::{Listener, Progress, ProgressUnit};
use crate::registry::Registry;

/// Images that go through a model at once.
pub const BATCH_SIZE: usize = 128;

/// A model on a device.
///
/// Images are brought to the model's form by [`read_image`](Self::read_image) or [`form`](Self::form); pixels are `f32`
/// in `[0, 1]`, images `[channels, height, width]`. Memory is bounded by a few batches of [`BATCH_SIZE`] images.
#[derive(Debug, Clone)]
pub struct OpenModel {
    name: String,
    run: Option<PathBuf>,
    card: ModelCard,
    model: Model,
    device: Device,
    listener: Listener,
}

/// An image that went through a model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reconstructed {
    /// The image.
    pub clean: Image,
    /// What the model saw: the image, or a noisy copy.
    pub input: Image,
    /// What the model made of it.
    pub output: Image,
    /// The peak signal-to-noise ratio of what the model saw, in dB.
    pub input_psnr: f64,
    /// That of what the model made of it.
    pub output_psnr: f64,
}

impl OpenModel {
    /// Opens the model at `path`, a model file or the directory of a run.
    ///
    /// # Errors
    /// There is no model, or `registry` doesn't know its kind.
    pub fn open(
        path: impl AsRef<Path>,
        registry: &Registry,
        device: &Device,
    ) -> Result<Self, InferError> {
        Self::load(&ModelPath::find(path)?, registry, device)
    }

    /// Opens a model that was found.
    ///
    /// # Errors
    /// The file is no model file, or `registry` doesn't know its kind.
    pub fn load(
        path: &ModelPath,
        _registry: &Registry,
        device: &Device,
    ) -> Result<Self, InferError> {
        let (model, card) = ae_models::load_model(path.file(), device)?;
        Ok(Self {
            run: path.run().map(Path::to_owned),
            card,
            ..Self::new(path.name(), model, device)
        })
    }

    /// A model that is in memory already, under a name to speak of it.
    #[must_use]
    pub fn new(name: impl Into<String>, model: Model, device: &Device) -> Self {
        Self {
            name: name.into(),
            run: None,
            card: ModelCard::new(&model),
            model,
            device: device.clone(),
            listener: Listener::default(),
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
    pub fn kind(&self) -> &str {
        self.card
            .config
            .as_ref()
            .map_or("custom", |config| config.kind())
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
        Ok(self.model.code_shape())
    }

    /// How many values one code has.
    ///
    /// # Errors
    /// The model has no codes.
    pub fn code_values(&self) -> Result<usize, InferError> {
        Ok(self.model.code_values())
    }

    /// The size of a code beside an image's.
    ///
    /// # Errors
    /// The model has no codes.
    pub fn code_bits(&self) -> Result<CodeBits, InferError> {
        Ok(self.model.code_bits())
    }

    /// Whether the model has a prior over codes, and a likelihood.
    #[must_use]
    pub fn has_prior(&self) -> bool {
        self.model.as_latent_variable_model().is_some()
    }

    /// The configuration of the model's run, where it lies in one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn run_config(&self) -> Result<Option<RunConfig>, InferError> {
        match &self.run {
            Some(run) => Ok(Some(RunDirectory::open(run)?.read_config()?)),
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

    /// How a set is opened so that its images are of the model's form, whatever they are on the disk.
    #[must_use]
    pub fn form(&self) -> DataConfig {
        let shape = self.image_shape();
        DataConfig {
            size: Some(shape.size()),
            channels: channels_of(shape),
            ..DataConfig::default()
        }
    }

    /// Reads an image file and brings it to the model's form.
    ///
    /// # Errors
    /// The file is no image.
    pub fn read_image(&self, path: impl AsRef<Path>) -> Result<Image, InferError> {
        let shape = self.image_shape();
        let options = ImageOptions {
            size: Some(Size {
                height: shape.height,
                width: shape.width,
            }),
            channels: channels_of(shape),
            ..ImageOptions::default()
        };
        Ok(Image::read(path.as_ref(), &options)?)
    }

    /// Checks that the model takes the images of a set.
    ///
    /// # Errors
    /// They have another shape.
    pub fn check_set(&self, set: &ImageSet) -> Result<(), InferError> {
        self.check_shape(set.name(), set.shape())
    }

    fn check_shape(&self, name: &str, found: ImageShape) -> Result<(), InferError> {
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

    /// Compresses images.
    ///
    /// # Errors
    /// The images have another shape than the model, it has no codes, or the device fails.
    pub fn encode(&self, images: &[Image]) -> Result<Codes, InferError> {
        let mut codes = Codes::new(self.code_values()?);
        for batch in images.chunks(BATCH_SIZE) {
            let tensor = self.tensor(batch)?;
            codes.extend(read("encoding", self.model.encode(tensor))?);
        }
        Ok(codes)
    }

    /// Makes images of codes.
    ///
    /// # Errors
    /// The codes have another length than the model's, it has no codes, or the device fails.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<Image>, InferError> {
        let expected = self.code_values()?;
        if codes.values_per_code() != expected {
            return Err(InferError::CodeLength {
                model: self.name.clone(),
                expected,
                found: codes.values_per_code(),
            });
        }
        let shape = self.image_shape();
        let mut images = Vec::with_capacity(codes.len());
        for batch in codes.as_slice().chunks(BATCH_SIZE * expected) {
            let axes = [batch.len() / expected, expected];
            let data = TensorData::new(batch.to_vec(), axes);
            let tensor = Tensor::<2>::from_data(data, &self.device);
            let values = read("decoding", self.model.decode(tensor))?;
            let drawn = values.chunks_exact(shape.values());
            images.extend(drawn.map(|values| Image::from_unit(shape, values)));
            self.listener
                .tell(images.len(), codes.len(), ProgressUnit::Images);
        }
        Ok(images)
    }

    /// Passes images through the model.
    ///
    /// # Errors
    /// The images have another shape than the model, it cannot reconstruct, or the device fails.
    pub fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, InferError> {
        let shape = self.image_shape();
        let mut outputs = Vec::with_capacity(images.len());
        for batch in images.chunks(BATCH_SIZE) {
            let values = read(
                "reconstructing",
                self.model.reconstruct(self.tensor(batch)?),
            )?;
            let each = values.chunks_exact(shape.values());
            outputs.extend(each.map(|values| Image::from_unit(shape, values)));
        }
        Ok(outputs)
    }

    /// Passes `count` images of `shape` through the model, which lie one after the other.
    ///
    /// # Shapes
    /// - `values`, output: `[count, channels, height, width]`
    pub(crate) fn reconstruct_values(
        &self,
        shape: ImageShape,
        count: usize,
        values: Vec<f32>,
    ) -> Result<Vec<f32>, InferError> {
        let axes = [count, shape.channels, shape.height, shape.width];
        let images = Tensor::<4>::from_data(TensorData::new(values, axes), &self.device);
        read("reconstructing", self.model.reconstruct(images))
    }

    /// Hands the code of every image of a set to `sink`, in the set's order.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, the model has no codes, or `sink` fails.
    pub fn encode_set(
        &self,
        set: &ImageSet,
        mut sink: impl FnMut(&[f32]) -> Result<(), ae_data::DataError>,
    ) -> Result<(), InferError> {
        let mut done = 0;
        self.measurement().encode(set, |_, code| {
            done += 1;
            self.listener.tell(done, set.len(), ProgressUnit::Images);
            Ok(sink(code)?)
        })?;
        Ok(())
    }

    /// The codes of a whole set.
    ///
    /// # Errors
    /// As [`encode_set`](Self::encode_set).
    pub fn codes(&self, set: &ImageSet) -> Result<Codes, InferError> {
        let mut codes = Codes::new(self.code_values()?);
        self.encode_set(set, |code| {
            codes.extend(code.iter().copied());
            Ok(())
        })?;
        Ok(codes)
    }

    /// Hands every image of a set with its reconstruction to `sink`, in the set's order.
    ///
    /// `noise` is added to what the model sees; it depends on its seed and the image's index alone.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, the model cannot reconstruct, or `sink` fails.
    pub fn reconstruct_set(
        &self,
        set: &ImageSet,
        noise: Option<(&NoiseChain, u64)>,
        mut sink: impl FnMut(Reconstruction<'_>) -> Result<(), ae_data::DataError>,
    ) -> Result<(), InferError> {
        let mut done = 0;
        let measurement = match noise {
            Some((chain, seed)) => self.measurement().noise(chain).seed(seed),
            None => self.measurement(),
        };
        measurement.reconstruct(set, |image| {
            done += 1;
            self.listener.tell(done, set.len(), ProgressUnit::Images);
            Ok(sink(image)?)
        })?;
        Ok(())
    }

    /// Every image of a set beside what the model makes of it.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set).
    pub fn reconstructions(
        &self,
        set: &ImageSet,
        noise: Option<(&NoiseChain, u64)>,
    ) -> Result<Vec<Reconstructed>, InferError> {
        let shape = set.shape();
        let psnr = |reference: &[f32], candidate: &[f32]| {
            let mut meter = QualityMeter::new(shape);
            meter.add(reference, candidate);
            meter.finish().psnr
        };
        let mut images = Vec::with_capacity(set.len());
        self.reconstruct_set(set, noise, |image| {
            images.push(Reconstructed {
                clean: Image::from_unit(shape, image.clean),
                input: Image::from_unit(shape, image.input),
                output: Image::from_unit(shape, image.output),
                input_psnr: psnr(image.clean, image.input),
                output_psnr: psnr(image.clean, image.output),
            });
            Ok(())
        })?;
        Ok(images)
    }

    /// Runs the model over sets.
    pub(crate) fn measurement(&self) -> Measurement<'_, Model> {
        Measurement::new(&self.model, &self.device).batch_size(BATCH_SIZE)
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

    /// # Shapes
    /// - output: `[images, channels, height, width]`
    fn tensor(&self, images: &[Image]) -> Result<Tensor<4>, InferError> {
        let shape = self.image_shape();
        let mut values = Vec::with_capacity(images.len() * shape.values());
        for image in images {
            self.check_shape("an image", image.shape())?;
            values.extend(image.to_unit());
        }
        let axes = [images.len(), shape.channels, shape.height, shape.width];
        Ok(Tensor::from_data(
            TensorData::new(values, axes),
            &self.device,
        ))
    }
}

fn channels_of(shape: ImageShape) -> Option<Channels> {
    match shape.channels {
        1 => Some(Channels::Gray),
        3 => Some(Channels::Rgb),
        _ => None,
    }
}

fn read<const D: usize>(action: &'static str, tensor: Tensor<D>) -> Result<Vec<f32>, InferError> {
    tensor
        .try_into_vec_as::<f32>()
        .map_err(|error| InferError::device(action, error))
}
