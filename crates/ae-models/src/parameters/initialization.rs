//! Where a model's weights come from before training.

use serde::{Deserialize, Serialize};

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
    /// Half the width of the interval that a layer's weights and its biases come from. `fans` are the values that one
    /// output sums over and the outputs that one input reaches.
    pub(crate) fn bounds(self, fans: (usize, usize)) -> (f64, f64) {
        let (inputs, outputs) = fans;
        let (inputs, outputs) = (inputs as f64, outputs as f64);
        match self {
            Self::GlorotUniform => ((6.0 / (inputs + outputs)).sqrt(), 0.0),
            Self::HeUniform => ((6.0 / inputs).sqrt(), 0.0),
            Self::KaimingUniform => (inputs.recip().sqrt(), inputs.recip().sqrt()),
        }
    }
}
