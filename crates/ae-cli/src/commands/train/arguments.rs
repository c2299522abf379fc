//! What `ae train` takes.

use std::path::PathBuf;

use ae_data::NoiseDraw;
use ae_models::ReconstructionLoss;
use ae_train::{
    ConfigError, OptimizerConfig, ScheduleConfig, Selection, SelfSupervision, TrainError,
};
use clap::Args;

use crate::arguments::value::{
    CheckpointInterval, above_zero, at_least_one, checkpoint_interval, named, share,
};
use crate::arguments::{DataArguments, DeviceArguments, KindArguments, NoiseArgument};

/// Train a model, or resume a run.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  ae train                                           on the built-in letters, with good defaults
  ae train --noise gaussian:0.5                      a denoiser
  ae train --data notMNIST_small.tar.gz --latent 32 --epochs 20 --out runs/small
  ae train --model dense --widths 256,32 --data pictures/ --size 32 --channels gray
  ae train --data photos/ --patch 64 --noise gaussian:25/255
                                                     on patches of pictures of any sizes
  ae train --data 'shards/*.tar' --stream            on a set larger than memory, from ae data shard
  ae train --data scans/ --self-supervised neighbor2neighbor --model unet --patch 64
                                                     a denoiser from noisy pictures alone
  ae train --model vae --latent 16                   a variational one, to draw new letters with
  ae train --model sparse --latent 256 --sparsity top-k:16
  ae train --model dense --widths 5,3 --data lines --learning-rate 0.03
                                                     five pixels, three numbers: weights to follow by hand
  ae train --model pixel --data letters/ --steps 30000
                                                     a codec, for ae compress
  ae train --config runs/small/config.toml --seed 2  the same again, from another seed
  ae train --resume runs/small                       resume where it stopped
  ae train --resume runs/small --checkpoint-every 2min
  ae train --resume runs/small --epochs 40           train for longer; --steps 5000 as well

Options given beside --config win over the file. Ctrl-c, SIGTERM and SIGHUP finish the step, save, and
say how to resume; SIGUSR1 saves and training continues. Epochs are compared on the validation
images; the test images are measured once, at the end. The run directory holds config.toml,
metrics.jsonl, model.safetensors (the epoch's that was kept) and pictures.")]
pub(in crate::commands) struct TrainArguments {
    /// Take everything from this file, a run's config.toml.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub(super) config: Option<PathBuf>,
    /// Resume this run.
    #[arg(long, value_name = "RUN")]
    pub(super) resume: Option<PathBuf>,
    /// The directory of the run [default: runs/NAME with a number that does not exist yet].
    #[arg(long, short, value_name = "DIR", conflicts_with = "resume")]
    pub(super) out: Option<PathBuf>,
    /// Replace a run that exists.
    #[arg(long)]
    pub(super) force: bool,

    /// What is trained.
    #[command(flatten)]
    pub(super) kind: KindArguments,

    /// The images.
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Leave the images of shards in them and read each when its batch is made: for sets larger than memory. Each rank reads
    /// its own. Takes plain .tar archives.
    #[arg(long, conflicts_with = "patch", help_heading = "Data")]
    pub(super) stream: bool,
    /// Among how many images an epoch's order mixes, with --stream: they are drawn in runs of 256 from all of the shards
    /// [default: 10000].
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Data")]
    pub(super) shuffle_buffer: Option<usize>,
    /// Patches in an epoch, with --patch [default: as many as cover the pictures' area once].
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Data")]
    pub(super) patches_per_epoch: Option<usize>,
    /// Train to remove this noise.
    #[command(flatten)]
    pub(super) noise: NoiseArgument,
    /// Train to denoise on pictures that are noisy themselves, without clean ones: neighbor2neighbor (Huang et al. 2021),
    /// whose regularization rises to a weight of 2, or to that of neighbor2neighbor:WEIGHT. Takes a model of any size of
    /// image, unet or conv without --latent, and patches or images of even sides.
    #[arg(long, value_name = "METHOD", value_parser = self_supervision, help_heading = "Data",
          conflicts_with_all = ["noise", "noise_clip", "noise_draw"])]
    pub(super) self_supervised: Option<SelfSupervision>,
    /// Draw the noise anew each epoch, or once.
    #[arg(long, value_name = "WHEN", value_parser = named::<NoiseDraw>(["each-epoch", "once"]),
          help_heading = "Data")]
    pub(super) noise_draw: Option<NoiseDraw>,

    /// Passes over the training images.
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Training")]
    pub(super) epochs: Option<usize>,
    /// Optimizer steps in all, in place of --epochs; the last epoch ends with the last of them.
    #[arg(long, value_name = "N", value_parser = at_least_one, conflicts_with = "epochs", help_heading = "Training")]
    pub(super) steps: Option<usize>,
    /// Images in a step; pixels for a model of kind pixel.
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Training")]
    pub(super) batch_size: Option<usize>,
    /// Compute a batch in so many parts, at most, and add up their gradients in a fixed order: what the ranks of mpirun share
    /// out. Decides how sums round, so the result, for any number of ranks [default: 1, and 8 under mpirun].
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Training")]
    pub(super) batch_parts: Option<usize>,
    /// The learning rate [default: 0.008 for adam and adamw, 0.001 for rmsprop, 0.1 for sgd, 0.004 for
    /// a model of kind pixel, 0.003 with --patch].
    #[arg(long, value_name = "RATE", value_parser = above_zero, allow_negative_numbers = true,
          help_heading = "Training")]
    pub(super) learning_rate: Option<f64>,
    /// The optimizer (rmsprop as Keras has it).
    #[arg(long, value_name = "NAME", help_heading = "Training",
          value_parser = named::<OptimizerConfig>(["adam", "adamw", "rmsprop", "sgd"]))]
    pub(super) optimizer: Option<OptimizerConfig>,
    /// Adam's and AdamW's epsilon, added to the root of the mean squared gradient [default: 1e-8].
    #[arg(long, value_name = "EPSILON", value_parser = above_zero, allow_negative_numbers = true,
          help_heading = "Training")]
    pub(super) adam_epsilon: Option<f64>,
    /// How the learning rate changes.
    #[arg(long, value_name = "NAME", help_heading = "Training",
          value_parser = named::<ScheduleConfig>(["constant", "cosine", "step"]))]
    pub(super) schedule: Option<ScheduleConfig>,
    /// Multiply the learning rate once each of these numbers of steps is taken, as 3000,6000, in place of a --schedule.
    #[arg(long, value_name = "STEPS", value_delimiter = ',', value_parser = at_least_one,
          conflicts_with = "schedule", help_heading = "Training")]
    pub(super) milestones: Vec<usize>,
    /// Multiply it once each of these numbers of epochs is over, as 200,350,500.
    #[arg(long, value_name = "EPOCHS", value_delimiter = ',', value_parser = at_least_one,
          conflicts_with_all = ["schedule", "milestones"], help_heading = "Training")]
    pub(super) milestone_epochs: Vec<usize>,
    /// What it is multiplied by, with --milestones or --milestone-epochs [default: 0.5].
    #[arg(long, value_name = "FACTOR", value_parser = above_zero, help_heading = "Training")]
    pub(super) milestone_factor: Option<f64>,
    /// Steps over which the learning rate rises at the start [default: 50, at most a tenth of all steps].
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) warmup_steps: Option<usize>,
    /// What is minimized: the squared error, the cross-entropy, the absolute error, or that made smooth at 0 by an
    /// epsilon of 1e-3 (Charbonnier et al. 1994) [default: mse].
    #[arg(long, value_name = "NAME", help_heading = "Training",
          value_parser = named::<ReconstructionLoss>(["mse", "bce", "l1", "charbonnier"]))]
    pub(super) loss: Option<ReconstructionLoss>,
    /// Clip the gradients' global norm to this, or "off" [default: 0.1 for adam and adamw, else off].
    #[arg(long, value_name = "NORM", value_parser = clip_norm, allow_negative_numbers = true,
          help_heading = "Training")]
    pub(super) clip_norm: Option<ClipNorm>,
    /// Measure and keep the moving average of the weights with this decay, as .999, in place of the weights [default: off].
    #[arg(long, value_name = "DECAY", value_parser = share, help_heading = "Training")]
    pub(super) ema: Option<f64>,
    /// Stop when the error on the validation images has not fallen for this many epochs.
    #[arg(long, value_name = "EPOCHS", value_parser = at_least_one, help_heading = "Training")]
    pub(super) patience: Option<usize>,
    /// Which epoch's model is kept: the best on the validation images, or the last [default: best, or last where
    /// there are no validation images].
    #[arg(long, value_name = "WHICH", value_parser = named::<Selection>(["best", "last"]),
          help_heading = "Training")]
    pub(super) select: Option<Selection>,
    /// The seed of everything random.
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(super) seed: Option<u64>,
    /// Save this often, as 5min, 30s or 200steps [default: 5min]; the end of an epoch is saved always.
    #[arg(long, value_name = "INTERVAL", value_parser = checkpoint_interval,
          help_heading = "Training")]
    pub(super) checkpoint_every: Option<CheckpointInterval>,
    /// Threads that make batches; any number gives the same batches.
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Training")]
    pub(super) loader_threads: Option<usize>,

    /// Where to compute.
    #[command(flatten)]
    pub(super) device: DeviceArguments,
    /// Take Burn's own operations in place of the kernels, to compare: far slower.
    #[arg(long, help_heading = "Device")]
    pub(super) burn_operations: bool,
}

/// What gradients are clipped to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::commands) enum ClipNorm {
    /// The largest norm.
    Norm(f64),
    /// Nothing.
    Off,
}

/// Reads `--self-supervised`.
fn self_supervision(text: &str) -> Result<SelfSupervision, String> {
    text.parse().map_err(|error| match error {
        TrainError::Config(ConfigError { must, .. }) => must.to_owned(),
        error => error.to_string(),
    })
}

fn clip_norm(text: &str) -> Result<ClipNorm, String> {
    match text {
        "off" => Ok(ClipNorm::Off),
        _ => above_zero(text)
            .map(ClipNorm::Norm)
            .map_err(|_| "neither a number above 0 nor \"off\"".to_owned()),
    }
}
