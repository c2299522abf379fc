//! The loop over epochs and steps.

use std::path::Path;
use std::time::Instant;

use ae_data::Split;
use ae_models::{ModelError, NamedTensor, Trainable, load_tensors};
use burn::tensor::Device;

use crate::batches::images::check_images;
use crate::batches::loader::BatchLoader;
use crate::config::{CheckedTrainConfig, Selection};
use crate::error::TrainError;
use crate::optim::model_optimizer::ModelOptimizer;
use crate::run::directory::RunDirectory;
use crate::run::metrics::MetricsLine;
use crate::run::progress::Progress;
use crate::run::reports::{EpochReport, StartReport, StepReport};
use crate::run::store::{RunStore, Start, Weights};
use crate::trainer::divergence::{damaged_weight, diverged};
use crate::trainer::observer::Observer;
use crate::trainer::run_plan::{RunPlan, steps_per_epoch};
use crate::trainer::speed::Speed;
use crate::trainer::steps::Steps;
use crate::trainer::trained::{Outcome, Trained};
use crate::trainer::validation::{Validated, check_measure, measure_of, measured_part, validate};
use crate::trainer::weight_average::WeightAverage;

/// A run in progress.
pub(crate) struct Training<'a, M> {
    plan: RunPlan<'a>,
    steps: Steps<M>,
    /// The model that is kept so far, without autodiff: the best, or the last epoch's.
    kept: Option<M>,
    selection: Selection,
    progress: Progress,
    epochs: Vec<EpochReport>,
    speed: Speed,
    store: Option<RunStore<'a>>,
    observer: &'a mut dyn Observer,
}

impl<'a, M: Trainable> Training<'a, M> {
    /// Takes the run's directory, if there is one, and begins, or resumes where its newest checkpoint is.
    pub(crate) fn start(
        model: M,
        split: &'a Split,
        config: &'a CheckedTrainConfig,
        device: &Device,
        run: Option<&'a RunDirectory>,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, TrainError> {
        check_images(&model, &split.train)?;
        for set in [&split.validation, &split.test] {
            if !set.is_empty() {
                check_images(&model, set)?;
            }
        }
        check_measure(&model)?;
        config.check_model(&model, &split.train)?;
        if split.validation.is_empty() && config.early_stopping.is_some() {
            return Err(TrainError::NoValidation {
                what: "early stopping has nothing to go by",
            });
        }
        let selection = match split.validation.is_empty() {
            true => Selection::Last,
            false => config.select,
        };
        let mut config = config.clone();
        let plain = device.clone().without_autodiff();
        let mut model = model.valid().fork(&plain);
        let mut kept = None;
        let mut progress = Progress::default();
        let mut epochs = Vec::new();
        let mut optimizer_state = None;
        let mut averaged = None;
        let (mut store, mut resumed) = (None, None);
        if let Some(run) = run {
            let steps_per_epoch = steps_per_epoch(split, &config);
            let (opened, start) = RunStore::open(run, &model, split, &config, steps_per_epoch)?;
            store = Some(opened);
            if let Some(Start {
                checkpoint,
                resumed: from,
                config: resumed_config,
            }) = start
            {
                if let Some(tensors) = &checkpoint.best {
                    kept = Some(load_checkpoint(model.clone(), tensors, &checkpoint.path)?);
                }
                if config.ema.is_some() {
                    let tensors = checkpoint.average.as_ref().ok_or_else(|| {
                        TrainError::checkpoint(&checkpoint.path, "it has no averaged weights")
                    })?;
                    averaged = Some(load_checkpoint(model.clone(), tensors, &checkpoint.path)?);
                }
                model = load_checkpoint(model, &checkpoint.model, &checkpoint.path)?;
                optimizer_state = Some((checkpoint.path, checkpoint.optimizer));
                progress = checkpoint.progress;
                epochs = checkpoint.epochs;
                resumed = Some(from);
                config = resumed_config;
            }
        }
        let average = config
            .ema
            .map(|decay| WeightAverage::new(decay, averaged.as_ref().unwrap_or(&model)));
        let model = model.train();
        let mut optimizer = ModelOptimizer::new(&config.optimizer, &model);
        if let Some((path, state)) = optimizer_state {
            optimizer.restore(state, &plain).map_err(|name| {
                TrainError::checkpoint(
                    &path,
                    format!("the optimizer's state of {name} is incomplete"),
                )
            })?;
        }
        let plan = RunPlan::new(split, measured_part(split)?, config, device);
        observer.started(&StartReport {
            epochs: plan.epochs(),
            steps_per_epoch: plan.steps_per_epoch,
            steps: plan.steps(),
            train_images: split.train.len(),
            validation_images: split.validation.len(),
            test_images: split.test.len(),
            measured_part: plan.measured_part,
            selection,
            warmup_steps: plan.config.warmup_steps.steps(plan.steps()),
            parameters: model.parameter_count(),
            resumed,
        });
        Ok(Self {
            plan,
            steps: Steps::new(model, optimizer, average),
            kept,
            selection,
            progress,
            epochs,
            speed: Speed::start(),
            store,
            observer,
        })
    }

    /// Trains to the end of the run, or until the observer asks to stop.
    pub(crate) fn run(mut self) -> Result<Trained<M>, TrainError> {
        // A run that was cut to the steps that it had taken has an epoch to end.
        let mut interrupted =
            self.plan.is_over(&self.progress) && self.progress.batch > 0 && self.finish_epoch()?;
        while !interrupted && !self.plan.is_over(&self.progress) && !self.progress.stopped_early {
            interrupted = self.run_epoch()?;
        }
        let outcome = if self.progress.stopped_early {
            Outcome::StoppedEarly
        } else if self.plan.is_over(&self.progress) {
            Outcome::Finished
        } else {
            Outcome::Interrupted
        };
        let last = self.measured_model();
        Ok(Trained {
            model: self.kept.unwrap_or_else(|| last.clone()),
            selection: self.selection,
            last,
            best_epoch: self.progress.best_epoch,
            epochs: self.epochs,
            steps: self.progress.step,
            outcome,
        })
    }

    /// Goes through the rest of the current epoch; returns whether the run was asked to stop.
    fn run_epoch(&mut self) -> Result<bool, TrainError> {
        let batches = self.plan.batches_of_epoch(&self.progress);
        let loader = BatchLoader::start(self.plan.rest_of_epoch(&self.progress))?;
        self.speed = Speed::start();
        for batch in loader {
            self.steps.take(batch?, &self.plan, &mut self.progress);
            if self.steps.are_due() {
                self.read_losses()?;
            }
            let stop = self.observer.stop_requested();
            let is_inside_epoch = self.progress.batch < batches;
            // An epoch's end writes its own checkpoint, but a stop need not wait for the measuring.
            if stop || (is_inside_epoch && self.checkpoint_is_due()) {
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

    /// Waits for the losses of all steps so far, adds them up, logs them, and ends the run if one is not finite.
    fn read_losses(&mut self) -> Result<(), TrainError> {
        for step in self.steps.read()? {
            if let Some(quantity) = step.first_not_finite() {
                return Err(self.diverged(step.step, quantity));
            }
            self.speed.add(step.images);
            self.progress
                .add_losses(step.images, step.loss, step.terms.iter().copied());
            let report = StepReport {
                epoch: self.progress.epoch + 1,
                step: step.step,
                steps: self.plan.steps(),
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
        self.steps.vouch();
        Ok(())
    }

    fn diverged(&self, step: usize, quantity: String) -> TrainError {
        let epoch = self.progress.epoch + 1;
        diverged(&self.steps.good, self.store.as_ref(), step, epoch, quantity)
    }

    /// The model that is measured and kept: with averaged weights where there are such, without autodiff.
    fn measured_model(&self) -> M {
        let averaged = self.steps.averaged();
        averaged.unwrap_or_else(|| self.steps.model.valid())
    }

    /// Measures the epoch's model and records it; returns whether the run was asked to stop before it was measured.
    fn finish_epoch(&mut self) -> Result<bool, TrainError> {
        let train_seconds = self.speed.seconds();
        let images_per_second = self.speed.images_per_second();
        let averaged = self.steps.averaged();
        let trained = self.steps.model.valid();
        let damaged = averaged.as_ref().and_then(damaged_weight);
        if let Some(name) = damaged.or_else(|| damaged_weight(&trained)) {
            return Err(self.diverged(self.progress.step, format!("the weight {name}")));
        }
        let model = averaged.unwrap_or(trained);
        let begin = Instant::now();
        if !self.plan.split.validation.is_empty() {
            self.observer.validating(self.plan.split.validation.len());
        }
        let measured = match validate(&model, &self.plan, self.progress.step, || {
            self.observer.stop_requested()
        })? {
            Validated::Measured(measured) => measured,
            Validated::Stopped => {
                self.checkpoint()?;
                return Ok(true);
            }
            Validated::NotFinite(quantity) => {
                return Err(self.diverged(self.progress.step, quantity.to_owned()));
            }
        };
        let validation_seconds = begin.elapsed().as_secs_f64();
        let (train_loss, terms) = self.progress.mean_losses();
        let stopping = self.plan.config.early_stopping.as_ref();
        let score = measured.score(measure_of(&model, &self.plan));
        let best = self.progress.end_epoch(score, stopping);
        if best || self.selection == Selection::Last {
            if let Some(store) = &self.store {
                store.save_kept(&model)?;
            }
            self.kept = Some(model);
        }
        let report = EpochReport {
            epoch: self.progress.epoch,
            step: self.progress.step,
            train_loss,
            terms,
            part: score.map(|_| self.plan.measured_part),
            validation: measured.validation,
            validation_loss: measured.objective,
            codes: measured.codes,
            learning_rate: self.plan.learning_rate(self.progress.step - 1),
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
        let config = &self.plan.config;
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
            Weights {
                trained: &self.steps.model.valid(),
                averaged: self.steps.averaged().as_ref(),
                kept: self.kept.as_ref(),
            },
            &self.steps.optimizer,
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
                Err(self.diverged(self.progress.step, format!("the weight {name}")))
            }
            Err(error) => Err(error),
        }
    }
}

/// Puts a checkpoint's weights into a model.
fn load_checkpoint<M: Trainable>(
    model: M,
    tensors: &[NamedTensor],
    path: &Path,
) -> Result<M, TrainError> {
    load_tensors(model, tensors).map_err(|error| TrainError::checkpoint(path, error))
}
