//! A transform codec's model: images as symbols, and back.

use ae_models::TransformAutoencoder;
use burn::tensor::{Tensor, TensorData};

use crate::error::{Capability, InferError};
use crate::open_model::{BATCH_SIZE, OpenModel};

impl OpenModel {
    /// How many qualities the model codes images at; they are counted from 0, the first of the fewest bits.
    ///
    /// # Errors
    /// It is no model of kind `transform`.
    pub fn qualities(&self) -> Result<usize, InferError> {
        Ok(self.transform()?.qualities())
    }

    /// The symbols that stand for images at a quality: the same for the same images on this machine, whatever batch they are
    /// in; another machine's floats may round a few otherwise.
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
    pub fn symbols(&self, pixels: &[u8], quality: usize) -> Result<Vec<i8>, InferError> {
        let model = self.transform()?;
        let shape = self.image_shape();
        assert!(
            pixels.len().is_multiple_of(shape.values()),
            "whole images of {shape}"
        );
        let mut symbols = Vec::with_capacity(pixels.len());
        for batch in pixels.chunks(BATCH_SIZE * shape.values()) {
            let values: Vec<f32> = batch
                .iter()
                .map(|&level| f32::from(level) / 255.0)
                .collect();
            let count = batch.len() / shape.values();
            let axes = [count, shape.channels, shape.height, shape.width];
            let images = Tensor::<4>::from_data(TensorData::new(values, axes), self.device());
            let rounded = model
                .symbols(images, quality)
                .try_into_vec_as::<f32>()
                .map_err(|error| InferError::device("encoding", error))?;
            symbols.extend(rounded.into_iter().map(|symbol| symbol as i8));
        }
        Ok(symbols)
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
            let levels = model
                .decode_symbols(codes, quality)
                .try_into_vec_as::<f32>()
                .map_err(|error| InferError::device("decoding", error))?;
            pixels.extend(
                levels
                    .into_iter()
                    .map(|level| (255.0 * level).round() as u8),
            );
        }
        Ok(pixels)
    }

    fn transform(&self) -> Result<&TransformAutoencoder, InferError> {
        let model = self.model().get::<TransformAutoencoder>();
        model.ok_or_else(|| self.lacks(Capability::Symbols))
    }
}
