//! The measures of a model after an epoch, and the score that epochs are compared by.

use ae_models::Autoencoder;

use crate::error::TrainError;
use crate::measure::code_report::CodeReport;
use crate::measure::measurement::Measurement;
use crate::run::reports::Validation;
use crate::trainer::run_plan::RunPlan;

/// What came of measuring a model after an epoch.
pub(crate) enum Validated {
    /// It was measured; all is `None` without test images.
    Measured(Measured),
    /// The run was asked to stop before it was.
    Stopped,
    /// Its error is NaN or infinite.
    NotFinite,
}

/// What is known of a model after an epoch.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) validation: Option<Validation>,
    pub(crate) codes: Option<CodeReport>,
}

/// Measures `model` on the run's test images; `stop` is asked before every batch.
pub(crate) fn validate<M: Autoencoder>(
    model: &M,
    plan: &RunPlan<'_>,
    stop: impl Fn() -> bool,
) -> Result<Validated, TrainError> {
    let set = &plan.split.test;
    if set.is_empty() {
        return Ok(Validated::Measured(Measured::default()));
    }
    let measurement = Measurement::new(model, &plan.device)
        .batch_size(plan.config.batch_size)
        .noise(&plan.config.noise)
        .seed(plan.config.seed);
    let Some(quality) = measurement.evaluate_until(set, stop)? else {
        return Ok(Validated::Stopped);
    };
    if !quality.mse.is_finite() {
        return Ok(Validated::NotFinite);
    }
    Ok(Validated::Measured(Measured {
        validation: Some(Validation::from(quality)),
        codes: measurement.report_codes(set)?,
    }))
}

impl Measured {
    /// What epochs are compared by, lower being better: a model with a likelihood by its bound on the test images, any
    /// other by its error there, and both by the training loss where there are none.
    pub(crate) fn score(&self, train_loss: f64) -> f64 {
        match (&self.codes, &self.validation) {
            (Some(CodeReport::Variational(report)), _) => report.negative_bound,
            (_, Some(validation)) => validation.mse,
            (_, None) => train_loss,
        }
    }
}
