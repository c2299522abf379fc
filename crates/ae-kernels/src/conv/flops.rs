//! How much arithmetic a stack takes, to set a measured time against a machine's peak.

use crate::conv::algorithm::product_operations;
use crate::conv::plan::{Plan, Step};

/// What one stage computes for one image.
///
/// A multiplication and an addition count as two operations. Of a backward pass each of its two halves, the
/// gradient of the weights and that of the input, takes as many as the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageArithmetic {
    /// The name of the algorithm that computes the stage, for a person to read.
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
    let geometry = &step.geometry;
    let (inputs, outputs) = (step.stage.input_channels, step.stage.output_channels);
    StageArithmetic {
        algorithm: step.algorithm.name(),
        defined_operations: product_operations(
            geometry.sums.pixels(),
            step.stage.taps() * inputs,
            outputs,
        ),
        executed_operations: step.algorithm.executed_operations(geometry),
    }
}
