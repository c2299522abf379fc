//! Dense layers on Burn's tensors against Burn's own operations.

use ae_kernels::{Activation, ComputePath, DenseLayer, DenseStack, Loss, WeightOrder};
use burn::tensor::{Device, Tensor, TensorData};

use crate::conv_tensors::{close, devices, doubles, floats, gradients, mse};
use crate::dense::{lively, parameters};
use crate::reference::{Random, error};

type TensorWeights = Vec<(Tensor<2>, Tensor<1>)>;

fn rows(random: &mut Random, shape: [usize; 2], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = (0..shape[0] * shape[1]).map(|_| random.unit()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Weights on `device`, tracked.
fn weights_on(layers: &[DenseLayer], random: &mut Random, device: &Device) -> TensorWeights {
    let pairs = layers.iter().zip(parameters(random, layers));
    pairs
        .map(|(layer, (weight, bias))| {
            let weight = TensorData::new(weight, layer.weight_shape());
            let bias = TensorData::new(bias, [layer.outputs]);
            (
                Tensor::from_data(weight, device).require_grad(),
                Tensor::from_data(bias, device).require_grad(),
            )
        })
        .collect()
}

#[test]
fn gradients_are_those_of_burns_operations() {
    // Longer than one operation of autodiff differentiates, too.
    let long = vec![DenseLayer::new(9, 9, Activation::LeakyRelu(0.9)); 21];
    for device in devices() {
        for (layers, batch) in [(lively(), 5), (lively(), 70), (long.clone(), 4)] {
            let stack = DenseStack::new(layers.clone()).expect("the layers fit");
            let mut random = Random::new(11);
            let weights = weights_on(&layers, &mut random, &device);
            let x = rows(&mut random, [batch, stack.inputs()], &device).require_grad();
            let target = rows(&mut random, [batch, stack.outputs()], &device);

            let plain = stack
                .clone()
                .on(ComputePath::Reference)
                .forward(x.clone(), &weights);
            let output = stack.forward(x.clone(), &weights);
            assert!(error(&floats(output.clone()), &doubles(plain.clone())) < 5e-6);
            let expected = gradients(mse(plain, target.clone()), &x, &weights);
            let found = gradients(mse(output, target.clone()), &x, &weights);
            close(&found, &expected, 1e-5, "forward");

            for loss in [Loss::Mse, Loss::Bce, Loss::L1] {
                if loss == Loss::Bce && layers.len() == 21 {
                    // Its outputs are no probabilities.
                    continue;
                }
                let plain = stack.clone().on(ComputePath::Reference).loss(
                    x.clone(),
                    target.clone(),
                    &weights,
                    loss,
                );
                let value = doubles(plain.clone())[0];
                let expected = gradients(plain, &x, &weights);
                let found = stack.loss(x.clone(), target.clone(), &weights, loss);
                assert!(
                    (doubles(found.clone())[0] / value - 1.0).abs() < 2e-6,
                    "{loss:?}"
                );
                close(&gradients(found, &x, &weights), &expected, 1e-5, "loss");
            }
        }
    }
}

#[test]
fn one_weight_may_serve_two_layers() {
    for device in devices() {
        let layers = vec![
            DenseLayer::new(12, 5, Activation::Relu),
            DenseLayer {
                order: WeightOrder::OutputsFirst,
                ..DenseLayer::new(5, 12, Activation::Sigmoid)
            },
        ];
        let mut random = Random::new(4);
        let mut weights = weights_on(&layers, &mut random, &device);
        weights[1].0 = weights[0].0.clone();
        let x = rows(&mut random, [6, 12], &device).require_grad();
        let stack = DenseStack::new(layers).expect("the layers fit");
        let target = x.clone().detach();
        let loss = stack.loss(x.clone(), target.clone(), &weights, Loss::Mse);
        let plain =
            stack
                .clone()
                .on(ComputePath::Reference)
                .loss(x.clone(), target, &weights, Loss::Mse);
        let expected = gradients(plain, &x, &weights);
        close(&gradients(loss, &x, &weights), &expected, 5e-6, "tied");
    }
}

#[test]
fn graphs_and_views_behave_as_with_burns_operations() {
    for device in devices() {
        let layers = lively();
        let stack = DenseStack::new(layers.clone()).expect("the layers fit");
        let mut random = Random::new(2);
        let weights = weights_on(&layers, &mut random, &device);
        let x = rows(&mut random, [6, 19], &device).require_grad();
        // Used twice, and scaled from above.
        let once = gradients(stack.forward(x.clone(), &weights).sum(), &x, &weights);
        let output = stack.forward(x.clone(), &weights);
        let twice = gradients((output.clone() + output * 2.0).sum(), &x, &weights);
        let tripled: Vec<Vec<f32>> = once
            .iter()
            .map(|values| values.iter().map(|value| 3.0 * value).collect())
            .collect();
        close(&twice, &tripled, 1e-6, "used twice");
        // Dropped, and without history.
        let kept = floats(stack.forward(x.clone(), &weights).detach());
        let inner: TensorWeights = weights
            .iter()
            .map(|(weight, bias)| (weight.clone().inner(), bias.clone().inner()))
            .collect();
        assert_eq!(floats(stack.forward(x.clone().inner(), &inner)), kept);
        // A view whose values do not lie in order.
        let turned = x.clone().swap_dims(0, 1).reshape([6, 19]).inner();
        let values = floats(turned.clone());
        let straight = Tensor::from_data(TensorData::new(values, [6, 19]), &turned.device());
        let view = straight.clone().swap_dims(0, 1).clone().swap_dims(0, 1);
        assert_eq!(
            floats(stack.forward(view, &inner)),
            floats(stack.forward(straight, &inner))
        );
    }
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    for device in devices() {
        let layers = lively();
        let stack = DenseStack::new(layers.clone()).expect("the layers fit");
        let mut weights = weights_on(&layers, &mut Random::new(2), &device);
        let x = |shape: [usize; 2]| Tensor::<2>::zeros(shape, &device);
        let message = |x: Tensor<2>, weights: &TensorWeights| {
            let error = stack.try_forward(x, weights).expect_err("it does not fit");
            error.to_string()
        };
        assert_eq!(
            message(x([2, 20]), &weights),
            "the batch has shape [2, 20], expected [2, 19]"
        );
        let error = stack
            .try_loss(x([2, 19]), x([3, 19]), &weights, Loss::Mse)
            .expect_err("it does not fit");
        assert_eq!(
            error.to_string(),
            "the target has shape [3, 19], expected [2, 19]"
        );
        weights[1].0 = weights[1].0.clone().transpose();
        assert_eq!(
            message(x([2, 19]), &weights),
            "the weight of layer 1 has shape [33, 7], expected [7, 33]"
        );
        weights.pop();
        assert_eq!(
            message(x([2, 19]), &weights),
            "5 pairs of weight and bias for 6 stages"
        );
    }
}
