//! The transform codec's autoencoder: its loss by plain numbers and finite differences, its codes, and both compute paths.

use ae_models::{
    ComputePath, Lambdas, Model, ModelConfig, ReconstructionLoss, Trainable, TrainingBatch,
    TransformAutoencoder, TransformConfig, named_tensors,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::{changed, pixels, prior, terms};

fn config(lambdas: &str) -> TransformConfig {
    TransformConfig {
        lambda: lambdas.parse().unwrap(),
        widths: [4, 8],
        code_channels: 3,
        ..TransformConfig::default()
    }
}

fn images(count: usize, shape: [usize; 3], device: &Device) -> Tensor<4> {
    let [channels, height, width] = shape;
    let values = pixels(count * channels * height * width);
    Tensor::from_data(
        TensorData::new(values, [count, channels, height, width]),
        device,
    )
}

fn transform(model: &Model) -> &TransformAutoencoder {
    model.get().unwrap()
}

/// With all weights of the last convolution before the code at 0, and images of middle gray, each channel is its bias times its
/// gain everywhere: its bits then follow from the definitions, place by place.
#[test]
fn the_terms_are_those_of_the_definitions() {
    let device = Device::flex();
    let shape = [1, 8, 12];
    let model = ModelConfig::from(config("0.02,0.005"))
        .init(shape, 1, &device)
        .unwrap();
    let biases = [0.4_f32, -1.3, 0.05];
    // Of the second quality: 2 rows of 3 places.
    let bias = |at: usize| ((at * 31) % 17) as f32 * 0.07 - 0.5;
    let model = changed(model, |name, values| match name {
        "analysis_quarter.3.weight" => values.fill(0.0),
        "analysis_quarter.3.bias" => *values = biases.to_vec(),
        "log_gains" => *values = vec![0.1, -0.2, 0.3, -0.4, 0.5, 0.25],
        "prior.location.weight" | "prior.scale.weight" => {
            for (place, value) in values.iter_mut().enumerate() {
                *value = prior::weight(place);
            }
        }
        "prior.location_bias" | "prior.scale_bias" => {
            let first = values.len() / 2;
            for (at, value) in values[first..].iter_mut().enumerate() {
                *value = bias(at);
            }
        }
        _ => {}
    });
    let gray = Tensor::full([5, 1, 8, 12], 0.5, &device);
    let found = terms(&model, gray);

    // The middle of two qualities, counted from 0, is the last.
    let gains = [-0.4, 0.5, 0.25].map(|log: f64| log.exp() / (6.0 * 0.005 / 2.0_f64.ln()).sqrt());
    let bits = prior::bits(
        [3, 2, 3],
        |channel| f64::from(biases[channel]) * gains[channel],
        |channel, row, column| [f64::from(bias((channel * 2 + row) * 3 + column)); 2],
    );
    let rate = bits / 96.0;
    assert_eq!(found[0].0, "rate");
    assert!((found[0].1 - rate).abs() < 1e-4 * rate, "{found:?} {rate}");

    let input = images(5, shape, &device);
    // Where the output is beyond black or white, a tenth counts of how far: the unlimited output isn't to be had from outside,
    // so all of it is brought within.
    let model = changed(model, |name, values| match name {
        "synthesis_half.1.weight" => values.iter_mut().for_each(|value| *value *= 0.01),
        "synthesis_half.1.bias" => values.fill(0.0),
        "blocks.synthesis.weight" => values.fill(0.001),
        _ => {}
    });
    let found = terms(&model, input.clone());
    let decoded = transform(&model).decode_symbols(transform(&model).symbols(input.clone(), 1), 1);
    let error = decoded - input;
    let distortion = f64::from((error.clone() * error).mean().into_scalar::<f32>()) / 0.005;
    assert_eq!(found[1].0, "distortion");
    assert!(
        (found[1].1 - distortion).abs() < 1e-4 * distortion,
        "{found:?} {distortion}"
    );
}

/// Without what the network adds, codes are the discrete cosine transform of blocks of 4x4 pixels less a middle gray, as
/// `scipy.fft.dctn(norm="ortho")` has it, the lowest frequencies first; what they stand for is the image.
#[test]
fn the_linear_part_begins_as_the_cosine_transform() {
    let device = Device::flex();
    let shape = [2, 8, 12];
    let config = TransformConfig {
        // At this one a step of rounding is 1.
        lambda: Lambdas::new(vec![std::f64::consts::LN_2 / 6.0]).unwrap(),
        code_channels: 32,
        ..config("1")
    };
    let model = ModelConfig::from(config).init(shape, 1, &device).unwrap();
    let model = changed(model, |name, values| {
        let last = ["analysis_quarter.3", "synthesis_half.1"];
        if last.iter().any(|layer| name.starts_with(layer)) {
            values.fill(0.0);
        }
    });
    let input = images(1, shape, &device);
    let codec = transform(&model);
    let codes = codec.codes(input.clone(), 0);
    let found: Vec<f32> = codes.clone().into_data().iter::<f32>().collect();
    let pixels: Vec<f32> = input.into_data().iter::<f32>().collect();
    let wave = |frequency: usize, place: usize| {
        let angle = std::f64::consts::PI / 8.0 * frequency as f64 * (2 * place + 1) as f64;
        let share: f64 = if frequency == 0 { 0.25 } else { 0.5 };
        share.sqrt() * angle.cos()
    };
    // The first six of sixteen frequencies: down, right.
    let frequencies = [(0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (2, 0)];
    for (channel, row, column) in [(0, 0, 0), (1, 1, 2), (0, 1, 1)] {
        for (index, (down, right)) in frequencies.into_iter().enumerate() {
            let mut expected = 0.0;
            for (y, x) in (0..16).map(|at| (at / 4, at % 4)) {
                let place = (channel * 8 + 4 * row + y) * 12 + 4 * column + x;
                expected += (f64::from(pixels[place]) - 0.5) * wave(down, y) * wave(right, x);
            }
            let of_code = ((2 * index + channel) * 2 + row) * 3 + column;
            let found = f64::from(found[of_code]);
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
    let decoded: Vec<f32> = codec
        .decode_symbols(codes, 0)
        .into_data()
        .iter::<f32>()
        .collect();
    for (decoded, pixel) in decoded.iter().zip(&pixels) {
        assert!((decoded - pixel).abs() < 1e-5, "{decoded} {pixel}");
    }
}

/// Of what is not before the rounding: its gradient is that of the identity, which no difference shows.
#[test]
fn gradients_after_the_rounding_are_finite_differences() {
    let device = Device::flex().autodiff();
    let shape = [1, 8, 8];
    let model = ModelConfig::from(config("0.05,0.01"))
        .init(shape, 3, &device)
        .unwrap();
    let input = images(3, shape, &device);
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
    let names: Vec<String> = named_tensors(&model)
        .into_iter()
        .map(|tensor| tensor.name)
        .collect();
    let mut checked = 0;
    for (name, (_, _, gradient)) in names.iter().zip(gradients) {
        let is_after = ["synthesis", "blocks.synthesis", "log_inverse", "prior"]
            .iter()
            .any(|part| name.starts_with(part));
        if !is_after {
            assert!(gradient.iter().any(|value| *value != 0.0), "{name}");
            continue;
        }
        // The largest of each tensor, which stands out of the rounding of the loss.
        let place = (0..gradient.len())
            .max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs()))
            .unwrap();
        let step = 4e-3;
        let moved = |by: f32| {
            let model = changed(model.clone(), |other, values| {
                if other == name {
                    values[place] += by;
                }
            });
            loss(&model)
        };
        let difference = (moved(step) - moved(-step)) / f64::from(2.0 * step);
        let found = f64::from(gradient[place]);
        assert!(
            (found - difference).abs() < 0.03 * difference.abs() + 2e-3,
            "{name}: {found} instead of {difference}"
        );
        checked += 1;
    }
    assert_eq!(checked, 7 * 2 + 2 * 2 + 2 + 1 + 4);
}

#[test]
fn codes_are_integers_and_finer_at_better_qualities() {
    let device = Device::flex();
    let shape = [1, 9, 7];
    let model = ModelConfig::from(config("0.1,0.01,0.001"))
        .init(shape, 1, &device)
        .unwrap();
    let input = images(4, shape, &device);
    let codec = transform(&model);
    assert_eq!(codec.qualities(), 3);
    let symbols = |quality: usize| -> Vec<f32> {
        let symbols = codec.symbols(input.clone(), quality);
        assert_eq!(symbols.dims(), [4, 3 * 3 * 2]);
        symbols.into_data().iter::<f32>().collect()
    };
    let sizes = [0, 1, 2].map(|quality| {
        let symbols = symbols(quality);
        assert!(symbols.iter().all(|symbol| symbol.fract() == 0.0));
        symbols.iter().map(|symbol| symbol.abs()).sum::<f32>()
    });
    assert!(sizes[0] < sizes[1] && sizes[1] < sizes[2], "{sizes:?}");
    let best: Vec<f32> = model
        .as_codes()
        .unwrap()
        .encode(input.clone())
        .into_data()
        .iter::<f32>()
        .collect();
    assert_eq!(best, symbols(2));
    let loud = changed(model.clone(), |name, values| {
        if name == "log_gains" {
            values.fill(20.0);
        }
    });
    let symbols = transform(&loud).symbols(input, 2).into_data();
    assert!(symbols.iter::<f32>().all(|symbol| symbol.abs() <= 127.0));
    let most = symbols
        .iter::<f32>()
        .fold(0.0, |most: f32, symbol| most.max(symbol.abs()));
    assert_eq!(most, 127.0);
}

/// What is promised of pixels on other machines, by the two ways of computing that there are here.
#[test]
fn both_paths_are_within_one_level() {
    let device = Device::flex();
    let shape = [1, 28, 28];
    let config = ModelConfig::from(TransformConfig::default());
    let kernels = config.init(shape, 7, &device).unwrap();
    let reference = config
        .init(shape, 7, ComputePath::Reference.on(&device))
        .unwrap();
    let input = images(6, shape, &device);
    let symbols = transform(&kernels).symbols(input, 3);
    let levels = |model: &Model| -> Vec<i32> {
        let decoded = transform(model).decode_symbols(symbols.clone(), 3);
        let values = decoded.into_data();
        values
            .iter::<f32>()
            .map(|value| (255.0 * value).round() as i32)
            .collect()
    };
    let (one, other) = (levels(&kernels), levels(&reference));
    assert!(one.iter().any(|level| *level > 20), "not all black");
    let most = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).max();
    assert!(most <= Some(1), "{most:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let check = |config: TransformConfig, expected: &str| {
        let error = ModelConfig::from(config)
            .check([1, 28, 28])
            .unwrap_err()
            .to_string();
        assert_eq!(error, expected);
    };
    let default = TransformConfig::default;
    check(
        TransformConfig {
            code_channels: 0,
            ..default()
        },
        "code_channels: 0: must be 1 to 4096",
    );
    check(
        TransformConfig {
            widths: [0, 8],
            ..default()
        },
        "widths: a layer of 0 channels: must be 1 to 4096",
    );
    check(
        TransformConfig {
            widths: [2_000, 8],
            ..default()
        },
        "widths: 2000 channels at half the size: at most 1024",
    );
    check(
        TransformConfig {
            shift: 99,
            ..default()
        },
        "shift: 99: at most 64",
    );
    let written = serde_json::from_str::<Lambdas>("[1.0, 2.0]").unwrap();
    check(
        TransformConfig {
            lambda: written,
            ..default()
        },
        "lambda: 1 before 2: must fall, each quality taking more bits than the one before",
    );
}
