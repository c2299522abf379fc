//! What is usual: the settings that a model, or an optimizer, is trained with where nobody says otherwise.

use ae_models::ModelConfig;

use crate::config::TrainConfig;
use crate::optim::config::OptimizerConfig;

impl TrainConfig {
    /// The settings that a model of this configuration is trained with where none is given.
    ///
    /// The defaults are made for losses that are means over pixels. A model whose loss is its own, in nats summed over an
    /// image ([`ModelConfig::objective_unit`]), has gradients a thousand times larger: its learning rate is 1e-3, and its
    /// gradients are not clipped.
    #[must_use]
    pub fn usual_for(model: &ModelConfig) -> Self {
        match model.objective_unit() {
            None => Self::default(),
            Some(_) => Self {
                learning_rate: 1e-3,
                gradient_clip_norm: None,
                ..Self::default()
            },
        }
    }

    /// The same with another optimizer, and the learning rate and the clipping that are its defaults.
    #[must_use]
    pub fn with_optimizer(self, optimizer: OptimizerConfig) -> Self {
        Self {
            learning_rate: optimizer.default_learning_rate(),
            gradient_clip_norm: optimizer.default_clip_norm(),
            optimizer,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use ae_models::{ConvAutoencoderConfig, VariationalAutoencoderConfig};

    use super::*;

    #[test]
    fn a_loss_of_nats_has_a_smaller_rate_and_an_optimizer_its_own() {
        let conv = TrainConfig::usual_for(&ConvAutoencoderConfig::default().into());
        assert_eq!(conv, TrainConfig::default());
        let vae = TrainConfig::usual_for(&VariationalAutoencoderConfig::default().into());
        assert_eq!((vae.learning_rate, vae.gradient_clip_norm), (1e-3, None));
        let sgd = conv.with_optimizer("sgd".parse().unwrap());
        assert_eq!((sgd.learning_rate, sgd.gradient_clip_norm), (0.1, None));
        assert_eq!(sgd.optimizer.name(), "sgd");
    }
}
