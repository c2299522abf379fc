//! The settings of the fully connected network, and the layers that they describe.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::limits;
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::parameters::initialization::Initialization;

/// Settings of [`DenseAutoencoder`](crate::DenseAutoencoder): pixels → `widths` → `latent` → `widths` backwards → pixels.
///
/// The default, 784 → 128 → 64 → 32 and back for 28x28 pixels, has the widths of the deep autoencoder in Keras'
/// tutorial. The smallest lesson, five pixels to three numbers and back, has no `widths` and `latent = 3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DenseAutoencoderConfig {
    /// Numbers in each hidden layer of the encoder, from the image inwards; may be empty.
    pub widths: Vec<usize>,
    /// Numbers in the code.
    pub latent: usize,
    /// Whether the decoder's weights are the encoder's, transposed; its biases are its own.
    pub tied: bool,
    /// What becomes of the numbers of every layer but the code's and the last.
    #[serde(skip_serializing_if = "HiddenActivation::is_relu")]
    pub activation: HiddenActivation,
    /// What becomes of the decoder's last numbers.
    pub output: OutputActivation,
    /// The distribution of the initial weights.
    pub initialization: Initialization,
}

impl Default for DenseAutoencoderConfig {
    fn default() -> Self {
        Self {
            widths: vec![128, 64],
            latent: 32,
            tied: false,
            activation: HiddenActivation::default(),
            output: OutputActivation::default(),
            initialization: Initialization::default(),
        }
    }
}

/// What becomes of the numbers of a hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HiddenActivation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// The hyperbolic tangent.
    Tanh,
}

impl HiddenActivation {
    /// Whether it is the default, which files leave out: those written before there was a choice have none.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    fn is_relu(&self) -> bool {
        *self == Self::Relu
    }
}

impl FromStr for HiddenActivation {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        match text {
            "relu" => Ok(Self::Relu),
            "tanh" => Ok(Self::Tanh),
            _ => Err(ModelError::unknown("activation", text, "relu, tanh")),
        }
    }
}

/// What becomes of the numbers of a decoder's last layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OutputActivation {
    /// A sigmoid: pixels between 0 and 1.
    #[default]
    Sigmoid,
    /// Nothing: any number. With no hidden layer the model is linear, and its best is that of principal components.
    ///
    /// # References
    /// P. Baldi and K. Hornik (1989), *Neural networks and principal component analysis: learning from examples without
    /// local minima*, fact 4.
    Linear,
}

impl DenseAutoencoderConfig {
    /// Checks the settings and lists the layers, with `outputs` numbers from the encoder for each of the code's.
    pub(crate) fn layers(
        &self,
        input_shape: [usize; 3],
        outputs: usize,
    ) -> Result<Vec<LayerSpec>, ModelError> {
        if self.widths.len() > limits::DENSE_DEPTH {
            return Err(ModelError::config(
                "widths",
                format!(
                    "{} hidden layers: at most {}",
                    self.widths.len(),
                    limits::DENSE_DEPTH
                ),
            ));
        }
        for &width in &self.widths {
            if width == 0 || width > limits::DENSE_WIDTH {
                return Err(ModelError::config(
                    "widths",
                    format!(
                        "a layer of {width} numbers: must be 1 to {}",
                        limits::DENSE_WIDTH
                    ),
                ));
            }
        }
        check_latent(self.latent)?;
        if self.tied && outputs != 1 {
            return Err(ModelError::config(
                "tied",
                "the encoder gives two numbers for each of the code's, so its weights are no decoder's",
            ));
        }
        let sizes: Vec<usize> = std::iter::once(input_shape.iter().product())
            .chain(self.widths.iter().copied())
            .chain(std::iter::once(self.latent))
            .collect();
        let last = self.widths.len();
        let encoder = sizes.windows(2).enumerate().map(|(index, pair)| {
            let factor = if index == last { outputs } else { 1 };
            LayerSpec::new(
                format!("encoder.{index}"),
                LayerKind::Linear,
                pair[0],
                factor * pair[1],
            )
        });
        let decoder_kind = if self.tied {
            LayerKind::TiedLinear
        } else {
            LayerKind::Linear
        };
        let decoder = sizes.windows(2).rev().enumerate().map(|(index, pair)| {
            LayerSpec::new(format!("decoder.{index}"), decoder_kind, pair[1], pair[0])
        });
        Ok(encoder.chain(decoder).collect())
    }
}

impl DenseAutoencoderConfig {
    /// What tells the network from others, in a few words.
    pub(crate) fn summary(&self) -> &'static str {
        match (self.activation, self.tied) {
            (HiddenActivation::Relu, true) => "fully connected, the decoder tied to the encoder",
            (HiddenActivation::Relu, false) => "fully connected",
            (HiddenActivation::Tanh, true) => {
                "fully connected, tanh, the decoder tied to the encoder"
            }
            (HiddenActivation::Tanh, false) => "fully connected, tanh",
        }
    }

    /// Takes out a first width that is the image's: a person may have counted the image as a layer.
    pub(crate) fn drop_image_width(&mut self, image_values: usize) {
        if self.widths.first() == Some(&image_values) {
            self.widths.remove(0);
        }
    }
}

/// Checks the size of a code that a dense layer makes.
pub(crate) fn check_latent(latent: usize) -> Result<(), ModelError> {
    if latent == 0 || latent > limits::DENSE_WIDTH {
        let reason = format!(
            "a code of {latent} numbers: must be 1 to {}",
            limits::DENSE_WIDTH
        );
        return Err(ModelError::config("latent", reason));
    }
    Ok(())
}
