//! A model beside its baselines, on the same images.

use ae_data::{Binarization, ImageSet, NoiseChain};
use ae_eval::{
    Baseline, BaselineRequest, Corruption, DATA_RANGE, Quality, SeededNoise, baselines,
    measure_baselines, unlearned,
};
use ae_infer::OpenModel;
use ae_models::{CodeBits, Trainable as _};
use ae_report::{Column, thousands};
use ae_train::{CodeReport, LogLikelihood};
use serde::Serialize;

use crate::codec::transform::is_of_codec;
use crate::error::CliError;
use crate::measured_set::MeasuredSet;
use crate::stored_codes::StoredCodes;

/// A model's result, with the keys that its baselines have.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ModelResult {
    /// The run or the file.
    pub(crate) name: String,
    /// `conv`, `dense`, `vae`, `sparse`, `contractive`, `unet`.
    pub(crate) kind: &'static str,
    /// Numbers that training changed.
    pub(crate) parameters: usize,
    /// How near the reconstructions come to the clean images.
    #[serde(flatten)]
    pub(crate) quality: Quality,
    /// Bits of the code for each pixel of the image; nothing for a model without codes.
    pub(crate) bits_per_pixel: Option<f64>,
    /// Bytes of the code.
    pub(crate) bytes_per_image: Option<f64>,
    /// Numbers in the code and bits, against the image's.
    #[serde(flatten)]
    pub(crate) code: Option<CodeBits>,
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
    #[serde(flatten)]
    pub(crate) set: MeasuredSet,
    /// Their number.
    pub(crate) images: usize,
    /// Whether they are whole pictures, each of its own size, whose figures are means over them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) whole_pictures: bool,
    /// Whether they were made black and white, and when that is drawn.
    #[serde(skip_serializing_if = "Binarization::is_none")]
    pub(crate) binarize: Binarization,
    /// The data range of MSE, RMSE, PSNR and SSIM.
    pub(crate) data_range: f64,
    /// The noise on them.
    pub(crate) noise: Option<String>,
    /// The noise's seed.
    pub(crate) seed: u64,
    /// What the codes say, of a variational or a sparse model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) codes: Option<CodeReport>,
    /// How likely the model takes the images to be, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) likelihood: Option<LogLikelihood>,
    /// What the codes take rounded and entropy-coded, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stored_codes: Option<StoredCodes>,
}

/// Which images, under which noise.
#[derive(Debug, Clone)]
pub(crate) struct Conditions<'a> {
    /// What baselines learn on: images that the model was trained on; `None` where there are none, and only what learns
    /// nothing is measured.
    pub(crate) train: Option<&'a ImageSet>,
    /// What everything is measured on.
    pub(crate) images: &'a ImageSet,
    /// What is said of them.
    pub(crate) set: MeasuredSet,
    /// The noise on what a method sees.
    pub(crate) noise: Option<&'a NoiseChain>,
    /// Its seed.
    pub(crate) seed: u64,
}

/// Measures a model on the whole pictures that the images are patches of, beside what it saw of them.
///
/// # Errors
/// The model cannot take the pictures.
pub(crate) fn evaluate_pictures(
    model: &OpenModel,
    conditions: Conditions<'_>,
) -> Result<Evaluation, CliError> {
    let Conditions {
        images,
        set,
        noise,
        seed,
        ..
    } = conditions;
    let tiling = model.tiling(None)?;
    let measured = model.picture_quality(images, noise.map(|noise| (noise, seed)), &tiling)?;
    let identity = Baseline {
        name: "identity".to_owned(),
        setting: "what the model saw".to_owned(),
        quality: measured.before,
        bits_per_pixel: None,
        bytes_per_image: None,
        scan_bytes_per_image: None,
    };
    Ok(Evaluation {
        model: model_result(model, measured.after, images),
        baselines: vec![identity],
        set,
        images: measured.pictures,
        whole_pictures: true,
        binarize: Binarization::None,
        data_range: DATA_RANGE,
        noise: noise.map(ToString::to_string),
        seed,
        codes: None,
        likelihood: None,
        stored_codes: None,
    })
}

/// The size of a model's code; nothing where that depends on the image, as of symbols that are coded by tables.
fn code_of(model: &OpenModel) -> Option<CodeBits> {
    model
        .code_bits()
        .ok()
        .filter(|_| model.qualities().is_err())
}

/// A model's row.
fn model_result(model: &OpenModel, quality: Quality, images: &ImageSet) -> ModelResult {
    let code = code_of(model);
    let code_bits = code.map(|code| code.code_bits as f64);
    ModelResult {
        name: model.name().to_owned(),
        kind: model.kind(),
        parameters: model.model().parameter_count(),
        quality,
        bits_per_pixel: code_bits.map(|bits| bits / images.shape().pixels() as f64),
        bytes_per_image: code_bits.map(|bits| bits / 8.0),
        is_compression: code.is_some_and(|code| code.is_compression()),
        code,
    }
}

/// Measures a model and its baselines.
///
/// # Errors
/// The images cannot be read, or are not of the model's shape.
pub(crate) fn evaluate(
    model: &OpenModel,
    conditions: Conditions<'_>,
) -> Result<Evaluation, CliError> {
    let Conditions {
        train,
        images,
        set,
        noise,
        seed,
    } = conditions;
    let quality = model.quality(images, noise.map(|noise| (noise, seed)))?;
    let codes = model.code_report(images, seed)?;
    let seeded = noise.map(|chain| SeededNoise {
        chain: chain.clone(),
        seed,
    });
    let request = BaselineRequest {
        train: train.unwrap_or(images),
        test: images,
        code_bits: code_of(model).map_or(0, |code| code.code_bits),
        corruption: seeded.as_ref().map(|noise| noise as &dyn Corruption),
    };
    let baselines = match train {
        Some(_) => baselines(&request)?,
        None => measure_baselines(&request, &unlearned())?,
    };
    Ok(Evaluation {
        model: model_result(model, quality, images),
        baselines,
        set,
        images: images.len(),
        whole_pictures: false,
        binarize: images.binarization(),
        data_range: DATA_RANGE,
        noise: noise.map(ToString::to_string),
        seed,
        codes,
        likelihood: None,
        stored_codes: None,
    })
}

impl Evaluation {
    /// The table for people, with the lines around it.
    pub(crate) fn text(&self) -> String {
        let noise = match &self.noise {
            Some(noise) => format!(", under {noise}"),
            None => String::new(),
        };
        let binarized = match self.binarize {
            Binarization::None => "",
            _ => ", black and white by chance",
        };
        let mut rows = vec![row(
            "this model",
            &self.model.quality,
            self.model.bits_per_pixel,
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
        let code = match &self.model.code {
            Some(code) => code.to_string(),
            None if is_of_codec(self.model.kind) => {
                "integers, whose bits ae eval --rate-distortion measures".to_owned()
            }
            None => "none: detail goes past the bottleneck".to_owned(),
        };
        let mut codes = match &self.codes {
            Some(report) => codes_text(report),
            None => String::new(),
        };
        if let Some(stored) = &self.stored_codes {
            codes.push_str(&format!(
                "code as a file: {:.3} bits per pixel, rounded to steps of {:.3} and entropy-coded by tables of the training \
                 images, decoded {:.2} dB ({} images)\n",
                stored.bits_per_pixel,
                stored.step,
                stored.psnr,
                thousands(stored.images as u64),
            ));
        }
        if let Some(likelihood) = &self.likelihood {
            codes.push_str(&format!(
                "log-likelihood: {:.2} nats per image +- {:.2}{}, {:.3} bits per pixel of {}, by {} codes an image\n",
                -likelihood.negative_log_likelihood,
                likelihood.standard_error,
                likelihood
                    .support
                    .nats_of()
                    .map_or_else(String::new, |of| format!(" ({of})")),
                likelihood.bits_per_pixel,
                likelihood.support,
                thousands(likelihood.samples as u64),
            ));
        }
        let means = match self.whole_pictures {
            true => "; means over whole pictures",
            false => "",
        };
        format!(
            "{}: {} {}{binarized}{noise}\n{}: {} parameters\ncode: {code}\n{codes}\n{}\
             MSE, RMSE, PSNR and SSIM of pixels on 0..1 (data range {DATA_RANGE}){means}\n",
            self.set.data,
            thousands(self.images as u64),
            self.set.images(),
            self.model.name,
            thousands(self.model.parameters as u64),
            ae_report::table(&columns, &rows),
        )
    }
}

/// What codes say, in lines for people.
fn codes_text(report: &CodeReport) -> String {
    match report {
        CodeReport::Variational(report) => {
            let mut divergences = report.kl_per_dimension.clone();
            divergences.sort_by(|a, b| b.total_cmp(a));
            const MOST: usize = 12;
            let mut listed: Vec<String> = divergences
                .iter()
                .take(MOST)
                .map(|divergence| format!("{divergence:.2}"))
                .collect();
            if divergences.len() > MOST {
                listed.push("…".to_owned());
            }
            format!(
                "bound: {:.2} nats per image = reconstruction {:.2} + kl {:.2} (smaller is better)\n\
                 units: {} of {} active; kl by dimension, largest first: {}\n",
                report.negative_bound,
                report.reconstruction,
                report.kl,
                report.active_units,
                report.units,
                listed.join(" "),
            )
        }
        CodeReport::Sparse(report) => format!(
            "units: {:.1}% of the numbers active on average; {} of {} dead (active for no image)\n",
            100.0 * report.active_share,
            report.dead_units,
            report.units,
        ),
        CodeReport::Codewords(report) => format!(
            "codewords: {} of {} used; perplexity {:.1}, {:.2} bits an index by how often each is there\n",
            report.used,
            report.codewords,
            report.perplexity,
            report.perplexity.log2(),
        ),
        _ => String::new(),
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
