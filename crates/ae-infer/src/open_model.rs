//! Opening a model to run it: what encode, decode, denoise and the like have in common.

use std::path::Path;

use ae_data::{Channels, Image, ImageOptions, ImageSet, ImageShape, Size};
use ae_models::{Autoencoder as _, Model, ModelCard};
use burn::tensor::{Tensor, TensorData};

use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, Part};
use crate::backend::{self, OpenDevice};
use crate::error::{CliError, Status};
use crate::evaluation::BATCH_SIZE;
use crate::image_source::{ImageSource, check_shape};
use crate::models::{self, ModelPath, Wanted};
use crate::terminal::Terminal;

/// A model on a device.
pub(crate) struct OpenModel {
    /// Where it was found.
    pub(crate) path: ModelPath,
    /// What its file says of it.
    pub(crate) card: ModelCard,
    /// The model.
    pub(crate) model: Model,
    /// The device.
    pub(crate) device: OpenDevice,
}

impl OpenModel {
    /// Finds a model, opens a device and puts the one on the other.
    ///
    /// # Errors
    /// There is no such model or no such device, or the file is no model file.
    pub(crate) fn open(
        path: Option<&Path>,
        wanted: Wanted,
        device: DeviceArguments,
        terminal: &Terminal,
    ) -> Result<Self, CliError> {
        let path = models::find(path, wanted, terminal)?;
        // What is cheap to find wrong is looked at before a device is started.
        path.card()?;
        backend::set_threads(device.threads)?;
        let device = backend::open(device.backend)?;
        let (model, card) = path.load(&device.device)?;
        Ok(Self {
            path,
            card,
            model,
            device,
        })
    }

    /// Opens a model and one part of a set that it takes, by default its own test images.
    ///
    /// # Errors
    /// As [`open`](Self::open), or the images cannot be read or have another shape.
    pub(crate) fn with_images(
        model: ModelPosition,
        data: &DataArguments,
        part: Option<Part>,
        device: DeviceArguments,
        terminal: &Terminal,
    ) -> Result<(Self, ImageSource, ImageSet), CliError> {
        let path = model.path();
        let opened = Self::open(path.as_deref(), Wanted::Any, device, terminal)?;
        let source = ImageSource::for_model(data, &opened.path, &opened.card)?;
        let part = part.unwrap_or(source.usual_part());
        let set = source.part(part, terminal)?.swap_remove(0);
        check_shape(&opened.path, &opened.card, &set)?;
        Ok((opened, source, set))
    }

    /// The shape of an image that the model was made for.
    pub(crate) fn image_shape(&self) -> ImageShape {
        let [channels, height, width] = self.model.input_shape();
        ImageShape::new(channels, height, width)
    }

    /// Runs the model over images that lie one after the other.
    ///
    /// # Shapes
    /// - `values`, output: `[count, channels, height, width]`
    ///
    /// # Errors
    /// The device fails.
    pub(crate) fn reconstruct(
        &self,
        shape: ImageShape,
        count: usize,
        values: Vec<f32>,
    ) -> Result<Vec<f32>, CliError> {
        let axes = [count, shape.channels, shape.height, shape.width];
        let images = Tensor::<4>::from_data(TensorData::new(values, axes), &self.device.device);
        self.read(self.model.reconstruct(images))
    }

    /// Makes images of codes that lie one after the other.
    ///
    /// # Shapes
    /// - `codes`: `[count, code_values]`
    /// - output: `[count, channels, height, width]`
    ///
    /// # Errors
    /// The device fails.
    pub(crate) fn decode(&self, count: usize, codes: Vec<f32>) -> Result<Vec<f32>, CliError> {
        let axes = [count, self.model.code_values()];
        let codes = Tensor::<2>::from_data(TensorData::new(codes, axes), &self.device.device);
        self.read(self.model.decode(codes))
    }

    /// The model's kind, `a program's own` where its file doesn't say.
    pub(crate) fn kind(&self) -> &'static str {
        self.card
            .config
            .as_ref()
            .map_or("a program's own", |config| config.kind())
    }

    /// Reads an image file and brings it to the shape that the model takes.
    ///
    /// # Errors
    /// The file is no image.
    pub(crate) fn read_image(&self, path: &Path) -> Result<Image, CliError> {
        let shape = self.image_shape();
        Ok(Image::read(
            path,
            &ImageOptions {
                size: Some(Size {
                    height: shape.height,
                    width: shape.width,
                }),
                channels: match shape.channels {
                    1 => Some(Channels::Gray),
                    3 => Some(Channels::Rgb),
                    _ => None,
                },
                ..ImageOptions::default()
            },
        )?)
    }

    /// Compresses images that lie one after the other.
    ///
    /// # Shapes
    /// - `values`: `[count, channels, height, width]`
    /// - output: `[count, code_values]`
    ///
    /// # Errors
    /// The device fails.
    pub(crate) fn encode(&self, count: usize, values: Vec<f32>) -> Result<Vec<f32>, CliError> {
        let shape = self.image_shape();
        let axes = [count, shape.channels, shape.height, shape.width];
        let images = Tensor::<4>::from_data(TensorData::new(values, axes), &self.device.device);
        self.read(self.model.encode(images))
    }

    /// The codes of a whole set, one after the other.
    ///
    /// # Errors
    /// The images cannot be read, or are not of the model's shape.
    pub(crate) fn codes(&self, set: &ImageSet) -> Result<Vec<f32>, CliError> {
        let mut codes = Vec::with_capacity(set.len() * self.model.code_values());
        ae_train::encode_set(
            &self.model,
            set,
            &self.device.device,
            BATCH_SIZE,
            |_, code| {
                codes.extend_from_slice(code);
                Ok(())
            },
        )?;
        Ok(codes)
    }

    fn read<const D: usize>(&self, tensor: Tensor<D>) -> Result<Vec<f32>, CliError> {
        tensor
            .try_into_vec_as::<f32>()
            .map_err(|error| CliError::failure(Status::Device, &self.device.name, error))
    }
}
