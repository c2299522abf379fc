//! Every kind as ONNX, run by rten beside the model itself.

use ae_interchange::{Half, ImagePreparation, to_onnx};
use ae_models::{Model, ModelCard, Registry, Trainable as _};
use burn::tensor::{Device, Tensor, TensorData};

use crate::cases::{CASES, Case, IMAGES, furthest, images, run_by_rten, tensor, values};

/// What rounding may differ by, of values of 0 to 1.
const MOST: f32 = 1e-5;

fn onnx(model: &Model, half: Half) -> (Vec<u8>, ae_interchange::OnnxSummary) {
    let card = ModelCard::new(model);
    to_onnx(model, &card, &ImagePreparation::default(), half).unwrap()
}

fn reconstructed(model: &Model, images: Tensor<4>) -> Vec<f32> {
    values(model.as_reconstruct().unwrap().reconstruct(images))
}

fn check(case: &Case, what: &str, found: &[f32], expected: &[f32]) {
    let difference = furthest(found, expected);
    println!("{:30} {what:16} {difference:.1e}", case.name);
    assert!(difference <= MOST, "{} {what}: {difference}", case.name);
    let largest = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    assert!(largest > 0.01, "{} {what}: nothing but zeros", case.name);
}

#[test]
fn every_kind_gives_the_same_images_and_codes() {
    let device = Device::flex();
    for case in &CASES {
        let model = case.model(&device);
        let shape = case.input_shape;
        let pixels = images(shape);
        let input = tensor(&pixels, shape, &device);
        let [channels, height, width] = shape;
        let sizes = [IMAGES, channels, height, width];

        let (file, summary) = onnx(&model, Half::Both);
        let outputs = run_by_rten(&file, &pixels, &sizes);
        assert_eq!(outputs.len(), summary.outputs.len());
        check(
            case,
            "reconstruction",
            &outputs[0],
            &reconstructed(&model, input.clone()),
        );

        let Some(codes) = model.as_codes() else {
            continue;
        };
        let native = values(codes.encode(input));
        check(case, "code", &outputs[1], &native);
        let (file, summary) = onnx(&model, Half::Encoder);
        let encoded = run_by_rten(&file, &pixels, &sizes).swap_remove(0);
        check(case, "encoder", &encoded, &native);
        // The code's own shape, a batch before it.
        let code_shape = [&[IMAGES], codes.code_shape().as_slice()].concat();
        let told: Vec<String> = code_shape[1..].iter().map(ToString::to_string).collect();
        assert_eq!(summary.outputs[0].shape[1..], told);
        let (file, _) = onnx(&model, Half::Decoder);
        let decoded = run_by_rten(&file, &native, &code_shape).swap_remove(0);
        let rows = TensorData::new(native, [IMAGES, codes.code_values()]);
        let expected = values(codes.decode(Tensor::from_data(rows, &device)));
        check(case, "decoder", &decoded, &expected);
        let both = run_by_rten(&file, &encoded, &code_shape).swap_remove(0);
        check(case, "encoder, decoder", &both, &outputs[0]);
    }
}

/// Kinds that do not describe themselves.
const NOT_EXPORTED: &[&str] = &["picture-transform", "vq", "fsq"];

#[test]
fn every_kind_has_a_case_or_is_refused_by_name() {
    let device = Device::flex();
    for kind in Registry::builtin().kinds() {
        let is_tried = CASES.iter().any(|case| case.config().kind() == kind.name());
        assert_ne!(
            is_tried,
            NOT_EXPORTED.contains(&kind.name()),
            "{}",
            kind.name()
        );
        if !is_tried {
            let model = kind.default_config().init([1, 32, 32], 1, &device).unwrap();
            let card = ModelCard::new(&model);
            let error =
                to_onnx(&model, &card, &ImagePreparation::default(), Half::Both).unwrap_err();
            let part = format!("a model of kind {} cannot be exported", kind.name());
            assert!(error.to_string().starts_with(&part), "{error}");
        }
    }
}

#[test]
fn models_of_any_size_take_images_of_any_size_and_any_number() {
    let device = Device::flex();
    let mut tried = 0;
    for case in &CASES {
        let model = case.model(&device);
        let (file, summary) = onnx(&model, Half::Both);
        let takes_any = model.as_reconstruct().unwrap().size_multiple().is_some();
        assert_eq!(
            summary.input.shape[2] == "height",
            takes_any,
            "{}",
            case.name
        );
        assert_eq!(summary.input.shape[0], "batch");
        if !takes_any {
            continue;
        }
        let channels = case.input_shape[0];
        for (batch, height, width) in [(1, 64, 48), (3, 17, 29), (2, 1, 1), (1, 5, 40)] {
            let shape = [channels, height, width];
            let mut pixels = images(shape);
            pixels.truncate(batch * channels * height * width);
            let outputs = run_by_rten(&file, &pixels, &[batch, channels, height, width]);
            let expected = reconstructed(&model, tensor(&pixels, shape, &device));
            let difference = furthest(&outputs[0], &expected);
            assert!(difference <= MOST, "{} {shape:?}: {difference}", case.name);
        }
        tried += 1;
    }
    assert_eq!(tried, 10);
}

#[test]
fn a_file_of_the_codec_s_kind_says_which_quality_it_has() {
    let case = CASES.iter().find(|case| case.name == "transform-padded");
    let (file, _) = onnx(&case.unwrap().model(&Device::flex()), Half::Both);
    for text in ["2 of 2, of the most bits", "integers from -127 to 127"] {
        let found = file.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(found, "{text}");
    }
}

#[test]
fn a_file_says_how_images_are_brought_to_it() {
    let device = Device::flex();
    let config = ae_models::ModelConfig::from(ae_models::UnetConfig::default());
    let model = config.init([1, 64, 64], 1, &device).unwrap();
    let card = ModelCard {
        noise: Some("gaussian:0.1".to_owned()),
        ..ModelCard::new(&model)
    };
    let preparation = ImagePreparation {
        fit: "crop".to_owned(),
        patch: Some(64),
        deep_range: Some("0..4095".to_owned()),
        binarization: None,
    };
    let (bytes, summary) = to_onnx(&model, &card, &preparation, Half::Both).unwrap();
    assert_eq!(summary.parameters, model.parameter_count());
    assert_eq!(summary.input.shape, ["batch", "1", "height", "width"]);
    for text in [
        "kind",
        "unet",
        "gaussian:0.1",
        "[1,64,64]",
        "[0.2126,0.7152,0.0722]",
        "0..4095",
        "gray",
        "any",
        "ae",
    ] {
        let found = bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes());
        assert!(found, "{text}");
    }
    // The same model gives the same bytes.
    let (again, _) = to_onnx(&model, &card, &preparation, Half::Both).unwrap();
    assert_eq!(again, bytes);
}
