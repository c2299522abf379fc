//! The linear part of the transform: blocks of 4x4 pixels by convolutions that begin as a discrete cosine transform.

use ae_kernels::{Activation, Stack, Stage};
use burn::module::Module;
use burn::tensor::Tensor;

use crate::inference::{GraphBuilder, GraphValue, Operation};
use crate::networks::compute;
use crate::networks::cosines::{frequencies, wave};
use crate::networks::layer::{Convolution, KERNEL, LayerKind, LayerSpec};
use crate::networks::padding::{crop, pad_to_multiple};
use crate::networks::quarter::REDUCTION;
use crate::networks::rearranging::{BLOCK, depth_to_space, space_to_depth};
use crate::parameters::builder::Builder;

/// What is taken off pixels: blocks of one middle gray are zeros.
const GRAY: f32 = 0.5;
/// Pixels of a block.
const PIXELS: usize = REDUCTION * REDUCTION;

/// Two 3x3 convolutions between blocks of 4x4 pixels and the code. At first they look at one block each: the one is the discrete
/// cosine transform of its pixels less a middle gray, the lowest frequencies first, and the other its inverse. What they learn
/// of the blocks around it makes them a lapped transform.
///
/// # References
/// N. Ahmed, T. Natarajan and K. R. Rao (1974), *Discrete cosine transform*; of two dimensions, orthonormal. H. S. Malvar and
/// D. H. Staelin (1989), *The LOT: transform coding without blocking effects*.
#[derive(Module, Debug)]
pub(crate) struct LappedBlocks {
    analysis: Convolution,
    synthesis: Convolution,
    #[module(skip)]
    stacks: [Stack; 2],
}

/// The layers of [`LappedBlocks`].
#[derive(Clone, Debug)]
pub(crate) struct LappedLayers {
    pub(crate) analysis: LayerSpec,
    pub(crate) synthesis: LayerSpec,
}

impl LappedLayers {
    /// Those for pictures of so many channels and a code of `code_channels`, under `name`.
    pub(crate) fn new(name: &str, image_channels: usize, code_channels: usize) -> Self {
        let pixels = image_channels * PIXELS;
        let layer = |part: &str, inputs, outputs| {
            let name = format!("{name}.{part}");
            LayerSpec::new(name, LayerKind::Convolution, inputs, outputs)
        };
        Self {
            analysis: layer("analysis", pixels, code_channels),
            synthesis: layer("synthesis", code_channels, pixels),
        }
    }

    /// Adds the step from a picture to the linear part of its code, and gives that.
    pub(crate) fn analysis_steps(
        &self,
        graph: &mut GraphBuilder,
        picture: GraphValue,
    ) -> GraphValue {
        let multiple = REDUCTION;
        let padded = graph.step(Operation::PadToMultiple { multiple }, picture);
        let channels = self.synthesis.outputs / PIXELS;
        let half = graph.step(Operation::SpaceToDepth { channels }, padded);
        let channels = channels * BLOCK * BLOCK;
        let quarter = graph.step(Operation::SpaceToDepth { channels }, half);
        let layer = self.analysis.name.clone();
        graph.step(Operation::Convolution { layer }, quarter)
    }

    /// Adds the step from a code to the linear part of the picture, and gives that.
    pub(crate) fn synthesis_steps(&self, graph: &mut GraphBuilder, code: GraphValue) -> GraphValue {
        let layer = self.synthesis.name.clone();
        let quarter = graph.step(Operation::Convolution { layer }, code);
        let half = graph.step(Operation::DepthToSpace, quarter);
        let padded = graph.step(Operation::DepthToSpace, half);
        let multiple = REDUCTION;
        graph.step(Operation::CropToImage { multiple }, padded)
    }
}

impl LappedBlocks {
    pub(crate) fn build(layers: &LappedLayers, builder: &mut Builder<'_>) -> Self {
        let path = builder.path();
        let stacks = [&layers.analysis, &layers.synthesis].map(|layer| {
            let stage = Stage::new(layer.inputs, layer.outputs, Activation::None);
            compute::stack(vec![stage], path)
                .expect("one convolution of as many channels as were checked")
        });
        let pixels = layers.synthesis.outputs;
        let cosines = cosines(pixels / PIXELS, layers.synthesis.inputs);
        let rows = cosines.chunks_exact(pixels);
        let off = rows.map(|row| -GRAY * row.iter().sum::<f32>()).collect();
        let transposed = (0..pixels)
            .flat_map(|pixel| cosines.iter().skip(pixel).step_by(pixels).copied())
            .collect::<Vec<f32>>();
        let [analysis, synthesis] = [
            (&layers.analysis, in_the_middle(&cosines), off),
            (
                &layers.synthesis,
                in_the_middle(&transposed),
                vec![GRAY; pixels],
            ),
        ]
        .map(|(layer, weight, bias)| Convolution::beginning(layer, [weight, bias], builder));
        Self {
            analysis,
            synthesis,
            stacks,
        }
    }

    /// The linear part of codes.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch, code_channels, height / 4, width / 4]`, rounded up
    pub(crate) fn codes(&self, images: Tensor<4>) -> Tensor<4> {
        let blocks = space_to_depth(space_to_depth(pad_to_multiple(images, REDUCTION)));
        self.stacks[0].forward(blocks, &[self.analysis.values()])
    }

    /// The linear part of what codes stand for.
    ///
    /// # Shapes
    /// - `codes`: `[batch, code_channels, height / 4, width / 4]`, rounded up
    /// - output: `[batch, channels, height, width]`
    pub(crate) fn images(&self, codes: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
        let blocks = self.stacks[1].forward(codes, &[self.synthesis.values()]);
        crop(depth_to_space(depth_to_space(blocks)), height, width)
    }
}

/// Kernels with these weights in their middles and zeros around them.
fn in_the_middle(weights: &[f32]) -> Vec<f32> {
    let mut kernels = vec![0.0; weights.len() * KERNEL * KERNEL];
    for (kernel, weight) in kernels.chunks_exact_mut(KERNEL * KERNEL).zip(weights) {
        kernel[KERNEL * KERNEL / 2] = *weight;
    }
    kernels
}

/// Products of cosines of the lowest frequencies, the sum of both rising, of all channels before the next frequency:
/// `[code, pixels]`, pixels in the order that two turns of [`space_to_depth`] give them. What has no frequency left is 0.
fn cosines(image_channels: usize, code_channels: usize) -> Vec<f32> {
    let side = REDUCTION;
    let frequencies = frequencies(side);
    let pixels = image_channels * PIXELS;
    let mut values = vec![0.0; code_channels * pixels];
    let rows = frequencies
        .iter()
        .flat_map(|frequency| (0..image_channels).map(move |channel| (frequency, channel)));
    for (values, (&[down, right], channel)) in values.chunks_exact_mut(pixels).zip(rows) {
        for (row, column) in (0..PIXELS).map(|at| (at / side, at % side)) {
            let fine = (row % BLOCK) * BLOCK + column % BLOCK;
            let coarse = (row / BLOCK) * BLOCK + column / BLOCK;
            let place = (channel * BLOCK * BLOCK + fine) * BLOCK * BLOCK + coarse;
            values[place] = (wave(side, down, row) * wave(side, right, column)) as f32;
        }
    }
    values
}
