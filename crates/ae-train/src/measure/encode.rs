//! Codes of a set's images.

use ae_data::ImageSet;
use ae_models::Trainable;

use crate::batches::images::images_tensor;
use crate::error::{Capability, TrainError};
use crate::measure::measurement::Measurement;

impl<M: Trainable> Measurement<'_, M> {
    /// Hands the code of every image of a set to `sink`, in the set's order, with the image's index.
    ///
    /// # Shapes
    /// - each code: `[code_values]`, the model's code shape flattened
    ///
    /// # Errors
    /// Where the model has no codes, and where the set is empty, has another shape than the model, cannot be read, or `sink` fails.
    pub fn encode(
        &self,
        set: &ImageSet,
        mut sink: impl FnMut(usize, &[f32]) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let (model, loader) = self.prepare(set, self.batch_size, None)?;
        let model = model
            .as_codes()
            .ok_or_else(TrainError::lacks("encode images", Capability::Codes))?;
        for batch in loader {
            let batch = batch?;
            let codes = model.encode(images_tensor(batch.target, set.shape(), &self.device));
            let [_, values] = codes.dims();
            let codes = codes
                .try_into_vec_as::<f32>()
                .map_err(TrainError::device("encoding"))?;
            for (&index, code) in batch.indices.iter().zip(codes.chunks_exact(values)) {
                sink(index as usize, code)?;
            }
        }
        Ok(())
    }
}
