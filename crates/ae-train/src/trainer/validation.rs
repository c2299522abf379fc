//! The measures of a model on the validation images after an epoch, and the score that epochs are compared by.

use ae_data::{Part, Split};
use ae_models::{Direction, Trainable, ValidationMeasure};

use crate::error::{Capability, TrainError};
use crate::measure::code_report::CodeReport;
use crate::measure::measurement::Measurement;
use crate::run::reports::Validation;
use crate::trainer::run_plan::RunPlan;

/// What came of measuring a model after an epoch.
pub(crate) enum Validated {
    /// It was measured; all is `None` without validation images.
    Measured(Measured),
    /// The run was asked to stop before it was.
    Stopped,
    /// The quantity is NaN or infinite.
    NotFinite(&'static str),
}

/// What is known of a model after an epoch.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) validation: Option<Validation>,
    pub(crate) objective: Option<f64>,
    pub(crate) codes: Option<CodeReport>,
}

/// Refuses a model that cannot do what its own measure takes.
pub(crate) fn check_measure<M: Trainable>(model: &M) -> Result<(), TrainError> {
    let (has, missing) = match model.validation_measure() {
        ValidationMeasure::MeanSquaredError => {
            (model.as_reconstruct().is_some(), Capability::Reconstruct)
        }
        ValidationMeasure::NegativeBound => (
            model.as_latent_variable_model().is_some(),
            Capability::Likelihood,
        ),
        ValidationMeasure::Objective => return Ok(()),
    };
    match has {
        true => Ok(()),
        false => Err(TrainError::lacks("validate by its own measure", missing)()),
    }
}

/// What the epochs of a run are compared by.
pub(crate) fn measure_of<M: Trainable>(model: &M, plan: &RunPlan<'_>) -> ValidationMeasure {
    match plan.config.self_supervised {
        Some(_) => ValidationMeasure::Objective,
        None => model.validation_measure(),
    }
}

/// What a split's validation images are: its test images in a run from before there were others.
pub(crate) fn measured_part(split: &Split) -> Result<Part, TrainError> {
    let (validation, test) = (&split.validation, &split.test);
    let is_test = !test.is_empty()
        && validation.len() == test.len()
        && validation.fingerprint()? == test.fingerprint()?;
    Ok(match is_test {
        true => Part::Test,
        false => Part::Validation,
    })
}

/// Measures `model` on the run's validation images by what it can do, after `step` steps of training; `stop` is asked before
/// every batch.
pub(crate) fn validate<M: Trainable>(
    model: &M,
    plan: &RunPlan<'_>,
    step: usize,
    stop: impl Fn() -> bool,
) -> Result<Validated, TrainError> {
    let set = &plan.split.validation;
    let mut measured = Measured::default();
    if set.is_empty() {
        return Ok(Validated::Measured(measured));
    }
    if plan.config.self_supervised.is_some() {
        // There is nothing clean to compare with.
        let measurement = Measurement::new(model, &plan.device)
            .batch_size(plan.config.batch_size)
            .seed(plan.config.seed);
        let Some(loss) = measurement.neighbor_loss_until(set, &stop)? else {
            return Ok(Validated::Stopped);
        };
        if !loss.is_finite() {
            return Ok(Validated::NotFinite("the validation loss"));
        }
        measured.objective = Some(loss);
        return Ok(Validated::Measured(measured));
    }
    let measurement = Measurement::new(model, &plan.device)
        .batch_size(plan.config.batch_size)
        .noise(&plan.config.noise)
        .seed(plan.config.seed);
    if model.as_reconstruct().is_some() {
        let Some(quality) = measurement.evaluate_until(set, &stop)? else {
            return Ok(Validated::Stopped);
        };
        if !quality.mse.is_finite() {
            return Ok(Validated::NotFinite("the validation error"));
        }
        measured.validation = Some(Validation::from(quality));
    }
    if model.validation_measure() == ValidationMeasure::Objective {
        let loss = plan.config.loss;
        let Some(objective) = measurement.objective_until(set, loss, step as u64, &stop)? else {
            return Ok(Validated::Stopped);
        };
        if !objective.is_finite() {
            return Ok(Validated::NotFinite("the validation loss"));
        }
        measured.objective = Some(objective);
    }
    measured.codes = measurement.report_codes(set)?;
    Ok(Validated::Measured(measured))
}

impl Measured {
    /// What epochs are compared by, lower being better: the model's own measure; `None` without validation images.
    pub(crate) fn score(&self, measure: ValidationMeasure) -> Option<f64> {
        let value = match measure {
            ValidationMeasure::MeanSquaredError => self.validation.map(|validation| validation.mse),
            ValidationMeasure::NegativeBound => match &self.codes {
                Some(CodeReport::Variational(report)) => Some(report.negative_bound),
                Some(CodeReport::Sparse(_) | CodeReport::Codewords(_)) | None => None,
            },
            ValidationMeasure::Objective => self.objective,
        };
        value.map(|value| match measure.direction() {
            Direction::Lower => value,
            Direction::Higher => -value,
        })
    }
}
