//! Every kind of stage, and random stacks of them, against the definitions.

use crate::reference::{Random, Start, error, run, weights_of};
use ae_kernels::{Activation, Images, Loss, Precision, Stack, Stage, Weights};

/// The share of the largest gradient that a gradient may be off by where everything is random. Sums of random signs come
/// to a hundredth of their parts, which single precision shows: of the 371 checks with [`Precision::Exact`] here, 363 hold
/// 5e-7 too.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Exact => 1e-6,
        Precision::Fast => 2e-6,
    }
}

pub(crate) fn borrowed(weights: &[(Vec<f32>, Vec<f32>)]) -> Vec<Weights<'_>> {
    weights
        .iter()
        .map(|(weight, bias)| Weights { weight, bias })
        .collect()
}

/// Holds output, loss and all gradients of a stack to the reference.
pub(crate) fn check(
    stages: &[Stage],
    precision: Precision,
    [batch, height, width]: [usize; 3],
    seed: u64,
) {
    let what = format!("{stages:?} {precision:?} batch {batch}, {height}x{width}, seed {seed}");
    let mut random = Random::new(seed);
    let stack = Stack::new(stages.to_vec(), precision).expect("the stages fit");
    let channels = stages[0].input_channels;
    let shape = [batch, channels, height, width];
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.unit()).collect();
    let weights: Vec<_> = stages
        .iter()
        .map(|stage| weights_of(&mut random, stage))
        .collect();
    let output_shape = stack
        .output_shape([channels, height, width])
        .expect("pixels are left");
    let count = batch * output_shape.iter().product::<usize>();
    let images = Images {
        shape,
        values: &values,
    };

    let gradient = random.values(count, 1.0);
    let expected = run(
        stages,
        shape,
        &values,
        &weights,
        &Start::Gradient(&gradient),
    );
    let output = stack.infer(images, &borrowed(&weights)).expect("it runs");
    assert!(
        error(&output, &expected.output) < tolerance(precision),
        "output of {what}"
    );
    let found = stack
        .differentiate(images, &borrowed(&weights), &gradient, true)
        .expect("it runs");
    let input = found.input.expect("it was asked for");
    let of_input = error(&input, &expected.input);
    assert!(
        of_input < tolerance(precision),
        "input's gradient is off by {of_input:e}: {what}"
    );
    for (stage, (found, expected)) in found.weights.iter().zip(&expected.weights).enumerate() {
        let of_weight = error(&found.0, &expected.0);
        assert!(
            of_weight < tolerance(precision),
            "weight {stage}'s gradient is off by {of_weight:e}: {what}"
        );
        let of_bias = error(&found.1, &expected.1);
        assert!(
            of_bias < tolerance(precision),
            "bias {stage}'s gradient is off by {of_bias:e}: {what}"
        );
    }
}

pub(crate) const ALL: [Precision; 2] = [Precision::Exact, Precision::Fast];

#[test]
fn a_single_stage_of_every_kind() {
    let activations = [
        Activation::None,
        Activation::Relu,
        Activation::LeakyRelu(0.2),
        Activation::Sigmoid,
        Activation::Tanh,
    ];
    let channels = [
        (1, 1),
        (1, 32),
        (3, 20),
        (16, 16),
        (40, 33),
        (64, 1),
        (33, 3),
        (17, 48),
    ];
    for (index, (inputs, outputs)) in channels.into_iter().enumerate() {
        for activation in activations {
            let stage = Stage::new(inputs, outputs, activation);
            for stage in [stage, stage.with_max_pool(), stage.with_upsample()] {
                for precision in ALL {
                    check(&[stage], precision, [2, 6 + index, 7], 1 + index as u64);
                }
            }
        }
    }
}

#[test]
fn images_of_every_small_size() {
    for height in 1..=9 {
        for width in [1, 2, 3, 5, 8, 15, 16] {
            for stage in [
                Stage::new(32, 32, Activation::Relu),
                Stage::new(32, 32, Activation::Relu).with_upsample(),
                Stage::new(1, 16, Activation::Relu),
                Stage::new(16, 1, Activation::None).with_upsample(),
            ] {
                for precision in ALL {
                    check(&[stage], precision, [1, height, width], 7);
                }
            }
        }
    }
}

/// The autoencoder of 314,625 parameters.
pub(crate) fn autoencoder() -> Vec<Stage> {
    vec![
        Stage::new(1, 32, Activation::Relu).with_max_pool(),
        Stage::new(32, 64, Activation::Relu).with_max_pool(),
        Stage::new(64, 128, Activation::Relu),
        Stage::new(128, 128, Activation::Relu),
        Stage::new(128, 64, Activation::Relu).with_upsample(),
        Stage::new(64, 1, Activation::Sigmoid).with_upsample(),
    ]
}

/// Twenty-three images are parts of six and five, which a stage that pools takes in portions of four.
#[test]
fn the_autoencoder() {
    for precision in ALL {
        for batch in [1, 3, 23] {
            check(&autoencoder(), precision, [batch, 28, 28], 3);
        }
    }
}

/// Groups of images are cut into runs of tiles, and fewer images may make larger runs than more images do.
#[test]
fn any_number_of_images_fits_the_buffers() {
    let stages = autoencoder();
    let halves = [(&stages[..3], [28, 28]), (&stages[3..], [7, 7])];
    for (stages, [height, width]) in [halves[0], halves[1], (&stages[1..3], [20, 12])] {
        let stack = Stack::new(stages.to_vec(), Precision::Fast).expect("the stages fit");
        let channels = stages[0].input_channels;
        let mut random = Random::new(17);
        let weights: Vec<_> = stages
            .iter()
            .map(|stage| weights_of(&mut random, stage))
            .collect();
        let weights = borrowed(&weights);
        let pixels = channels * height * width;
        let values: Vec<f32> = (0..70 * pixels).map(|_| random.unit()).collect();
        let images = |from: usize, to: usize| Images {
            shape: [to - from, channels, height, width],
            values: &values[from * pixels..to * pixels],
        };
        let alone: Vec<_> = (0..70)
            .flat_map(|image| {
                let output = stack.infer(images(image, image + 1), &weights);
                output.expect("it runs")
            })
            .map(f64::from)
            .collect();
        let outputs = alone.len() / 70;
        let given: Vec<_> = (0..alone.len()).map(|_| random.unit()).collect();
        // Inference first: it would take the larger buffers that training leaves.
        for batch in (1..=40).chain([55, 70]) {
            let output = stack.infer(images(0, batch), &weights).expect("it runs");
            let off = error(&output, &alone[..batch * outputs]);
            assert!(off < 2e-6, "{batch} images are off by {off:e}");
        }
        for batch in (1..=40).chain([55, 70]) {
            let given = &given[..batch * outputs];
            let found = stack.differentiate(images(0, batch), &weights, given, false);
            assert!(found.is_ok(), "{batch} images");
        }
    }
}

/// The gradient that a function makes of the outputs of each group goes back as one that was given for the whole batch.
#[test]
fn outputs_make_the_gradient_that_they_are_differentiated_by() {
    let stages = [
        Stage::new(2, 20, Activation::LeakyRelu(0.2)),
        Stage::new(20, 3, Activation::None),
    ];
    let stack = Stack::new(stages.to_vec(), Precision::Fast).expect("the stages fit");
    let mut random = Random::new(23);
    let weights: Vec<_> = stages
        .iter()
        .map(|stage| weights_of(&mut random, stage))
        .collect();
    let weights = borrowed(&weights);
    for batch in [1, 5, 40, 70] {
        let shape = [batch, 2, 9, 10];
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.unit()).collect();
        let images = Images {
            shape,
            values: &values,
        };
        let outputs = 3 * 9 * 10;
        let factor = |place: usize| (place % 7) as f32 - 3.0;
        let output = stack.infer(images, &weights).expect("it runs");
        let given: Vec<f32> = output
            .iter()
            .enumerate()
            .map(|(place, output)| factor(place) * output)
            .collect();
        let expected = stack.differentiate(images, &weights, &given, true);
        let found = stack.differentiate_outputs(
            images,
            &weights,
            |first, output, gradient| {
                let places = first * outputs..;
                for ((place, output), gradient) in places.zip(output).zip(gradient) {
                    *gradient = factor(place) * output;
                }
            },
            true,
        );
        let (expected, found) = (expected.expect("it runs"), found.expect("it runs"));
        let tensors = |gradients: ae_kernels::Gradients| -> Vec<Vec<f32>> {
            let weights = gradients.weights.into_iter();
            let weights = weights.flat_map(|(weight, bias)| [weight, bias]);
            weights.chain(gradients.input).collect()
        };
        for (expected, found) in tensors(expected).into_iter().zip(tensors(found)) {
            let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
            let off = error(&found, &expected);
            assert!(off < 1e-6, "batch {batch}: off by {off:e}");
        }
    }
}

/// Discs on a black ground, as letters are: flat almost everywhere, where pooling meets ties.
fn discs(random: &mut Random, count: usize) -> Vec<f32> {
    let mut images = Vec::with_capacity(count * 784);
    for _ in 0..count {
        let (y, x) = (8.0 + 12.0 * random.unit(), 8.0 + 12.0 * random.unit());
        let radius = 3.0 + 6.0 * random.unit();
        for pixel in 0..784 {
            let (dy, dx) = ((pixel / 28) as f32 - y, (pixel % 28) as f32 - x);
            let distance = (dy * dy + dx * dx).sqrt();
            images.push((radius + 0.5 - distance).clamp(0.0, 1.0));
        }
    }
    images
}

#[test]
fn the_autoencoder_under_its_loss() {
    let stages = autoencoder();
    let mut random = Random::new(11);
    let images = discs(&mut random, 12);
    let shape = [12, 1, 28, 28];
    let weights: Vec<_> = stages
        .iter()
        .map(|stage| weights_of(&mut random, stage))
        .collect();
    let start = Start::Loss(Loss::Mse, &images);
    let expected = run(&stages, shape, &images, &weights, &start);
    for precision in ALL {
        let stack = Stack::new(stages.clone(), precision).expect("the stages fit");
        // Copies have the same mean gradient, and go by transforms of all weights before the products.
        for copies in [1, 7] {
            let images = images.repeat(copies);
            let values = Images {
                shape: [12 * copies, 1, 28, 28],
                values: &images,
            };
            let (_, found) = stack
                .train(values, &borrowed(&weights), &images, Loss::Mse, true)
                .expect("it runs");
            for (stage, (found, expected)) in
                found.weights.iter().zip(&expected.weights).enumerate()
            {
                let worst = error(&found.0, &expected.0).max(error(&found.1, &expected.1));
                let bound = match precision {
                    Precision::Exact => 5e-7,
                    Precision::Fast => 2e-6,
                };
                assert!(
                    worst < bound,
                    "{precision:?}, {copies} copies: stage {stage} is off by {worst:e}"
                );
            }
        }
    }
}

/// Transforms leave rounding where a direct sum is zero, or the same as its neighbor's. Where nothing has been learned,
/// and every bias is zero, such sums decided about a ReLU; and of flat ground, about a pooling.
#[test]
fn flat_ground_goes_the_way_of_direct_sums() {
    let stages = autoencoder();
    for has_bias in [false, true] {
        let mut random = Random::new(12);
        let images = discs(&mut random, 12);
        let values = Images {
            shape: [12, 1, 28, 28],
            values: &images,
        };
        let weights: Vec<_> = stages
            .iter()
            .map(|stage| {
                let (weight, bias) = weights_of(&mut random, stage);
                let scale = f32::from(u8::from(has_bias));
                (weight, bias.iter().map(|value| value * scale).collect())
            })
            .collect();
        let gradients = ALL.map(|precision| {
            let stack = Stack::new(stages.clone(), precision).expect("the stages fit");
            let trained = stack.train(values, &borrowed(&weights), &images, Loss::Mse, true);
            trained.expect("it runs").1
        });
        let [exact, fast] = gradients;
        let doubles =
            |values: &[f32]| -> Vec<f64> { values.iter().map(|v| f64::from(*v)).collect() };
        let mut pairs = Vec::new();
        if !has_bias {
            // With one, some maxima of different windows are nearer to each other than single precision tells.
            pairs.extend(fast.input.zip(exact.input));
        }
        for (fast, exact) in fast.weights.into_iter().zip(exact.weights) {
            pairs.extend([(fast.0, exact.0), (fast.1, exact.1)]);
        }
        for (index, (fast, exact)) in pairs.iter().enumerate() {
            let off = error(fast, &doubles(exact));
            assert!(
                off < 2e-6,
                "gradient {index} is off by {off:e}, bias: {has_bias}"
            );
        }
    }
}

#[test]
fn random_stacks() {
    for seed in 0..40 {
        let mut random = Random::new(1000 + seed);
        let depth = random.pick(1..=4);
        let mut stages: Vec<Stage> = Vec::new();
        for _ in 0..depth {
            let inputs = stages
                .last()
                .map_or_else(|| random.pick(1..=40), |stage| stage.output_channels);
            let activation = match random.pick(0..=3) {
                0 => Activation::None,
                1 => Activation::Relu,
                2 => Activation::LeakyRelu(random.unit()),
                _ => Activation::Sigmoid,
            };
            let stage = Stage::new(inputs, random.pick(1..=70), activation);
            stages.push(match random.pick(0..=2) {
                0 => stage,
                1 => stage.with_max_pool(),
                _ => stage.with_upsample(),
            });
        }
        let (height, width) = (random.pick(16..=21), random.pick(16..=21));
        let precision = ALL[random.pick(0..=1)];
        check(
            &stages,
            precision,
            [random.pick(1..=5), height, width],
            seed,
        );
    }
}

#[test]
fn losses_and_their_gradients() {
    let stages = [
        Stage::new(3, 16, Activation::Relu),
        Stage::new(16, 3, Activation::Sigmoid),
    ];
    let shape = [9, 3, 10, 13];
    let mut random = Random::new(5);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.unit()).collect();
    let target: Vec<f32> = (0..shape.iter().product()).map(|_| random.unit()).collect();
    let weights: Vec<_> = stages
        .iter()
        .map(|stage| weights_of(&mut random, stage))
        .collect();
    let stack = Stack::new(stages.to_vec(), Precision::Exact).expect("the stages fit");
    for loss in [Loss::Mse, Loss::Bce, Loss::L1, Loss::Charbonnier] {
        // Where the two are nearly equal, its slope turns within a thousandth.
        let most = match loss {
            Loss::Charbonnier => 1e-5,
            _ => 2e-6,
        };
        let expected = run(
            &stages,
            shape,
            &values,
            &weights,
            &Start::Loss(loss, &target),
        );
        let images = Images {
            shape,
            values: &values,
        };
        let (value, found) = stack
            .train(images, &borrowed(&weights), &target, loss, true)
            .expect("it runs");
        assert!(
            (value - expected.loss).abs() < 1e-7 * expected.loss,
            "{loss:?}: {value} against {}",
            expected.loss
        );
        for (found, expected) in found.weights.iter().zip(&expected.weights) {
            assert!(
                error(&found.0, &expected.0) < most,
                "{loss:?}: {:e}",
                error(&found.0, &expected.0)
            );
            assert!(
                error(&found.1, &expected.1) < most,
                "{loss:?}: {:e}",
                error(&found.1, &expected.1)
            );
        }
        let input = found.input.expect("it was asked for");
        assert!(
            error(&input, &expected.input) < most,
            "{loss:?}: {:e}",
            error(&input, &expected.input)
        );
    }
}

#[test]
fn weights_that_change_between_passes_are_noticed() {
    // What was laid out for the last pass is kept, also from one that trained.
    let stages = [
        Stage::new(3, 24, Activation::Relu).with_max_pool(),
        Stage::new(24, 40, Activation::Relu),
        Stage::new(40, 3, Activation::Sigmoid).with_upsample(),
    ];
    let mut random = Random::new(6);
    let mut weights: Vec<_> = stages
        .iter()
        .map(|stage| weights_of(&mut random, stage))
        .collect();
    let shape = [2, 3, 8, 8];
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.unit()).collect();
    let images = Images {
        shape,
        values: &values,
    };
    let kept = Stack::new(stages.to_vec(), Precision::Fast).expect("the stages fit");
    let infer = |stack: &Stack, weights: &[(Vec<f32>, Vec<f32>)]| {
        stack.infer(images, &borrowed(weights)).expect("it runs")
    };
    let fresh = || Stack::new(stages.to_vec(), Precision::Fast).expect("the stages fit");
    let mut last = Vec::new();
    for round in 0..8 {
        let found = infer(&kept, &weights);
        assert_eq!(found, infer(&fresh(), &weights), "round {round}");
        assert_eq!(found, infer(&kept, &weights), "round {round}, again");
        assert_ne!(found, last, "round {round}");
        last = found;
        let (weight, bias) = &mut weights[round % 3];
        match round {
            // The last of a weight's values, after more than are compared at once; then a bias.
            0..3 => *weight.last_mut().expect("it has values") += 0.5,
            3..6 => bias[0] += 0.5,
            _ => {
                weight[0] += 0.5;
                let trained = kept.train(images, &borrowed(&weights), &values, Loss::Mse, false);
                trained.expect("it runs");
                weights[0].0[1] -= 0.5;
            }
        }
    }
}
