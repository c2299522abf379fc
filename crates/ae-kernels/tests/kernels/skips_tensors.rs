//! Skip connections as operations on Burn's tensors: the kernels against the reference path, which is Burn's own operations.

use ae_kernels::{Activation, ComputePath, Loss, Precision, Stack, Stage};
use burn::tensor::{Device, Tensor, TensorData};

use crate::conv_tensors::{close, devices, doubles, floats, images, mse, untracked};
use crate::reference::{Random, error, weights_of};
use crate::skips::{Symmetric, unet};

type TensorWeights = Vec<(Tensor<4>, Option<Tensor<1>>)>;

fn weights_on(stages: &[Stage], random: &mut Random, device: &Device) -> TensorWeights {
    let pair = |stage: &Stage| {
        let (weight, bias) = weights_of(random, stage);
        let shape = [stage.output_channels, stage.input_channels, 3, 3];
        let weight = Tensor::<4>::from_data(TensorData::new(weight, shape), device);
        let bias = stage.bias.then(|| {
            let bias = TensorData::new(bias, [stage.output_channels]);
            Tensor::<1>::from_data(bias, device).require_grad()
        });
        (weight.require_grad(), bias)
    };
    stages.iter().map(pair).collect()
}

/// Gradients of `loss` to `x`, and to the weights and those biases that there are.
fn gradients(loss: Tensor<1>, x: &Tensor<4>, weights: &TensorWeights) -> Vec<Vec<f32>> {
    let gradients = loss.backward();
    let mut all = vec![floats(x.grad(&gradients).expect("the input is tracked"))];
    for (weight, bias) in weights {
        all.push(floats(
            weight.grad(&gradients).expect("weights are tracked"),
        ));
        if let Some(bias) = bias {
            all.push(floats(bias.grad(&gradients).expect("biases are tracked")));
        }
    }
    all
}

/// Networks of two, three and five levels, the last of more stages than one operation of plain stacks takes, with every
/// other stage's bias in one of them.
fn networks() -> Vec<(Vec<Stage>, [usize; 4])> {
    let concatenated = unet(
        1,
        &[16, 24, 40],
        2,
        Symmetric::Concatenated,
        Activation::Relu,
    );
    let mut added = unet(
        3,
        &[32, 32],
        1,
        Symmetric::Added,
        Activation::LeakyRelu(0.1),
    );
    for stage in added.iter_mut().step_by(2) {
        stage.bias = true;
    }
    let mut deep = unet(
        1,
        &[4, 5, 6, 7, 8],
        3,
        Symmetric::Concatenated,
        Activation::LeakyRelu(0.8),
    );
    for stage in &mut deep {
        stage.bias = true;
    }
    assert!(deep.len() > 16);
    vec![
        (concatenated, [3, 1, 8, 12]),
        (added, [5, 3, 6, 4]),
        (deep, [2, 1, 16, 16]),
    ]
}

#[test]
fn gradients_are_those_of_the_reference_path() {
    for device in devices() {
        for (stages, shape) in networks() {
            let stack = Stack::new(stages.clone(), Precision::Fast).expect("the stages fit");
            let reference = stack.clone().on(ComputePath::Reference);
            let mut random = Random::new(11);
            let weights = weights_on(&stages, &mut random, &device);
            let x = images(&mut random, shape, &device).require_grad();
            let target = images(&mut random, shape, &device);

            let output = reference.forward(x.clone(), &weights);
            let expected_output = doubles(output.clone());
            let expected = gradients(mse(output, target.clone()), &x, &weights);

            let output = stack.forward(x.clone(), &weights);
            let off = error(&floats(output.clone()), &expected_output);
            assert!(off < 5e-6, "the output is off by {off:e}");
            let found = gradients(mse(output, target.clone()), &x, &weights);
            assert_eq!(found.len(), expected.len());
            close(&found, &expected, 1e-5, "forward");

            let loss = stack.loss(x.clone(), target.clone(), &weights, Loss::Mse);
            let plain = reference.loss(x.clone(), target, &weights, Loss::Mse);
            assert!((doubles(loss.clone())[0] / doubles(plain)[0] - 1.0).abs() < 1e-6);
            close(&gradients(loss, &x, &weights), &expected, 1e-5, "loss");
        }
    }
}

#[test]
fn only_what_is_tracked_gets_a_gradient() {
    for device in devices() {
        let stages = unet(1, &[8, 16], 1, Symmetric::Concatenated, Activation::Relu);
        let stack = Stack::new(stages.clone(), Precision::Fast).expect("the stages fit");
        let mut random = Random::new(12);
        let mut weights = weights_on(&stages, &mut random, &device);
        weights[1].0 = untracked(weights[1].0.clone());
        let x = images(&mut random, [2, 1, 4, 4], &device);
        let gradients = stack
            .loss(x.clone(), x.clone(), &weights, Loss::Mse)
            .backward();
        assert!(x.grad(&gradients).is_none());
        assert!(weights[1].0.grad(&gradients).is_none());
        assert!(weights[0].0.grad(&gradients).is_some());
    }
}

#[test]
fn a_bias_where_there_is_none_is_an_error() {
    let device = &devices()[0];
    let stage = Stage::new(1, 2, Activation::Relu);
    let mut random = Random::new(13);
    let some = weights_on(&[stage], &mut random, device);
    let none = weights_on(&[stage.without_bias()], &mut random, device);
    let x = images(&mut random, [1, 1, 3, 3], device);
    for (stage, weights, expected) in [
        (
            stage,
            &none,
            "the bias of stage 0 has shape [0], expected [2]",
        ),
        (
            stage.without_bias(),
            &some,
            "the bias of stage 0 has shape [2], expected [0]",
        ),
    ] {
        let stack = Stack::new(vec![stage], Precision::Fast).expect("there are channels");
        let error = stack
            .try_forward(x.clone(), weights)
            .expect_err("it does not fit");
        assert_eq!(error.to_string(), expected);
    }
}
