//! The protocols' models and how they are trained.

use ae_data::NoiseDraw;
use ae_models::{
    ConvAutoencoderConfig, DenseAutoencoderConfig, Initialization, ModelConfig, NetworkConfig,
    OutputActivation, ReconstructionLoss, Upsampling, VariationalAutoencoderConfig,
};
use ae_train::{
    AdamSettings, OptimizerConfig, RmsPropForm, RmsPropSettings, ScheduleConfig, TrainConfig,
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

/// Two hidden layers a side. Burda et al. have tanh in them, ours and those of the script beside it ReLU.
pub(super) fn iwae_1() -> ModelConfig {
    vae(&[200, 200], 50, 1)
}

/// The same by the bound of five samples.
pub(super) fn iwae_5() -> ModelConfig {
    vae(&[200, 200], 50, 5)
}

/// The same by the bound of fifty samples.
pub(super) fn iwae_50() -> ModelConfig {
    vae(&[200, 200], 50, 50)
}

/// Fully connected, Bernoulli likelihood, PyTorch's initial weights.
fn vae(widths: &[usize], latent: usize, importance_samples: usize) -> ModelConfig {
    ModelConfig::from(VariationalAutoencoderConfig {
        importance_samples,
        network: NetworkConfig::Dense(DenseAutoencoderConfig {
            widths: widths.to_vec(),
            latent,
            initialization: Initialization::KaimingUniform,
            ..DenseAutoencoderConfig::default()
        }),
        ..VariationalAutoencoderConfig::default()
    })
}

/// Adam with a constant rate of 1e-3 and batches of 128.
pub(super) fn adam(epochs: usize) -> TrainConfig {
    TrainConfig {
        epochs,
        learning_rate: 1e-3,
        gradient_clip_norm: None,
        schedule: ScheduleConfig::Constant,
        warmup_steps: 0.into(),
        ..TrainConfig::default()
    }
}

/// The same with a rate that falls to nothing, as half a cosine.
pub(super) fn falling(epochs: usize) -> TrainConfig {
    TrainConfig {
        schedule: ScheduleConfig::Cosine { final_share: 0.0 },
        ..adam(epochs)
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
