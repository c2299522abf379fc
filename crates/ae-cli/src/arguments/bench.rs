//! `ae bench`.

use ae_data::NoiseChain;
use clap::Args;

use super::value::at_least_one;
use super::{DeviceArguments, ModelPosition, NoiseArgument, OutputArguments};

/// Measures a model's speed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae bench                                   the newest run under runs/
  ae bench runs/glyphs-conv-1 --batch-size 1 --steps 200
  ae bench runs/glyphs-conv-1 --backend ndarray --threads 1 --json

The pictures are random pixels of the model's size. Training is the loop of `ae train` without
validation and files; inference is a batch from memory through the model and back.")]
pub(crate) struct BenchArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// Images in a step.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = at_least_one)]
    pub batch_size: usize,
    /// Steps in a round.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = at_least_one)]
    pub steps: usize,
    /// Rounds to take the median of, after one to warm up.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = at_least_one)]
    pub rounds: usize,
    /// Take Burn's own operations in place of the kernels, to compare.
    #[arg(long)]
    pub burn_operations: bool,
    /// Noise on the input of training.
    #[command(flatten)]
    pub noise: NoiseArgument,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

impl BenchArguments {
    /// The noise, none by default.
    pub(crate) fn noise(&self) -> NoiseChain {
        self.noise.noise.clone().unwrap_or_default()
    }
}
