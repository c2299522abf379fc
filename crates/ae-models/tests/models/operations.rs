//! The convolutional model at its full size against Burn's own operations: outputs, loss and every gradient.

use ae_models::{Model, ModelConfig, ReconstructionLoss, Trainable, TrainingBatch, named_tensors};
use burn::module::Module;
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::module::{conv2d, interpolate, max_pool2d};
use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};

use crate::gradients::gradients_of;
use crate::{conv, images, lively, pixels, reconstructs, transposed, values};

/// A weight and a bias.
type Layer = (Tensor<4>, Tensor<1>);

fn convolve(x: Tensor<4>, (weight, bias): &Layer) -> Tensor<4> {
    let same = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    conv2d(x, weight.clone(), Some(bias.clone()), same)
}

fn upsample(x: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let nearest = InterpolateOptions::new(InterpolateMode::Nearest);
    interpolate(x, nearest.with_output_size([2 * height, 2 * width]))
}

/// The default model by Burn's operations.
fn reconstruct(layers: &[Layer], images: Tensor<4>) -> Tensor<4> {
    let pool = |x| max_pool2d(x, MaxPoolOptions::new([2, 2]));
    let x = pool(relu(convolve(images, &layers[0])));
    let x = pool(relu(convolve(x, &layers[1])));
    let x = relu(convolve(x, &layers[2]));
    let x = upsample(relu(convolve(x, &layers[3])));
    let x = upsample(relu(convolve(x, &layers[4])));
    sigmoid(convolve(x, &layers[5]))
}

/// The model's tensors as leaves of a graph of their own.
fn layers(model: &Model, device: &Device) -> Vec<Layer> {
    let tensors = named_tensors(model);
    let pairs = tensors.chunks(2).map(|pair| {
        let data =
            |index: usize| TensorData::new(pair[index].values.clone(), pair[index].shape.clone());
        let weight = Tensor::from_data(data(0), device).require_grad();
        (weight, Tensor::from_data(data(1), device).require_grad())
    });
    pairs.collect()
}

#[test]
fn the_default_model_agrees_with_burns_operations() {
    const BATCH: usize = 3;
    let device = Device::flex().autodiff();
    let shape = [BATCH, 1, 28, 28];
    let model = lively(ModelConfig::default(), [1, 28, 28], 9, &device);
    let layers = layers(&model, &device);
    let target = {
        let clean: Vec<f32> = pixels(BATCH * 784).into_iter().rev().collect();
        Tensor::<4>::from_data(TensorData::new(clean, shape), &device)
    };

    let found = values(reconstructs(&model).reconstruct(images(shape, &device)));
    let expected = values(reconstruct(&layers, images(shape, &device)));
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (found - expected).abs() < 5e-6,
            "{found} instead of {expected}"
        );
    }

    for loss in ReconstructionLoss::ALL {
        let objective = model.objective(TrainingBatch {
            input: images(shape, &device),
            target: target.clone(),
            loss,
            step: 0,
            random: &(),
        });
        let expected = loss.value(reconstruct(&layers, images(shape, &device)), target.clone());
        let (found_loss, expected_loss) = (
            objective.loss.clone().into_scalar::<f32>(),
            expected.clone().into_scalar::<f32>(),
        );
        assert!(
            (found_loss - expected_loss).abs() < 1e-6 * expected_loss.abs().max(1.0),
            "{loss}: {found_loss}"
        );

        let found = gradients_of(&model, &objective.loss.backward());
        let gradients = expected.backward();
        let expected: Vec<Vec<f32>> = layers
            .iter()
            .flat_map(|(weight, bias)| {
                [
                    values(weight.grad(&gradients).unwrap()),
                    values(bias.grad(&gradients).unwrap()),
                ]
            })
            .collect();
        for ((_, shape, found), expected) in found.iter().zip(&expected) {
            let largest = expected
                .iter()
                .fold(0.0f32, |max, value| max.max(value.abs()));
            let difference = found
                .iter()
                .zip(expected)
                .fold(0.0f32, |max, (a, b)| max.max((a - b).abs()));
            assert!(
                difference < 5e-6 * largest,
                "{loss} {shape:?}: {difference} of {largest}"
            );
        }
    }
}

#[test]
#[expect(
    deprecated,
    reason = "Burn still ships ndarray, and users still choose it"
)]
fn backends_draw_the_same_pictures() {
    for config in [ModelConfig::default(), transposed(conv(&[32, 32], None))] {
        let model = lively(config, [1, 28, 28], 9, &Device::flex());
        let flex =
            values(reconstructs(&model).reconstruct(images([2, 1, 28, 28], &Device::flex())));
        let ndarray = Device::ndarray();
        let moved = model.to_device(&ndarray);
        let found = values(reconstructs(&moved).reconstruct(images([2, 1, 28, 28], &ndarray)));
        for (found, expected) in found.iter().zip(&flex) {
            assert!(
                (found - expected).abs() < 1e-6,
                "{found} instead of {expected}"
            );
        }
    }
}
