//! Training: the settings of a run, and the loop behind them.

use ae_data::Split;
use ae_models::Trainable;
use burn::tensor::Device;

use crate::config::CheckedTrainConfig;
use crate::distributed::communicator::{Alone, Communicator};
use crate::error::TrainError;
use crate::run::directory::RunDirectory;
use crate::trainer::observer::Observer;
use crate::trainer::trained::Trained;
use crate::trainer::training::{Place, Training};

pub(crate) mod batch_objective;
pub(crate) mod beginning;
pub(crate) mod divergence;
pub(crate) mod observer;
pub(crate) mod part_gradients;
pub(crate) mod readback;
pub(crate) mod run_plan;
pub(crate) mod speed;
pub(crate) mod steps;
pub(crate) mod throughput;
pub(crate) mod trained;
pub(crate) mod training;
pub(crate) mod validation;
pub(crate) mod weight_average;

/// Trains a model on images: to reconstruct them, to take noise away from them, or whatever its objective says.
///
/// With a [run directory](Self::run_directory), everything is written there; a directory that holds a checkpoint is
/// resumed from the very step, and the weights of the model are replaced. The result has the same bytes as that of a
/// run that was never interrupted, on the same machine and backend. Without a directory, all stays in memory.
///
/// Batches are shuffled anew each epoch, and the last, smaller one is trained on, too. Everything random is drawn on
/// the host from `(seed, purpose, epoch, index)`, so neither the number of loader threads nor an interruption changes
/// a bit.
///
/// The crate's example trains a model in memory.
pub struct Trainer<'a> {
    config: &'a CheckedTrainConfig,
    device: &'a Device,
    run: Option<&'a RunDirectory>,
    observer: Option<&'a mut dyn Observer>,
    communicator: &'a dyn Communicator,
}

impl<'a> Trainer<'a> {
    /// A trainer that keeps everything in memory and that nobody watches.
    #[must_use]
    pub fn new(config: &'a CheckedTrainConfig, device: &'a Device) -> Self {
        Self {
            config,
            device,
            run: None,
            observer: None,
            communicator: &Alone,
        }
    }

    /// Keeps the log, the models and the checkpoints in `run`, and resumes the run that it holds, if it holds one.
    #[must_use]
    pub fn run_directory(mut self, run: &'a RunDirectory) -> Self {
        self.run = Some(run);
        self
    }

    /// Reports each step to `observer`, and asks it when to stop.
    #[must_use]
    pub fn observer(mut self, observer: &'a mut dyn Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Trains together with other processes that run the same program on the same images: each computes some of a batch's
    /// [`batch_parts`](crate::TrainConfig::batch_parts), and all have the same weights after every step. The result has the
    /// same bytes for any number of processes, where their processors are alike. Rank 0 alone writes, so that it alone is
    /// given a [run directory](Self::run_directory).
    ///
    /// Errors that every rank has at the same place are [`TrainError::Diverged`], [`TrainError::Ranks`] and, on those that
    /// wait for rank 0 to begin, [`TrainError::OtherRank`]. After any other the ranks are out of step and must be ended.
    #[must_use]
    pub fn communicator(mut self, communicator: &'a dyn Communicator) -> Self {
        self.communicator = communicator;
        self
    }

    /// Trains `model` on the training images of `split` and measures it on its validation images after each epoch, by which
    /// the best is chosen. Nothing depends on its test images.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] at the first step whose loss or gradient is NaN or infinite: the weights before the
    /// damage are kept in the run directory's `last.safetensors`, its best model stays, and without a directory nothing
    /// does. [`TrainError::FewerEpochs`] where a run is to end before where it is, and [`TrainError::NoValidation`] where
    /// early stopping has no validation images to go by. Otherwise where images or files can't be read or written, or a run is resumed under another configuration.
    ///
    /// # Panics
    /// Never for data; a model may panic on a shape that it said it takes.
    pub fn train<M: Trainable>(self, model: M, split: &Split) -> Result<Trained<M>, TrainError> {
        let mut nobody = ();
        let observer: &mut dyn Observer = match self.observer {
            Some(observer) => observer,
            None => &mut nobody,
        };
        let place = Place {
            device: self.device,
            run: self.run,
            communicator: self.communicator,
        };
        Training::start(model, split, self.config, place, observer)?.run()
    }
}
