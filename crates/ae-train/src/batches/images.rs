//! A set's images on their way into a model: whether it takes them, and as a tensor.

use ae_data::{ImageSet, ImageShape};
use ae_models::Trainable;
use burn::tensor::{Device, Tensor, TensorData};

use crate::error::TrainError;

/// Whether the model takes the set's images, and there are any.
pub(crate) fn check_images<M: Trainable>(model: &M, set: &ImageSet) -> Result<(), TrainError> {
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
