//! Gradients of the training objective, against finite differences of plain loops in `f64`.

use ae_models::{
    ModelConfig, ReconstructionLoss, Trainable, TrainingBatch, named_tensors, parameter_names,
};
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::naive::{self, Weights};
use crate::{conv, dense, images, linear, lively, pixels, tanh, tied, transposed};

/// Images in a batch.
const BATCH: usize = 2;

/// Collects gradients in the order and layout of the parameters in Burn.
struct Collect<'a> {
    gradients: &'a Gradients,
    found: Vec<(ParamId, Vec<usize>, Vec<f32>)>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = param
            .grad(self.gradients)
            .expect("every parameter has a gradient");
        let shape = gradient.dims().to_vec();
        self.found.push((
            param.id,
            shape,
            gradient.into_data().iter::<f32>().collect(),
        ));
    }
}

/// The gradient of every parameter, in the order and layout of the parameters in Burn.
pub(crate) fn gradients_of<M: Module>(
    module: &M,
    gradients: &Gradients,
) -> Vec<(ParamId, Vec<usize>, Vec<f32>)> {
    let mut collect = Collect {
        gradients,
        found: Vec::new(),
    };
    module.visit(&mut collect);
    collect.found
}

/// The losses by their definitions, on numbers.
pub(crate) fn plain_loss(loss: ReconstructionLoss, output: &[f64], target: &[f64]) -> f64 {
    let term = |(&output, &target): (&f64, &f64)| match loss {
        ReconstructionLoss::Mse => (output - target).powi(2),
        ReconstructionLoss::Bce => -(target * output.ln() + (1.0 - target) * (1.0 - output).ln()),
        ReconstructionLoss::L1 => (output - target).abs(),
        ReconstructionLoss::Charbonnier => (output - target).hypot(1e-3),
        _ => unreachable!("no other loss is tested here"),
    };
    output.iter().zip(target).map(term).sum::<f64>() / output.len() as f64
}

#[track_caller]
fn check(config: ModelConfig, input: [usize; 3], loss: ReconstructionLoss) {
    let device = Device::flex().autodiff();
    let [channels, height, width] = input;
    let count = input.iter().product::<usize>();
    let model = lively(config.clone(), input, 5, &device);

    // The targets are other pixels than the inputs, as for a denoiser.
    let noisy = images([BATCH, channels, height, width], &device);
    let clean: Vec<f32> = pixels(BATCH * count).into_iter().rev().collect();
    let target = Tensor::from_data(
        TensorData::new(clean.clone(), [BATCH, channels, height, width]),
        &device,
    );
    let objective = model.objective(TrainingBatch {
        input: noisy,
        target,
        loss,
        step: 0,
        random: &(),
    });
    assert_eq!(objective.terms.len(), 1);
    let found_loss: f32 = objective.loss.clone().into_scalar();

    let inputs: Vec<f64> = pixels(BATCH * count).into_iter().map(f64::from).collect();
    let targets: Vec<f64> = clean.into_iter().map(f64::from).collect();
    let plain = |weights: &Weights| {
        let outputs: Vec<f64> = inputs
            .chunks(count)
            .flat_map(|image| naive::run(&config, weights, input, image).1)
            .collect();
        plain_loss(loss, &outputs, &targets)
    };
    let expected_loss = plain(&Weights::new(&named_tensors(&model)));
    assert!(
        (f64::from(found_loss) - expected_loss).abs() < 1e-6,
        "{found_loss} instead of {expected_loss}"
    );
    assert_finite_differences(&model, &objective.loss.backward(), 1e-3, plain);
}

/// Compares the gradient of every parameter with finite differences of `plain`, to 2e-5 of the largest. Each parameter
/// must have a gradient of at least `least` of the largest, so that there is something to compare.
#[track_caller]
pub(crate) fn assert_finite_differences<M: Module>(
    model: &M,
    gradients: &Gradients,
    least: f32,
    plain: impl Fn(&Weights) -> f64,
) {
    let tensors = named_tensors(model);
    let mut weights = Weights::new(&tensors);
    let collected = gradients_of(model, gradients);
    let largest = collected
        .iter()
        .flat_map(|(.., values)| values)
        .fold(0.0f32, |max, value| max.max(value.abs()));
    let names = parameter_names(model);
    for ((tensor, (id, shape, found)), (named_id, name)) in
        tensors.iter().zip(&collected).zip(&names)
    {
        assert_eq!((id, name), (named_id, &tensor.name));
        let own_largest = found.iter().fold(0.0f32, |max, value| max.max(value.abs()));
        assert!(
            own_largest >= least * largest,
            "{name}: nothing to compare, {own_largest} of {largest}"
        );
        for index in 0..tensor.values.len() {
            // Burn keeps a dense layer's weight as the transpose of the file's.
            let found = match shape[..] {
                [inputs, outputs] => found[index % inputs * outputs + index / inputs],
                _ => found[index],
            };
            const STEP: f64 = 1e-6;
            let original = weights.get_mut(name)[index];
            weights.get_mut(name)[index] = original + STEP;
            let above = plain(&weights);
            weights.get_mut(name)[index] = original - STEP;
            let below = plain(&weights);
            weights.get_mut(name)[index] = original;
            let expected = (above - below) / (2.0 * STEP);
            assert!(
                (f64::from(found) - expected).abs() < 2e-5 * f64::from(largest),
                "{name}[{index}]: {found} instead of {expected}"
            );
        }
    }
}

#[test]
fn convolutional_gradients_are_finite_differences() {
    check(conv(&[3], None), [1, 4, 5], ReconstructionLoss::Mse);
    check(conv(&[3, 2, 4], None), [2, 8, 4], ReconstructionLoss::Mse);
    check(conv(&[3, 2], None), [1, 6, 4], ReconstructionLoss::Bce);
    check(conv(&[3, 2], None), [1, 6, 4], ReconstructionLoss::L1);
    check(
        conv(&[3, 2], None),
        [1, 6, 4],
        ReconstructionLoss::Charbonnier,
    );
}

#[test]
fn gradients_of_transposed_convolutions_are_finite_differences() {
    let config = transposed(conv(&[3, 2], None));
    check(config.clone(), [1, 8, 4], ReconstructionLoss::Bce);
    check(config, [2, 5, 7], ReconstructionLoss::Mse);
    check(
        transposed(conv(&[3], Some(4))),
        [1, 4, 6],
        ReconstructionLoss::Mse,
    );
}

#[test]
fn gradients_pass_padding_and_bottleneck() {
    check(conv(&[3, 2, 4], None), [1, 5, 7], ReconstructionLoss::Mse);
    check(conv(&[3, 2], Some(4)), [1, 5, 6], ReconstructionLoss::Mse);
}

#[test]
fn dense_gradients_are_finite_differences() {
    check(dense(&[], 3), [1, 1, 5], ReconstructionLoss::Mse);
    check(dense(&[9, 7], 3), [3, 2, 3], ReconstructionLoss::Bce);
    check(
        dense(&[9, 7], 3),
        [3, 2, 3],
        ReconstructionLoss::Charbonnier,
    );
    check(tied(dense(&[], 3)), [1, 1, 5], ReconstructionLoss::Mse);
    check(tied(dense(&[9, 7], 3)), [3, 2, 3], ReconstructionLoss::Mse);
    check(linear(dense(&[], 3)), [1, 1, 5], ReconstructionLoss::Mse);
    check(tanh(dense(&[9, 7], 3)), [3, 2, 3], ReconstructionLoss::Bce);
    let tied = tanh(tied(dense(&[9, 7], 3)));
    check(tied, [3, 2, 3], ReconstructionLoss::Mse);
}
