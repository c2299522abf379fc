//! Small images, a custom model and an observer, for the tests.

use std::cell::Cell;

use ae_data::{ImageSet, ImageShape, Split};
use ae_models::{
    Codes, ConvAutoencoderConfig, ModelConfig, Objective, Reconstruct, Trainable, TrainingBatch,
};
use ae_random::{Draw, Purpose};
use ae_train::{EpochReport, Observer, StartReport, StepReport, TrainConfig};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};

/// Bright bars on black, 8x8: different enough for a network to have something to learn.
pub(crate) fn letters(images: usize) -> ImageSet {
    let shape = ImageShape::new(1, 8, 8);
    let mut pixels = Vec::new();
    for index in 0..images {
        let mut rng = Draw {
            seed: 1,
            purpose: Purpose::Display,
            epoch: 0,
            index: index as u64,
        }
        .stream();
        let (row, column) = (
            (rng.uniform() * 8.0) as usize,
            (rng.uniform() * 8.0) as usize,
        );
        pixels.extend((0..64).map(|pixel| {
            if pixel / 8 == row || pixel % 8 == column {
                230u8
            } else {
                10
            }
        }));
    }
    ImageSet::from_images("letters", shape, pixels, None, Vec::new())
        .expect("as many pixels as the shape says")
}

pub(crate) fn split(train: usize, test: usize) -> Split {
    let all = letters(train + test);
    Split {
        train: all.subset((0..train).collect()),
        validation: all.subset((train..train + test).collect()),
        test: all.subset((train..train + test).collect()),
        shared: 0,
        dropped: 0,
    }
}

/// A model that `ae-models` knows nothing of: one linear map down, its own objective, and one map up.
#[derive(Module, Debug)]
pub(crate) struct LineModel {
    down: Param<Tensor<2>>,
    up: Param<Tensor<2>>,
}

impl LineModel {
    pub(crate) fn new(device: &Device) -> Self {
        let draw = |index, rows: usize, columns: usize| {
            let mut rng = Draw {
                seed: 1,
                purpose: Purpose::Initialization,
                epoch: 0,
                index,
            }
            .stream();
            let values: Vec<f32> = (0..rows * columns)
                .map(|_| 0.1 * rng.standard_normal())
                .collect();
            Param::from_tensor(Tensor::from_data(
                TensorData::new(values, [rows, columns]),
                device,
            ))
        };
        Self {
            down: draw(0, 64, 6),
            up: draw(1, 6, 64),
        }
    }
}

impl Trainable for LineModel {
    fn input_shape(&self) -> [usize; 3] {
        [1, 8, 8]
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let codes = self.encode(batch.input);
        let reconstruction = batch.loss.value(self.decode(codes.clone()), batch.target);
        Objective::sum(vec![
            ("reconstruction", reconstruction),
            ("sparsity", codes.abs().mean().mul_scalar(1e-4)),
        ])
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }
}

impl Reconstruct for LineModel {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(images))
    }
}

impl Codes for LineModel {
    fn code_shape(&self) -> Vec<usize> {
        vec![6]
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        images.flatten::<2>(1, 3).matmul(self.down.val())
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let [batch, _] = codes.dims();
        activation::sigmoid(codes.matmul(self.up.val())).reshape([batch, 1, 8, 8])
    }
}

/// Remembers what it is told, and asks to stop after a step.
#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) start: Option<StartReport>,
    pub(crate) losses: Vec<f32>,
    pub(crate) stop_after: Option<usize>,
    /// The epoch, counted from 1, whose measuring is stopped.
    pub(crate) stop_measuring: Option<usize>,
    epochs: usize,
    measuring: bool,
    steps: Cell<usize>,
}

impl Watcher {
    pub(crate) fn stopping_after(step: usize) -> Self {
        Self {
            stop_after: Some(step),
            ..Self::default()
        }
    }

    pub(crate) fn stopping_while_measuring(epoch: usize) -> Self {
        Self {
            stop_measuring: Some(epoch),
            ..Self::default()
        }
    }
}

impl Observer for Watcher {
    fn started(&mut self, report: &StartReport) {
        // But for the measuring, `stop_requested` is asked once a step, so this counts steps over the whole run.
        self.steps.set(
            report
                .resumed
                .as_ref()
                .map_or(0, |resumed| resumed.steps_done),
        );
        self.start = Some(report.clone());
    }

    fn step(&mut self, report: &StepReport) {
        self.losses.push(report.loss);
    }

    fn validating(&mut self, _images: usize) {
        self.measuring = true;
    }

    fn epoch(&mut self, _report: &EpochReport) {
        self.measuring = false;
        self.epochs += 1;
    }

    fn stop_requested(&self) -> bool {
        if self.measuring {
            return self.stop_measuring == Some(self.epochs + 1);
        }
        self.steps.set(self.steps.get() + 1);
        self.stop_after == Some(self.steps.get())
    }
}

/// A convolutional model that trains in moments.
pub(crate) fn conv() -> ModelConfig {
    ModelConfig::from(ConvAutoencoderConfig {
        widths: vec![4, 8],
        ..ConvAutoencoderConfig::default()
    })
}

/// A run that is over in moments.
pub(crate) fn quick(epochs: usize, batch_size: usize) -> TrainConfig {
    TrainConfig {
        epochs,
        batch_size,
        warmup_steps: 3.into(),
        ..TrainConfig::default()
    }
}
