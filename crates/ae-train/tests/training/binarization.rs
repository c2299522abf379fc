//! Images that are drawn from greys while a model trains.

use ae_data::{Binarization, Dataset, Split, SplitOptions};
use ae_train::{RunDirectory, ScheduleConfig, TrainConfig, Trained, Trainer};
use burn::tensor::Device;

use crate::support::{Watcher, conv, letters, quick};

const TRAIN: usize = 40;
const BATCH: usize = 8;
/// Steps in an epoch.
const STEPS: usize = TRAIN / BATCH;

fn split(binarization: Binarization) -> Split {
    let all = letters(TRAIN + 8);
    let train = all.subset((0..TRAIN).collect());
    let mut dataset = Dataset::new("letters", train, None);
    dataset.validation = Some(all.subset((TRAIN..TRAIN + 4).collect()));
    dataset.test = Some(all.subset((TRAIN + 4..TRAIN + 8).collect()));
    dataset
        .binarized(binarization, 1)
        .split(&SplitOptions::default())
        .expect("the set has both parts")
}

fn config() -> TrainConfig {
    TrainConfig {
        schedule: ScheduleConfig::Constant,
        ..quick(3, BATCH)
    }
}

fn trained(
    binarization: Binarization,
    run: Option<&RunDirectory>,
    watcher: &mut Watcher,
) -> Trained<ae_models::Model> {
    let device = Device::flex();
    let model = conv()
        .init([1, 8, 8], 5, &device)
        .expect("8x8 pixels pool twice");
    let config = config().check().expect("the configuration is sound");
    let mut trainer = Trainer::new(&config, &device).observer(watcher);
    if let Some(run) = run {
        trainer = trainer.run_directory(run);
    }
    trainer
        .train(model, &split(binarization))
        .expect("it trains")
}

#[test]
fn dynamic_images_are_others_from_the_second_epoch_on() {
    let run = |binarization| {
        let mut watcher = Watcher::default();
        let trained = trained(binarization, None, &mut watcher);
        let errors: Vec<f64> = trained
            .epochs
            .iter()
            .map(|epoch| epoch.validation.as_ref().unwrap().mse)
            .collect();
        (watcher.losses, errors)
    };
    let (gray, _) = run(Binarization::None);
    let (fixed, fixed_errors) = run(Binarization::Static);
    let (dynamic, dynamic_errors) = run(Binarization::Dynamic);
    assert_ne!(gray[0], fixed[0]);
    // The first epoch's images are the same, those of the second are drawn anew, and the test images stay.
    assert_eq!(fixed[..STEPS], dynamic[..STEPS]);
    assert_ne!(fixed[STEPS], dynamic[STEPS]);
    assert_eq!(fixed_errors[0], dynamic_errors[0]);
}

#[test]
fn a_run_on_dynamic_images_goes_on_with_the_same_bytes() {
    let straight = trained(Binarization::Dynamic, None, &mut Watcher::default());
    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path().join("run"), &config(), false).unwrap();
    // In the middle of the second epoch, and at the third's first step.
    for stop in [STEPS + 2, 2 * STEPS + 1] {
        trained(
            Binarization::Dynamic,
            Some(&run),
            &mut Watcher::stopping_after(stop),
        );
    }
    let resumed = trained(Binarization::Dynamic, Some(&run), &mut Watcher::default());
    assert_eq!(
        ae_models::named_tensors(&straight.last),
        ae_models::named_tensors(&resumed.last)
    );
    // Other draws are other images.
    let device = Device::flex();
    let model = conv()
        .init([1, 8, 8], 5, &device)
        .expect("8x8 pixels pool twice");
    let error = Trainer::new(
        &config().check().expect("the configuration is sound"),
        &device,
    )
    .run_directory(&run)
    .train(model, &split(Binarization::Static))
    .unwrap_err();
    assert!(error.to_string().contains("the training images"), "{error}");
}
