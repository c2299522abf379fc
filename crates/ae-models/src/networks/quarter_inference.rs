//! What the convolutions to a quarter of a picture and back compute when they are used.

use ae_kernels::Activation;

use crate::inference::{GraphBuilder, GraphValue, Operation};
use crate::networks::quarter::{
    ANALYSIS_BLOCKS, QuarterLayers, REDUCTION, SYNTHESIS_BLOCKS, stages,
};
use crate::networks::stack_inference::stack_steps;

impl QuarterLayers {
    /// Adds the steps from a picture of so many channels to the map, and gives that.
    pub(crate) fn analysis_steps(
        &self,
        graph: &mut GraphBuilder,
        channels: usize,
        picture: GraphValue,
    ) -> GraphValue {
        let multiple = REDUCTION;
        let padded = graph.step(Operation::PadToMultiple { multiple }, picture);
        let blocks = graph.step(Operation::SpaceToDepth { channels }, padded);
        let half = &self.analysis_half;
        let maps = stack_steps(graph, half, &stages(half, &[], Activation::Relu), blocks);
        let channels = half.last().map_or(0, |layer| layer.outputs);
        let blocks = graph.step(Operation::SpaceToDepth { channels }, maps);
        let quarter = &self.analysis_quarter;
        let stages = stages(quarter, &ANALYSIS_BLOCKS, Activation::None);
        stack_steps(graph, quarter, &stages, blocks)
    }

    /// Adds the steps from a map to the picture, and gives that; `last` follows the last layer.
    pub(crate) fn synthesis_steps(
        &self,
        graph: &mut GraphBuilder,
        last: Activation,
        map: GraphValue,
    ) -> GraphValue {
        let quarter = &self.synthesis_quarter;
        let of_quarter = stages(quarter, &SYNTHESIS_BLOCKS, Activation::Relu);
        let maps = stack_steps(graph, quarter, &of_quarter, map);
        let maps = graph.step(Operation::DepthToSpace, maps);
        let half = &self.synthesis_half;
        let blocks = stack_steps(graph, half, &stages(half, &[], last), maps);
        let padded = graph.step(Operation::DepthToSpace, blocks);
        let multiple = REDUCTION;
        graph.step(Operation::CropToImage { multiple }, padded)
    }
}
