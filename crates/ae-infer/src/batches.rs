//! Passing images and codes through a model, a batch at a time.

use ae_data::{Image, ImageShape};
use burn::tensor::{Tensor, TensorData};

use crate::codes::Codes;
use crate::error::InferError;
use crate::open_model::{BATCH_SIZE, OpenModel};
use crate::progress::ProgressUnit;

impl OpenModel {
    /// Compresses images.
    ///
    /// # Errors
    /// The images have another shape than the model, it has no codes, or the device fails.
    pub fn encode(&self, images: &[Image]) -> Result<Codes, InferError> {
        let mut codes = Codes::new(self.code_values()?);
        for batch in images.chunks(BATCH_SIZE) {
            let tensor = self.tensor(batch)?;
            codes.extend(read("encoding", self.with_codes()?.encode(tensor))?);
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
                model: self.name().to_owned(),
                expected,
                found: codes.values_per_code(),
            });
        }
        let shape = self.image_shape();
        let mut images = Vec::with_capacity(codes.len());
        for batch in codes.as_slice().chunks(BATCH_SIZE * expected) {
            let axes = [batch.len() / expected, expected];
            let data = TensorData::new(batch.to_vec(), axes);
            let tensor = Tensor::<2>::from_data(data, self.device());
            let values = read("decoding", self.with_codes()?.decode(tensor))?;
            let drawn = values.chunks_exact(shape.values());
            images.extend(drawn.map(|values| Image::from_unit(shape, values)));
            self.listener()
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
                self.reconstructs()?.reconstruct(self.tensor(batch)?),
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
        let images = Tensor::<4>::from_data(TensorData::new(values, axes), self.device());
        read("reconstructing", self.reconstructs()?.reconstruct(images))
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
            self.device(),
        ))
    }
}

fn read<const D: usize>(action: &'static str, tensor: Tensor<D>) -> Result<Vec<f32>, InferError> {
    tensor
        .try_into_vec_as::<f32>()
        .map_err(|error| InferError::device(action, error))
}
