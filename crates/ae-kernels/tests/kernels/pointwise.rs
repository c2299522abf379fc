//! Convolutions of 1x1 among those of 3x3.

use crate::conv::{ALL, check};
use ae_kernels::{Activation, KernelError, Precision, Skip, Stack, Stage};

#[test]
fn a_single_pointwise_stage() {
    let activations = [
        Activation::None,
        Activation::LeakyRelu(0.2),
        Activation::Sigmoid,
    ];
    for (inputs, outputs) in [(1, 1), (3, 20), (16, 16), (40, 33), (64, 1), (33, 3)] {
        for activation in activations {
            let stage = Stage::new(inputs, outputs, activation).pointwise();
            for stage in [stage, stage.with_max_pool()] {
                for precision in ALL {
                    check(&[stage], precision, [2, 6, 7], 1);
                }
            }
        }
    }
}

#[test]
fn pointwise_stages_between_others() {
    let stages = [
        Stage::new(3, 40, Activation::LeakyRelu(0.2)),
        Stage::new(40, 24, Activation::Relu).pointwise(),
        Stage::new(24, 32, Activation::Relu)
            .pointwise()
            .with_max_pool(),
        Stage::new(32, 48, Activation::Relu),
        Stage::new(48, 3, Activation::None)
            .pointwise()
            .without_bias(),
    ];
    for precision in ALL {
        for batch in [1, 3, 21] {
            check(&stages, precision, [batch, 12, 10], 5);
        }
    }
}

#[test]
fn pointwise_stages_have_nothing_before_them() {
    let pointwise = Stage::new(4, 4, Activation::Relu).pointwise();
    let stages = [
        vec![pointwise.with_upsample()],
        vec![pointwise, pointwise, pointwise.with_skip(Skip::Add(0))],
    ];
    for stages in stages {
        let index = stages.len() - 1;
        let error = Stack::new(stages, Precision::Fast).expect_err("it is refused");
        assert_eq!(error, KernelError::Pointwise { stage: index });
    }
}
