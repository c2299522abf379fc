//! A transform codec's model: images as symbols, and back.

use ae_data::ImageShape;
use ae_models::{PictureTransform, TransformAutoencoder};
use burn::tensor::{Device, Tensor, TensorData};

use crate::error::{Capability, InferError};
use crate::open_model::{BATCH_SIZE, OpenModel};

impl OpenModel {
    /// How many qualities the model codes images at; they are counted from 0, the first of the fewest bits.
    ///
    /// # Errors
    /// It is no model of kind `transform` or `picture-transform`.
    pub fn qualities(&self) -> Result<usize, InferError> {
        match self.model().get::<PictureTransform>() {
            Some(model) => Ok(model.qualities()),
            None => Ok(self.transform()?.qualities()),
        }
    }

    /// The codes of images at a quality, before they are rounded to symbols: the same for the same images on this machine,
    /// whatever batch they are in; another machine's floats may differ in their last digits.
    ///
    /// # Shapes
    /// - `pixels`: `[count, channels, height, width]`, of the model's shape
    /// - output: `[count, code_values]`
    ///
    /// # Errors
    /// It is no model of kind `transform`, or the device fails.
    ///
    /// # Panics
    /// If `pixels` are no whole number of images, or there is no such quality.
    pub fn codes_of(&self, pixels: &[u8], quality: usize) -> Result<Vec<f32>, InferError> {
        let model = self.transform()?;
        let shape = self.image_shape();
        assert!(
            pixels.len().is_multiple_of(shape.values()),
            "whole images of {shape}"
        );
        let mut codes = Vec::with_capacity(pixels.len());
        for batch in pixels.chunks(BATCH_SIZE * shape.values()) {
            let images = images_of_levels(batch, shape, self.device());
            let of_batch = model
                .codes(images, quality)
                .try_into_vec_as::<f32>()
                .map_err(|error| InferError::device("encoding", error))?;
            codes.extend(of_batch);
        }
        Ok(codes)
    }

    /// The images that symbols at a quality stand for: within one level of what any other machine makes of them.
    ///
    /// # Shapes
    /// - `symbols`: `[count, code_values]`
    /// - output: `[count, channels, height, width]`
    ///
    /// # Errors
    /// It is no model of kind `transform`, or the device fails.
    ///
    /// # Panics
    /// If `symbols` are no whole number of codes, or there is no such quality.
    pub fn pixels_of(&self, symbols: &[i8], quality: usize) -> Result<Vec<u8>, InferError> {
        let model = self.transform()?;
        let values_of_code = self.code_values()?;
        assert!(symbols.len().is_multiple_of(values_of_code), "whole codes");
        let mut pixels = Vec::with_capacity(symbols.len());
        for batch in symbols.chunks(BATCH_SIZE * values_of_code) {
            let values: Vec<f32> = batch.iter().map(|&symbol| f32::from(symbol)).collect();
            let axes = [batch.len() / values_of_code, values_of_code];
            let codes = Tensor::<2>::from_data(TensorData::new(values, axes), self.device());
            pixels.extend(levels_of_images(model.decode_symbols(codes, quality))?);
        }
        Ok(pixels)
    }

    fn transform(&self) -> Result<&TransformAutoencoder, InferError> {
        let model = self.model().get::<TransformAutoencoder>();
        model.ok_or_else(|| self.lacks(Capability::Symbols))
    }
}

/// Whole images of 256 levels as a model takes them.
pub(crate) fn images_of_levels(levels: &[u8], shape: ImageShape, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = levels
        .iter()
        .map(|&level| f32::from(level) / 255.0)
        .collect();
    let count = levels.len() / shape.values();
    let axes = [count, shape.channels, shape.height, shape.width];
    Tensor::from_data(TensorData::new(values, axes), device)
}

/// The levels of images that a model has decoded.
pub(crate) fn levels_of_images(images: Tensor<4>) -> Result<Vec<u8>, InferError> {
    let values = images
        .try_into_vec_as::<f32>()
        .map_err(|error| InferError::device("decoding", error))?;
    let levels = values
        .into_iter()
        .map(|value| (255.0 * value).round() as u8);
    Ok(levels.collect())
}
