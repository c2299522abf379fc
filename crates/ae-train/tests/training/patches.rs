//! Training on patches of pictures of several sizes.

use std::fs;
use std::path::Path;

use ae_data::{ImageSet, OpenOptions, Split, SplitOptions, open};
use ae_train::{Outcome, RunDirectory, TrainConfig, Trainer};
use burn::tensor::Device;

use crate::support::{Watcher, conv, quick};

/// Portable gray maps of 12 to 20 pixels a side.
fn write_pictures(folder: &Path, count: usize) {
    for number in 0..count {
        let (width, height) = (12 + number * 5 % 9, 12 + number * 2 % 9);
        let mut bytes = format!("P5 {width} {height} 255\n").into_bytes();
        bytes.extend((0..width * height).map(|place| (place * (number + 3) * 5 % 251) as u8));
        fs::write(folder.join(format!("{number:02}.pgm")), bytes).expect("written");
    }
}

fn patches(seed: u64, per_epoch: usize) -> Split {
    let folder = tempfile::tempdir().expect("a folder");
    write_pictures(folder.path(), 14);
    let options = OpenOptions {
        patch: Some(8),
        ..OpenOptions::default()
    };
    let dataset = open(folder.path().to_str().expect("text"), &options).expect("a set");
    let split = SplitOptions {
        seed,
        ..SplitOptions::default()
    };
    // The pictures are in memory: their files may go.
    dataset
        .split(&split)
        .expect("parts")
        .with_drawn_patches(seed, Some(per_epoch))
}

#[test]
fn an_interrupted_run_has_the_same_bytes_with_any_number_of_threads() {
    let device = Device::flex();
    let split = patches(3, 21);
    let run_once = |stops: &[usize], loader_threads: usize| {
        let config = TrainConfig {
            noise: "gaussian:0/255..55/255,clip:off".parse().unwrap(),
            steps: Some(17),
            ema: Some(0.9),
            loader_threads,
            ..quick(1, 4)
        };
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
        let checked = config.check().unwrap();
        for stop in stops.iter().copied().map(Some).chain([None]) {
            let mut watcher = stop.map_or_else(Watcher::default, Watcher::stopping_after);
            let trained = Trainer::new(&checked, &device)
                .run_directory(&run)
                .observer(&mut watcher)
                .train(conv().init([1, 8, 8], 5, &device).unwrap(), &split)
                .unwrap();
            assert_eq!(trained.outcome == Outcome::Interrupted, stop.is_some());
        }
        [run.model_file(), run.last_model_file()].map(|path| fs::read(path).unwrap())
    };
    let straight = run_once(&[], 1);
    // In the middle of the first epoch, at its end, in the middle of the third.
    assert!(straight == run_once(&[2, 6, 14], 1));
    assert!(straight == run_once(&[], 4));
    assert!(straight == run_once(&[9], 3));
}

#[test]
fn other_pictures_or_patches_are_another_run() {
    let device = Device::flex();
    let config = quick(1, 4);
    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
    let train = |split: &Split| {
        let model = conv().init([1, 8, 8], 5, &device).unwrap();
        let checked = config.check().unwrap();
        Trainer::new(&checked, &device)
            .run_directory(&run)
            .train(model, split)
    };
    train(&patches(3, 21)).unwrap();
    train(&patches(3, 21)).unwrap();
    for other in [
        patches(3, 22),
        Split {
            train: without_one(&patches(3, 21)),
            ..patches(3, 21)
        },
    ] {
        let error = train(&other).err().unwrap().to_string();
        assert!(error.contains("the training images"), "{error}");
    }
}

/// The training patches but for the last.
fn without_one(split: &Split) -> ImageSet {
    split.train.take(split.train.len() - 1)
}
