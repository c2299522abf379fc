//! How much arithmetic a stack takes, to set a measured time against a machine's peak.

use crate::conv::algorithms::tap_gather::Window;
use crate::conv::algorithms::{upsampled, winograd_f43};
use crate::conv::plan::{Algorithm, Plan, Step};
use crate::simd::lanes::BLOCK;

/// What one stage computes for one image.
///
/// A multiplication and an addition count as two operations. Of a backward pass each of its two halves, the
/// gradient of the weights and that of the input, takes as many as the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageArithmetic {
    /// How the plan computes the stage: "planar", "direct", "Winograd", "upsample" or "taps".
    pub algorithm: &'static str,
    /// Operations of the convolution as it is defined, after the upsampling, if there is one.
    pub defined_operations: u64,
    /// Operations of the matrix products that are executed in its place, channels padded to blocks of sixteen;
    /// transforms, activations and pooling are not counted.
    pub executed_operations: u64,
}

pub(crate) fn of_plan(plan: &Plan) -> Vec<StageArithmetic> {
    plan.steps.iter().map(of_step).collect()
}

fn of_step(step: &Step) -> StageArithmetic {
    let (inputs, outputs) = (step.stage.input_channels, step.stage.output_channels);
    let (input_rows, output_rows) = (step.input_blocks() * BLOCK, step.output_blocks() * BLOCK);
    let products =
        |count: usize, depth: usize, columns: usize| 2 * (count * depth * columns) as u64;
    let (algorithm, executed_operations) = match step.algorithm {
        Algorithm::Planar => (
            "planar",
            products(step.sums.pixels(), 9 * inputs, output_rows),
        ),
        Algorithm::Direct => (
            "direct",
            products(step.sums.pixels(), 9 * input_rows, output_rows),
        ),
        Algorithm::Winograd => (
            "Winograd",
            products(
                winograd_f43::product_rows(step.input),
                input_rows,
                output_rows,
            ),
        ),
        Algorithm::Upsample => (
            "upsample",
            products(upsampled::product_rows(step.input), input_rows, output_rows),
        ),
        Algorithm::Taps => (
            "taps",
            products(
                step.input.pixels(),
                input_rows,
                Window::of(step.stage.resize)
                    .columns(outputs)
                    .next_multiple_of(BLOCK),
            ),
        ),
    };
    StageArithmetic {
        algorithm,
        defined_operations: products(step.sums.pixels(), 9 * inputs, outputs),
        executed_operations,
    }
}
