//! Training on noisy images alone.

use std::fs;

use ae_data::{ImageSet, ImageShape, Split};
use ae_models::{DenseAutoencoderConfig, ModelConfig, UnetConfig};
use ae_random::{Draw, Purpose};
use ae_train::{
    Measurement, MetricsLine, Outcome, RunDirectory, TrainConfig, TrainError, Trainer, read_metrics,
};
use burn::tensor::Device;

use crate::support::{Watcher, quick};

const SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: 16,
    width: 16,
};
/// The noise's standard deviation, in levels of 255.
const SIGMA: f32 = 30.0;

/// Waves of several lengths, and the same under noise that is drawn once for all.
fn pictures(count: usize) -> [ImageSet; 2] {
    let (mut clean, mut noisy) = (Vec::new(), Vec::new());
    for index in 0..count {
        let mut stream = Draw {
            seed: 8,
            purpose: Purpose::Noise,
            epoch: 0,
            index: index as u64,
        }
        .stream();
        let phase = index as f32 * 0.7;
        for pixel in 0..SHAPE.pixels() {
            let (y, x) = ((pixel / 16) as f32, (pixel % 16) as f32);
            let slope = 0.12 + 0.03 * (index % 5) as f32;
            let value = 128.0 + 50.0 * (slope * x + phase).sin() * (slope * y - phase).cos();
            clean.push(value.round() as u8);
            noisy.push((value + SIGMA * stream.standard_normal()).round() as u8);
        }
    }
    [clean, noisy].map(|pixels| {
        ImageSet::from_images("waves", SHAPE, pixels, None, Vec::new())
            .expect("as many as the shape says")
    })
}

fn split(set: &ImageSet) -> Split {
    let part = |from: usize, until: usize| set.subset((from..until).collect());
    let all = set.len();
    Split {
        train: part(0, all - 8),
        validation: part(all - 8, all - 4),
        test: part(all - 4, all),
        shared: 0,
        dropped: 0,
    }
}

fn unet() -> ModelConfig {
    ModelConfig::from(UnetConfig {
        widths: vec![12, 16],
        ..UnetConfig::default()
    })
}

fn config(epochs: usize, batch_size: usize) -> TrainConfig {
    TrainConfig {
        self_supervised: "neighbor2neighbor".parse().ok(),
        learning_rate: 2e-3,
        ..quick(epochs, batch_size)
    }
}

#[test]
fn it_gains_on_clean_pictures_that_it_never_saw() {
    let device = Device::flex();
    let [clean, noisy] = pictures(72);
    let model = unet().init([1, 16, 16], 5, &device).unwrap();
    let checked = config(30, 8).check().unwrap();
    let trained = Trainer::new(&checked, &device)
        .train(model, &split(&noisy))
        .unwrap();
    assert_eq!(trained.steps, 240);

    // Against the clean ones, which nothing of it has touched.
    let mut squares = 0.0;
    Measurement::new(&trained.model, &device)
        .reconstruct(&noisy.subset((64..72).collect()), |image| {
            let mut expected = vec![0.0; SHAPE.values()];
            clean.read_unit_into(64 + image.index, &mut expected)?;
            let pairs = image.output.iter().zip(&expected);
            squares += pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            Ok(())
        })
        .unwrap();
    let mse = squares / (8 * SHAPE.values()) as f64;
    let noise = f64::from(SIGMA / 255.0).powi(2);
    let gain = 10.0 * (noise / mse).log10();
    assert!(gain > 4.0, "{gain:.2} dB");

    // What epochs were compared by is the noise's variance and an error.
    let best = trained
        .epochs
        .iter()
        .filter_map(|epoch| epoch.validation_loss);
    let best = best.fold(f64::INFINITY, f64::min);
    assert!(
        (noise..2.0 * noise).contains(&best),
        "{best}, noise {noise}"
    );
    assert!(
        trained
            .epochs
            .iter()
            .all(|epoch| epoch.validation.is_none())
    );
    let again = Measurement::new(&trained.model, &device).seed(checked.seed);
    let found = again.neighbor_loss(&split(&noisy).validation).unwrap();
    assert!((found - best).abs() < 1e-6 * best, "{found} {best}");
}

#[test]
fn a_run_that_was_stopped_ends_with_the_same_bytes() {
    let device = Device::flex();
    let [_, noisy] = pictures(40);
    let split = split(&noisy);
    let config = config(3, 7);
    let run_once = |stops: &[usize]| {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
        let checked = config.check().unwrap();
        for &stop in stops {
            let model = unet().init([1, 16, 16], 5, &device).unwrap();
            let mut watcher = Watcher::stopping_after(stop);
            let trained = Trainer::new(&checked, &device)
                .run_directory(&run)
                .observer(&mut watcher)
                .train(model, &split)
                .unwrap();
            assert_eq!(trained.outcome, Outcome::Interrupted);
        }
        let model = unet().init([1, 16, 16], 5, &device).unwrap();
        let trained = Trainer::new(&checked, &device)
            .run_directory(&run)
            .train(model, &split)
            .unwrap();
        assert_eq!(trained.outcome, Outcome::Finished);
        let lines = read_metrics(&run.metrics_file()).unwrap().into_iter();
        let steps: Vec<_> = lines
            .filter(|line| matches!(line, MetricsLine::Step(_)))
            .collect();
        (
            fs::read(run.model_file()).unwrap(),
            fs::read(run.last_model_file()).unwrap(),
            steps,
        )
    };
    let whole = run_once(&[]);
    assert!(run_once(&[3, 8, 12]) == whole);
}

#[test]
fn what_it_cannot_be_is_refused() {
    let device = Device::flex();
    let [_, noisy] = pictures(12);
    let split = split(&noisy);
    let dense = ModelConfig::from(DenseAutoencoderConfig::default());
    let model = dense.init([1, 16, 16], 5, &device).unwrap();
    let checked = config(1, 4).check().unwrap();
    let error = Trainer::new(&checked, &device).train(model, &split).err();
    let Some(error @ TrainError::SelfSupervised { .. }) = error else {
        panic!("{error:?}");
    };
    assert!(
        error
            .to_string()
            .contains("does not take images of half the size"),
        "{error}"
    );

    let refused = |config: TrainConfig, expected: &str| {
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let noise = "gaussian:0.1".parse().unwrap();
    refused(
        TrainConfig {
            noise,
            ..config(1, 4)
        },
        "must be absent where the images are noisy",
    );
    let loss = "l1".parse().unwrap();
    refused(
        TrainConfig {
            loss,
            ..config(1, 4)
        },
        "l1 with neighbor2neighbor: must be mse",
    );

    let text = "self_supervised = \"neighbor2neighbor:0.5\"";
    let read: TrainConfig = text.parse().unwrap();
    assert!(toml::to_string(&read).unwrap().contains(text));
    let error = "self_supervised = \"noise2void\""
        .parse::<TrainConfig>()
        .unwrap_err();
    assert!(
        error.to_string().contains("must be neighbor2neighbor"),
        "{error}"
    );
}
