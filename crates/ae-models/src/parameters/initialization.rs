//! Where a model's weights come from before training.

use ae_random::{Draw, Purpose};
use serde::{Deserialize, Serialize};

use crate::networks::layer::{LayerKind, LayerSpec};

/// The distribution of the initial weights.
///
/// `inputs` is the number of values that one output of a layer sums over (9 times the input channels for a 3x3
/// convolution), `outputs` the number of outputs that one input reaches (9 times the output channels).
///
/// # References
/// X. Glorot and Y. Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*,
/// equation 16. K. He et al. (2015), *Delving deep into rectifiers*, equation 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Initialization {
    /// Weights uniform in ±√(6 / (inputs + outputs)), zero bias: Glorot's, and the default of Keras.
    #[default]
    GlorotUniform,
    /// Weights uniform in ±√(6 / inputs), zero bias: He's, made for ReLU.
    HeUniform,
    /// Weights and bias uniform in ±√(1 / inputs): what PyTorch's `Conv2d` and `Linear` start from, by
    /// `kaiming_uniform_` with `a = √5`.
    KaimingUniform,
}

impl Initialization {
    /// Half the width of the interval that a layer's weights and its biases come from.
    pub(crate) fn bounds(self, layer: &LayerSpec) -> (f64, f64) {
        let (inputs, outputs) = layer.fans();
        let (inputs, outputs) = (inputs as f64, outputs as f64);
        match self {
            Self::GlorotUniform => ((6.0 / (inputs + outputs)).sqrt(), 0.0),
            Self::HeUniform => ((6.0 / inputs).sqrt(), 0.0),
            Self::KaimingUniform => (inputs.recip().sqrt(), inputs.recip().sqrt()),
        }
    }

    pub(crate) fn weights(self, seed: u64) -> InitialWeights {
        InitialWeights {
            initialization: self,
            seed,
            next_tensor: 0,
        }
    }
}

/// What fills a model's tensors when it is built, in the order of its layers and in the layout of the model file.
pub(crate) trait WeightSource {
    /// A layer's tensors, in the order of [`LayerSpec::tensor_shapes`].
    fn next_layer(&mut self, layer: &LayerSpec) -> Vec<Vec<f32>>;
}

/// Weights drawn from a seed.
pub(crate) struct InitialWeights {
    initialization: Initialization,
    seed: u64,
    next_tensor: u64,
}

impl InitialWeights {
    /// `count` numbers uniform in `[-bound, bound)`, from a stream of the next tensor's own.
    fn next_tensor(&mut self, count: usize, bound: f64) -> Vec<f32> {
        let draw = Draw {
            seed: self.seed,
            purpose: Purpose::Initialization,
            epoch: 0,
            index: self.next_tensor,
        };
        self.next_tensor += 1;
        if bound == 0.0 {
            return vec![0.0; count];
        }
        let mut stream = draw.stream();
        (0..count).map(|_| stream.uniform_within(bound)).collect()
    }
}

impl WeightSource for InitialWeights {
    fn next_layer(&mut self, layer: &LayerSpec) -> Vec<Vec<f32>> {
        if let LayerKind::Constant { initial } = layer.kind {
            return vec![vec![initial; layer.outputs]];
        }
        let (weight_bound, bias_bound) = self.initialization.bounds(layer);
        let weight = layer
            .weight_shape()
            .map(|shape| self.next_tensor(shape.iter().product(), weight_bound));
        let bias = self.next_tensor(layer.outputs, bias_bound);
        weight.into_iter().chain([bias]).collect()
    }
}
