//! Reconstructions of a set's images, and how near they come.

use ae_data::ImageSet;
use ae_eval::{Quality, QualityMeter};
use ae_models::Trainable;

use crate::batches::images::images_tensor;
use crate::error::{Capability, TrainError};
use crate::measure::measurement::Measurement;

/// What a model that cannot do it is refused with.
const ACTION: &str = "reconstruct images";

/// One image that went through a model.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Reconstruction<'a> {
    /// The image's index in its set.
    pub index: usize,
    /// The image itself, `[channels, height, width]`, pixels in `[0, 1]`.
    pub clean: &'a [f32],
    /// What the model was shown: `clean`, or a noisy copy.
    pub input: &'a [f32],
    /// The model's reconstruction.
    pub output: &'a [f32],
}

impl<M: Trainable> Measurement<'_, M> {
    /// Measures how near the model's reconstructions come to the images of a set.
    ///
    /// # Errors
    /// Where the model does not reconstruct, and where the set is empty, has another shape than the model, or cannot be
    /// read.
    ///
    /// # Panics
    /// Never for data; a model may panic on a shape that it said it takes.
    pub fn evaluate(&self, set: &ImageSet) -> Result<Quality, TrainError> {
        let quality = self.evaluate_until(set, || false)?;
        Ok(quality.expect("only a stop ends without a quality"))
    }

    /// The same, unless `stop` says to end: it is asked before every batch. `None` where it did.
    pub(crate) fn evaluate_until(
        &self,
        set: &ImageSet,
        stop: impl Fn() -> bool,
    ) -> Result<Option<Quality>, TrainError> {
        let mut meter = QualityMeter::new(set.shape());
        let is_whole = self.reconstruct_until(set, stop, |image| {
            meter.add(image.clean, image.output);
            Ok(())
        })?;
        Ok(is_whole.then(|| meter.finish()))
    }

    /// Hands every image of a set with its reconstruction to `sink`, in the set's order.
    ///
    /// # Errors
    /// Where the model does not reconstruct, and where the set is empty, has another shape than the model, cannot be
    /// read, or `sink` fails.
    pub fn reconstruct(
        &self,
        set: &ImageSet,
        sink: impl FnMut(Reconstruction<'_>) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        self.reconstruct_until(set, || false, sink).map(drop)
    }

    /// The same until `stop`; tells whether all images were handed over.
    fn reconstruct_until(
        &self,
        set: &ImageSet,
        stop: impl Fn() -> bool,
        mut sink: impl FnMut(Reconstruction<'_>) -> Result<(), TrainError>,
    ) -> Result<bool, TrainError> {
        let (model, loader) = self.prepare(set, self.batch_size, self.noise)?;
        let model = model
            .as_reconstruct()
            .ok_or_else(TrainError::lacks(ACTION, Capability::Reconstruct))?;
        let shape = set.shape();
        for batch in loader {
            if stop() {
                return Ok(false);
            }
            let batch = batch?;
            let inputs = batch.input.as_ref().unwrap_or(&batch.target);
            let outputs = model.reconstruct(images_tensor(inputs.clone(), shape, &self.device));
            let outputs = outputs
                .try_into_vec_as::<f32>()
                .map_err(TrainError::device("reconstructing"))?;
            let values = shape.values();
            let images = batch
                .target
                .chunks_exact(values)
                .zip(inputs.chunks_exact(values));
            for ((&index, (clean, input)), output) in batch
                .indices
                .iter()
                .zip(images)
                .zip(outputs.chunks_exact(values))
            {
                sink(Reconstruction {
                    index: index as usize,
                    clean,
                    input,
                    output,
                })?;
            }
        }
        Ok(true)
    }
}
