//! What a stack of convolutions computes when it is used.

use ae_kernels::{Activation, Skip, Stage};

use crate::inference::{GraphBuilder, GraphValue, Operation};
use crate::networks::layer::LayerSpec;

/// Adds the steps of a stack that keeps the size, whose layers and stages go together, and gives what it yields.
pub(crate) fn stack_steps(
    graph: &mut GraphBuilder,
    layers: &[LayerSpec],
    stages: &[Stage],
    input: GraphValue,
) -> GraphValue {
    let mut x = input;
    let mut outputs = Vec::with_capacity(stages.len());
    for (layer, stage) in layers.iter().zip(stages) {
        x = match stage.skip {
            None => x,
            Some(Skip::Add(source)) => graph.join(Operation::Add, x, outputs[source]),
            Some(Skip::Concatenate(source)) => {
                graph.join(Operation::Concatenate, x, outputs[source])
            }
        };
        let layer = layer.name.clone();
        x = graph.step(Operation::Convolution { layer }, x);
        x = match stage.activation {
            Activation::None => x,
            Activation::Relu => graph.step(Operation::Relu, x),
            Activation::Sigmoid => graph.step(Operation::Sigmoid, x),
            Activation::Tanh => graph.step(Operation::Tanh, x),
            Activation::LeakyRelu(slope) => unreachable!("no kind has a slope of {slope}"),
        };
        outputs.push(x);
    }
    x
}
