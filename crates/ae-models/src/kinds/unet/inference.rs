//! What a U-Net computes when it is used.

use crate::inference::{Graph, GraphBuilder, GraphValue, Operation};
use crate::kinds::unet::layers::Plan;
use crate::kinds::unet::skip_connections::SkipConnections;

/// The network of `plan` from picture to picture, which is padded to `multiple`; what it gives is taken off the picture
/// where it is a `residual`.
pub(crate) fn graph(plan: &Plan<'_>, multiple: usize, residual: bool) -> Graph {
    let levels = plan.widths.len();
    let mut graph = GraphBuilder::new();
    let padded = graph.step(Operation::PadToMultiple { multiple }, GraphValue::INPUT);
    let mut x = padded;
    // Of each level but the lowest: its map, which the decoder takes, too.
    let mut maps = Vec::new();
    for index in 0..levels * plan.convolutions {
        if index > 0 && index % plan.convolutions == 0 {
            maps.push(x);
            x = graph.step(Operation::MaxPool, x);
        }
        let layer = format!("encoder.{index}");
        x = graph.step(Operation::Convolution { layer }, x);
        x = graph.step(Operation::Relu, x);
    }
    let last = (levels - 1) * plan.convolutions;
    for index in 0..=last {
        if index > 0 && (index - 1) % plan.convolutions == 0 {
            x = graph.step(Operation::Upsample, x);
            x = match (plan.skip, maps.pop()) {
                (SkipConnections::Concatenate, Some(map)) => {
                    graph.join(Operation::Concatenate, x, map)
                }
                (SkipConnections::Add, Some(map)) => graph.join(Operation::Add, x, map),
                (SkipConnections::None, _) | (_, None) => x,
            };
        }
        let layer = format!("decoder.{index}");
        x = graph.step(Operation::Convolution { layer }, x);
        if index < last {
            x = graph.step(Operation::Relu, x);
        }
    }
    if residual {
        x = graph.join(Operation::Subtract, padded, x);
    }
    let image = graph.step(Operation::CropToImage { multiple }, x);
    graph.finish(image)
}
