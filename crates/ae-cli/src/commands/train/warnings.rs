//! What somebody who trains should hear of: before, that the run will not do much; after, that it did not.

use ae_data::Dataset;
use ae_report::counted;
use ae_train::{CodeActivity, CodeReport, TrainConfig, WarmUp};

use crate::error::CliError;
use crate::evaluation::Evaluation;

/// A run of fewer steps hardly gets anywhere.
const FEW_STEPS: usize = 100;
/// A model whose error is not below this share of the mean image's is as good as that.
const NO_BETTER: f64 = 0.98;
/// The baseline that says the same of every image.
const MEAN_IMAGE: &str = "mean image";

/// What `ae data info` warns of.
///
/// # Errors
/// An image that is decoded lazily can no longer be read.
pub(super) fn of_data(dataset: &Dataset) -> Result<Vec<String>, CliError> {
    let info = dataset.info()?;
    let mut warnings = info.train.warnings;
    if let Some(validation) = dataset.validation.as_ref().filter(|set| !set.is_empty()) {
        warnings.extend(validation.info()?.warnings);
    }
    warnings.extend(info.test.into_iter().flat_map(|test| test.warnings));
    let mut told: Vec<String> = Vec::new();
    for warning in warnings {
        if !told.contains(&warning) {
            told.push(warning);
        }
    }
    Ok(told)
}

/// Steps in the whole run.
pub(super) fn steps(train: &TrainConfig, train_images: usize) -> usize {
    train.run_steps(train_images.div_ceil(train.batch_size))
}

/// What is known before the first step.
pub(super) fn of_plan(train: &TrainConfig, train_images: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    let steps = steps(train, train_images);
    if steps < FEW_STEPS {
        let longer = match train.steps {
            Some(_) => "a larger --steps",
            None => "more --epochs",
        };
        let batches = match train.batch_size > 1 && train.steps.is_none() && train_images > 1 {
            true => format!(
                " or a --batch-size below {}",
                train.batch_size.min(train_images)
            ),
            false => String::new(),
        };
        warnings.push(format!(
            "{} in all: too few to learn much; {longer}{batches} makes more of them",
            counted(steps, "step")
        ));
    }
    let automatic = WarmUp::Auto.steps(steps);
    match train.warmup_steps {
        WarmUp::Steps(warmup) if warmup >= steps => warnings.push(format!(
            "the warm-up of {} is not over when the run is, after {}: the learning rate never gets to {}; \
             without --warmup-steps it takes {automatic}",
            counted(warmup, "step"),
            counted(steps, "step"),
            train.learning_rate,
        )),
        WarmUp::Steps(warmup) if warmup > steps / 10 => {
            warnings.push(format!(
                "the warm-up of {} is more than a tenth of the run's {steps}; without --warmup-steps it takes {automatic}",
                counted(warmup, "step"),
            ));
        }
        WarmUp::Steps(_) | WarmUp::Auto => {}
    }
    warnings
}

/// What was trained, and what came of it.
pub(super) struct Learned<'a> {
    pub(super) train: &'a TrainConfig,
    pub(super) steps: usize,
    pub(super) evaluation: &'a Evaluation,
    pub(super) activity: Option<CodeActivity>,
}

/// What is known after the last step.
pub(super) fn of_model(learned: &Learned<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(no_better_than_the_mean(learned));
    warnings.extend(match &learned.evaluation.codes {
        Some(report) => of_report(report),
        None => learned.activity.as_ref().and_then(of_activity),
    });
    warnings
}

fn no_better_than_the_mean(learned: &Learned<'_>) -> Option<String> {
    let Learned {
        train,
        steps,
        evaluation,
        ..
    } = learned;
    let mean = evaluation
        .baselines
        .iter()
        .find(|baseline| baseline.name == MEAN_IMAGE)?;
    let (found, mean) = (evaluation.model.quality.mse, mean.quality.mse);
    // Where all images are the same, so is their mean.
    if mean == 0.0 || found < NO_BETTER * mean {
        return None;
    }
    let usual = train.optimizer.default_learning_rate();
    let mut tries = Vec::new();
    if train.learning_rate > usual {
        tries.push(format!(
            "a smaller --learning-rate (this was {}, {usual} is usual for {})",
            train.learning_rate,
            train.optimizer.name()
        ));
    }
    if *steps < 10 * FEW_STEPS {
        tries.push(format!(
            "more --epochs or a smaller --batch-size (this took {})",
            counted(*steps, "step")
        ));
    }
    if train.learning_rate <= usual {
        tries.push(format!(
            "another --learning-rate (this was {})",
            train.learning_rate
        ));
        tries.push("a larger code".to_owned());
    }
    Some(format!(
        "the model is no better than the mean image, the mean of the training images (MSE {found:.5}, the mean's {mean:.5}): try {}",
        tries.join(", ")
    ))
}

/// Of a variational or a sparse model.
fn of_report(report: &CodeReport) -> Option<String> {
    match report {
        CodeReport::Variational(report) if report.is_collapsed() => Some(
            "the code is ignored: no dimension of the posterior's mean varies over the images (posterior collapse); \
             a smaller --beta, --beta-schedule linear:STEPS or --free-bits helps in most cases"
                .to_owned(),
        ),
        CodeReport::Variational(report) if 2 * report.active_units <= report.units => Some(format!(
            "only {} of {} latent dimensions are active, the others say nothing of an image: a --latent of {} \
             does as well, or a smaller --beta, --beta-schedule linear:STEPS or --free-bits has more of them used",
            report.active_units, report.units, report.active_units
        )),
        CodeReport::Sparse(report) if report.dead_units == report.units => Some(
            "the code is empty: no number is active for any image; a smaller penalty helps".to_owned(),
        ),
        CodeReport::Sparse(report) if 2 * report.dead_units >= report.units => Some(format!(
            "{} of {} latent dimensions died: they are active for no image; a smaller penalty, a smaller \
             --learning-rate or a --latent of {} helps",
            report.dead_units,
            report.units,
            report.units - report.dead_units
        )),
        _ => None,
    }
}

/// Of any other model with codes.
fn of_activity(activity: &CodeActivity) -> Option<String> {
    let CodeActivity {
        units,
        constant,
        zero,
        ..
    } = *activity;
    let tries = "a smaller --learning-rate, a --clip-norm or another --seed helps in most cases";
    if constant == units {
        let what = match zero == units {
            true => "all zeros",
            false => "the same",
        };
        return Some(format!(
            "the code died: it is {what} whatever the image, and so is what comes out; {tries}"
        ));
    }
    (2 * constant >= units).then(|| {
        format!(
            "{constant} of the code's {units} dimensions died: they are the same for every image ({zero} of them 0); {tries}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_too_short_and_warm_ups_too_long_are_warned_of() {
        let check = |epochs, batch_size, images, warmup_steps: WarmUp, expected: &[&str]| {
            let config = TrainConfig {
                epochs,
                batch_size,
                warmup_steps,
                ..TrainConfig::default()
            };
            let found = of_plan(&config, images);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.contains(expected), "{found}");
            }
        };
        check(10, 128, 1280, WarmUp::Auto, &[]);
        check(
            10,
            128,
            60,
            WarmUp::Auto,
            &["10 steps in all", "below 60"][..1],
        );
        check(1, 128, 60, WarmUp::Auto, &["1 step in all"]);
        check(99, 128, 60, WarmUp::Auto, &["99 steps in all"]);
        let long = ["10 steps in all", "warm-up of 50 steps is not over"];
        check(10, 128, 60, WarmUp::Steps(50), &long);
        check(
            100,
            128,
            60,
            WarmUp::Steps(50),
            &["more than a tenth of the run's 100"],
        );
        check(500, 128, 60, WarmUp::Steps(50), &[]);
        check(1000, 128, 60, WarmUp::Steps(101), &["more than a tenth"]);
        check(100, 128, 60, WarmUp::Steps(0), &[]);
    }

    #[test]
    fn codes_that_died_are_warned_of() {
        let check = |units, constant, zero, expected: Option<&str>| {
            let activity = serde_json::from_value(serde_json::json!({
                "units": units, "constant": constant, "zero": zero
            }))
            .expect("an activity");
            let found = of_activity(&activity);
            assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
            if let (Some(found), Some(expected)) = (found, expected) {
                assert!(found.contains(expected), "{found}");
            }
        };
        check(8, 8, 8, Some("all zeros"));
        check(8, 8, 0, Some("the same whatever the image"));
        check(8, 4, 3, Some("4 of the code's 8 dimensions died"));
        check(8, 3, 3, None);
        check(8, 0, 0, None);
    }
}
