//! The transform codec's autoencoder for pictures of any sizes: its loss by plain numbers and finite differences, its codes of
//! whole pictures and of parts, and both compute paths.

use ae_models::{
    ComputePath, Lambdas, Model, ModelConfig, PictureTransform, PictureTransformConfig,
    ReconstructionLoss, Trainable, TrainingBatch, named_tensors,
};
use burn::tensor::{Device, Tensor};

use crate::{changed, images, prior, terms, values};

fn config(lambdas: &str, widths: &[usize]) -> PictureTransformConfig {
    PictureTransformConfig {
        lambda: lambdas.parse::<Lambdas>().unwrap(),
        widths: widths.to_vec(),
        code_channels: 3,
        ..PictureTransformConfig::default()
    }
}

fn model(config: PictureTransformConfig, side: usize, device: &Device) -> Model {
    ModelConfig::from(config)
        .init([1, side, side], 1, device)
        .unwrap()
}

fn transform(model: &Model) -> &PictureTransform {
    model.get().unwrap()
}

/// With all weights of the last convolution before the code at 0, each channel is its bias times its gain everywhere: where each
/// symbol is expected, and how far from there, then follow from the definitions, place by place.
#[test]
fn the_terms_are_those_of_the_definitions() {
    let device = Device::flex();
    let model = model(config("0.02,0.005", &[4, 8]), 12, &device);
    let biases = [0.4_f32, -1.3, 0.05];
    let (location_bias, scale_bias) = ([0.3_f32, -0.2, 0.1], [0.4_f32, 0.9, -0.3]);
    let model = changed(model, |name, values| match name {
        "analysis.4.weight" => values.fill(0.0),
        "analysis.4.bias" => *values = biases.to_vec(),
        "log_gains" => *values = vec![0.1, -0.2, 0.3, -0.4, 0.5, 0.25],
        "prior.location.weight" | "prior.scale.weight" => {
            for (place, value) in values.iter_mut().enumerate() {
                *value = prior::weight(place);
            }
        }
        "prior.location_bias" => values[3..].copy_from_slice(&location_bias),
        "prior.scale_bias" => values[3..].copy_from_slice(&scale_bias),
        _ => {}
    });
    // Of middle gray, whose blocks' cosine transform is 0.
    let input = Tensor::full([2, 1, 12, 12], 0.5, &device);
    let found = terms(&model, input.clone());

    // The middle of two qualities, counted from 0, is the last.
    let gains = [-0.4, 0.5, 0.25].map(|log: f64| log.exp() / (6.0 * 0.005 / 2.0_f64.ln()).sqrt());
    let bits = prior::bits(
        [3, 3, 3],
        |channel| f64::from(biases[channel]) * gains[channel],
        |channel, _, _| [location_bias[channel], scale_bias[channel]].map(f64::from),
    );
    let rate = bits / 144.0;
    assert_eq!(found[0].0, "rate");
    assert!((found[0].1 - rate).abs() < 1e-4 * rate, "{found:?} {rate}");

    // Within black and white nothing is limited.
    let input = images([2, 1, 12, 12], &device);
    let model = changed(model, |name, values| match name {
        "synthesis.8.weight" => values.iter_mut().for_each(|value| *value *= 0.01),
        "synthesis.8.bias" => values.fill(0.0),
        "blocks.synthesis" => values.fill(0.01),
        "log_inverse_gains" => values.fill(-3.0),
        _ => {}
    });
    let codec = transform(&model);
    let decoded = codec.decode_symbols(codec.symbols(input.clone(), 1), 1);
    let error = decoded - input.clone();
    let distortion = f64::from((error.clone() * error).mean().into_scalar::<f32>()) / 0.005;
    let found = terms(&model, input.clone());
    assert_eq!(found[1].0, "distortion");
    assert!(
        (found[1].1 - distortion).abs() < 1e-4 * distortion,
        "{found:?} {distortion}"
    );
}

/// A part with the margin around it has the symbols, and its symbols the pixels, that it has within the whole.
#[test]
fn parts_are_what_they_are_within_the_whole() {
    let device = Device::flex();
    let model = model(config("0.01", &[4, 4, 8]), 16, &device);
    let model = transform(&model);
    let (side, margin) = (model.reduction(), model.margin());
    assert_eq!(side, 8);
    let (rows, columns) = (2 * margin + 7, 2 * margin + 6);
    let whole = images([1, 1, rows * side, columns * side], &device);
    let of_whole = model.symbols(whole.clone(), 0);
    let pixels = values(model.decode_symbols(of_whole.clone(), 0));
    // Three blocks by two, in the middle.
    let (top, left) = (margin + 2, margin + 3);
    let (seen_rows, seen_columns) = (2 * margin + 3, 2 * margin + 2);
    let part = whole.slice([
        0..1,
        0..1,
        2 * side..(2 + seen_rows) * side,
        3 * side..(3 + seen_columns) * side,
    ]);
    let kept = |symbols: Tensor<4>, top: usize, left: usize| {
        values(symbols.slice([0..1, 0..3, top..top + 3, left..left + 2]))
    };
    assert_eq!(
        kept(model.symbols(part, 0), margin, margin),
        kept(of_whole.clone(), top, left)
    );
    let part = of_whole.slice([0..1, 0..3, 2..2 + seen_rows, 3..3 + seen_columns]);
    let decoded = values(model.decode_symbols(part, 0));
    for row in 0..3 * side {
        for column in 0..2 * side {
            let of_part = (margin * side + row) * seen_columns * side + margin * side + column;
            let of_whole = (top * side + row) * columns * side + left * side + column;
            let difference = (decoded[of_part] - pixels[of_whole]).abs();
            assert!(difference < 1e-5, "{row} {column}: {difference}");
        }
    }
}

#[test]
fn pictures_of_any_size_come_back_in_their_size() {
    let device = Device::flex();
    let model = model(config("0.01,0.002", &[4, 8, 8]), 16, &device);
    for [height, width] in [[16, 16], [8, 8], [1, 1], [13, 41], [33, 3]] {
        assert!(model.accepts([1, height, width]));
        let picture = images([1, 1, height, width], &device);
        let symbols = transform(&model).symbols(picture.clone(), 0);
        assert_eq!(
            symbols.dims(),
            [1, 3, height.div_ceil(8), width.div_ceil(8)]
        );
        assert!(
            values(symbols)
                .iter()
                .all(|symbol| symbol.fract() == 0.0 && symbol.abs() <= 127.0)
        );
        let back = model.as_reconstruct().unwrap().reconstruct(picture);
        assert_eq!(back.dims(), [1, 1, height, width]);
    }
}

/// Of what is not before the rounding: its gradient is that of the identity, which no difference shows.
#[test]
fn gradients_after_the_rounding_are_finite_differences() {
    let device = Device::flex().autodiff();
    let model = model(config("0.05,0.01", &[4, 8]), 8, &device);
    let model = changed(model, |name, values| match name {
        "prior.location.weight" | "prior.scale.weight" => {
            for (place, value) in values.iter_mut().enumerate() {
                *value = ((place * 7919) % 31) as f32 * 0.01 - 0.15;
            }
        }
        _ => {}
    });
    let input = images([3, 1, 8, 8], &device);
    let loss = |model: &Model| {
        terms(model, input.clone())
            .iter()
            .map(|(_, term)| term)
            .sum::<f64>()
    };
    let objective = model.objective(TrainingBatch {
        input: input.clone(),
        target: input.clone(),
        loss: ReconstructionLoss::Mse,
        step: 0,
        random: &(),
    });
    let gradients = crate::gradients::gradients_of(&model, &objective.loss.backward());
    let names = named_tensors(&model).into_iter().map(|tensor| tensor.name);
    // Of single precision, in the difference of two losses.
    let rounding = 2e-3 + 3e-7 * loss(&model) / 1e-3;
    let mut checked = 0;
    for (name, (_, _, gradient)) in names.zip(gradients) {
        let is_after = [
            "synthesis",
            "blocks.synthesis",
            "log_inverse",
            "prior.location_bias",
            "prior.scale_bias",
        ];
        let is_of_context = ["prior.location.weight", "prior.scale.weight"].contains(&&name[..]);
        if !is_of_context && !is_after.iter().any(|part| name.starts_with(part)) {
            assert!(gradient.iter().any(|value| *value != 0.0), "{name}");
            continue;
        }
        if is_of_context {
            // What is not known before a symbol counts for nothing: itself in its channel, and all that follow.
            assert_eq!(gradient[4], 0.0, "{name}");
            let later = gradient.chunks_exact(9).flat_map(|taps| &taps[5..]);
            assert!(later.into_iter().all(|value| *value == 0.0), "{name}");
        }
        // The largest of each tensor, which stands out of the rounding of the loss.
        let place = (0..gradient.len())
            .max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs()))
            .unwrap();
        let step = 1e-3;
        let moved = |by: f32| {
            loss(&changed(model.clone(), |other, values| {
                if other == name {
                    values[place] += by;
                }
            }))
        };
        let difference = (moved(step) - moved(-step)) / f64::from(2.0 * step);
        let found = f64::from(gradient[place]);
        assert!(
            (found - difference).abs() < 0.03 * difference.abs() + rounding,
            "{name}: {found} instead of {difference}"
        );
        checked += 1;
    }
    assert_eq!(checked, 9 * 2 + 1 + 1 + 4);
}

#[test]
fn both_paths_compute_the_same() {
    let device = Device::flex();
    let [kernels, reference] = [ComputePath::Kernels, ComputePath::Reference].map(|path| {
        ModelConfig::from(config("0.01,0.002", &[4, 8, 8]))
            .init([1, 24, 24], 5, path.on(&device))
            .unwrap()
    });
    let input = images([2, 1, 24, 24], &device);
    let pairs = terms(&kernels, input.clone());
    for (one, other) in pairs.iter().zip(terms(&reference, input)) {
        assert_eq!(one.0, other.0);
        assert!((one.1 - other.1).abs() < 1e-3 * one.1, "{one:?} {other:?}");
    }
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let check = |config: PictureTransformConfig, side: usize, expected: &str| {
        let error = ModelConfig::from(config)
            .check([1, side, side])
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(config("1", &[4]), 16, "1 levels: must be 2 to 5");
    check(config("1", &[4; 6]), 64, "6 levels: must be 2 to 5");
    check(config("1", &[4, 0]), 16, "a level of 0 channels");
    check(
        config("1", &[4, 4, 4]),
        20,
        "patches of sides that 8 divides",
    );
    let mut none = config("1", &[4, 4]);
    none.code_channels = 0;
    check(none, 16, "0: must be 1 to");
    assert!(
        ModelConfig::from(PictureTransformConfig::default())
            .check([1, 96, 96])
            .is_ok()
    );
}
