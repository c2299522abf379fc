//! Training by the kernels beside training by Burn's own operations.

use ae_models::{ComputePath, ConvAutoencoderConfig, Model, ModelConfig, Trainable as _};
use ae_train::{
    Observer, StepReport, ThroughputPlan, TrainConfig, Trainer, inference_throughput,
    training_throughput,
};

use burn::tensor::Device;

use crate::support::split;

#[derive(Default)]
struct Losses(Vec<f64>);

impl Observer for Losses {
    fn step(&mut self, report: &StepReport) {
        self.0.push(f64::from(report.loss));
    }
}

fn model(path: ComputePath) -> Model {
    let config = ConvAutoencoderConfig {
        widths: vec![16, 32, 48],
        ..ConvAutoencoderConfig::default()
    };
    ModelConfig::from(config)
        .init([1, 8, 8], 3, path.on(&Device::flex()))
        .expect("a model of 8x8 pixels")
}

fn losses(model: Model, batch_size: usize) -> Vec<f64> {
    let config = TrainConfig {
        epochs: 2,
        batch_size,
        learning_rate: 1e-3,
        warmup_steps: 0.into(),
        ..TrainConfig::default()
    };
    let mut losses = Losses::default();
    Trainer::new(&config.check().expect("it can be run"), &Device::flex())
        .observer(&mut losses)
        .train(model, &split(5 * batch_size - 3, 0))
        .expect("it trains");
    losses.0
}

#[test]
fn losses_stay_with_those_of_burns_operations() {
    for batch_size in [16, 7] {
        let (kernels, operations) = (
            losses(model(ComputePath::Kernels), batch_size),
            losses(model(ComputePath::Reference), batch_size),
        );
        assert_eq!(kernels.len(), 10);
        // Were they one and the same computation, this would show nothing.
        assert_ne!(kernels, operations);
        for (step, (kernels, operations)) in kernels.iter().zip(&operations).enumerate() {
            let off = (kernels / operations - 1.0).abs();
            assert!(off < 1e-6, "step {step}: {kernels} and {operations}");
        }
    }
}

#[test]
fn throughput_is_measured_in_rounds_and_bounded() {
    let plan = ThroughputPlan {
        batch_size: 4,
        steps: 2,
        rounds: 3,
        noise: "gaussian:0.1".parse().unwrap(),
    };
    let device = Device::flex();
    let trained = training_throughput(model(ComputePath::Kernels), &plan, &device).unwrap();
    let inferred = inference_throughput(&model(ComputePath::Kernels), &plan, &device).unwrap();
    for throughput in [trained, inferred] {
        assert_eq!(throughput.images_per_second.len(), 3);
        assert!(
            throughput
                .images_per_second
                .iter()
                .all(|&speed| speed > 0.0)
        );
    }
    let too_large = ThroughputPlan {
        batch_size: usize::MAX
            / model(ComputePath::Kernels)
                .input_shape()
                .iter()
                .product::<usize>(),
        ..plan.clone()
    };
    let error = training_throughput(model(ComputePath::Kernels), &too_large, &device).unwrap_err();
    assert!(error.to_string().contains("1 GiB"), "{error}");
    let no_steps = ThroughputPlan { steps: 0, ..plan };
    assert!(training_throughput(model(ComputePath::Kernels), &no_steps, &device).is_err());
}
