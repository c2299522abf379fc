//! How long a step of the U-Net for photographs takes, the network of `ae train --model unet`: 470,592 weights.
//!
//! ```sh
//! cargo run --release -p ae-kernels --example unet -- train IMAGES SIDE STEPS
//! cargo run --release -p ae-kernels --example unet -- infer IMAGES SIDE STEPS
//! ```
//!
//! A training step is the pass with its loss, clipping by the gradients' norm and Adam. It prints one JSON object: the median
//! wall seconds of a step, and on Linux those of all threads' processor time, which other work on the machine disturbs less.
//! `tests/reference/unet_speed.py` sets it beside PyTorch. `RAYON_NUM_THREADS` sets the threads.

use std::hint::black_box;
use std::time::Instant;

use ae_kernels::{
    Activation, Images, KernelError, Loss, Parameter, Precision, Skip, Stack, Stage, UpdateRule,
    Weights, gradient_norm, update,
};

/// Channels of each level.
const WIDTHS: [usize; 3] = [32, 64, 128];
const CONVOLUTIONS: usize = 2;
/// Steps before the clock counts.
const WARM_UP: usize = 2;
const CLIP_NORM: f64 = 0.1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, numbers @ ..] = &arguments[..] else {
        return Err("usage: unet train|infer IMAGES SIDE STEPS".into());
    };
    let numbers: Vec<usize> = numbers
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?;
    let &[batch, side, steps] = &numbers[..] else {
        return Err("usage: unet train|infer IMAGES SIDE STEPS".into());
    };
    let mut network = Network::new(batch, side)?;
    let (mut seconds, mut processor) = (Vec::new(), Vec::new());
    for step in 0..steps.max(1) + WARM_UP {
        let (begun, processor_begun) = (Instant::now(), processor_seconds());
        match mode.as_str() {
            "train" => network.train(step as u64 + 1)?,
            "infer" => network.infer()?,
            other => return Err(format!("{other}: expected train or infer").into()),
        }
        if step >= WARM_UP {
            seconds.push(begun.elapsed().as_secs_f64());
            processor.extend(processor_seconds().zip(processor_begun).map(|(a, b)| a - b));
        }
    }
    let median_or_null = |values: Vec<f64>| match values.is_empty() {
        true => "null".to_owned(),
        false => format!("{:.6}", median(values)),
    };
    println!(
        "{{\"instruction_set\": \"{}\", \"threads\": {}, \"seconds\": {}, \"processor_seconds\": {}}}",
        network.stack.instruction_set(),
        rayon::current_num_threads(),
        median_or_null(seconds),
        median_or_null(processor),
    );
    Ok(())
}

/// The network with its weights, Adam's memories, and a batch.
struct Network {
    stack: Stack,
    weights: Vec<Vec<f32>>,
    memories: Vec<[Vec<f32>; 2]>,
    shape: [usize; 4],
    images: Vec<f32>,
    target: Vec<f32>,
}

impl Network {
    fn new(batch: usize, side: usize) -> Result<Self, KernelError> {
        let stack = Stack::new(unet(), Precision::Fast)?;
        let weights = stack.stages().iter().enumerate().map(|(index, stage)| {
            let count = stage.input_channels * stage.output_channels * 9;
            let bound = (6.0 / (9 * stage.input_channels) as f32).sqrt();
            let values = noise(index as u32 + 1, count);
            values.iter().map(|v| (2.0 * v - 1.0) * bound).collect()
        });
        let weights: Vec<Vec<f32>> = weights.collect();
        let zeros = |weight: &Vec<f32>| vec![0.0; weight.len()];
        Ok(Self {
            memories: weights.iter().map(|w| [zeros(w), zeros(w)]).collect(),
            stack,
            weights,
            shape: [batch, 1, side, side],
            images: noise(101, batch * side * side),
            target: noise(102, batch * side * side),
        })
    }

    fn infer(&self) -> Result<(), KernelError> {
        let (images, weights) = self.borrow();
        black_box(self.stack.infer(images, &weights)?);
        Ok(())
    }

    fn train(&mut self, step: u64) -> Result<(), KernelError> {
        let (images, weights) = self.borrow();
        let (loss, gradients) =
            self.stack
                .train(images, &weights, &self.target, Loss::Mse, false)?;
        black_box(loss);
        let mut gradients: Vec<Vec<f32>> = gradients.weights.into_iter().map(|g| g.0).collect();
        let norm = gradient_norm(&gradients.iter().map(|g| &g[..]).collect::<Vec<_>>());
        let adam = UpdateRule::Adam {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        };
        let values = self.weights.iter().zip(&mut gradients);
        let parameters = values
            .zip(&mut self.memories)
            .map(|((values, gradient), memories)| Parameter {
                values,
                gradient,
                memories: memories.iter_mut().map(|memory| &mut memory[..]).collect(),
                step,
            });
        let factor = (CLIP_NORM / (norm + 1e-6)).min(1.0) as f32;
        update(adam, 1e-3, factor, parameters.collect())?;
        // An update leaves the new values in the gradients' places.
        self.weights = gradients;
        Ok(())
    }

    fn borrow(&self) -> (Images<'_>, Vec<Weights<'_>>) {
        let images = Images {
            shape: self.shape,
            values: &self.images,
        };
        let weights = self
            .weights
            .iter()
            .map(|weight| Weights { weight, bias: &[] });
        (images, weights.collect())
    }
}

/// Down two levels and up again, each level's map concatenated on the way up; without biases.
fn unet() -> Vec<Stage> {
    let convolution = |inputs: usize, outputs: usize| {
        Stage::new(inputs, outputs, Activation::Relu).without_bias()
    };
    let mut stages: Vec<Stage> = Vec::new();
    let mut channels = 1;
    let mut skips = Vec::new();
    let (levels, lowest) = WIDTHS.split_at(WIDTHS.len() - 1);
    for &width in levels {
        for _ in 1..CONVOLUTIONS {
            stages.push(convolution(channels, width));
            channels = width;
        }
        skips.push((stages.len(), width));
        stages.push(convolution(channels, width).with_max_pool());
    }
    for _ in 0..CONVOLUTIONS {
        stages.push(convolution(channels, lowest[0]));
        channels = lowest[0];
    }
    for (source, width) in skips.into_iter().rev() {
        stages.push(convolution(channels, width));
        let joined = convolution(2 * width, width);
        stages.push(joined.with_upsample().with_skip(Skip::Concatenate(source)));
        channels = width;
    }
    stages.push(Stage::new(channels, 1, Activation::None).without_bias());
    stages
}

/// Processor time of all threads until now, where Linux tells it.
fn processor_seconds() -> Option<f64> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = |task: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    let all: Option<Vec<f64>> = tasks
        .map(|task| nanoseconds(task.ok()?))
        .collect::<Option<_>>();
    Some(all?.iter().sum::<f64>() * 1e-9)
}

/// Numbers in [0, 1) that have nothing to do with each other.
fn noise(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        })
        .collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
