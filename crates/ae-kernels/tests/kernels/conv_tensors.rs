//! The operations on Burn's tensors against Burn's own, and what graphs may do with them.

use ae_kernels::{
    Activation, ComputePath, KernelError, Loss, Precision, Resize, Stack, Stage,
    TransposedConvolution,
};
use burn::tensor::activation::{leaky_relu, relu, sigmoid, tanh};
use burn::tensor::module::{conv2d, interpolate, max_pool2d};
use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};

use crate::conv::autoencoder;
use crate::reference::{Random, Start, error, run, weights_of};

type TensorWeights = Vec<(Tensor<4>, Tensor<1>)>;

/// The weights as a stack takes them, of stages that have biases.
fn some(weights: &[(Tensor<4>, Tensor<1>)]) -> Vec<(Tensor<4>, Option<Tensor<1>>)> {
    let pairs = weights.iter().cloned();
    pairs.map(|(weight, bias)| (weight, Some(bias))).collect()
}

/// The stages by Burn's own operations.
fn by_burn(stages: &[Stage], mut x: Tensor<4>, weights: &TensorWeights) -> Tensor<4> {
    for (stage, (weight, bias)) in stages.iter().zip(weights) {
        if stage.resize == Resize::Upsample {
            let [_, _, height, width] = x.dims();
            let nearest = InterpolateOptions::new(InterpolateMode::Nearest);
            x = interpolate(x, nearest.with_output_size([2 * height, 2 * width]));
        }
        x = conv2d(
            x,
            weight.clone(),
            Some(bias.clone()),
            ConvOptions::new([1, 1], [if stage.pointwise { 0 } else { 1 }; 2], [1, 1], 1),
        );
        x = match stage.activation {
            Activation::None => x,
            Activation::Relu => relu(x),
            Activation::LeakyRelu(slope) => leaky_relu(x, f64::from(slope)),
            Activation::Sigmoid => sigmoid(x),
            Activation::Tanh => tanh(x),
        };
        if stage.resize == Resize::MaxPool {
            x = max_pool2d(x, MaxPoolOptions::new([2, 2]));
        }
    }
    x
}

pub(crate) fn mse<const D: usize>(output: Tensor<D>, target: Tensor<D>) -> Tensor<1> {
    let difference = output - target;
    (difference.clone() * difference).mean()
}

/// Weights on `device`, tracked.
fn weights_on(stages: &[Stage], random: &mut Random, device: &Device) -> TensorWeights {
    let pair = |stage: &Stage| {
        let (weight, bias) = weights_of(random, stage);
        let side = if stage.pointwise { 1 } else { 3 };
        let shape = [stage.output_channels, stage.input_channels, side, side];
        let weight = Tensor::<4>::from_data(TensorData::new(weight, shape), device);
        let bias = Tensor::<1>::from_data(TensorData::new(bias, [stage.output_channels]), device);
        (weight.require_grad(), bias.require_grad())
    };
    stages.iter().map(pair).collect()
}

pub(crate) fn images(random: &mut Random, shape: [usize; 4], device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.unit()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub(crate) fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .try_to_vec::<f32>()
        .expect("single precision")
}

pub(crate) fn doubles<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    floats(tensor).into_iter().map(f64::from).collect()
}

/// The same values without history, on the same device.
pub(crate) fn untracked<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    Tensor::from_inner(tensor.inner())
}

/// Gradients of `loss` to `x`, and to the weights and biases.
pub(crate) fn gradients<const X: usize, const W: usize>(
    loss: Tensor<1>,
    x: &Tensor<X>,
    weights: &[(Tensor<W>, Tensor<1>)],
) -> Vec<Vec<f32>> {
    let gradients = loss.backward();
    let mut all = vec![floats(x.grad(&gradients).expect("the input is tracked"))];
    for (weight, bias) in weights {
        all.push(floats(
            weight.grad(&gradients).expect("weights are tracked"),
        ));
        all.push(floats(bias.grad(&gradients).expect("biases are tracked")));
    }
    all
}

#[cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "tested as long as it is supported")
)]
pub(crate) fn devices() -> Vec<Device> {
    vec![
        #[cfg(feature = "flex")]
        Device::flex().autodiff(),
        #[cfg(feature = "ndarray")]
        Device::ndarray().autodiff(),
    ]
}

pub(crate) fn close(found: &[Vec<f32>], expected: &[Vec<f32>], tolerance: f64, what: &str) {
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let expected: Vec<f64> = expected.iter().map(|&value| f64::from(value)).collect();
        let off = error(found, &expected);
        assert!(
            off < tolerance,
            "{what}: gradient {index} is off by {off:e}"
        );
    }
}

#[test]
fn gradients_are_those_of_burns_operations() {
    let small = vec![
        Stage::new(3, 24, Activation::LeakyRelu(0.1)).with_max_pool(),
        Stage::new(24, 40, Activation::Sigmoid),
        Stage::new(40, 40, Activation::Relu).pointwise(),
        Stage::new(40, 3, Activation::None).with_upsample(),
    ];
    for device in devices() {
        for (stages, shape) in [
            (autoencoder(), [16, 1, 28, 28]),
            (small.clone(), [5, 3, 10, 12]),
        ] {
            let stack = Stack::new(stages.clone(), Precision::Fast).expect("the stages fit");
            let mut random = Random::new(11);
            let weights = weights_on(&stages, &mut random, &device);
            let x = images(&mut random, shape, &device).require_grad();
            let target = images(&mut random, shape, &device);

            let plain = by_burn(&stages, x.clone(), &weights);
            let expected_output = doubles(plain.clone());
            let plain = mse(plain, target.clone());
            let expected_loss = doubles(plain.clone())[0];
            let expected = gradients(plain, &x, &weights);

            let output = stack.forward(x.clone(), &some(&weights));
            assert!(error(&floats(output.clone()), &expected_output) < 5e-6);
            close(
                &gradients(mse(output, target.clone()), &x, &weights),
                &expected,
                5e-6,
                "forward",
            );

            let loss = stack.loss(x.clone(), target, &some(&weights), Loss::Mse);
            assert!((doubles(loss.clone())[0] / expected_loss - 1.0).abs() < 1e-6);
            close(&gradients(loss, &x, &weights), &expected, 5e-6, "loss");
        }
    }
}

/// A stack, its weights and a batch on a device.
fn setting(device: &Device) -> (Stack, TensorWeights, Tensor<4>) {
    let stages = vec![
        Stage::new(1, 16, Activation::Relu).with_max_pool(),
        Stage::new(16, 1, Activation::Sigmoid).with_upsample(),
    ];
    let mut random = Random::new(2);
    let weights = weights_on(&stages, &mut random, device);
    let x = images(&mut random, [3, 1, 8, 6], device);
    (
        Stack::new(stages, Precision::Fast).expect("the stages fit"),
        weights,
        x,
    )
}

#[test]
fn a_graph_may_use_an_output_twice() {
    for device in devices() {
        let (stack, weights, x) = setting(&device);
        let x = x.require_grad();
        let once = gradients(
            stack.forward(x.clone(), &some(&weights)).sum(),
            &x,
            &weights,
        );
        let output = stack.forward(x.clone(), &some(&weights));
        let twice = gradients((output.clone() + output).sum(), &x, &weights);
        let both = gradients(
            stack.forward(x.clone(), &some(&weights)).sum()
                + stack.forward(x.clone(), &some(&weights)).sum(),
            &x,
            &weights,
        );
        let doubled: Vec<Vec<f32>> = once
            .iter()
            .map(|values| values.iter().map(|value| 2.0 * value).collect())
            .collect();
        close(&twice, &doubled, 1e-6, "one output, used twice");
        close(&both, &doubled, 1e-6, "two passes");

        let loss = stack.loss(x.clone(), untracked(x.clone()), &some(&weights), Loss::L1);
        let single = gradients(loss, &x, &weights);
        let loss = stack.loss(x.clone(), untracked(x.clone()), &some(&weights), Loss::L1);
        let scaled = gradients(loss.clone() * 1.5 + loss * 0.5, &x, &weights);
        let doubled: Vec<Vec<f32>> = single
            .iter()
            .map(|values| values.iter().map(|value| 2.0 * value).collect())
            .collect();
        close(&scaled, &doubled, 1e-6, "a loss, scaled and added");
    }
}

#[test]
fn a_graph_may_be_dropped_or_never_differentiated() {
    for device in devices() {
        let (stack, weights, x) = setting(&device);
        let output = stack.forward(x.clone(), &some(&weights));
        let loss = stack.loss(x.clone(), x.clone(), &some(&weights), Loss::Bce);
        let kept = floats(output.clone().detach());
        drop((output, loss));
        // Without autodiff, and with untracked weights under autodiff, the same values come out.
        let constants: TensorWeights = weights
            .iter()
            .map(|(weight, bias)| (untracked(weight.clone()), untracked(bias.clone())))
            .collect();
        assert_eq!(floats(stack.forward(x.clone(), &some(&constants))), kept);
        let inner: TensorWeights = weights
            .iter()
            .map(|(weight, bias)| (weight.clone().inner(), bias.clone().inner()))
            .collect();
        assert_eq!(
            floats(stack.forward(x.clone().inner(), &some(&inner))),
            kept
        );
        let plain = stack.loss(
            x.clone().inner(),
            x.clone().inner(),
            &some(&inner),
            Loss::Bce,
        );
        let tracked = stack.loss(x.clone(), x, &some(&weights), Loss::Bce);
        assert!((doubles(plain)[0] / doubles(tracked)[0] - 1.0).abs() < 1e-6);
    }
}

#[test]
fn only_what_is_tracked_gets_a_gradient() {
    for device in devices() {
        let (stack, mut weights, x) = setting(&device);
        weights[0].1 = untracked(weights[0].1.clone());
        let gradients = stack
            .loss(x.clone(), x.clone(), &some(&weights), Loss::Mse)
            .backward();
        assert!(x.grad(&gradients).is_none());
        assert!(weights[0].1.grad(&gradients).is_none());
        assert!(weights[0].0.grad(&gradients).is_some());
        assert!(weights[1].1.grad(&gradients).is_some());
    }
}

#[test]
fn the_target_may_be_tracked_too() {
    for device in devices() {
        for loss in [Loss::Mse, Loss::Bce, Loss::L1, Loss::Charbonnier] {
            let (stack, weights, x) = setting(&device);
            let target = (x.clone() * 0.5).require_grad();
            let found = stack
                .loss(x.clone(), target.clone(), &some(&weights), loss)
                .backward();
            let fixed = stack
                .loss(x, untracked(target.clone()), &some(&weights), loss)
                .backward();
            assert!(target.grad(&found).is_some());
            for (weight, bias) in &weights {
                let close =
                    |found: Vec<f32>, expected: Vec<f64>| assert!(error(&found, &expected) < 1e-6);
                close(
                    floats(weight.grad(&found).expect("tracked")),
                    doubles(weight.grad(&fixed).expect("tracked")),
                );
                close(
                    floats(bias.grad(&found).expect("tracked")),
                    doubles(bias.grad(&fixed).expect("tracked")),
                );
            }
        }
    }
}

#[test]
fn a_stack_longer_than_one_operation() {
    for device in devices() {
        let stages: Vec<Stage> = (0..35)
            .map(|_| Stage::new(2, 2, Activation::LeakyRelu(0.9)))
            .collect();
        let mut random = Random::new(4);
        let weights = weights_on(&stages, &mut random, &device);
        let x = images(&mut random, [2, 2, 5, 5], &device).require_grad();
        let stack = Stack::new(stages.clone(), Precision::Exact).expect("the stages fit");
        let found = gradients(
            stack.loss(x.clone(), untracked(x.clone()), &some(&weights), Loss::Mse),
            &x,
            &weights,
        );
        // In double precision: so deep, Burn's own operations are off by as much again.
        let values = floats(x.inner());
        let weights: Vec<_> = weights
            .into_iter()
            .map(|(weight, bias)| (floats(weight.inner()), floats(bias.inner())))
            .collect();
        let start = Start::Loss(Loss::Mse, &values);
        let expected = run(&stages, [2, 2, 5, 5], &values, &weights, &start);
        let of_weights = expected.weights.into_iter();
        let expected = of_weights.flat_map(|(weight, bias)| [weight, bias]);
        for (index, (found, expected)) in found[1..].iter().zip(expected).enumerate() {
            let off = error(found, &expected);
            assert!(off < 5e-6, "gradient {index} is off by {off:e}");
        }
    }
}

#[test]
fn tensors_that_are_not_contiguous() {
    for device in devices() {
        let (stack, weights, x) = setting(&device);
        let turned = x
            .clone()
            .swap_dims(2, 3)
            .reshape([3, 1, 6, 8])
            .swap_dims(2, 3);
        assert_eq!(
            floats(stack.forward(turned, &some(&weights))),
            floats(stack.forward(x.clone(), &some(&weights)))
        );
        let part = stack.forward(x.clone().narrow(0, 1, 2), &some(&weights));
        assert_eq!(
            floats(part),
            floats(stack.forward(x, &some(&weights)).narrow(0, 1, 2))
        );
    }
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    for device in devices() {
        let (stack, weights, x) = setting(&device);
        let message = |result: Result<Tensor<4>, KernelError>| {
            result.expect_err("it does not fit").to_string()
        };
        let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &device);
        assert_eq!(
            message(stack.try_forward(zeros([2, 3, 8, 8]), &some(&weights))),
            "the channels' axis has 3 values, expected 1"
        );
        assert_eq!(
            message(stack.try_forward(zeros([2, 1, 1, 8]), &some(&weights))),
            "stage 0: no pixels left of an input of 8x1"
        );
        assert_eq!(
            message(stack.try_forward(x.clone(), &some(&weights[..1]))),
            "1 pairs of weight and bias for 2 stages"
        );
        let swapped = [weights[1].clone(), weights[0].clone()];
        assert_eq!(
            message(stack.try_forward(x.clone(), &some(&swapped))),
            "the weight of stage 0 has shape [1, 16, 3, 3], expected [16, 1, 3, 3]"
        );
        let error = stack
            .try_loss(x, zeros([3, 1, 8, 8]), &some(&weights), Loss::Mse)
            .expect_err("it does not fit");
        assert_eq!(
            error.to_string(),
            "the target has shape [3, 1, 8, 8], expected [3, 1, 8, 6]"
        );
    }
}

#[test]
fn transposed_convolutions_are_those_of_burns_operation() {
    for device in devices() {
        for (inputs, outputs, height, width) in [(1, 1, 1, 1), (3, 5, 4, 7), (32, 17, 7, 5)] {
            let mut random = Random::new(outputs as u64);
            let mut tensor = |shape: [usize; 4]| {
                let values = random.values(shape.iter().product(), 0.5);
                Tensor::<4>::from_data(TensorData::new(values, shape), &device).require_grad()
            };
            let x = tensor([3, inputs, height, width]);
            let weight = tensor([inputs, outputs, 3, 3]);
            let factors = tensor([3, outputs, 2 * height, 2 * width]);
            let bias = TensorData::new(random.values(outputs, 0.5), [outputs]);
            let bias = Tensor::<1>::from_data(bias, &device).require_grad();
            let run = |layer: &TransposedConvolution| {
                let output = layer.forward(x.clone(), weight.clone(), bias.clone());
                let gradients = (output.clone() * factors.clone()).sum().backward();
                [
                    doubles(output.inner()),
                    doubles(x.grad(&gradients).expect("tracked")),
                    doubles(weight.grad(&gradients).expect("tracked")),
                    doubles(bias.grad(&gradients).expect("tracked")),
                ]
            };
            for precision in [Precision::Exact, Precision::Fast] {
                let layer = TransposedConvolution::new(inputs, outputs, precision);
                let layer = layer.expect("there are channels");
                let expected = run(&layer.clone().on(ComputePath::Reference));
                for (found, expected) in run(&layer).iter().zip(&expected) {
                    let found: Vec<f32> = found.iter().map(|&value| value as f32).collect();
                    let off = error(&found, expected);
                    assert!(off < 2e-6, "{inputs} to {outputs}, {precision:?}: {off:e}");
                }
            }
        }
    }
}
