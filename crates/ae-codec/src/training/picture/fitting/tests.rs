use std::ops::ControlFlow;

use super::*;
use crate::pixel::Near;
use crate::shape::ImageShape;
use crate::training::{TrainingProgress, TrainingWatch};

/// Pictures with slopes, edges and grain, of two sizes.
struct Pictures;

impl TrainingImages for Pictures {
    fn count(&self) -> usize {
        6
    }

    fn shape(&self, index: usize) -> ImageShape {
        ImageShape::new(24 + 8 * (index % 2) as u16, 32).unwrap()
    }

    fn read(&self, visit: u64, index: usize, pixels: &mut [u8]) -> std::io::Result<()> {
        let mut state = (visit * 100 + index as u64 + 1) as u32;
        for (place, pixel) in pixels.iter_mut().enumerate() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (row, column) = (place / 32, place % 32);
            let edge = if row + index > column { 60 } else { 0 };
            *pixel = (40 + 2 * row + column + edge + (state >> 30) as usize) as u8;
        }
        Ok(())
    }

    fn changes(&self) -> bool {
        true
    }
}

fn settings() -> PictureTrainingSettings {
    PictureTrainingSettings {
        batch: 60,
        steps: 120,
        learning_rate: 1e-2,
        units: [12, 10],
        ..PictureTrainingSettings::default()
    }
}

/// Keeps the state after so many steps, and stops there if it is told to.
struct Watch {
    at: usize,
    stops: bool,
    step: usize,
    state: Option<TrainingState>,
    costs: Vec<f64>,
}

impl Watch {
    fn new(at: usize, stops: bool) -> Self {
        Self {
            at,
            stops,
            step: 0,
            state: None,
            costs: Vec::new(),
        }
    }
}

impl TrainingWatch for Watch {
    fn progress(&mut self, progress: TrainingProgress) -> ControlFlow<()> {
        self.step = progress.step;
        self.costs.push(progress.bits_per_pixel);
        match self.stops && self.step >= self.at {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn wants_state(&mut self) -> bool {
        self.step == self.at
    }

    fn keep(&mut self, state: &TrainingState) -> Result<(), CodecError> {
        self.state = TrainingState::from_bytes(&state.to_bytes()).ok();
        Ok(())
    }
}

fn bytes(model: &PictureModel) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write(&mut bytes).unwrap();
    bytes
}

fn trained(threads: usize) -> (PictureModel, Watch) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let mut watch = Watch::new(70, false);
    let model = pool.install(|| PictureModel::train_on(&Pictures, &settings(), None, &mut watch));
    (model.unwrap(), watch)
}

#[test]
fn training_gives_the_same_bytes_from_any_number_of_threads_and_resumed() {
    let (one, watch) = trained(1);
    let (three, _) = trained(3);
    assert!(bytes(&one) == bytes(&three));

    let state = watch.state.unwrap();
    assert_eq!(state.step(), 70);
    let mut rest = Watch::new(0, false);
    let resumed = PictureModel::train_on(&Pictures, &settings(), Some(&state), &mut rest).unwrap();
    assert!(bytes(&resumed) == bytes(&one));
    assert_eq!(rest.costs, watch.costs[7..]);

    let mut stopped = Watch::new(50, true);
    let error = PictureModel::train_on(&Pictures, &settings(), None, &mut stopped).unwrap_err();
    assert!(matches!(error, CodecError::Stopped));
    let state = stopped.state.unwrap();
    let resumed = PictureModel::train_on(&Pictures, &settings(), Some(&state), &mut rest).unwrap();
    assert!(bytes(&resumed) == bytes(&one));

    let longer = PictureTrainingSettings {
        steps: 200,
        ..settings()
    };
    let refused = PictureModel::train_on(&Pictures, &longer, Some(&state), &mut rest);
    assert!(matches!(refused, Err(CodecError::State { .. })));
}

/// Long enough for two visits to the images, which see others: resumed in the second, the first is still what inputs are
/// standardized by.
#[test]
fn a_training_is_resumed_among_the_images_of_its_step() {
    let long = PictureTrainingSettings {
        batch: 8,
        steps: 10_000,
        units: [2, 3],
        ..settings()
    };
    let mut watch = Watch::new(7_000, false);
    let whole = PictureModel::train_on(&Pictures, &long, None, &mut watch).unwrap();
    let state = watch.state.unwrap();
    let mut rest = Watch::new(0, false);
    let resumed = PictureModel::train_on(&Pictures, &long, Some(&state), &mut rest).unwrap();
    assert!(bytes(&resumed) == bytes(&whole));

    /// The same pictures at each visit.
    struct Once;
    impl TrainingImages for Once {
        fn count(&self) -> usize {
            Pictures.count()
        }
        fn shape(&self, index: usize) -> ImageShape {
            Pictures.shape(index)
        }
        fn read(&self, _visit: u64, index: usize, pixels: &mut [u8]) -> std::io::Result<()> {
            Pictures.read(0, index, pixels)
        }
    }
    let once = PictureModel::train_on(&Once, &long, None, &mut rest).unwrap();
    assert!(bytes(&once) != bytes(&whole));
}

/// What the float network cost at the end of the training is what the integers cost in bytes, and the file holds the model.
#[test]
fn integers_cost_what_floats_did() {
    let longer = PictureTrainingSettings {
        batch: 400,
        steps: 300,
        ..settings()
    };
    let mut watch = Watch::new(0, false);
    let model = PictureModel::train_on(&Pictures, &longer, None, &mut watch).unwrap();
    let (mut bits, mut count) = (0, 0);
    for index in 0..Pictures.count() {
        let shape = Pictures.shape(index);
        let mut pixels = vec![0; shape.pixels()];
        Pictures.read(0, index, &mut pixels).unwrap();
        // First rows, which are coded as they are alone, are not trained on.
        let row = ImageShape::new(1, 32).unwrap();
        let coded = model
            .encode_pictures(&pixels, &[shape], Near::LOSSLESS)
            .len();
        bits += 8
            * (coded
                - model
                    .encode_pictures(&pixels[..32], &[row], Near::LOSSLESS)
                    .len());
        count += pixels.len() - 32;
    }
    let found = bits as f64 / count as f64;
    let expected = watch.costs[15..].iter().sum::<f64>() / 15.0;
    assert!((found - expected).abs() < 0.15, "{found} {expected}");
    assert!(expected < watch.costs[0] - 0.2);
    let read = PictureModel::read(&mut &bytes(&model)[..]).unwrap();
    assert_eq!(read.hash(), model.hash());
    assert_eq!(bytes(&read).len(), model.file_bytes());
}

#[test]
fn what_makes_no_sense_is_refused() {
    struct Flat;
    impl TrainingImages for Flat {
        fn count(&self) -> usize {
            3
        }
        fn shape(&self, _index: usize) -> ImageShape {
            ImageShape::new(1, 9).unwrap()
        }
        fn read(&self, _: u64, _: usize, _: &mut [u8]) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut watch = Watch::new(0, false);
    let error = PictureModel::train_on(&Flat, &settings(), None, &mut watch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot train: there are no pictures of two rows"
    );
    let none = PictureTrainingSettings {
        batch: 0,
        ..settings()
    };
    let error = PictureModel::train_on(&Pictures, &none, None, &mut watch).unwrap_err();
    assert!(error.to_string().starts_with("cannot train: the batch"));
}
