//! The protocols' models and how they are trained.

use ae_data::NoiseDraw;
use ae_models::{
    ConvAutoencoderConfig, DenseAutoencoderConfig, HiddenActivation, Initialization, ModelConfig,
    NetworkConfig, OutputActivation, ReconstructionLoss, Upsampling, VariationalAutoencoderConfig,
};
use ae_train::{
    AdamSettings, OptimizerConfig, RmsPropForm, RmsPropSettings, ScheduleConfig, Selection,
    TrainConfig,
};

/// The classic tutorial's, 314,625 parameters.
pub(super) fn conv() -> ModelConfig {
    ModelConfig::from(ConvAutoencoderConfig::default())
}

/// Keras' example, 28,353 parameters.
pub(super) fn keras_example() -> ModelConfig {
    ModelConfig::from(ConvAutoencoderConfig {
        widths: vec![32, 32],
        upsampling: Upsampling::Transposed,
        ..ConvAutoencoderConfig::default()
    })
}

/// Sixteen numbers without an activation anywhere.
pub(super) fn linear_16() -> ModelConfig {
    ModelConfig::from(DenseAutoencoderConfig {
        widths: Vec::new(),
        latent: 16,
        output: OutputActivation::Linear,
        ..DenseAutoencoderConfig::default()
    })
}

/// PyTorch's example.
pub(super) fn vae_400_20() -> ModelConfig {
    vae(&[400], 20, 1)
}

/// The plain one among pythae's.
pub(super) fn vae_400_40() -> ModelConfig {
    vae(&[400], 40, 1)
}

/// Two hidden layers a side with ReLU, as the script beside it has them.
pub(super) fn iwae_relu() -> ModelConfig {
    vae(&[200, 200], 50, 1)
}

/// Burda et al.'s of one stochastic layer, by the bound of one sample.
pub(super) fn iwae_1() -> ModelConfig {
    iwae(1)
}

/// The same by the bound of five samples.
pub(super) fn iwae_5() -> ModelConfig {
    iwae(5)
}

/// The same by the bound of fifty samples.
pub(super) fn iwae_50() -> ModelConfig {
    iwae(50)
}

/// Fully connected, Bernoulli likelihood, PyTorch's initial weights.
fn vae(widths: &[usize], latent: usize, importance_samples: usize) -> ModelConfig {
    of_dense(
        importance_samples,
        DenseAutoencoderConfig {
            widths: widths.to_vec(),
            latent,
            initialization: Initialization::KaimingUniform,
            ..DenseAutoencoderConfig::default()
        },
    )
}

/// Tanh in two hidden layers a side, Glorot's initial weights.
fn iwae(importance_samples: usize) -> ModelConfig {
    of_dense(
        importance_samples,
        DenseAutoencoderConfig {
            widths: vec![200, 200],
            latent: 50,
            activation: HiddenActivation::Tanh,
            initialization: Initialization::GlorotUniform,
            ..DenseAutoencoderConfig::default()
        },
    )
}

fn of_dense(importance_samples: usize, network: DenseAutoencoderConfig) -> ModelConfig {
    ModelConfig::from(VariationalAutoencoderConfig {
        importance_samples,
        network: NetworkConfig::Dense(network),
        ..VariationalAutoencoderConfig::default()
    })
}

/// Adam with a constant rate of 1e-3 and batches of 128; the last epoch's model.
pub(super) fn adam(epochs: usize) -> TrainConfig {
    TrainConfig {
        epochs,
        select: Selection::Last,
        learning_rate: 1e-3,
        gradient_clip_norm: None,
        schedule: ScheduleConfig::Constant,
        warmup_steps: 0.into(),
        ..TrainConfig::default()
    }
}

/// Adam as pythae's script has it: 1e-4, which falls at milestones, batches of 100, and the best epoch's model.
pub(super) fn pythae_adam() -> TrainConfig {
    TrainConfig {
        learning_rate: 1e-4,
        batch_size: 100,
        schedule: ScheduleConfig::EpochMilestones {
            epochs: vec![200, 350, 500],
            factor: 10f64.powf(-0.2),
        },
        select: Selection::Best,
        ..adam(500)
    }
}

/// Adam as Burda et al. have it: epsilon 1e-4, batches of 20, and eight stages of 3^i epochs at 1e-3 * 10^(-i/7).
pub(super) fn burda_adam() -> TrainConfig {
    let ends = (1..8).map(|stages| (0..stages).map(|stage| 3usize.pow(stage)).sum());
    TrainConfig {
        batch_size: 20,
        optimizer: OptimizerConfig::Adam(AdamSettings {
            epsilon: 1e-4,
            ..AdamSettings::default()
        }),
        schedule: ScheduleConfig::EpochMilestones {
            epochs: ends.collect(),
            factor: 10f64.powf(-1.0 / 7.0),
        },
        ..adam((0..8).map(|stage| 3usize.pow(stage)).sum())
    }
}

/// The same as Keras has it, on cross-entropy.
pub(super) fn keras_adam(epochs: usize) -> TrainConfig {
    TrainConfig {
        loss: ReconstructionLoss::Bce,
        optimizer: OptimizerConfig::Adam(AdamSettings {
            epsilon: 1e-7,
            ..AdamSettings::default()
        }),
        ..adam(epochs)
    }
}

/// Adam as a linear model needs it to arrive.
pub(super) fn linear() -> TrainConfig {
    TrainConfig {
        epochs: 60,
        learning_rate: 3e-3,
        gradient_clip_norm: None,
        select: Selection::Last,
        ..TrainConfig::default()
    }
}

/// RMSProp in PyTorch's form with a constant rate of 1e-3.
pub(super) fn rmsprop(epochs: usize) -> TrainConfig {
    rmsprop_of(RmsPropForm::Torch, epochs)
}

/// RMSProp in Keras' form with a constant rate of 1e-3.
pub(super) fn keras_rmsprop(epochs: usize) -> TrainConfig {
    rmsprop_of(RmsPropForm::Keras, epochs)
}

fn rmsprop_of(form: RmsPropForm, epochs: usize) -> TrainConfig {
    TrainConfig {
        optimizer: OptimizerConfig::RmsProp(RmsPropSettings {
            form,
            ..RmsPropSettings::default()
        }),
        ..adam(epochs)
    }
}

/// The same to take away Gaussian noise of 0.5 that is drawn once.
pub(super) fn denoising(train: TrainConfig) -> TrainConfig {
    TrainConfig {
        noise: "gaussian:0.5"
            .parse()
            .expect("a noise of the library's own"),
        noise_draw: NoiseDraw::Once,
        ..train
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_of_burda_et_al_are_those_of_the_paper() {
        let train = burda_adam();
        assert_eq!(train.epochs, 3_280);
        let ScheduleConfig::EpochMilestones { epochs, .. } = &train.schedule else {
            panic!("milestones: {:?}", train.schedule);
        };
        assert_eq!(epochs, &[1, 4, 13, 40, 121, 364, 1_093]);
        let last = train.learning_rate_at(3_279 * 2_980, 2_980);
        assert!((last / 1e-4 - 1.0).abs() < 1e-12, "{last}");
    }
}
