use super::*;
use crate::pixel::Near;

/// Bars of some brightness, which a few steps can learn.
fn images(count: usize) -> (ImageShape, Vec<u8>) {
    let shape = ImageShape::new(8, 8).unwrap();
    let pixel = |image: usize, place: usize| {
        let (row, column) = (place / 8, place % 8);
        let is_bar = (column + image) % 4 < 2 && row > image % 3;
        if is_bar {
            [255, 200, 120][image % 3]
        } else {
            0
        }
    };
    let images = (0..count).flat_map(|image| (0..64).map(move |place| pixel(image, place)));
    (shape, images.collect())
}

fn settings() -> TrainingSettings {
    TrainingSettings {
        batch: 100,
        steps: 150,
        learning_rate: 1e-2,
        neighbors: 12,
        marked: 4,
        units: [16, 9],
        ..TrainingSettings::default()
    }
}

fn trained(threads: usize, settings: &TrainingSettings) -> (PixelModel, Vec<f64>) {
    let (shape, images) = images(60);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let mut costs = Vec::new();
    let model = pool.install(|| {
        PixelModel::train(shape, &images, settings, |progress| {
            costs.push(progress.bits_per_pixel);
            ControlFlow::Continue(())
        })
    });
    (model.unwrap(), costs)
}

fn bytes(model: &PixelModel) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write(&mut bytes).unwrap();
    bytes
}

#[test]
fn training_gives_the_same_bytes_from_any_number_of_threads() {
    let (one, _) = trained(1, &settings());
    let (three, _) = trained(3, &settings());
    assert!(bytes(&one) == bytes(&three));
    assert_eq!(one.hash(), three.hash());
    let (other, _) = trained(
        2,
        &TrainingSettings {
            seed: 2,
            ..settings()
        },
    );
    assert_ne!(one.hash(), other.hash());
}

/// Keeps the state after so many steps.
struct Watch(usize, usize, Option<TrainingState>);

impl TrainingWatch for Watch {
    fn progress(&mut self, progress: TrainingProgress) -> ControlFlow<()> {
        self.1 = progress.step;
        ControlFlow::Continue(())
    }

    fn wants_state(&mut self) -> bool {
        self.1 == self.0
    }

    fn keep(&mut self, state: &TrainingState) -> Result<(), CodecError> {
        self.2 = TrainingState::from_bytes(&state.to_bytes()).ok();
        Ok(())
    }
}

#[test]
fn a_resumed_training_gives_the_same_bytes() {
    let (shape, images) = images(60);
    let images = InMemory {
        shape,
        images: &images,
    };
    let mut watch = Watch(90, 0, None);
    let whole = PixelModel::train_on(&images, &settings(), None, &mut watch).unwrap();
    let (once, _) = trained(2, &settings());
    assert!(bytes(&whole) == bytes(&once));
    let state = watch.2.unwrap();
    let mut rest = Watch(0, 0, None);
    let resumed = PixelModel::train_on(&images, &settings(), Some(&state), &mut rest).unwrap();
    assert!(bytes(&resumed) == bytes(&whole));
    let other = TrainingSettings {
        seed: 2,
        ..settings()
    };
    let error = PixelModel::train_on(&images, &other, Some(&state), &mut rest).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot resume the training: it is of a training with other settings or images"
    );
}

/// What the float network cost at the end of the training is what the integers cost in bytes.
#[test]
fn integers_cost_what_floats_did() {
    let (model, costs) = trained(
        2,
        &TrainingSettings {
            batch: 1000,
            steps: 600,
            ..settings()
        },
    );
    let (_, images) = images(60);
    let bits = model.encode_images(&images, Near::LOSSLESS).len() as f64 * 8.0;
    let found = bits / images.len() as f64;
    let expected = costs[30..].iter().sum::<f64>() / 30.0;
    assert!(expected < 0.5 && costs[0] > 1.2 * expected, "{costs:?}");
    assert!((found / expected - 1.0).abs() < 0.25, "{found}, {costs:?}");
}

#[test]
fn a_training_can_be_stopped() {
    let (shape, images) = images(3);
    let stopped = PixelModel::train(shape, &images, &settings(), |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(CodecError::Stopped)));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (shape, images) = images(2);
    let train = |images: &[u8], settings: TrainingSettings| {
        let error = PixelModel::train(shape, images, &settings, |_| ControlFlow::Continue(()));
        error.unwrap_err().to_string()
    };
    assert_eq!(train(&[], settings()), "cannot train: there are no images");
    assert_eq!(
        train(&images[1..], settings()),
        "127 bytes are no whole number of images of 8x8"
    );
    let table: [(TrainingSettings, &str); 4] = [
        (
            TrainingSettings {
                batch: 0,
                ..settings()
            },
            "the batch",
        ),
        (
            TrainingSettings {
                neighbors: 545,
                ..settings()
            },
            "the neighbors",
        ),
        (
            TrainingSettings {
                units: [1, 0],
                ..settings()
            },
            "the units",
        ),
        (
            TrainingSettings {
                learning_rate: f32::NAN,
                ..settings()
            },
            "the learning rate",
        ),
    ];
    for (settings, expected) in table {
        let found = train(&images, settings);
        assert!(
            found.starts_with(&format!("cannot train: {expected}")),
            "{found}"
        );
    }
}
