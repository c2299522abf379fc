//! Running a trained model over a set of images, in batches.

use ae_data::{ImageSet, ImageShape, NoiseChain};
use ae_eval::{Quality, QualityMeter};
use ae_models::Autoencoder;
use burn::tensor::{Device, Tensor, TensorData};

use crate::TrainError;
use crate::batches::loader::{BatchLoader, BatchNoise, BatchPlan};
use crate::config::at_least_one;

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
    /// What the model drew.
    pub output: &'a [f32],
}

/// Measures how near a model's reconstructions come to the images of a set.
///
/// With noise, the model sees the noisy images and is measured against the clean ones. An image's noise depends on
/// `(seed, index)` alone. Memory is bounded by a few batches.
///
/// # Errors
/// Where the set is empty, has another shape than the model, or cannot be read.
///
/// # Panics
/// Never for data; a model may panic on a shape that it said it takes.
pub fn evaluate<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    noise: Option<(&NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
) -> Result<Quality, TrainError> {
    let quality = evaluate_until(model, set, noise, device, batch_size, || false)?;
    Ok(quality.expect("only a stop ends without a quality"))
}

/// The same, unless `stop` says to end: it is asked before every batch. `None` where it did.
pub(crate) fn evaluate_until<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    noise: Option<(&NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
    stop: impl Fn() -> bool,
) -> Result<Option<Quality>, TrainError> {
    let mut meter = QualityMeter::new(set.shape());
    let is_whole = reconstruct_until(model, set, noise, device, batch_size, stop, |image| {
        meter.add(image.clean, image.output);
        Ok(())
    })?;
    Ok(is_whole.then(|| meter.finish()))
}

/// Hands every image of a set with its reconstruction to `sink`, in the set's order.
///
/// # Errors
/// Where the set is empty, has another shape than the model, cannot be read, or `sink` fails.
pub fn reconstruct_set<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    noise: Option<(&NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
    sink: impl FnMut(Reconstruction<'_>) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    reconstruct_until(model, set, noise, device, batch_size, || false, sink).map(drop)
}

/// The same until `stop`; tells whether all images were handed over.
fn reconstruct_until<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    noise: Option<(&NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
    stop: impl Fn() -> bool,
    mut sink: impl FnMut(Reconstruction<'_>) -> Result<(), TrainError>,
) -> Result<bool, TrainError> {
    let (model, loader) = prepare(model, set, noise, device, batch_size)?;
    let shape = set.shape();
    for batch in loader {
        if stop() {
            return Ok(false);
        }
        let batch = batch?;
        let inputs = batch.input.as_ref().unwrap_or(&batch.target);
        let outputs = model.reconstruct(images_tensor(inputs.clone(), shape, device));
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

/// Hands the code of every image of a set to `sink`, in the set's order, with the image's index.
///
/// # Shapes
/// - each code: `[code_values]`, the model's code shape flattened
///
/// # Errors
/// Where the set is empty, has another shape than the model, cannot be read, or `sink` fails.
pub fn encode_set<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    device: &Device,
    batch_size: usize,
    mut sink: impl FnMut(usize, &[f32]) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    let (model, loader) = prepare(model, set, None, device, batch_size)?;
    for batch in loader {
        let batch = batch?;
        let codes = model.encode(images_tensor(batch.target, set.shape(), device));
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

pub(crate) fn prepare<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    noise: Option<(&NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
) -> Result<(M, BatchLoader), TrainError> {
    at_least_one("batch_size", batch_size)?;
    check_images(model, set)?;
    let loader = BatchLoader::start(BatchPlan {
        set: set.clone(),
        order: None,
        batch_size,
        first_batch: 0,
        noise: BatchNoise::for_measuring(noise),
        threads: 1,
    })?;
    Ok((
        model.valid().fork(&device.clone().without_autodiff()),
        loader,
    ))
}

/// Whether the model takes the set's images, and there are any.
pub(crate) fn check_images<M: Autoencoder>(model: &M, set: &ImageSet) -> Result<(), TrainError> {
    let found = set.shape();
    if set.is_empty() {
        return Err(TrainError::EmptySet {
            name: set.name().to_owned(),
        });
    }
    if !model.accepts([found.channels, found.height, found.width]) {
        let [channels, height, width] = model.input_shape();
        let expected = ImageShape::new(channels, height, width);
        return Err(TrainError::Shape {
            name: set.name().to_owned(),
            expected,
            found,
        });
    }
    Ok(())
}

/// # Shapes
/// - output: `[batch, channels, height, width]`
pub(crate) fn images_tensor(values: Vec<f32>, shape: ImageShape, device: &Device) -> Tensor<4> {
    let batch = values.len() / shape.values();
    Tensor::from_data(
        TensorData::new(values, [batch, shape.channels, shape.height, shape.width]),
        device,
    )
}
