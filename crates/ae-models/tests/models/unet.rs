//! The U-Net: what it computes, against plain loops in `f64`, and what it says of itself.

use ae_models::{
    ComputePath, ModelCard, ModelConfig, ReconstructionLoss, Registry, SkipConnections, Trainable,
    TrainingBatch, UnetConfig, load_model, load_tensors, named_tensors, save_model,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::gradients::{assert_finite_differences, gradients_of, plain_loss};
use crate::naive::{Map, Weights, opponent};
use crate::{images, lively, pixels, reconstructs, values, widest_column_span};

const SKIPS: [SkipConnections; 3] = SkipConnections::ALL;

fn config(widths: &[usize], convolutions: usize, skip: SkipConnections) -> UnetConfig {
    UnetConfig {
        widths: widths.to_vec(),
        convolutions,
        skip,
        ..UnetConfig::default()
    }
}

/// The network once more, level by level, as its papers draw it: what it predicts.
fn plain(config: &UnetConfig, weights: &Weights, shape: [usize; 3], image: &[f64]) -> Vec<f64> {
    let [channels, height, width] = shape;
    let levels = config.widths.len();
    let multiple = 1 << (levels - 1);
    let picture = Map {
        channels,
        height,
        width,
        values: match config.chrominance_only {
            true => opponent(image),
            false => image.to_vec(),
        },
    };
    let picture = picture.resize(
        height.next_multiple_of(multiple),
        width.next_multiple_of(multiple),
    );
    let convolve = |map: &Map, part: &str, index: usize| {
        let weight = weights.get(&format!("{part}.{index}.weight"));
        let outputs = weight.len() / (9 * map.channels);
        let none = vec![0.0; outputs];
        let bias = match config.bias {
            true => weights.get(&format!("{part}.{index}.bias")),
            false => &none,
        };
        map.convolve((weight, bias))
    };
    let mut map = picture.clone();
    let mut kept = Vec::new();
    for level in 0..levels {
        for index in 0..config.convolutions {
            map = convolve(&map, "encoder", level * config.convolutions + index).relu();
        }
        if level + 1 < levels {
            kept.push(map.clone());
            map = map.pool();
        }
    }
    let mut layer = 0;
    let layers = 1 + (levels - 1) * config.convolutions;
    let mut next = |map: &Map| {
        let map = convolve(map, "decoder", layer);
        layer += 1;
        if layer < layers { map.relu() } else { map }
    };
    map = next(&map);
    while let Some(other) = kept.pop() {
        map = map.upsample();
        match config.skip {
            SkipConnections::Concatenate => {
                map.channels += other.channels;
                map.values.extend(other.values);
            }
            SkipConnections::Add => {
                for (value, other) in map.values.iter_mut().zip(other.values) {
                    *value += other;
                }
            }
            _ => {}
        }
        for _ in 0..config.convolutions {
            map = next(&map);
        }
    }
    if config.residual {
        let predicted = &picture.values[picture.values.len() - map.values.len()..];
        for (value, pixel) in map.values.iter_mut().zip(predicted) {
            *value = pixel - *value;
        }
    }
    map.resize(height, width).values
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

#[test]
fn the_default_has_the_published_weights_and_begins_near_the_identity() {
    let device = Device::flex();
    let config = ModelConfig::from(UnetConfig::default());
    let checked = config.check([1, 64, 64]).unwrap();
    assert_eq!(checked.parameter_count(), Some(470_592));
    assert_eq!(checked.code_shape(), None);
    let model = config.init([1, 64, 64], 1, &device).unwrap();
    assert_eq!(model.parameter_count(), 470_592);
    assert!(model.as_codes().is_none() && model.as_latent_variable_model().is_none());
    assert!(model.code_bits().is_none());

    let input = images([1, 1, 64, 64], &device);
    let output = values(reconstructs(&model).reconstruct(input));
    let squares = output
        .iter()
        .zip(pixels(64 * 64))
        .map(|(output, pixel)| f64::from(output - pixel).powi(2));
    let error = squares.sum::<f64>() / output.len() as f64;
    // Beside .08 of a mean image: small, and not nothing, or the layers before the last would not learn.
    assert!((1e-6..0.02).contains(&error), "{error}");
}

#[test]
fn it_computes_what_plain_loops_do() {
    let device = Device::flex();
    let check = |config: UnetConfig, shape: [usize; 3]| {
        let [channels, height, width] = shape;
        let count = shape.iter().product::<usize>();
        let model = lively(config.clone().into(), shape, 3, &device);
        let weights = Weights::new(&named_tensors(&model));
        let output =
            reconstructs(&model).reconstruct(images([2, channels, height, width], &device));
        let output = values(output);
        for (image, found) in pixels(2 * count).chunks(count).zip(output.chunks(count)) {
            let expected = plain(&config, &weights, shape, &doubles(image));
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                let off = (f64::from(*found) - expected).abs();
                assert!(
                    off < 5e-6,
                    "{config:?}: pixel {place}: {found} and {expected}"
                );
            }
        }
    };
    for skip in SKIPS {
        for (widths, convolutions, shape) in [
            (&[4, 6, 5][..], 2, [1, 8, 12]),
            (&[4, 6, 5], 2, [1, 5, 7]),
            (&[16, 32], 1, [3, 6, 4]),
            (&[5], 3, [1, 4, 3]),
            (&[3, 4, 5, 6], 1, [1, 8, 8]),
        ] {
            let plain = config(widths, convolutions, skip);
            check(plain.clone(), shape);
            check(
                UnetConfig {
                    bias: true,
                    residual: false,
                    ..plain
                },
                shape,
            );
        }
    }
}

fn of_chrominances() -> UnetConfig {
    UnetConfig {
        chrominance_only: true,
        ..config(&[4, 6], 2, SkipConnections::Concatenate)
    }
}

#[test]
fn chrominances_are_predicted_of_all_channels_and_the_luminance_stays() {
    let device = Device::flex();
    for (residual, shape) in [(true, [3, 6, 8]), (false, [3, 5, 7])] {
        let config = UnetConfig {
            residual,
            ..of_chrominances()
        };
        let count = shape.iter().product::<usize>();
        let plane = count / 3;
        let model = lively(config.clone().into(), shape, 3, &device);
        let weights = Weights::new(&named_tensors(&model));
        assert_eq!(weights.get("encoder.0.weight").len(), 9 * 3 * 4);
        assert_eq!(weights.get("decoder.2.weight").len(), 9 * 4 * 2);
        let output = reconstructs(&model).reconstruct(images([2, 3, shape[1], shape[2]], &device));
        let output = doubles(&values(output));
        for (image, found) in pixels(2 * count).chunks(count).zip(output.chunks(count)) {
            let (image, found) = (doubles(image), opponent(found));
            let expected = [
                &opponent(&image)[..plane],
                &plain(&config, &weights, shape, &image),
            ]
            .concat();
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert!(
                    (found - expected).abs() < 5e-6,
                    "{place}: {found} and {expected}"
                );
            }
        }
    }
    let refused = ModelConfig::from(of_chrominances()).check([1, 8, 8]);
    assert!(refused.unwrap_err().to_string().contains("chrominance"));
}

fn objective(
    model: &impl Trainable,
    shape: [usize; 4],
    loss: ReconstructionLoss,
    device: &Device,
) -> ae_models::Objective {
    let clean: Vec<f32> = pixels(shape.iter().product()).into_iter().rev().collect();
    model.objective(TrainingBatch {
        input: images(shape, device),
        target: Tensor::from_data(TensorData::new(clean, shape), device),
        loss,
        step: 0,
        random: &(),
    })
}

#[test]
fn gradients_are_finite_differences() {
    let device = Device::flex().autodiff();
    for (config, shape, loss) in [
        (
            config(&[4, 5], 2, SkipConnections::Concatenate),
            [2, 1, 4, 6],
            ReconstructionLoss::Mse,
        ),
        (
            config(&[4, 5], 2, SkipConnections::Add),
            [2, 1, 5, 6],
            ReconstructionLoss::Mse,
        ),
        (
            config(&[4, 4, 5], 1, SkipConnections::Concatenate),
            [1, 2, 8, 4],
            ReconstructionLoss::L1,
        ),
        (
            config(&[4, 5], 1, SkipConnections::Concatenate),
            [2, 1, 4, 6],
            ReconstructionLoss::Charbonnier,
        ),
        (
            UnetConfig {
                residual: false,
                bias: true,
                ..config(&[4, 4], 1, SkipConnections::None)
            },
            [2, 1, 4, 4],
            ReconstructionLoss::Mse,
        ),
        (of_chrominances(), [2, 3, 4, 6], ReconstructionLoss::Mse),
        (
            of_chrominances(),
            [1, 3, 5, 4],
            ReconstructionLoss::Charbonnier,
        ),
    ] {
        let image = [shape[1], shape[2], shape[3]];
        let count = image.iter().product();
        let model = lively(config.clone().into(), image, 5, &device);
        let objective = objective(&model, shape, loss, &device);
        let inputs = doubles(&pixels(shape.iter().product()));
        let targets: Vec<f64> = inputs.iter().rev().copied().collect();
        let targets: Vec<f64> = match config.chrominance_only {
            true => targets
                .chunks(count)
                .flat_map(|image| opponent(image).split_off(count / 3))
                .collect(),
            false => targets,
        };
        let of_weights = |weights: &Weights| {
            let outputs: Vec<f64> = inputs
                .chunks(count)
                .flat_map(|pixels| plain(&config, weights, image, pixels))
                .collect();
            plain_loss(loss, &outputs, &targets)
        };
        let found: f32 = objective.loss.clone().into_scalar();
        let expected = of_weights(&Weights::new(&named_tensors(&model)));
        assert!(
            (f64::from(found) / expected - 1.0).abs() < 1e-5,
            "{found} and {expected}"
        );
        assert_finite_differences(&model, &objective.loss.backward(), 1e-5, of_weights);
    }
}

#[test]
fn the_reference_path_has_the_same_loss_and_gradients() {
    let device = Device::flex().autodiff();
    let shape = [3, 1, 16, 12];
    for skip in SKIPS {
        let config = ModelConfig::from(config(&[32, 48, 40], 2, skip));
        let on = |path: ComputePath| {
            let model = config.init([1, 16, 12], 9, path.on(&device)).unwrap();
            let objective = objective(&model, shape, ReconstructionLoss::Mse, &device);
            let loss: f32 = objective.loss.clone().into_scalar();
            (loss, gradients_of(&model, &objective.loss.backward()))
        };
        let ((loss, found), (expected_loss, expected)) =
            (on(ComputePath::Kernels), on(ComputePath::Reference));
        assert!(
            (loss / expected_loss - 1.0).abs() < 1e-5,
            "{loss} and {expected_loss}"
        );
        for ((_, _, found), (_, shape, expected)) in found.iter().zip(&expected) {
            let largest = expected
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-5 * largest,
                    "{shape:?}: {found}, {expected}"
                );
            }
        }
    }
}

/// Each column of the input is changed by itself, and the columns of the output that change with it are noted.
#[test]
fn the_field_of_view_is_what_an_output_pixel_depends_on() {
    let device = Device::flex();
    for (config, expected) in [
        (config(&[8], 2, SkipConnections::Concatenate), 7),
        (config(&[8, 8], 1, SkipConnections::Concatenate), 14),
        (config(&[8, 8], 2, SkipConnections::Concatenate), 22),
        (config(&[8, 8], 2, SkipConnections::None), 22),
        (config(&[8, 8, 8], 1, SkipConnections::Add), 34),
    ] {
        let reference = ComputePath::Reference.on(&device);
        let model = lively(config.clone().into(), [1, 8, 8], 5, reference);
        assert_eq!(
            reconstructs(&model).field_of_view(),
            Some(expected),
            "{config:?}"
        );
        let widest = widest_column_span(&model, &device);
        assert_eq!(widest, Some(expected), "{config:?}");
    }
}

#[test]
fn a_file_keeps_it() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unet.safetensors");
    for config in [
        UnetConfig::default(),
        UnetConfig {
            bias: true,
            residual: false,
            ..config(&[3, 4], 1, SkipConnections::Add)
        },
    ] {
        let config = ModelConfig::from(config);
        let model = config.init([1, 12, 12], 7, &device).unwrap();
        save_model(&path, &model, &ModelCard::new(&model)).unwrap();
        let (loaded, card) = load_model(&path, &Registry::builtin(), &device).unwrap();
        assert_eq!(card.config.as_ref(), Some(&config));
        assert_eq!(named_tensors(&loaded), named_tensors(&model));
        let input = images([2, 1, 9, 14], &device);
        assert_eq!(
            values(reconstructs(&loaded).reconstruct(input.clone())),
            values(reconstructs(&model).reconstruct(input))
        );
    }
    let tensors = named_tensors(
        &ModelConfig::from(UnetConfig::default())
            .init([1, 8, 8], 1, &device)
            .unwrap(),
    );
    let names: Vec<_> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names[..2], ["encoder.0.weight", "encoder.1.weight"]);
    assert_eq!(
        names[6..],
        [
            "decoder.0.weight",
            "decoder.1.weight",
            "decoder.2.weight",
            "decoder.3.weight",
            "decoder.4.weight"
        ]
    );
}

/// Without biases the network scales with its input: what it takes for noise at one contrast it does at any other.
#[test]
fn without_biases_the_output_scales_with_the_input() {
    let device = Device::flex();
    let model = ModelConfig::from(config(&[16, 32], 2, SkipConnections::Concatenate));
    let model = model.init([1, 8, 8], 4, &device).unwrap();
    let input = images([1, 1, 8, 8], &device);
    let once = values(reconstructs(&model).reconstruct(input.clone()));
    let fourfold = values(reconstructs(&model).reconstruct(input * 4.0));
    for (once, fourfold) in once.iter().zip(fourfold) {
        // Four is a power of two: not a bit differs.
        assert_eq!(4.0 * once, fourfold);
    }
    let biased = UnetConfig {
        bias: true,
        ..config(&[16, 32], 2, SkipConnections::Concatenate)
    };
    let biased = lively(biased.into(), [1, 8, 8], 4, &device);
    let nothing = reconstructs(&biased).reconstruct(Tensor::zeros([1, 1, 8, 8], &device));
    assert!(values(nothing).iter().any(|&value| value != 0.0));
}

#[test]
fn settings_that_cannot_be_are_refused_by_name() {
    let check = |config: UnetConfig, shape: [usize; 3], expected: &str| {
        let error = ModelConfig::from(config).check(shape).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let concatenate = SkipConnections::Concatenate;
    check(
        config(&[], 2, concatenate),
        [1, 8, 8],
        "widths: none given: a U-Net has at least one level",
    );
    check(
        config(&[8, 0], 2, concatenate),
        [1, 8, 8],
        "widths: a level of 0 channels: must be 1 to 4096",
    );
    check(
        config(&[8; 13], 2, concatenate),
        [1, 8, 8],
        "widths: 13 levels: at most 12",
    );
    check(
        config(&[8, 8], 0, concatenate),
        [1, 8, 8],
        "convolutions: 0: must be 1 to 8",
    );
    check(
        config(&[1; 12], 6, concatenate),
        [1, 4096, 4096],
        "convolutions: 6 on each of 12 levels are 139 layers: at most 128",
    );
    check(
        config(&[8, 8, 8], 2, concatenate),
        [1, 3, 8],
        "widths: 3 levels halve the picture 2 times, which takes at least 4x4 pixels, not 8x3",
    );
}

#[test]
fn configurations_are_read_and_written() {
    let registry = Registry::builtin();
    let read =
        registry.from_json(r#"{"kind":"unet","widths":[16,32],"skip":"add","residual":false}"#);
    let expected = UnetConfig {
        residual: false,
        ..config(&[16, 32], 2, SkipConnections::Add)
    };
    assert_eq!(read.unwrap(), ModelConfig::from(expected));
    let given = ae_models::GivenSettings::default()
        .with("widths", "8,16,24")
        .with("convolutions", "3")
        .with("bias", "")
        .with("skip", "none")
        .with("residual", "off");
    let base = ModelConfig::default();
    let configured = registry
        .configure(base.clone(), Some("unet"), &given)
        .unwrap();
    let expected = UnetConfig {
        bias: true,
        residual: false,
        ..config(&[8, 16, 24], 3, SkipConnections::None)
    };
    assert_eq!(configured, ModelConfig::from(expected));
    let given = ae_models::GivenSettings::default().with("residual", "yes");
    let error = registry.configure(base, Some("unet"), &given).unwrap_err();
    assert_eq!(error.to_string(), "residual: yes: expected on or off");
    let default = ModelConfig::from(UnetConfig::default());
    assert_eq!(
        default.description(),
        "U-Net of 3 levels, skip connections concatenated, no biases, predicts the noise; no bottleneck: the picture \
         passes beside the middle, so nothing is compressed"
    );
    let device = Device::flex();
    let model = default.init([1, 8, 8], 1, &device).unwrap();
    assert!(load_tensors(model.clone(), &named_tensors(&model)).is_ok());
}
