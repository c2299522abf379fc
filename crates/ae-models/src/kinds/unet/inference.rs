//! What a U-Net computes when it is used.

use crate::inference::{Graph, GraphBuilder, GraphValue, Operation};
use crate::kinds::unet::layers::Plan;
use crate::kinds::unet::skip_connections::SkipConnections;
use crate::networks::opponent::{
    mixing_to_chrominances, mixing_to_colors, mixing_to_gray, mixing_to_opponent,
};

/// What a network predicts.
#[derive(Clone, Copy)]
pub(crate) struct Prediction {
    /// The noise, which is taken off what the network sees.
    pub(crate) residual: bool,
    /// The chrominances alone, of what is seen as luminance and chrominances.
    pub(crate) chrominance_only: bool,
}

/// The network of `plan` from picture to picture, which is padded to `multiple`.
pub(crate) fn graph(plan: &Plan<'_>, multiple: usize, prediction: Prediction) -> Graph {
    let levels = plan.widths.len();
    let mut graph = GraphBuilder::new();
    let padded = graph.step(Operation::PadToMultiple { multiple }, GraphValue::INPUT);
    let mut x = match prediction.chrominance_only {
        true => graph.step(mixing_to_opponent(), padded),
        false => padded,
    };
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
    if prediction.residual {
        let noisy = match prediction.chrominance_only {
            true => graph.step(mixing_to_chrominances(), padded),
            false => padded,
        };
        x = graph.join(Operation::Subtract, noisy, x);
    }
    if prediction.chrominance_only {
        let colors = graph.step(mixing_to_colors(), x);
        let gray = graph.step(mixing_to_gray(), padded);
        x = graph.join(Operation::Add, gray, colors);
    }
    let image = graph.step(Operation::CropToImage { multiple }, x);
    graph.finish(image)
}
