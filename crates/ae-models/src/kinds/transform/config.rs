//! The settings of the transform codec's autoencoder, and the layers that they describe.

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::kinds::transform::blocks::LappedLayers;
use crate::kinds::transform::lambdas::Lambdas;
use crate::limits;
use crate::networks::causal_prior::CausalPrior;
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::networks::quarter::{QuarterLayers, check_channels, map_size};
use crate::parameters::initialization::Initialization;

/// Settings of [`TransformAutoencoder`](crate::TransformAutoencoder).
///
/// The default codes a 28x28 image as 7x7x16 integers, at four qualities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransformConfig {
    /// The weight of the rate for each quality, falling.
    pub lambda: Lambdas,
    /// Channels at half the picture's size and at a quarter of it.
    pub widths: [usize; 2],
    /// Channels of the code, which has a quarter of the picture's height and width.
    pub code_channels: usize,
    /// Training images are moved by up to so many pixels either way, anew in each epoch, so that a small set is not learned
    /// by heart; 0 for not at all.
    pub shift: usize,
    /// The distribution of the initial weights.
    pub initialization: Initialization,
}

impl Default for TransformConfig {
    fn default() -> Self {
        Self {
            lambda: Lambdas::default(),
            widths: [32, 64],
            code_channels: 16,
            shift: 2,
            initialization: Initialization::HeUniform,
        }
    }
}

/// What initial weights of a network's last layer are multiplied by.
const FIRST_SHARE: f64 = 0.01;
/// The most pixels that images are moved by.
const MOST_SHIFT: usize = 64;

/// The model's layers, in the order of its tensors.
pub(crate) struct Layers {
    /// The convolutions.
    pub(crate) network: QuarterLayers,
    /// The linear part beside them.
    pub(crate) blocks: LappedLayers,
    /// The factors before rounding, and after it.
    pub(crate) gains: [LayerSpec; 2],
    /// The prior's.
    pub(crate) prior: [LayerSpec; 4],
}

impl Layers {
    /// All of them.
    pub(crate) fn all(&self) -> Vec<LayerSpec> {
        let blocks = [self.blocks.analysis.clone(), self.blocks.synthesis.clone()];
        [&self.network.all()[..], &blocks, &self.gains, &self.prior].concat()
    }
}

impl TransformConfig {
    /// The code's channels, rows and columns for an image.
    pub(crate) fn code_shape(&self, [_, height, width]: [usize; 3]) -> [usize; 3] {
        let [rows, columns] = map_size(height, width);
        [self.code_channels, rows, columns]
    }

    pub(crate) fn check_settings(&self, input_shape: [usize; 3]) -> Result<(), ModelError> {
        let reject = |field: &'static str, reason: String| Err(ModelError::config(field, reason));
        self.lambda.check()?;
        check_channels(self.widths, "code_channels", self.code_channels)?;
        if self.shift > MOST_SHIFT {
            let reason = format!("{}: at most {MOST_SHIFT}", self.shift);
            return reject("shift", reason);
        }
        let values: usize = self.code_shape(input_shape).iter().product();
        if self.lambda.qualities().saturating_mul(values) > limits::PARAMETERS / 8 {
            let reason = format!(
                "{} qualities of codes of {values} values are more than a prior has room for",
                self.lambda.qualities()
            );
            return reject("lambda", reason);
        }
        Ok(())
    }

    /// The layers for images of this shape.
    pub(crate) fn layers(&self, input_shape: [usize; 3]) -> Layers {
        let [code, rows, columns] = self.code_shape(input_shape);
        let qualities = self.lambda.qualities();
        let constant = |name: &str| {
            let kind = LayerKind::Constant { initial: 0.0 };
            LayerSpec::new(name, kind, 1, qualities * self.code_channels)
        };
        let mut network = QuarterLayers::new("", input_shape[0], self.widths, code);
        // What the network adds is little at first.
        for layers in [&mut network.analysis_quarter, &mut network.synthesis_half] {
            if let Some(last) = layers.last_mut() {
                *last = last.clone().scaled(FIRST_SHARE);
            }
        }
        Layers {
            network,
            blocks: LappedLayers::new("blocks", input_shape[0], code),
            gains: [constant("log_gains"), constant("log_inverse_gains")],
            prior: CausalPrior::layers("prior", qualities, code, [rows, columns]),
        }
    }
}
