//! The loop over epochs and steps.

use std::time::Instant;

use ae_data::Split;
use ae_models::{ModelError, NamedTensor, Trainable, load_tensors};
use burn::tensor::Device;

use crate::batches::images::check_images;
use crate::batches::loader::BatchLoader;
use crate::config::{CheckedTrainConfig, Selection};
use crate::distributed::agreement;
use crate::distributed::communicator::Communicator;
use crate::error::TrainError;
use crate::optim::model_optimizer::ModelOptimizer;
use crate::run::directory::RunDirectory;
use crate::run::metrics::MetricsLine;
use crate::run::progress::Progress;
use crate::run::reports::{EpochReport, StartReport, StepReport};
use crate::run::store::{RunStore, Weights};
use crate::trainer::beginning::{Beginning, begin};
use crate::trainer::divergence::{damaged_weight, diverged};
use crate::trainer::observer::Observer;
use crate::trainer::run_plan::RunPlan;
use crate::trainer::speed::Speed;
use crate::trainer::steps::Steps;
use crate::trainer::trained::{Outcome, Trained};
use crate::trainer::validation::{Validated, check_measure, measure_of, measured_part, validate};
use crate::trainer::weight_average::WeightAverage;

/// Where a run takes place.
pub(crate) struct Place<'a> {
    pub(crate) device: &'a Device,
    pub(crate) run: Option<&'a RunDirectory>,
    pub(crate) communicator: &'a dyn Communicator,
}

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
        place: Place<'a>,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, TrainError> {
        let Place {
            device,
            run,
            communicator,
        } = place;
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
        let Beginning {
            store,
            resumption,
            best,
            source,
            resumed,
        } = begin(run, &model, split, &config, communicator)?;
        let load = |tensors: &[NamedTensor]| {
            load_tensors(model.clone(), tensors)
                .map_err(|error| TrainError::checkpoint(&source, error))
        };
        let kept = best.as_deref().map(load).transpose()?;
        let mut progress = Progress::default();
        let mut epochs = Vec::new();
        let mut optimizer_state = None;
        let mut averaged = None;
        if let Some(resumption) = resumption {
            if config.ema.is_some() {
                let tensors = resumption
                    .average
                    .as_ref()
                    .ok_or_else(|| TrainError::checkpoint(&source, "it has no averaged weights"))?;
                averaged = Some(load(tensors)?);
            }
            model = load(&resumption.model)?;
            optimizer_state = Some(resumption.optimizer);
            progress = resumption.progress;
            epochs = resumption.epochs;
            config = resumption.config.check()?;
        }
        let average = config
            .ema
            .map(|decay| WeightAverage::new(decay, averaged.as_ref().unwrap_or(&model)));
        let model = model.train();
        let mut optimizer = ModelOptimizer::new(&config.optimizer, &model);
        if let Some(state) = optimizer_state {
            optimizer.restore(state, &plain).map_err(|name| {
                TrainError::checkpoint(
                    &source,
                    format!("the optimizer's state of {name} is incomplete"),
                )
            })?;
        }
        let plan = RunPlan::new(split, measured_part(split)?, config, device, communicator);
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
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return Err(self.checkpointed(error)),
            };
            let is_shared = self.plan.is_shared();
            let asked = is_shared && self.observer.stop_requested();
            let agreed = self
                .steps
                .take(batch, &self.plan, &mut self.progress, asked)?;
            // Ranks that find a loss that is not finite have to do so at one step.
            if is_shared || self.steps.are_due() {
                self.read_losses()?;
            }
            if self.progress.step == 1 {
                agreement::same_weights(self.plan.communicator, &self.steps.model)?;
            }
            let stop = agreed || (!is_shared && self.observer.stop_requested());
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

    /// An error of images, with the steps before it in a checkpoint; where that can't be written, it is the one before.
    fn checkpointed(&mut self, error: TrainError) -> TrainError {
        let is_of_images = matches!(error, TrainError::Data(_));
        if is_of_images && self.progress.step > 0 && self.read_losses().is_ok() {
            let _ = self.checkpoint();
        }
        error
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
        agreement::same_weights(self.plan.communicator, &self.steps.model)?;
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
        let communicator = self.plan.communicator;
        let validated = validate(&model, &self.plan, self.progress.step, || {
            agreement::any(communicator, self.observer.stop_requested())
        });
        let measured = match validated.map_err(|error| self.checkpointed(error))? {
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
