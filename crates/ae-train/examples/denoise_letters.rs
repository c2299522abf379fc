//! The program in the README of the workspace: a denoiser of letters, trained and measured.

use ae_data::{OpenOptions, SplitOptions, open};
use ae_models::{ConvAutoencoderConfig, ModelConfig, Trainable};
use ae_train::{Measurement, TrainConfig, Trainer};
use burn::tensor::Device;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let split = open("glyphs", &OpenOptions::default())?.split(&SplitOptions::default())?;
    let device = Device::flex();
    let model =
        ModelConfig::from(ConvAutoencoderConfig::default()).init([1, 28, 28], 1, &device)?;
    let config = TrainConfig {
        noise: "gaussian:0.5".parse()?,
        ..TrainConfig::default()
    }
    .check()?;
    let trained = Trainer::new(&config, &device).train(model, &split)?;
    let quality = Measurement::new(&trained.model, &device)
        .noise(&config.noise)
        .evaluate(&split.test)?;
    println!(
        "{:.2} dB, {} parameters",
        quality.psnr,
        trained.model.parameter_count()
    );
    Ok(())
}
