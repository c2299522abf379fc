//! Which options of `ae train` were given: one list, of which each way to train refuses what means nothing to it.

use ae_data::Binarization;

use super::arguments::TrainArguments;
use crate::backend::BackendChoice;

/// An option and whether it was given.
type TrainOption = (&'static str, fn(&TrainArguments) -> bool);

/// All options but those of kinds of models, of the run's place and of the output.
const OPTIONS: &[TrainOption] = &[
    ("--config", |given| given.config.is_some()),
    ("--resume", |given| given.resume.is_some()),
    ("--force", |given| given.force),
    ("--data", |given| given.data.data.is_some()),
    ("--size", |given| given.data.size.is_some()),
    ("--fit", |given| given.data.fit.is_some()),
    ("--channels", |given| given.data.channels.is_some()),
    ("--stream", |given| given.stream),
    ("--shuffle-buffer", |given| given.shuffle_buffer.is_some()),
    ("--patch", |given| given.data.patch.is_some()),
    ("--patches-per-epoch", |given| {
        given.patches_per_epoch.is_some()
    }),
    ("--range", |given| given.data.range.is_some()),
    ("--binarize", |given| given.data.binarize.is_some()),
    ("--binarize dynamic", |given| {
        given.data.binarize == Some(Binarization::Dynamic)
    }),
    ("--limit", |given| given.data.limit.is_some()),
    ("--test-share", |given| given.data.test_share.is_some()),
    ("--validation-share", |given| {
        given.data.validation_share.is_some()
    }),
    ("--dedup", |given| given.data.dedup),
    ("--noise", |given| given.noise.noise.is_some()),
    ("--noise-clip", |given| given.noise.noise_clip.is_some()),
    ("--noise-draw", |given| given.noise_draw.is_some()),
    ("--self-supervised", |given| given.self_supervised.is_some()),
    ("--epochs", |given| given.epochs.is_some()),
    ("--steps", |given| given.steps.is_some()),
    ("--batch-size", |given| given.batch_size.is_some()),
    ("--batch-parts", |given| given.batch_parts.is_some()),
    ("--learning-rate", |given| given.learning_rate.is_some()),
    ("--optimizer", |given| given.optimizer.is_some()),
    ("--adam-epsilon", |given| given.adam_epsilon.is_some()),
    ("--schedule", |given| given.schedule.is_some()),
    ("--milestones", |given| !given.milestones.is_empty()),
    ("--milestone-epochs", |given| {
        !given.milestone_epochs.is_empty()
    }),
    ("--milestone-factor", |given| {
        given.milestone_factor.is_some()
    }),
    ("--warmup-steps", |given| given.warmup_steps.is_some()),
    ("--loss", |given| given.loss.is_some()),
    ("--clip-norm", |given| given.clip_norm.is_some()),
    ("--ema", |given| given.ema.is_some()),
    ("--patience", |given| given.patience.is_some()),
    ("--select", |given| given.select.is_some()),
    ("--seed", |given| given.seed.is_some()),
    ("--checkpoint-every", |given| {
        given.checkpoint_every.is_some()
    }),
    ("--loader-threads", |given| given.loader_threads.is_some()),
    ("--backend", |given| {
        given.device.backend != BackendChoice::default()
    }),
    ("--burn-operations", |given| given.burn_operations),
];

/// The first option that was given and is none of `allowed`.
pub(super) fn first_but(arguments: &TrainArguments, allowed: &[&str]) -> Option<&'static str> {
    debug_assert!(
        allowed
            .iter()
            .all(|name| OPTIONS.iter().any(|(option, _)| option == name))
    );
    let mut options = OPTIONS.iter();
    let other = options.find(|(name, is_given)| is_given(arguments) && !allowed.contains(name));
    other.map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_and_not_allowed_is_told() {
        let mut arguments = TrainArguments::default();
        assert_eq!(first_but(&arguments, &[]), None);
        arguments.seed = Some(1);
        arguments.ema = Some(0.5);
        assert_eq!(first_but(&arguments, &[]), Some("--ema"));
        assert_eq!(first_but(&arguments, &["--ema"]), Some("--seed"));
        assert_eq!(first_but(&arguments, &["--ema", "--seed"]), None);
    }
}
