//! Stacks with skip connections, and stages without a bias, against the definitions.

use ae_kernels::{Activation, Images, Loss, Precision, Skip, Stack, Stage};

use crate::conv::{ALL, borrowed, check};
use crate::reference::{Random, Start, error, run, weights_of};

/// How a decoder takes an encoder's maps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Symmetric {
    Concatenated,
    Added,
}

/// A network of `widths` channels on its levels with `depth` convolutions each and a skip connection a level, on images of
/// `channels` channels.
pub(crate) fn unet(
    channels: usize,
    widths: &[usize],
    depth: usize,
    how: Symmetric,
    activation: Activation,
) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut inputs = channels;
    let mut sources = Vec::new();
    for &width in &widths[..widths.len() - 1] {
        for _ in 0..depth {
            stages.push(Stage::new(inputs, width, activation).without_bias());
            inputs = width;
        }
        let last = stages.len() - 1;
        stages[last] = stages[last].with_max_pool();
        sources.push((last, width));
    }
    let above = |level: usize| match level {
        0 => widths[0],
        level => widths[level - 1],
    };
    for index in 0..depth + 1 {
        let level = widths.len() - 1;
        let outputs = if index == depth {
            above(level)
        } else {
            widths[level]
        };
        stages.push(Stage::new(inputs, outputs, activation).without_bias());
        inputs = outputs;
    }
    for (level, (source, width)) in sources.into_iter().enumerate().rev() {
        for index in 0..depth {
            let is_last = index + 1 == depth;
            let outputs = match (is_last, level) {
                (true, 0) => channels,
                (true, _) => above(level),
                (false, _) => width,
            };
            let activation = if is_last && level == 0 {
                Activation::None
            } else {
                activation
            };
            let joined = match (index, how) {
                (0, Symmetric::Concatenated) => inputs + width,
                _ => inputs,
            };
            let mut stage = Stage::new(joined, outputs, activation).without_bias();
            if index == 0 {
                stage = stage.with_upsample().with_skip(match how {
                    Symmetric::Concatenated => Skip::Concatenate(source),
                    Symmetric::Added => Skip::Add(source),
                });
            }
            stages.push(stage);
            inputs = outputs;
        }
    }
    stages
}

#[test]
fn a_unet_of_the_published_form_has_its_weights() {
    let stages = unet(
        1,
        &[32, 64, 128],
        2,
        Symmetric::Concatenated,
        Activation::Relu,
    );
    let weights: usize = stages
        .iter()
        .map(|stage| stage.input_channels * stage.output_channels * 9)
        .sum();
    assert_eq!((stages.len(), weights), (11, 470_592));
}

#[test]
fn unets_of_many_widths() {
    for how in [Symmetric::Concatenated, Symmetric::Added] {
        for precision in ALL {
            for (widths, depth, shape) in [
                (&[32, 64, 128][..], 2, [2, 16, 12]),
                (&[32, 32], 1, [1, 8, 10]),
                (&[16, 48], 3, [3, 6, 4]),
                (&[5, 17, 33], 2, [2, 8, 12]),
                (&[40, 20], 2, [1, 14, 18]),
            ] {
                for (channels, activation) in
                    [(1, Activation::Relu), (3, Activation::LeakyRelu(0.1))]
                {
                    let stages = unet(channels, widths, depth, how, activation);
                    check(&stages, precision, shape, 21);
                }
            }
        }
    }
}

/// Every way in which a stage may stand to the one that it takes: with a bias or without, pooled, upsampled, sigmoid, tanh, its
/// neighbor, taken twice, as the last stage or from the first.
#[test]
fn skips_of_every_kind() {
    use Activation::{LeakyRelu, None, Relu, Sigmoid, Tanh};
    use Skip::{Add, Concatenate};
    let stage = Stage::new;
    let stacks: [Vec<Stage>; 8] = [
        vec![
            stage(3, 20, Relu),
            stage(40, 7, None).with_skip(Concatenate(0)),
        ],
        vec![stage(20, 20, Tanh), stage(20, 20, Relu).with_skip(Add(0))],
        vec![
            stage(1, 16, Sigmoid).with_max_pool(),
            stage(16, 33, LeakyRelu(0.3)),
            stage(49, 40, Relu)
                .with_upsample()
                .with_skip(Concatenate(0)),
            stage(56, 1, None).with_skip(Concatenate(0)),
        ],
        vec![
            stage(3, 32, Relu),
            stage(32, 32, Relu).without_bias(),
            stage(64, 32, Relu)
                .with_skip(Concatenate(0))
                .with_max_pool(),
            stage(32, 32, Relu),
            stage(32, 32, Relu).with_upsample().with_skip(Add(2)),
            stage(32, 3, Sigmoid).with_skip(Add(0)),
        ],
        vec![
            stage(33, 32, Relu).with_max_pool(),
            stage(32, 50, Relu).with_upsample(),
            stage(82, 32, None).with_skip(Concatenate(0)),
        ],
        vec![
            stage(1, 40, Relu).without_bias(),
            stage(40, 24, None).without_bias(),
            stage(64, 64, Tanh).with_skip(Concatenate(0)),
            stage(104, 2, Sigmoid).with_skip(Concatenate(0)),
        ],
        vec![
            stage(2, 8, Relu),
            stage(8, 8, Relu).with_max_pool(),
            stage(8, 8, Relu).with_upsample().with_skip(Add(1)),
            stage(8, 8, Relu).with_skip(Add(0)),
            stage(16, 8, Relu).with_skip(Concatenate(1)),
        ],
        vec![
            stage(17, 48, LeakyRelu(0.2)).with_max_pool(),
            stage(48, 48, None).with_upsample().with_skip(Add(0)),
            stage(48, 48, Relu),
        ],
    ];
    for (index, stages) in stacks.iter().enumerate() {
        for precision in ALL {
            for shape in [[1, 4, 6], [5, 10, 8]] {
                check(stages, precision, shape, 31 + index as u64);
            }
        }
    }
}

/// The loss of the definitions where one weight is moved by `step`.
fn loss_moved(
    stages: &[Stage],
    shape: [usize; 4],
    values: &[f32],
    target: &[f32],
    weights: &[(Vec<f32>, Vec<f32>)],
    (stage, weight, step): (usize, usize, f32),
) -> f64 {
    let mut weights = weights.to_vec();
    weights[stage].0[weight] += step;
    run(
        stages,
        shape,
        values,
        &weights,
        &Start::Loss(Loss::Mse, target),
    )
    .loss
}

/// The definitions, which everything else here is held to, against differences of their own loss.
#[test]
fn the_definitions_have_the_gradients_of_finite_differences() {
    for how in [Symmetric::Concatenated, Symmetric::Added] {
        let stages = unet(1, &[3, 4], 2, how, Activation::Sigmoid);
        let mut random = Random::new(8);
        let shape = [2, 1, 6, 4];
        let values = random.values(48, 1.0);
        let target = random.values(48, 1.0);
        let weights: Vec<_> = stages
            .iter()
            .map(|stage| {
                let (weight, bias) = weights_of(&mut random, stage);
                (weight.iter().map(|value| 4.0 * value).collect(), bias)
            })
            .collect();
        let expected = run(
            &stages,
            shape,
            &values,
            &weights,
            &Start::Loss(Loss::Mse, &target),
        );
        for stage in 0..stages.len() {
            let count = weights[stage].0.len();
            for weight in [0, count / 3, count - 1] {
                // A power of two, so that sum and difference of single precision are nearly exact.
                let step = 1.0 / 1024.0;
                let moved = |step: f32| {
                    let by = (stage, weight, step);
                    let value = weights[stage].0[weight];
                    let actual = f64::from(value + step) - f64::from(value);
                    (
                        loss_moved(&stages, shape, &values, &target, &weights, by),
                        actual,
                    )
                };
                let ((up, more), (down, less)) = (moved(step), moved(-step));
                let found = (up - down) / (more - less);
                let analytic = expected.weights[stage].0[weight];
                let off = (found - analytic).abs();
                assert!(
                    off < 1e-6 + 1e-4 * analytic.abs(),
                    "{how:?}: stage {stage}, weight {weight}: {found:e} and {analytic:e}"
                );
            }
        }
    }
}

#[test]
fn the_fused_loss_has_the_gradients_of_the_definitions() {
    let stages = unet(1, &[32, 48], 2, Symmetric::Concatenated, Activation::Relu);
    let mut random = Random::new(9);
    let shape = [9, 1, 12, 20];
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| random.unit()).collect();
    let target: Vec<f32> = (0..count).map(|_| random.unit()).collect();
    let weights: Vec<_> = stages
        .iter()
        .map(|stage| weights_of(&mut random, stage))
        .collect();
    let expected = run(
        &stages,
        shape,
        &values,
        &weights,
        &Start::Loss(Loss::Mse, &target),
    );
    for (precision, bound) in ALL.into_iter().zip([1e-6, 2e-6]) {
        let stack = Stack::new(stages.clone(), precision).expect("the stages fit");
        let images = Images {
            shape,
            values: &values,
        };
        let trained = stack.train(images, &borrowed(&weights), &target, Loss::Mse, true);
        let (loss, found) = trained.expect("it runs");
        assert!(
            (loss / expected.loss - 1.0).abs() < 1e-6,
            "{loss} and {}",
            expected.loss
        );
        for (stage, (found, expected)) in found.weights.iter().zip(&expected.weights).enumerate() {
            assert!(found.1.is_empty(), "there is no bias to have a gradient");
            let off = error(&found.0, &expected.0);
            assert!(
                off < bound,
                "{precision:?}: stage {stage} is off by {off:e}"
            );
        }
        let off = error(&found.input.expect("it was asked for"), &expected.input);
        assert!(off < bound, "{precision:?}: the input is off by {off:e}");
    }
}

/// The bits of outputs, and of gradients, in pools of several sizes.
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let stages = unet(1, &[32, 64], 2, Symmetric::Concatenated, Activation::Relu);
    let mut random = Random::new(10);
    let shape = [10, 1, 24, 32];
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| random.unit()).collect();
    let weights: Vec<_> = stages
        .iter()
        .map(|stage| weights_of(&mut random, stage))
        .collect();
    let passes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads start").install(|| {
            let stack = Stack::new(stages.clone(), Precision::Fast).expect("the stages fit");
            let images = Images {
                shape,
                values: &values,
            };
            let output = stack.infer(images, &borrowed(&weights)).expect("it runs");
            let trained = stack.train(images, &borrowed(&weights), &values, Loss::Mse, true);
            let (loss, gradients) = trained.expect("it runs");
            (output, loss, gradients.weights, gradients.input)
        })
    };
    let alone = passes(1);
    for threads in [2, 3, 8] {
        assert!(passes(threads) == alone, "{threads} threads");
    }
}

#[test]
fn skips_that_do_not_fit_are_errors() {
    let stage = |inputs, outputs| Stage::new(inputs, outputs, Activation::Relu);
    let message = |stages: Vec<Stage>| {
        let stack = Stack::new(stages, Precision::Fast);
        stack.expect_err("it does not fit").to_string()
    };
    for skip in [Skip::Concatenate(1), Skip::Add(7)] {
        let stages = vec![stage(1, 4), stage(8, 4).with_skip(skip)];
        let source = skip.source();
        assert_eq!(
            message(stages),
            format!(
                "stage 1 cannot take the output of stage {source}, which does not come before it"
            )
        );
    }
    assert_eq!(
        message(vec![stage(2, 4).with_skip(Skip::Concatenate(0))]),
        "stage 0 cannot take the output of stage 0, which does not come before it"
    );
    assert_eq!(
        message(vec![
            stage(1, 4),
            stage(4, 4).with_skip(Skip::Concatenate(0))
        ]),
        "stage 1 takes 4 channels but the stage before gives 8"
    );
    assert_eq!(
        message(vec![
            stage(1, 4),
            stage(4, 5),
            stage(5, 4).with_skip(Skip::Add(0))
        ]),
        "stage 2 cannot add 4 channels to 5"
    );
    let long: Vec<_> = (0..129)
        .map(|_| stage(1, 1))
        .chain([stage(2, 1).with_skip(Skip::Concatenate(0))])
        .collect();
    assert_eq!(
        message(long),
        "130 stages: a stack with skip connections has at most 128"
    );

    let stages = unet(1, &[4, 8], 1, Symmetric::Concatenated, Activation::Relu);
    let stack = Stack::new(stages, Precision::Fast).expect("the stages fit");
    assert_eq!(stack.output_shape([1, 6, 8]), Ok([1, 6, 8]));
    let error = stack.output_shape([1, 6, 9]).expect_err("nine is odd");
    assert_eq!(
        error.to_string(),
        "stage 3 cannot join 9x6 pixels of stage 0 with 8x6: the input's height and width must be divisible by two as \
         often as they are halved"
    );
}
