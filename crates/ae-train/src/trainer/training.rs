//! The training loop.

use std::path::Path;
use std::time::Instant;

use ae_data::{NoiseDraw, Split};
use ae_models::{
    Autoencoder, ModelError, NamedTensor, Objective, TrainingBatch, load_tensors, named_tensors,
};
use ae_random::Purpose;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use crate::batches::latent_draws::LatentDraws;
use crate::batches::loader::{Batch, BatchLoader, BatchNoise, BatchPlan, shuffled};
use crate::error::Divergence;
use crate::measure::code_report::{CodeReport, report_codes};
use crate::measure::evaluate::{check_images, evaluate_until, images_tensor};
use crate::optim::model_optimizer::ModelOptimizer;
use crate::run::directory::RunDirectory;
use crate::run::metrics::MetricsLine;
use crate::run::progress::Progress;
use crate::run::store::{RunStore, Start};
use crate::trainer::observer::{EpochReport, Observer, StartReport, StepReport, Validation};
use crate::trainer::readback::{PendingStep, Readback};
use crate::trainer::trained::{Outcome, Trained};
use crate::{CheckedTrainConfig, TrainError};

/// Trains a model to reconstruct images, or to take noise away from them.
///
/// With a run directory, everything is written there; a directory that holds a checkpoint is gone on with, from the
/// very step, and the weights of `model` are replaced. The result has the same bytes as that of a run that was never
/// interrupted, on the same machine and backend. Without a directory, all stays in memory.
///
/// Batches are shuffled anew each epoch, and the last, smaller one is trained on, too. Everything random is drawn on
/// the host from `(seed, purpose, epoch, index)`, so neither the number of loader threads nor an interruption changes
/// a bit.
///
/// # Errors
/// [`TrainError::Diverged`] at the first step whose loss or gradient is NaN or infinite: the weights before the damage
/// are kept in the run directory's `last.safetensors`, its best model stays, and without a directory nothing does.
/// Otherwise where images or files can't be read or written, or a run is gone on with under another configuration.
///
/// # Panics
/// Never for data; a model may panic on a shape that it said it takes.
pub fn train<M: Autoencoder>(
    model: M,
    split: &Split,
    config: &CheckedTrainConfig,
    device: &Device,
    run: Option<&RunDirectory>,
    observer: &mut dyn Observer,
) -> Result<Trained<M>, TrainError> {
    check_images(&model, &split.train)?;
    if !split.test.is_empty() {
        check_images(&model, &split.test)?;
    }
    let plain = device.clone().without_autodiff();
    let mut model = model.valid().fork(&plain);
    let mut best = None;
    let mut progress = Progress::default();
    let mut epochs = Vec::new();
    let mut optimizer_state = None;
    let (mut store, mut resumed) = (None, None);
    if let Some(run) = run {
        let (opened, start) = RunStore::open(run, &model, split, config)?;
        store = Some(opened);
        if let Some(Start {
            checkpoint,
            resumed: from,
        }) = start
        {
            if let Some(tensors) = &checkpoint.best {
                best = Some(load_checkpoint(model.clone(), tensors, &checkpoint.path)?);
            }
            model = load_checkpoint(model, &checkpoint.model, &checkpoint.path)?;
            optimizer_state = Some((checkpoint.path, checkpoint.optimizer));
            progress = checkpoint.progress;
            epochs = checkpoint.epochs;
            resumed = Some(from);
        }
    }
    let model = model.train();
    let mut optimizer = ModelOptimizer::new(&config.optimizer, &model);
    if let Some((path, state)) = optimizer_state {
        optimizer.restore(state, &plain).map_err(|name| {
            TrainError::checkpoint(
                &path,
                format!("the optimiser's state of {name} is incomplete"),
            )
        })?;
    }
    let steps_per_epoch = split.train.len().div_ceil(config.batch_size);
    observer.started(&StartReport {
        epochs: config.epochs,
        steps_per_epoch,
        steps: steps_per_epoch * config.epochs,
        train_images: split.train.len(),
        test_images: split.test.len(),
        parameters: model.parameter_count(),
        resumed,
    });
    let training = Training {
        good: model.clone(),
        entering: model.clone(),
        model,
        best,
        optimizer,
        progress,
        epochs,
        readback: Readback::new(),
        speed: Speed::start(),
        split,
        config,
        device: plain.clone().autodiff(),
        steps_per_epoch,
        store,
        observer,
    };
    training.run()
}

/// Puts a checkpoint's weights into a model.
fn load_checkpoint<M: Autoencoder>(
    model: M,
    tensors: &[NamedTensor],
    path: &Path,
) -> Result<M, TrainError> {
    load_tensors(model, tensors).map_err(|error| TrainError::checkpoint(path, error))
}

struct Training<'a, M> {
    model: M,
    /// The best model so far, without autodiff.
    best: Option<M>,
    /// A model whose loss and gradient are known to have been finite, should those of a later one not be.
    good: M,
    /// The model as it was before the newest step.
    entering: M,
    optimizer: ModelOptimizer,
    progress: Progress,
    epochs: Vec<EpochReport>,
    readback: Readback,
    speed: Speed,
    split: &'a Split,
    config: &'a CheckedTrainConfig,
    device: Device,
    steps_per_epoch: usize,
    store: Option<RunStore<'a>>,
    observer: &'a mut dyn Observer,
}

/// What is measured of an epoch's speed.
struct Speed {
    begin: Instant,
    images: usize,
}

impl Speed {
    fn start() -> Self {
        Self {
            begin: Instant::now(),
            images: 0,
        }
    }

    fn images_per_second(&self) -> f64 {
        self.images as f64 / self.begin.elapsed().as_secs_f64().max(1e-9)
    }
}

impl<M: Autoencoder> Training<'_, M> {
    fn run(mut self) -> Result<Trained<M>, TrainError> {
        let mut interrupted = false;
        while !interrupted
            && self.progress.epoch < self.config.epochs
            && !self.progress.stopped_early
        {
            interrupted = self.run_epoch()?;
        }
        let outcome = if self.progress.stopped_early {
            Outcome::StoppedEarly
        } else if self.progress.epoch >= self.config.epochs {
            Outcome::Finished
        } else {
            Outcome::Interrupted
        };
        let last = self.model.valid();
        Ok(Trained {
            model: self.best.unwrap_or_else(|| last.clone()),
            last,
            best_epoch: self.progress.best_epoch,
            epochs: self.epochs,
            steps: self.progress.step,
            outcome,
        })
    }

    /// Goes through the rest of the current epoch; tells whether the run was asked to stop.
    fn run_epoch(&mut self) -> Result<bool, TrainError> {
        let loader = BatchLoader::start(self.plan())?;
        self.speed = Speed::start();
        for batch in loader {
            self.step(batch?);
            if self.readback.is_due() {
                self.read_losses()?;
            }
            let stop = self.observer.stop_requested();
            // An epoch's end makes a checkpoint of its own, but whoever wants to stop need not wait for the measuring.
            if stop || (self.progress.batch < self.steps_per_epoch && self.checkpoint_is_due()) {
                self.read_losses()?;
                self.checkpoint()?;
                if stop {
                    return Ok(true);
                }
            }
        }
        self.read_losses()?;
        self.finish_epoch()
    }

    fn plan(&self) -> BatchPlan {
        let config = self.config;
        let epoch = self.progress.epoch as u64;
        let noise = (!config.noise.is_empty()).then(|| BatchNoise {
            chain: config.noise.clone(),
            seed: config.seed,
            purpose: Purpose::Noise,
            epoch: match config.noise_draw {
                NoiseDraw::EachEpoch => epoch,
                NoiseDraw::Once => 0,
            },
        });
        BatchPlan {
            set: self.split.train.in_epoch(epoch),
            order: Some(shuffled(config.seed, epoch, self.split.train.len())),
            batch_size: config.batch_size,
            first_batch: self.progress.batch,
            noise,
            threads: config.loader_threads,
        }
    }

    fn step(&mut self, batch: Batch) {
        let shape = self.split.train.shape();
        let images = batch.indices.len();
        let target = images_tensor(batch.target, shape, &self.device);
        let input = match batch.input {
            Some(input) => images_tensor(input, shape, &self.device),
            None => target.clone(),
        };
        let Objective { loss, terms, .. } = self.model.objective(TrainingBatch {
            input,
            target,
            loss: self.config.loss,
            step: self.progress.step as u64,
            random: &LatentDraws {
                seed: self.config.seed,
                purpose: Purpose::Latent,
                epoch: self.progress.epoch as u64,
                indices: &batch.indices,
            },
        });
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        let learning_rate = self.config.schedule.learning_rate(
            self.config.learning_rate,
            self.progress.step,
            self.config.warmup_steps,
            self.steps_per_epoch * self.config.epochs,
        );
        self.entering = self.model.clone();
        let (model, norm) = self.optimizer.step(
            learning_rate,
            self.model.clone(),
            gradients,
            self.config.gradient_clip_norm,
        );
        self.model = model;
        self.progress.step += 1;
        self.progress.batch += 1;

        let loss = loss.inner();
        let norm = norm.unwrap_or_else(|| loss.zeros_like());
        let mut values = vec![loss, norm];
        let (term_names, terms): (Vec<_>, Vec<Tensor<1>>) = terms.into_iter().unzip();
        values.extend(terms.into_iter().map(Tensor::inner));
        self.readback.push(PendingStep {
            step: self.progress.step,
            images,
            learning_rate,
            term_names,
            values: Tensor::cat(values, 0),
        });
    }

    /// Waits for the losses of all steps so far, adds them up, logs them, and ends the run if one is not finite.
    fn read_losses(&mut self) -> Result<(), TrainError> {
        for step in self.readback.read()? {
            if let Some(quantity) = step.first_not_finite() {
                return Err(self.diverged(step.step, quantity)?);
            }
            self.speed.images += step.images;
            self.progress
                .add_losses(step.images, step.loss, step.terms.iter().copied());
            let report = StepReport {
                epoch: self.progress.epoch + 1,
                step: step.step,
                steps: self.steps_per_epoch * self.config.epochs,
                loss: step.loss,
                terms: step.terms,
                gradient_norm: step.gradient_norm,
                learning_rate: step.learning_rate,
                images_per_second: self.speed.images_per_second(),
            };
            if let Some(store) = &mut self.store {
                store.log(&MetricsLine::Step((&report).into()))?;
            }
            self.observer.step(&report);
        }
        self.good = self.entering.clone();
        Ok(())
    }

    fn diverged(&self, step: usize, quantity: String) -> Result<TrainError, TrainError> {
        let kept = match &self.store {
            None => None,
            Some(store) => match store.save_last(&self.good.valid()) {
                Ok(path) => Some(path),
                // A finite loss does not vouch for every weight.
                Err(TrainError::Model(ModelError::Tensor { .. })) => None,
                Err(error) => return Err(error),
            },
        };
        Ok(TrainError::Diverged(Divergence {
            step,
            epoch: self.progress.epoch + 1,
            quantity,
            kept,
        }))
    }

    /// Measures the epoch's model and takes note of it; tells whether the run was asked to stop before it was measured.
    fn finish_epoch(&mut self) -> Result<bool, TrainError> {
        let train_seconds = self.speed.begin.elapsed().as_secs_f64();
        let images_per_second = self.speed.images_per_second();
        // A network can hide a NaN from its loss, behind a ReLU for one.
        let model = self.model.valid();
        let damaged = named_tensors(&model)
            .into_iter()
            .find(|tensor| !tensor.values.iter().all(|v| v.is_finite()));
        if let Some(tensor) = damaged {
            return Err(self.diverged(self.progress.step, format!("the weight {}", tensor.name))?);
        }
        let begin = Instant::now();
        let (mut validation, mut codes) = (None, None);
        if !self.split.test.is_empty() {
            self.observer.validating(self.split.test.len());
            let noise = Some((&self.config.noise, self.config.seed));
            let quality = evaluate_until(
                &model,
                &self.split.test,
                noise,
                &self.device,
                self.config.batch_size,
                || self.observer.stop_requested(),
            )?;
            let Some(quality) = quality else {
                self.checkpoint()?;
                return Ok(true);
            };
            if !quality.mse.is_finite() {
                return Err(self.diverged(self.progress.step, "the validation error".to_owned())?);
            }
            validation = Some(Validation::from(quality));
            codes = report_codes(
                &model,
                &self.split.test,
                self.config.seed,
                &self.device,
                self.config.batch_size,
            )?;
        }
        let validation_seconds = begin.elapsed().as_secs_f64();
        let (train_loss, terms) = self.progress.mean_losses();
        let score = score(train_loss, validation.as_ref(), codes.as_ref());
        let best = self
            .progress
            .end_epoch(score, self.config.early_stopping.as_ref());
        if best {
            if let Some(store) = &self.store {
                store.save_best(&model)?;
            }
            self.best = Some(model);
        }
        let steps = self.steps_per_epoch * self.config.epochs;
        let report = EpochReport {
            epoch: self.progress.epoch,
            step: self.progress.step,
            train_loss,
            terms,
            validation,
            codes,
            learning_rate: self.config.schedule.learning_rate(
                self.config.learning_rate,
                self.progress.step - 1,
                self.config.warmup_steps,
                steps,
            ),
            best,
            train_seconds,
            validation_seconds,
            images_per_second,
        };
        if let Some(store) = &mut self.store {
            store.log(&MetricsLine::Epoch(report.clone()))?;
        }
        self.observer.epoch(&report);
        self.epochs.push(report);
        self.checkpoint()?;
        Ok(false)
    }

    fn checkpoint_is_due(&self) -> bool {
        let Some(store) = &self.store else {
            return false;
        };
        let config = self.config;
        config
            .checkpoint_every_steps
            .is_some_and(|steps| self.progress.step.is_multiple_of(steps))
            || config
                .checkpoint_every_seconds
                .is_some_and(|seconds| store.seconds_since_checkpoint() >= seconds)
            || self.observer.checkpoint_requested()
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        let written = store.checkpoint(
            &self.model.valid(),
            self.best.as_ref(),
            &self.optimizer,
            &mut self.progress,
            &self.epochs,
        );
        match written {
            Ok(report) => {
                self.observer.checkpoint(&report);
                Ok(())
            }
            // Weights that are not finite are not saved.
            Err(TrainError::Model(ModelError::Tensor { name, .. })) => {
                Err(self.diverged(self.progress.step, format!("the weight {name}"))?)
            }
            Err(error) => Err(error),
        }
    }
}

/// What epochs are compared by, lower being better: a model with a likelihood by its bound on the test images, any
/// other by its error there, and both by the training loss where there are none.
fn score(train_loss: f64, validation: Option<&Validation>, codes: Option<&CodeReport>) -> f64 {
    match (codes, validation) {
        (Some(CodeReport::Variational(report)), _) => report.negative_bound,
        (_, Some(validation)) => validation.mse,
        (_, None) => train_loss,
    }
}
