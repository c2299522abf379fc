//! `ae bench`.

use ae_infer::ComputePath;
use ae_report::thousands;
use ae_train::{Throughput, ThroughputPlan, inference_throughput, training_throughput};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DeviceArguments, ModelPosition, NoiseArgument, tell_unused_clip};
use crate::context::Context;
use crate::error::CliError;
use crate::opening::open_on_device;

/// Measure how many images a second a model takes on this machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae bench                                   the newest run under runs/
  ae bench runs/glyphs-conv-1 --batch-size 1 --steps 200
  ae bench runs/glyphs-conv-1 --backend ndarray --threads 1 --json

The pictures are random pixels of the model's size. Training is the loop of `ae train` without
validation and files; inference is a batch from memory through the model and back.")]
pub(super) struct BenchArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// Images in a step.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = at_least_one)]
    batch_size: usize,
    /// Steps in a round.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = at_least_one)]
    steps: usize,
    /// Rounds to take the median of, after one to warm up.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = at_least_one)]
    rounds: usize,
    /// Take Burn's own operations in place of the kernels, to compare.
    #[arg(long)]
    burn_operations: bool,
    /// Noise on the input of training.
    #[command(flatten)]
    noise: NoiseArgument,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// Images a second.
#[derive(Serialize)]
struct Measured {
    median: f64,
    rounds: Vec<f64>,
}

#[derive(Serialize)]
struct Bench {
    model: String,
    device: String,
    batch_size: usize,
    steps: usize,
    train_images_per_second: Measured,
    infer_images_per_second: Measured,
    /// The most memory that the process has held; where the system tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory_bytes: Option<u64>,
}

pub(super) fn run(arguments: BenchArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let plan = ThroughputPlan {
        batch_size: arguments.batch_size,
        steps: arguments.steps,
        rounds: arguments.rounds,
        noise: arguments.noise.or(None).unwrap_or_default(),
    };
    tell_unused_clip(&arguments.noise, Some(&plan.noise), &terminal);
    let path = arguments.model.path();
    let compute = match arguments.burn_operations {
        true => ComputePath::Reference,
        false => ComputePath::Kernels,
    };
    let (opened, device) = open_on_device(path.as_deref(), arguments.device, compute, context)?;
    let name = opened.name().to_owned();
    let model = opened.into_model();
    let infer = inference_throughput(&model, &plan, &device.device)?;
    let train = training_throughput(model, &plan, &device.device)?;
    let bench = Bench {
        model: name,
        device: device.name,
        batch_size: plan.batch_size,
        steps: plan.steps,
        train_images_per_second: train.into(),
        infer_images_per_second: infer.into(),
        peak_memory_bytes: peak_memory_bytes(),
    };
    terminal.result(&bench, || bench.text())
}

impl From<Throughput> for Measured {
    fn from(throughput: Throughput) -> Self {
        Self {
            median: throughput.median(),
            rounds: throughput.images_per_second,
        }
    }
}

impl Bench {
    fn text(&self) -> String {
        let mut text = format!(
            "{} on {}, {} images a step, {} steps a round\n",
            self.model, self.device, self.batch_size, self.steps
        );
        for (what, measured) in [
            ("training", &self.train_images_per_second),
            ("inference", &self.infer_images_per_second),
        ] {
            let least = measured
                .rounds
                .iter()
                .copied()
                .fold(f64::INFINITY, f64::min);
            let most = measured.rounds.iter().copied().fold(0.0, f64::max);
            text.push_str(&format!(
                "{what:<10} {:>9} images/s, the median of {} rounds from {} to {}\n",
                rounded(measured.median),
                measured.rounds.len(),
                rounded(least),
                rounded(most)
            ));
        }
        if let Some(bytes) = self.peak_memory_bytes {
            text.push_str(&format!(
                "memory     {:>9} MiB at most\n",
                thousands(bytes >> 20)
            ));
        }
        text
    }
}

fn rounded(number: f64) -> String {
    thousands(number.round() as u64)
}

/// `VmHWM` of `/proc/self/status`.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
