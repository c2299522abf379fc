//! The optimizers by name, with their settings and defaults.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::setting_checks::{below_one, by_name, not_negative, positive, refuse};

/// The rule that turns gradients into updates, with its settings.
///
/// Parsed from a name alone (`adam`, `adamw`, `rmsprop`, `sgd`) it has that rule's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum OptimizerConfig {
    /// Adam (Kingma and Ba, 2015, algorithm 1).
    Adam(AdamSettings),
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).
    AdamW(AdamWSettings),
    /// RMSProp, by default as Keras has it.
    RmsProp(RmsPropSettings),
    /// Stochastic gradient descent, with momentum if wanted.
    Sgd(SgdSettings),
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::Adam(AdamSettings::default())
    }
}

/// Settings of Adam. The defaults are the paper's and PyTorch's.
///
/// # References
/// D. P. Kingma and J. Ba (2015), *Adam: a method for stochastic optimization*, algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSettings {
    /// Decay of the gradients' running mean.
    pub beta_1: f64,
    /// Decay of the squared gradients' running mean.
    pub beta_2: f64,
    /// Added to the root of the squared gradients' mean, after its bias correction.
    pub epsilon: f64,
}

impl Default for AdamSettings {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// Settings of AdamW. The defaults are PyTorch's.
///
/// # References
/// I. Loshchilov and F. Hutter (2019), *Decoupled weight decay regularization*, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWSettings {
    /// Decay of the gradients' running mean.
    pub beta_1: f64,
    /// Decay of the squared gradients' running mean.
    pub beta_2: f64,
    /// Added to the root of the squared gradients' mean, after its bias correction.
    pub epsilon: f64,
    /// The share of a weight that is taken off per step, times the learning rate.
    pub weight_decay: f64,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 1e-2,
        }
    }
}

/// Settings of RMSProp. The defaults are Keras 3's: rho 0.9, no momentum, epsilon 1e-7 inside the root.
///
/// # References
/// T. Tieleman and G. Hinton (2012), *Lecture 6.5: RMSProp*, COURSERA: Neural Networks for Machine Learning.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RmsPropSettings {
    /// Decay of the squared gradients' running mean.
    pub rho: f64,
    /// Share of the last update that is kept.
    pub momentum: f64,
    /// Keeps the division away from 0; where it is added is `form`'s to say.
    pub epsilon: f64,
    /// Whose formula.
    pub form: RmsPropForm,
}

impl Default for RmsPropSettings {
    fn default() -> Self {
        Self {
            rho: 0.9,
            momentum: 0.0,
            epsilon: 1e-7,
            form: RmsPropForm::Keras,
        }
    }
}

/// Where RMSProp's epsilon stands.
///
/// The two are not alike: with epsilon 1e-7, Keras' denominator never falls below 3e-4 and PyTorch's never below 1e-7,
/// and the gradients of a mean over many pixels are of just that size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RmsPropForm {
    /// `gradient / sqrt(mean_square + epsilon)`; momentum gathers steps already scaled by the learning rate.
    Keras,
    /// `gradient / (sqrt(mean_square) + epsilon)`; momentum gathers them unscaled.
    Torch,
}

/// Settings of stochastic gradient descent, as PyTorch has it (no dampening).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdSettings {
    /// Share of the last update that is kept.
    pub momentum: f64,
    /// Whether the gradient is taken where the momentum leads (Sutskever et al., 2013).
    pub nesterov: bool,
    /// The share of a weight that is added to its gradient.
    pub weight_decay: f64,
}

impl Default for SgdSettings {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

impl OptimizerConfig {
    /// The learning rate to start from when none is given.
    ///
    /// Adam's is far above the usual 1e-3: with [clipped](Self::default_clip_norm) gradients, a warm-up and a rate that
    /// falls to nothing it ends several times lower after the same steps. RMSProp's is Keras'.
    #[must_use]
    pub fn default_learning_rate(&self) -> f64 {
        match self {
            Self::Adam(_) | Self::AdamW(_) => 8e-3,
            Self::RmsProp(_) => 1e-3,
            Self::Sgd(_) => 0.1,
        }
    }

    /// The norm that gradients are clipped to when none is given.
    #[must_use]
    pub fn default_clip_norm(&self) -> Option<f64> {
        match self {
            Self::Adam(_) | Self::AdamW(_) => Some(0.1),
            Self::RmsProp(_) | Self::Sgd(_) => None,
        }
    }

    /// The name it is chosen by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
            Self::RmsProp(_) => "rmsprop",
            Self::Sgd(_) => "sgd",
        }
    }

    pub(crate) fn check(&self) -> Result<(), TrainError> {
        match self {
            Self::Adam(settings) => check_adam(settings.beta_1, settings.beta_2, settings.epsilon),
            Self::AdamW(settings) => {
                check_adam(settings.beta_1, settings.beta_2, settings.epsilon)?;
                not_negative("optimizer.weight_decay", settings.weight_decay)
            }
            Self::RmsProp(settings) => {
                below_one("optimizer.rho", settings.rho)?;
                below_one("optimizer.momentum", settings.momentum)?;
                positive("optimizer.epsilon", settings.epsilon)
            }
            Self::Sgd(settings) => {
                below_one("optimizer.momentum", settings.momentum)?;
                not_negative("optimizer.weight_decay", settings.weight_decay)?;
                if settings.nesterov && settings.momentum == 0.0 {
                    return Err(refuse(
                        "optimizer.nesterov",
                        true,
                        "must come with a momentum above 0",
                    ));
                }
                Ok(())
            }
        }
    }
}

fn check_adam(beta_1: f64, beta_2: f64, epsilon: f64) -> Result<(), TrainError> {
    below_one("optimizer.beta_1", beta_1)?;
    below_one("optimizer.beta_2", beta_2)?;
    positive("optimizer.epsilon", epsilon)
}

impl FromStr for OptimizerConfig {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        let choices = [
            ("adam", Self::Adam(AdamSettings::default())),
            ("adamw", Self::AdamW(AdamWSettings::default())),
            ("rmsprop", Self::RmsProp(RmsPropSettings::default())),
            ("sgd", Self::Sgd(SgdSettings::default())),
        ];
        by_name(
            "optimizer",
            text,
            &choices,
            "must be adam, adamw, rmsprop or sgd",
        )
    }
}
