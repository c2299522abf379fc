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
            let values = self.decode_values(batch.len() / expected, batch.to_vec())?;
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

    /// Passes `count` images of `shape` through the model at once, which lie one after the other; nothing is rounded.
    ///
    /// A model that [takes any size](Self::takes_any_size) takes any `shape` of its channels, any other its own alone.
    ///
    /// # Shapes
    /// - `values`, output: `[count, channels, height, width]`, in `[0, 1]`; what comes out is not clipped
    ///
    /// # Errors
    /// The model cannot reconstruct, or the device fails.
    ///
    /// # Panics
    /// When `values` is not as long as the shape says.
    pub fn reconstruct_values(
        &self,
        shape: ImageShape,
        count: usize,
        values: Vec<f32>,
    ) -> Result<Vec<f32>, InferError> {
        let axes = [count, shape.channels, shape.height, shape.width];
        let images = Tensor::<4>::from_data(TensorData::new(values, axes), self.device());
        read("reconstructing", self.reconstructs()?.reconstruct(images))
    }

    /// Compresses `count` images of the model's shape at once, which lie one after the other.
    ///
    /// # Shapes
    /// - `values`: `[count, channels, height, width]`, in `[0, 1]`
    /// - output: `[count, code_values]`
    ///
    /// # Errors
    /// The model has no codes, or the device fails.
    ///
    /// # Panics
    /// When `values` is not as long as the shape says.
    pub fn encode_values(&self, count: usize, values: Vec<f32>) -> Result<Vec<f32>, InferError> {
        let shape = self.image_shape();
        let axes = [count, shape.channels, shape.height, shape.width];
        let images = Tensor::<4>::from_data(TensorData::new(values, axes), self.device());
        read("encoding", self.with_codes()?.encode(images))
    }

    /// Makes images of `count` codes at once, which lie one after the other; nothing is rounded.
    ///
    /// # Shapes
    /// - `codes`: `[count, code_values]`
    /// - output: `[count, channels, height, width]`, not clipped to `[0, 1]`
    ///
    /// # Errors
    /// The model has no codes, or the device fails.
    ///
    /// # Panics
    /// When `codes` is not as long as that says.
    pub fn decode_values(&self, count: usize, codes: Vec<f32>) -> Result<Vec<f32>, InferError> {
        let axes = [count, self.code_values()?];
        let codes = Tensor::<2>::from_data(TensorData::new(codes, axes), self.device());
        read("decoding", self.with_codes()?.decode(codes))
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
