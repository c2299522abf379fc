//! What the convolutional network computes when it is used.

use crate::inference::{Graph, GraphBuilder, GraphValue, Inference, Operation};
use crate::networks::conv_config::ConvAutoencoderConfig;
use crate::networks::upsampling::Upsampling;

impl ConvAutoencoderConfig {
    /// The network's halves, its layers under names that begin with `prefix`; `code_of` adds what becomes of the encoder's
    /// values, which are rows where there is a bottleneck and a map of the shape that it is given where there is none.
    pub(crate) fn inference_with(
        &self,
        input_shape: [usize; 3],
        prefix: &str,
        code_of: impl FnOnce(&mut GraphBuilder, GraphValue, Option<[usize; 3]>) -> GraphValue,
    ) -> Inference {
        let map_shape = self.map_shape(input_shape);
        let mut encoder = GraphBuilder::new();
        let mut x = encoder.step(self.padding(), GraphValue::INPUT);
        for index in 0..self.widths.len() {
            let layer = format!("{prefix}encoder.{index}");
            x = encoder.step(Operation::Convolution { layer }, x);
            x = encoder.step(Operation::Relu, x);
            if index < self.poolings() {
                x = encoder.step(Operation::MaxPool, x);
            }
        }
        if self.latent.is_some() {
            x = encoder.step(Operation::Flatten, x);
            let layer = format!("{prefix}to_code");
            x = encoder.step(Operation::Linear { layer }, x);
        }
        let code = code_of(&mut encoder, x, self.latent.is_none().then_some(map_shape));
        Inference::halves(encoder.finish(code), self.decoding(map_shape, prefix))
    }

    fn decoding(&self, map_shape: [usize; 3], prefix: &str) -> Graph {
        let mut decoder = GraphBuilder::new();
        let mut x = GraphValue::INPUT;
        if self.latent.is_some() {
            let layer = format!("{prefix}from_code");
            x = decoder.step(Operation::Linear { layer }, x);
            x = decoder.step(Operation::Relu, x);
            x = decoder.step(Operation::Unflatten { shape: map_shape }, x);
        }
        for index in 0..=self.poolings() {
            let layer = format!("{prefix}decoder.{index}");
            let is_last = index == self.poolings();
            let (operation, upsamples) = match self.upsampling {
                Upsampling::Nearest => (Operation::Convolution { layer }, index > 0),
                Upsampling::Transposed if is_last => (Operation::Convolution { layer }, false),
                Upsampling::Transposed => (Operation::TransposedConvolution { layer }, false),
            };
            if upsamples {
                x = decoder.step(Operation::Upsample, x);
            }
            x = decoder.step(operation, x);
            let activation = match is_last {
                true => Operation::Sigmoid,
                false => Operation::Relu,
            };
            x = decoder.step(activation, x);
        }
        let multiple = self.multiple();
        x = decoder.step(Operation::CropToImage { multiple }, x);
        decoder.finish(x)
    }

    fn padding(&self) -> Operation {
        Operation::PadToMultiple {
            multiple: self.multiple(),
        }
    }
}
