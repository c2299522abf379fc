//! [`Trainer`] and [`Measurement`] as functions of many arguments, until their callers are gone.
#![expect(missing_docs, reason = "each is the method that it calls")]

use ae_data::{ImageSet, NoiseChain, Split};
use ae_eval::Quality;
use ae_models::Autoencoder;
use burn::tensor::Device;

use crate::config::CheckedTrainConfig;
use crate::error::TrainError;
use crate::measure::code_report::CodeReport;
use crate::measure::evaluate::Reconstruction;
use crate::measure::log_likelihood::LogLikelihood;
use crate::measure::measurement::Measurement;
use crate::run::directory::RunDirectory;
use crate::trainer::Trainer;
use crate::trainer::observer::Observer;
use crate::trainer::trained::Trained;

pub fn train<M: Autoencoder>(
    model: M,
    split: &Split,
    config: &CheckedTrainConfig,
    device: &Device,
    run: Option<&RunDirectory>,
    observer: &mut dyn Observer,
) -> Result<Trained<M>, TrainError> {
    let trainer = Trainer::new(config, device).observer(observer);
    match run {
        Some(run) => trainer.run_directory(run),
        None => trainer,
    }
    .train(model, split)
}

fn of<'a, M: Autoencoder>(
    model: &'a M,
    noise: Option<(&'a NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
) -> Measurement<'a, M> {
    let measurement = Measurement::new(model, device).batch_size(batch_size);
    match noise {
        Some((chain, seed)) => measurement.noise(chain).seed(seed),
        None => measurement,
    }
}

pub fn evaluate<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    noise: Option<(&NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
) -> Result<Quality, TrainError> {
    of(model, noise, device, batch_size).evaluate(set)
}

pub fn reconstruct_set<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    noise: Option<(&NoiseChain, u64)>,
    device: &Device,
    batch_size: usize,
    sink: impl FnMut(Reconstruction<'_>) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    of(model, noise, device, batch_size).reconstruct(set, sink)
}

pub fn encode_set<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    device: &Device,
    batch_size: usize,
    sink: impl FnMut(usize, &[f32]) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    of(model, None, device, batch_size).encode(set, sink)
}

pub fn report_codes<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    seed: u64,
    device: &Device,
    batch_size: usize,
) -> Result<Option<CodeReport>, TrainError> {
    of(model, None, device, batch_size)
        .seed(seed)
        .report_codes(set)
}

pub fn anomaly_scores<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    seed: u64,
    device: &Device,
    batch_size: usize,
) -> Result<Vec<f64>, TrainError> {
    of(model, None, device, batch_size)
        .seed(seed)
        .anomaly_scores(set)
}

pub fn estimate_log_likelihood<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    samples: usize,
    seed: u64,
    device: &Device,
) -> Result<Option<LogLikelihood>, TrainError> {
    of(model, None, device, 1)
        .seed(seed)
        .log_likelihood(set, samples)
}
