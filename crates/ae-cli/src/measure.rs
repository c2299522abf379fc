//! A model beside its baselines, on the same images.

use ae_data::{NoiseChain, Split};
use ae_eval::{Baseline, BaselineRequest, Corruption, Quality, SeededNoise, baselines};
use ae_models::{Autoencoder, CodeBits, Model};
use ae_report::{Column, thousands};
use burn::tensor::Device;
use serde::Serialize;

use crate::error::CliError;

/// Images that go through a model at once when it is only measured.
pub(crate) const BATCH_SIZE: usize = 128;
/// What a code's number is stored in.
const CODE_VALUE_BITS: u32 = 32;

/// A model's result, with the keys that its baselines have.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ModelResult {
    /// The run or the file.
    pub(crate) name: String,
    /// `conv`, `dense`.
    pub(crate) kind: &'static str,
    /// Numbers that training changed.
    pub(crate) parameters: usize,
    /// How near the reconstructions come to the clean images.
    #[serde(flatten)]
    pub(crate) quality: Quality,
    /// Bits of the code for each pixel of the image.
    pub(crate) bits_per_pixel: f64,
    /// Bytes of the code.
    pub(crate) bytes_per_image: f64,
    /// Numbers in the code and bits, against the image's.
    #[serde(flatten)]
    pub(crate) code: CodeBits,
    /// Whether the code takes fewer bits than the image.
    pub(crate) is_compression: bool,
}

/// What `ae eval` prints.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Evaluation {
    /// The model.
    pub(crate) model: ModelResult,
    /// What it is to beat.
    pub(crate) baselines: Vec<Baseline>,
    /// The images that all of them were measured on.
    pub(crate) data: String,
    /// Their number.
    pub(crate) images: usize,
    /// The noise on them.
    pub(crate) noise: Option<String>,
    /// The noise's seed.
    pub(crate) seed: u64,
}

/// Which images, under which noise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions<'a> {
    /// The images: all methods learn on `train` and are measured on `test`.
    pub(crate) split: &'a Split,
    /// The noise on what a method sees.
    pub(crate) noise: Option<&'a NoiseChain>,
    /// Its seed.
    pub(crate) seed: u64,
}

/// Measures a model and its baselines.
///
/// # Errors
/// The images cannot be read, or are not of the model's shape.
pub(crate) fn evaluate(
    name: String,
    model: &Model,
    device: &Device,
    conditions: Conditions<'_>,
) -> Result<Evaluation, CliError> {
    let Conditions { split, noise, seed } = conditions;
    let quality = ae_train::evaluate(
        model,
        &split.test,
        noise.map(|noise| (noise, seed)),
        device,
        BATCH_SIZE,
    )?;
    let code = model.code_bits();
    let seeded = noise.map(|chain| SeededNoise {
        chain: chain.clone(),
        seed,
    });
    let baselines = baselines(&BaselineRequest {
        train: &split.train,
        test: &split.test,
        code_values: model.code_values(),
        code_value_bits: CODE_VALUE_BITS,
        corruption: seeded.as_ref().map(|noise| noise as &dyn Corruption),
    })?;
    Ok(Evaluation {
        model: ModelResult {
            name,
            kind: model.config().map_or("unknown", |config| config.kind()),
            parameters: model.parameter_count(),
            quality,
            bits_per_pixel: code.code_bits as f64 / split.test.shape().pixels() as f64,
            bytes_per_image: code.code_bits as f64 / 8.0,
            is_compression: code.is_compression(),
            code,
        },
        baselines,
        data: split.test.name().to_owned(),
        images: split.test.len(),
        noise: noise.map(ToString::to_string),
        seed,
    })
}

impl Evaluation {
    /// The table for people, with the lines around it.
    pub(crate) fn text(&self) -> String {
        let noise = match &self.noise {
            Some(noise) => format!(", under {noise}"),
            None => String::new(),
        };
        let mut rows = vec![row(
            "this model",
            &self.model.quality,
            Some(self.model.bits_per_pixel),
            self.model.kind,
        )];
        rows.extend(self.baselines.iter().map(|baseline| {
            row(
                &baseline.name,
                &baseline.quality,
                baseline.bits_per_pixel,
                &baseline.setting,
            )
        }));
        let columns = [
            Column::left("method"),
            Column::decimal("MSE"),
            Column::decimal("RMSE"),
            Column::decimal("PSNR dB"),
            Column::decimal("SSIM"),
            Column::decimal("bits/pixel"),
            Column::left("setting"),
        ];
        format!(
            "{}: {} images of {}{noise}\n{}: {} parameters\ncode: {}\n\n{}",
            self.data,
            thousands(self.images as u64),
            "the test set",
            self.model.name,
            thousands(self.model.parameters as u64),
            self.model.code,
            ae_report::table(&columns, &rows),
        )
    }
}

fn row(name: &str, quality: &Quality, bits_per_pixel: Option<f64>, setting: &str) -> Vec<String> {
    vec![
        name.to_owned(),
        format!("{:.5}", quality.mse),
        format!("{:.4}", quality.rmse),
        match quality.psnr.is_finite() {
            true => format!("{:.2}", quality.psnr),
            false => "exact".to_owned(),
        },
        format!("{:.4}", quality.ssim),
        bits_per_pixel.map_or_else(String::new, |bits| format!("{bits:.3}")),
        setting.to_owned(),
    ]
}
