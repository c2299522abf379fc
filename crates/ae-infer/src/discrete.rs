//! A model whose codes are indices of codewords: images as indices, and back.

use ae_models::{DiscreteCodes, Trainable as _};
use burn::tensor::{Int, Tensor, TensorData};

use crate::error::{Capability, InferError};
use crate::open_model::{BATCH_SIZE, OpenModel};
use crate::transform::{images_of_levels, levels_of_images};

/// What a model's indices are of.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexGrid {
    /// Rows of places.
    pub rows: usize,
    /// Places of a row.
    pub columns: usize,
    /// How many codewords there are.
    pub codewords: usize,
    /// The levels of each of a codeword's numbers, where all combinations are codewords.
    pub levels: Option<Vec<usize>>,
}

impl IndexGrid {
    /// Indices of an image.
    #[must_use]
    pub fn places(&self) -> usize {
        self.rows * self.columns
    }
}

impl OpenModel {
    /// What the model's indices are of; `None` for a model whose codes are none.
    #[must_use]
    pub fn index_grid(&self) -> Option<IndexGrid> {
        let model = self.model().as_discrete_codes()?;
        let [rows, columns] = model.grid();
        Some(IndexGrid {
            rows,
            columns,
            codewords: model.codewords(),
            levels: model.levels().map(<[usize]>::to_vec),
        })
    }

    /// The codewords, one after the other.
    ///
    /// # Errors
    /// The model's codes are no indices, or the device fails.
    pub fn codeword_vectors(&self) -> Result<Vec<f32>, InferError> {
        self.discrete()?
            .codeword_vectors()
            .try_into_vec_as::<f32>()
            .map_err(|error| InferError::device("reading codewords", error))
    }

    /// The indices that stand for images: the same for the same images on this machine, whatever batch they are in; another
    /// machine's floats may take a few others.
    ///
    /// # Shapes
    /// - `pixels`: `[count, channels, height, width]`, of the model's shape
    /// - output: `[count, rows, columns]`
    ///
    /// # Errors
    /// The model's codes are no indices, or the device fails.
    ///
    /// # Panics
    /// If `pixels` are no whole number of images.
    pub fn indices(&self, pixels: &[u8]) -> Result<Vec<u16>, InferError> {
        let model = self.discrete()?;
        let shape = self.image_shape();
        assert!(
            pixels.len().is_multiple_of(shape.values()),
            "whole images of {shape}"
        );
        let mut indices = Vec::new();
        for batch in pixels.chunks(BATCH_SIZE * shape.values()) {
            let found = model
                .indices(images_of_levels(batch, shape, self.device()))
                .try_into_vec_as::<i32>()
                .map_err(|error| InferError::device("encoding", error))?;
            // There are at most 65,536 codewords.
            indices.extend(found.into_iter().map(|index| index as u16));
        }
        Ok(indices)
    }

    /// The images that indices stand for: within one level of what any other machine makes of them.
    ///
    /// # Shapes
    /// - `indices`: `[count, rows, columns]`
    /// - output: `[count, channels, height, width]`
    ///
    /// # Errors
    /// The model's codes are no indices, or the device fails.
    ///
    /// # Panics
    /// If `indices` are no whole number of images, or one is of no codeword.
    pub fn pixels_of_indices(&self, indices: &[u16]) -> Result<Vec<u8>, InferError> {
        let model = self.discrete()?;
        let places = model.grid().iter().product::<usize>();
        assert!(indices.len().is_multiple_of(places), "whole images");
        let is_there = |&index: &u16| usize::from(index) < model.codewords();
        assert!(indices.iter().all(is_there), "indices of codewords");
        let mut pixels = Vec::new();
        for batch in indices.chunks(BATCH_SIZE * places) {
            let values: Vec<i32> = batch.iter().map(|&index| index.into()).collect();
            let axes = [batch.len() / places, places];
            let batch = Tensor::<2, Int>::from_data(TensorData::new(values, axes), self.device());
            pixels.extend(levels_of_images(model.decode_indices(batch))?);
        }
        Ok(pixels)
    }

    fn discrete(&self) -> Result<&dyn DiscreteCodes, InferError> {
        let model = self.model().as_discrete_codes();
        model.ok_or_else(|| self.lacks(Capability::Indices))
    }
}
