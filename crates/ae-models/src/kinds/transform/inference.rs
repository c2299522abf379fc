//! What the transform codec's autoencoder computes when it is used.

use ae_kernels::Activation;

use crate::inference::{GraphBuilder, GraphValue, Inference, Operation};
use crate::kinds::transform::config::{Layers, TransformConfig};
use crate::kinds::transform::gains::{base, first_log_gain};
use crate::kinds::transform::losses::LARGEST_SYMBOL;

impl TransformConfig {
    /// From images to symbols and back, at the last quality.
    pub(crate) fn inference_at_best(&self, input_shape: [usize; 3]) -> Inference {
        let Layers {
            network: layers,
            blocks,
            ..
        } = self.layers(input_shape);
        let mut encoder = GraphBuilder::new();
        let map = layers.analysis_steps(&mut encoder, input_shape[0], GraphValue::INPUT);
        let linear = blocks.analysis_steps(&mut encoder, GraphValue::INPUT);
        let code = encoder.join(Operation::Add, map, linear);
        let scaled = encoder.step(self.scaling("log_gains", 1.0), code);
        let rounded = encoder.step(Operation::Round, scaled);
        let most = LARGEST_SYMBOL as i32;
        let symbols = encoder.step(Operation::Clamp { least: -most, most }, rounded);

        let mut decoder = GraphBuilder::new();
        let map = decoder.step(self.scaling("log_inverse_gains", -1.0), GraphValue::INPUT);
        let picture = layers.synthesis_steps(&mut decoder, Activation::None, map);
        let linear = blocks.synthesis_steps(&mut decoder, map);
        let picture = decoder.join(Operation::Add, picture, linear);
        let limited = decoder.step(Operation::Clamp { least: 0, most: 1 }, picture);
        let qualities = self.lambda.qualities();
        Inference::halves(encoder.finish(symbols), decoder.finish(limited))
            .with_note(
                "quality",
                format!("{qualities} of {qualities}, of the most bits"),
            )
            .with_note(
                "symbols",
                format!("the code is integers from -{most} to {most}, rounded, halves to even"),
            )
    }

    /// What multiplies a code's channels at the last quality.
    fn scaling(&self, logarithms: &str, sign: f64) -> Operation {
        let best = self.lambda.qualities() - 1;
        Operation::ScaleChannels {
            logarithms: logarithms.to_owned(),
            first: best * self.code_channels,
            channels: self.code_channels,
            added: base(first_log_gain(&self.lambda), sign, &self.lambda, best),
        }
    }
}
