//! Opening a model to run it: what encode, decode, denoise and the like have in common.

use std::path::Path;

use ae_data::ImageShape;
use ae_models::{Autoencoder as _, Model, ModelCard};
use burn::tensor::{Tensor, TensorData};

use crate::arguments::DeviceArguments;
use crate::backend::{self, OpenDevice};
use crate::error::{CliError, Status};
use crate::models::{self, ModelPath, Wanted};
use crate::output::Terminal;

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

    fn read(&self, images: Tensor<4>) -> Result<Vec<f32>, CliError> {
        images
            .try_into_vec_as::<f32>()
            .map_err(|error| CliError::failure(Status::Device, &self.device.name, error))
    }
}
