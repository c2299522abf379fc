//! The protocols: what is trained on what, and what others got.

use ae_data::NoiseDraw;
use ae_models::{
    ConvAutoencoderConfig, DenseAutoencoderConfig, Initialization, ModelConfig, NetworkConfig,
    OutputActivation, VariationalAutoencoderConfig,
};
use ae_train::{OptimizerConfig, RmsPropForm, RmsPropSettings, ScheduleConfig, TrainConfig};

/// One row of the table.
pub(super) struct Protocol {
    /// What is trained, in a few words.
    pub(super) name: &'static str,
    /// The set's folder in the directory of the data.
    pub(super) data: &'static str,
    /// Where the set is to be had, said when it is missing.
    pub(super) source: &'static str,
    /// Whether a quick run has it, too.
    pub(super) is_quick: bool,
    /// What is measured.
    pub(super) measure: Measure,
    /// What a paper or a tutorial printed, and which.
    pub(super) published: Option<(f64, &'static str)>,
    /// What PyTorch got on the same images.
    pub(super) reference: Option<Reference>,
    /// How many seeds a quick run and a full run take.
    pub(super) seeds: (u64, u64),
    /// The model.
    pub(super) model: fn() -> ModelConfig,
    /// How it is trained.
    pub(super) train: fn() -> TrainConfig,
}

/// What is measured on the test images after the last epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// The mean squared error, under the noise that was trained on.
    Mse,
    /// The negative evidence lower bound, in nats per image.
    NegativeBound,
    /// The mean squared error over that of principal components of as many numbers, fitted to the same images.
    OverPca,
}

/// Runs of a script under `tests/reference`, on the same split.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub(super) mean: f64,
    pub(super) standard_error: f64,
    pub(super) runs: usize,
}

impl Measure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mse => "test MSE",
            Self::NegativeBound => "test nats",
            Self::OverPca => "MSE / PCA's",
        }
    }

    /// A value as the table has it.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Mse => format!("{value:.5}"),
            Self::NegativeBound => format!("{value:.2}"),
            Self::OverPca => format!("{value:.4}"),
        }
    }
}

/// Mean and standard error of `tests/reference/vae.jsonl`.
const VAE_REFERENCE: (f64, f64) = (210.84, 0.18);
const NOTMNIST_8K: &str = "the first 8,000 images of davidflanagan/notMNIST-to-MNIST as IDX files";
const NOTMNIST_LARGE: &str = "cargo xtask download notmnist-large";
const MNIST: &str = "cargo xtask download mnist";

/// Every protocol, in the order of the table.
pub(super) const PROTOCOLS: [Protocol; 8] = [
    Protocol {
        name: "conv AE, Adam, 10 epochs",
        data: "notmnist-8k",
        source: NOTMNIST_8K,
        is_quick: true,
        measure: Measure::Mse,
        published: None,
        // tests/reference/conv_autoencoder.jsonl
        reference: Some(Reference {
            mean: 0.00534,
            standard_error: 0.00009,
            runs: 3,
        }),
        seeds: (2, 5),
        model: conv,
        train: || adam(10),
    },
    Protocol {
        name: "conv AE, RMSProp, 10 epochs",
        data: "notmnist-8k",
        source: NOTMNIST_8K,
        is_quick: false,
        measure: Measure::Mse,
        published: None,
        reference: Some(Reference {
            mean: 0.00763,
            standard_error: 0.00024,
            runs: 5,
        }),
        seeds: (1, 5),
        model: conv,
        train: || rmsprop(10),
    },
    Protocol {
        name: "the same denoising 0.5, once",
        data: "notmnist-8k",
        source: NOTMNIST_8K,
        is_quick: true,
        measure: Measure::Mse,
        published: None,
        reference: Some(Reference {
            mean: 0.01918,
            standard_error: 0.00017,
            runs: 3,
        }),
        seeds: (2, 5),
        model: conv,
        train: || denoising(adam(10)),
    },
    Protocol {
        name: "VAE 784-400-20, 10 epochs",
        data: "notmnist-8k",
        source: NOTMNIST_8K,
        is_quick: true,
        measure: Measure::NegativeBound,
        published: None,
        // tests/reference/vae.jsonl
        reference: Some(Reference {
            mean: VAE_REFERENCE.0,
            standard_error: VAE_REFERENCE.1,
            runs: 3,
        }),
        seeds: (3, 5),
        model: vae_400_20,
        train: || adam(10),
    },
    Protocol {
        name: "linear dense AE of 16 numbers",
        data: "notmnist-8k",
        source: NOTMNIST_8K,
        is_quick: true,
        measure: Measure::OverPca,
        published: Some((1.0, "Baldi and Hornik 1989")),
        reference: None,
        seeds: (1, 3),
        model: linear_16,
        train: || TrainConfig {
            epochs: 60,
            learning_rate: 3e-3,
            gradient_clip_norm: None,
            ..TrainConfig::default()
        },
    },
    Protocol {
        name: "conv AE, RMSProp, 10 epochs",
        data: "notmnist-large",
        source: NOTMNIST_LARGE,
        is_quick: false,
        measure: Measure::Mse,
        published: Some((0.0029, "yorkLiu's notebook")),
        reference: None,
        seeds: (1, 3),
        model: conv,
        train: || rmsprop(10),
    },
    Protocol {
        name: "the same denoising 0.5, once",
        data: "notmnist-large",
        source: NOTMNIST_LARGE,
        is_quick: false,
        measure: Measure::Mse,
        published: Some((0.0174, "yorkLiu's notebook")),
        reference: None,
        seeds: (1, 3),
        model: conv,
        train: || denoising(rmsprop(5)),
    },
    Protocol {
        name: "VAE 784-400-20, 10 epochs",
        data: "mnist",
        source: MNIST,
        is_quick: false,
        measure: Measure::NegativeBound,
        published: Some((105.59, "pytorch/examples")),
        reference: None,
        seeds: (1, 3),
        model: vae_400_20,
        train: || adam(10),
    },
];

fn conv() -> ModelConfig {
    ModelConfig::Conv(ConvAutoencoderConfig::default())
}

fn linear_16() -> ModelConfig {
    ModelConfig::Dense(DenseAutoencoderConfig {
        widths: Vec::new(),
        latent: 16,
        output: OutputActivation::Linear,
        ..DenseAutoencoderConfig::default()
    })
}

fn vae_400_20() -> ModelConfig {
    ModelConfig::Vae(VariationalAutoencoderConfig {
        network: NetworkConfig::Dense(DenseAutoencoderConfig {
            widths: vec![400],
            latent: 20,
            initialization: Initialization::KaimingUniform,
            ..DenseAutoencoderConfig::default()
        }),
        ..VariationalAutoencoderConfig::default()
    })
}

/// Adam with a constant rate of 1e-3 and batches of 128.
fn adam(epochs: usize) -> TrainConfig {
    TrainConfig {
        epochs,
        learning_rate: 1e-3,
        gradient_clip_norm: None,
        schedule: ScheduleConfig::Constant,
        warmup_steps: 0,
        ..TrainConfig::default()
    }
}

fn rmsprop(epochs: usize) -> TrainConfig {
    TrainConfig {
        optimizer: OptimizerConfig::RmsProp(RmsPropSettings {
            form: RmsPropForm::Torch,
            ..RmsPropSettings::default()
        }),
        ..adam(epochs)
    }
}

fn denoising(train: TrainConfig) -> TrainConfig {
    TrainConfig {
        noise: "gaussian:0.5"
            .parse()
            .expect("a noise of the library's own"),
        noise_draw: NoiseDraw::Once,
        ..train
    }
}
