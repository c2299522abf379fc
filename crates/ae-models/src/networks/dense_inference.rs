//! What the fully connected network computes when it is used.

use crate::inference::{GraphBuilder, GraphValue, Inference, Operation};
use crate::networks::dense_config::{DenseAutoencoderConfig, HiddenActivation, OutputActivation};

impl DenseAutoencoderConfig {
    /// The network's halves, its layers under names that begin with `prefix`; `code_of` adds what becomes of the encoder's
    /// values, which are rows.
    pub(crate) fn inference_with(
        &self,
        input_shape: [usize; 3],
        prefix: &str,
        code_of: impl FnOnce(&mut GraphBuilder, GraphValue, Option<[usize; 3]>) -> GraphValue,
    ) -> Inference {
        let last = self.widths.len();
        let hidden = match self.activation {
            HiddenActivation::Relu => Operation::Relu,
            HiddenActivation::Tanh => Operation::Tanh,
        };
        let mut encoder = GraphBuilder::new();
        let mut x = encoder.step(Operation::Flatten, GraphValue::INPUT);
        for index in 0..=last {
            let layer = format!("{prefix}encoder.{index}");
            x = encoder.step(Operation::Linear { layer }, x);
            if index < last {
                x = encoder.step(hidden.clone(), x);
            }
        }
        let code = code_of(&mut encoder, x, None);
        let encoder = encoder.finish(code);

        let mut decoder = GraphBuilder::new();
        let mut x = GraphValue::INPUT;
        for index in 0..=last {
            let layer = format!("{prefix}decoder.{index}");
            let operation = match self.tied {
                // The encoder's layer at the same distance from the code.
                true => Operation::TiedLinear {
                    layer,
                    weight_of: format!("{prefix}encoder.{}", last - index),
                },
                false => Operation::Linear { layer },
            };
            x = decoder.step(operation, x);
            x = match (index == last, self.output) {
                (false, _) => decoder.step(hidden.clone(), x),
                (true, OutputActivation::Sigmoid) => decoder.step(Operation::Sigmoid, x),
                (true, OutputActivation::Linear) => x,
            };
        }
        let image = decoder.step(Operation::Unflatten { shape: input_shape }, x);
        Inference::halves(encoder, decoder.finish(image))
    }
}
