//! Where the time of a stack goes: each stage of the convolutional autoencoder alone, then all of them.
//!
//! ```sh
//! cargo run --release -p ae-kernels --example stages -- [IMAGES [ROUNDS [STAGE|all]]]
//! ```
//!
//! A stage alone reads its input from memory and writes its output there, which it doesn't within a stack: the
//! sum of the stages is above the stack's own time.

use std::hint::black_box;
use std::time::Instant;

use ae_kernels::{Activation, Images, KernelError, Loss, Precision, Stack, Stage, Weights};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let batch: usize = arguments.next().map_or(Ok(128), |text| text.parse())?;
    let rounds: usize = arguments.next().map_or(Ok(15), |text| text.parse())?;
    let only = arguments.next();
    let is_wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let stages = autoencoder();
    let whole = Stack::new(stages.clone(), Precision::Fast)?;
    println!(
        "{} images, {} threads, {}, median of {rounds} rounds",
        batch,
        rayon::current_num_threads(),
        whole.instruction_set()
    );
    println!(
        "{:<9} {:>17} {:<9} | {:>9} {:>8} | {:>9} {:>8}",
        "stage", "input", "by", "infer us", "GFLOP/s", "train us", "GFLOP/s"
    );
    let mut shape = [1, 28, 28];
    for (index, stage) in stages.iter().enumerate() {
        let stack = Stack::new(vec![*stage], Precision::Fast)?;
        let name = format!("{}", index + 1);
        if is_wanted(&name) {
            report(&name, &stack, shape, batch, rounds, index > 0)?;
        }
        shape = stack.output_shape(shape)?;
    }
    if is_wanted("all") {
        report("all", &whole, [1, 28, 28], batch, rounds, false)?;
    }
    Ok(())
}

/// 28x28x1 to 7x7x128 and back.
fn autoencoder() -> Vec<Stage> {
    use Activation::{Relu, Sigmoid};
    vec![
        Stage::new(1, 32, Relu).with_max_pool(),
        Stage::new(32, 64, Relu).with_max_pool(),
        Stage::new(64, 128, Relu),
        Stage::new(128, 128, Relu),
        Stage::new(128, 64, Relu).with_upsample(),
        Stage::new(64, 1, Sigmoid).with_upsample(),
    ]
}

fn report(
    name: &str,
    stack: &Stack,
    shape: [usize; 3],
    batch: usize,
    rounds: usize,
    wants_input: bool,
) -> Result<(), KernelError> {
    let values = noise(batch * shape.iter().product::<usize>());
    let mut tensors: Vec<_> = stack
        .stages()
        .iter()
        .map(|stage| {
            let weights = stage.input_channels * stage.output_channels * 9;
            let scale = (2.0 / (9 * stage.input_channels) as f32).sqrt();
            let weight: Vec<_> = noise(weights).iter().map(|v| (v - 0.5) * scale).collect();
            (weight, vec![0.0; stage.output_channels])
        })
        .collect();
    let images = Images {
        shape: [batch, shape[0], shape[1], shape[2]],
        values: &values,
    };
    let target = vec![0.5; batch * stack.output_shape(shape)?.iter().product::<usize>()];
    let (mut infer, mut train) = (Vec::new(), Vec::new());
    for round in 0..rounds + 2 {
        // As a training step leaves them: other ones each time.
        for (weight, _) in &mut tensors {
            for value in weight {
                *value *= 0.999;
            }
        }
        let weights: Vec<_> = tensors
            .iter()
            .map(|(weight, bias)| Weights { weight, bias })
            .collect();
        black_box(stack.infer(images, &weights)?);
        let start = Instant::now();
        black_box(stack.infer(images, &weights)?);
        let inferred = start.elapsed().as_secs_f64();
        let start = Instant::now();
        black_box(stack.train(images, &weights, &target, Loss::Mse, wants_input)?);
        let trained = start.elapsed().as_secs_f64();
        if round >= 2 {
            infer.push(inferred / batch as f64);
            train.push(trained / batch as f64);
        }
    }
    let (infer, train) = (median(infer), median(train));
    let arithmetic = stack.arithmetic(shape)?;
    let forward: u64 = arithmetic
        .iter()
        .map(|stage| stage.executed_operations)
        .sum();
    let skipped = if wants_input {
        0
    } else {
        arithmetic[0].executed_operations
    };
    println!(
        "{name:<9} {:>17} {:<9} | {:>9.2} {:>8.1} | {:>9.2} {:>8.1}",
        format!("{shape:?}"),
        if arithmetic.len() == 1 {
            arithmetic[0].algorithm
        } else {
            ""
        },
        infer * 1e6,
        forward as f64 / infer / 1e9,
        train * 1e6,
        (3 * forward - skipped) as f64 / train / 1e9,
    );
    Ok(())
}

/// Numbers in [0, 1) that have nothing to do with each other.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
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
