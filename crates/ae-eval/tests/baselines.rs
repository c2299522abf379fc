//! The list of baselines, on sets whose answers are known.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use ae_data::{ImageSet, ImageShape};
use ae_eval::baselines::{BUILTIN, Bench};
use ae_eval::{
    Baseline, BaselineKind, BaselineRequest, Corruption, EvalError, Part, Pca, QualityMeter,
    SeededNoise, baselines, measure_baselines,
};

const SHAPE: ImageShape = ImageShape::new(1, 16, 12);

/// Bright blocks of varying place and size on black, different ones for every `first`.
fn blocks(name: &str, shape: ImageShape, first: usize, count: usize) -> ImageSet {
    let mut pixels = Vec::new();
    for image in first..first + count {
        for channel in 0..shape.channels {
            let (top, left) = (image * 5 % 7 + channel, image * 3 % 5);
            let (height, width) = (4 + image % 4, 3 + image % 5);
            for row in 0..shape.height {
                for column in 0..shape.width {
                    let inside = (top..top + height).contains(&row)
                        && (left..left + width).contains(&column);
                    pixels.push(if inside {
                        200 + (image * 11 % 40) as u8
                    } else {
                        10
                    });
                }
            }
        }
    }
    ImageSet::from_images(name, shape, pixels, None, Vec::new()).unwrap()
}

fn unit(set: &ImageSet, index: usize) -> Vec<f32> {
    let mut values = vec![0.0; set.shape().values()];
    set.read_unit_into(index, &mut values).unwrap();
    values
}

fn named<'a>(results: &'a [Baseline], name: &str) -> &'a Baseline {
    results
        .iter()
        .find(|baseline| baseline.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

fn request<'a>(train: &'a ImageSet, test: &'a ImageSet, code_values: usize) -> BaselineRequest<'a> {
    BaselineRequest {
        train,
        test,
        code_bits: 32 * code_values as u64,
        corruption: None,
    }
}

#[test]
fn a_plain_autoencoder_meets_identity_mean_pca_and_jpeg() {
    let (train, test) = (blocks("train", SHAPE, 0, 60), blocks("test", SHAPE, 60, 25));
    let results = baselines(&request(&train, &test, 6)).unwrap();
    let names: Vec<&str> = results
        .iter()
        .map(|baseline| baseline.name.as_str())
        .collect();
    assert_eq!(names[..3], ["identity", "mean image", "pca"]);
    assert!(
        names[3..].iter().all(|&name| name == "jpeg") && names.len() >= 7,
        "{names:?}"
    );

    let identity = named(&results, "identity");
    assert_eq!(
        (identity.quality.mse, identity.bits_per_pixel),
        (0.0, Some(8.0))
    );
    assert_eq!(identity.bytes_per_image, Some(192.0));

    let pca = named(&results, "pca");
    assert_eq!(pca.bytes_per_image, Some(24.0));
    assert_eq!(pca.bits_per_pixel, Some(1.0));
    let reference = Pca::fit_images(&train, 6).unwrap();
    let mut meter = QualityMeter::new(SHAPE);
    for index in 0..test.len() {
        let image = unit(&test, index);
        let clipped: Vec<f32> = reference
            .reconstruct(&image)
            .iter()
            .map(|value| value.clamp(0.0, 1.0))
            .collect();
        meter.add(&image, &clipped);
    }
    assert_eq!(pca.quality, meter.finish());
    assert!(pca.quality.mse < named(&results, "mean image").quality.mse);
}

#[test]
fn the_mean_image_is_the_training_images_mean() {
    let (train, test) = (blocks("train", SHAPE, 0, 10), blocks("test", SHAPE, 10, 5));
    let results = baselines(&request(&train, &test, 6)).unwrap();
    let mut error = 0.0;
    for value in 0..SHAPE.values() {
        let mean = (0..10)
            .map(|index| f64::from(unit(&train, index)[value]))
            .sum::<f64>()
            / 10.0;
        error += (0..5)
            .map(|index| (f64::from(unit(&test, index)[value]) - mean).powi(2))
            .sum::<f64>();
    }
    let found = named(&results, "mean image");
    let expected = error / (5 * SHAPE.values()) as f64;
    assert!(
        (found.quality.mse - expected).abs() < 1e-7,
        "{found:?} instead of {expected}"
    );
    assert_eq!(found.bytes_per_image, Some(0.0));
}

#[test]
fn a_code_as_large_as_the_image_meets_no_pca() {
    let (train, test) = (blocks("train", SHAPE, 0, 10), blocks("test", SHAPE, 10, 5));
    for (code_values, has_pca) in [(191, true), (192, false), (6272, false)] {
        let results = baselines(&request(&train, &test, code_values)).unwrap();
        let found = results.iter().any(|baseline| baseline.name == "pca");
        assert_eq!(found, has_pca, "{code_values}");
    }
}

#[test]
fn jpeg_stands_at_the_codes_size_and_at_three_qualities() {
    let shape = ImageShape::new(3, 32, 40);
    let (train, test) = (blocks("train", shape, 0, 10), blocks("test", shape, 10, 12));
    let results = baselines(&request(&train, &test, 150)).unwrap();
    let jpegs: Vec<&Baseline> = results
        .iter()
        .filter(|baseline| baseline.name == "jpeg")
        .collect();
    let settings: Vec<&str> = jpegs
        .iter()
        .map(|baseline| baseline.setting.as_str())
        .collect();
    assert!(
        settings[0].ends_with("nearest to the code's 600 bytes"),
        "{settings:?}"
    );
    assert!(
        settings[1].ends_with("600 bytes, headers not counted"),
        "{settings:?}"
    );
    assert_eq!(settings[2..], ["quality 10", "quality 50", "quality 90"]);
    for jpeg in &jpegs {
        let (file, scan) = (
            jpeg.bytes_per_image.unwrap(),
            jpeg.scan_bytes_per_image.unwrap(),
        );
        assert!(scan > 10.0 && scan < file, "{jpeg:?}");
        assert!(
            (jpeg.bits_per_pixel.unwrap() - file * 8.0 / 1280.0).abs() < 1e-9,
            "{jpeg:?}"
        );
    }
    let distance = |baseline: &Baseline| (baseline.bytes_per_image.unwrap() - 600.0).abs();
    assert!(
        jpegs
            .iter()
            .all(|jpeg| distance(jpegs[0]) <= distance(jpeg)),
        "{jpegs:?}"
    );
    assert!(jpegs[4].quality.mse < jpegs[2].quality.mse);
}

#[test]
fn every_baseline_gets_the_noisy_inputs_of_the_test_images() {
    let (train, test) = (blocks("train", SHAPE, 0, 40), blocks("test", SHAPE, 40, 20));
    for (chain, least) in [("gaussian:0.3", 0.0), ("gaussian:0.3,clip:off", 0.08)] {
        let noise = SeededNoise {
            chain: chain.parse().unwrap(),
            seed: 5,
        };
        let request = BaselineRequest {
            corruption: Some(&noise),
            ..request(&train, &test, 6)
        };
        let results = baselines(&request).unwrap();

        let mut meter = QualityMeter::new(SHAPE);
        for index in 0..test.len() {
            let clean = unit(&test, index);
            let mut noisy = clean.clone();
            noise.corrupt(Part::Test, index as u64, SHAPE, &mut noisy);
            meter.add(&clean, &noisy);
        }
        let identity = named(&results, "identity");
        assert_eq!(identity.quality, meter.finish());
        assert!(identity.quality.mse > least, "{chain}: {identity:?}");
        for name in ["median", "gaussian", "non-local means", "pca"] {
            let baseline = named(&results, name);
            assert!(
                baseline.quality.mse < identity.quality.mse,
                "{name}: {baseline:?}"
            );
            assert_eq!(baseline.bits_per_pixel.is_some(), name == "pca", "{name}");
        }
    }
}

/// Noise on the training images alone decides about the filters' strength.
#[test]
fn strengths_are_chosen_on_training_images() {
    let (train, test) = (blocks("train", SHAPE, 0, 40), blocks("test", SHAPE, 40, 20));
    let settings = |train_every: u64, test_every: u64| -> Vec<String> {
        let noise = |part: Part, index: u64, _: ImageShape, values: &mut [f32]| {
            let every = if part == Part::Train {
                train_every
            } else {
                test_every
            };
            for (position, value) in values.iter_mut().enumerate() {
                let scattered = (position as u64 * 7919 + index * 104_729) % 1009;
                if scattered.is_multiple_of(every) {
                    *value = 1.0 - *value;
                }
            }
        };
        let request = BaselineRequest {
            corruption: Some(&noise),
            ..request(&train, &test, 6)
        };
        let results = baselines(&request).unwrap();
        let filters = ["median", "gaussian", "non-local means"];
        filters
            .iter()
            .map(|name| named(&results, name).setting.clone())
            .collect()
    };
    let light = settings(30, 30);
    assert_eq!(
        light,
        settings(30, 3),
        "the test images' noise must not matter"
    );
    assert_ne!(light, settings(3, 30), "the training images' noise must");
}

#[test]
fn results_do_not_depend_on_threads() {
    let (train, test) = (blocks("train", SHAPE, 0, 30), blocks("test", SHAPE, 30, 15));
    let noise = SeededNoise {
        chain: "gaussian:0.2".parse().unwrap(),
        seed: 1,
    };
    let request = BaselineRequest {
        corruption: Some(&noise),
        ..request(&train, &test, 6)
    };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| baselines(&request).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn json_has_the_promised_keys() {
    let (train, test) = (blocks("train", SHAPE, 0, 10), blocks("test", SHAPE, 10, 5));
    let results = baselines(&request(&train, &test, 6)).unwrap();
    let json = serde_json::to_value(&results).unwrap();
    for baseline in json.as_array().unwrap() {
        for key in [
            "name",
            "mse",
            "rmse",
            "psnr",
            "ssim",
            "bits_per_pixel",
            "bytes_per_image",
        ] {
            assert!(baseline.get(key).is_some(), "{key} in {baseline}");
        }
        assert_eq!(
            baseline.get("scan_bytes_per_image").is_some(),
            baseline["name"] == "jpeg"
        );
    }
}

/// A baseline from outside of the crate is measured like those inside.
#[test]
fn a_list_of_ones_own_is_measured_where_it_applies() {
    struct Negative;
    impl BaselineKind for Negative {
        fn name(&self) -> &'static str {
            "negative"
        }
        fn description(&self) -> &'static str {
            "black for white; only for codes of several values"
        }
        fn applies_to(&self, request: &BaselineRequest<'_>) -> bool {
            request.code_bits > 32
        }
        fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
            let quality = bench.measure(|input| input.iter().map(|value| 1.0 - value).collect())?;
            Ok(vec![bench.result(
                self.name(),
                String::new(),
                quality,
                Some(24.0),
            )])
        }
    }
    let (train, test) = (blocks("train", SHAPE, 0, 10), blocks("test", SHAPE, 10, 5));
    let kinds: [&dyn BaselineKind; 2] = [&Negative, BUILTIN[1]];
    for (code_values, expected) in [(6, &["negative", "mean image"][..]), (1, &["mean image"])] {
        let results = measure_baselines(&request(&train, &test, code_values), &kinds).unwrap();
        let names: Vec<&str> = results.iter().map(|result| result.name.as_str()).collect();
        assert_eq!(names, expected, "{code_values}");
    }
    let results = measure_baselines(&request(&train, &test, 6), &kinds).unwrap();
    assert_eq!(results[0].bits_per_pixel, Some(1.0));
    assert!(results[0].quality.mse > results[1].quality.mse);
}

#[test]
fn impossible_requests_are_errors() {
    let train = blocks("train", SHAPE, 0, 10);
    let other = blocks("other", ImageShape::new(1, 12, 16), 0, 10);
    let none = train.subset(Vec::new());
    assert!(matches!(
        baselines(&request(&train, &none, 6)),
        Err(EvalError::EmptySet { .. })
    ));
    assert!(matches!(
        baselines(&request(&none, &train, 6)),
        Err(EvalError::EmptySet { .. })
    ));
    let error = baselines(&request(&train, &other, 6)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the test images are 16x12x1, the training images 12x16x1"
    );
}
