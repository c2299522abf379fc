//! How a run begins: with what its directory holds, or with what the rank that has read it says.

use std::path::PathBuf;

use ae_data::Split;
use ae_models::{NamedTensor, Trainable};

use crate::config::CheckedTrainConfig;
use crate::distributed::agreement;
use crate::distributed::communicator::Communicator;
use crate::distributed::handover::{Resumption, SOURCE, hand_over, take_over};
use crate::error::TrainError;
use crate::run::directory::RunDirectory;
use crate::run::reports::Resumed;
use crate::run::store::{RunStore, Start};
use crate::trainer::run_plan::steps_per_epoch;

/// What is there before the first step.
#[derive(Default)]
pub(crate) struct Beginning<'a> {
    pub(crate) store: Option<RunStore<'a>>,
    pub(crate) resumption: Option<Resumption>,
    /// The best model so far. Only the rank that writes it has it.
    pub(crate) best: Option<Vec<NamedTensor>>,
    /// Where the resumption comes from, for messages.
    pub(crate) source: PathBuf,
    pub(crate) resumed: Option<Resumed>,
}

/// Opens the run, on the rank that has its directory, and has all ranks begin alike.
pub(crate) fn begin<'a, M: Trainable>(
    run: Option<&'a RunDirectory>,
    model: &M,
    split: &Split,
    config: &CheckedTrainConfig,
    communicator: &dyn Communicator,
) -> Result<Beginning<'a>, TrainError> {
    check_alike(model, split, config, communicator)?;
    if communicator.rank() > 0 {
        return Ok(Beginning {
            resumption: take_over(communicator)?,
            source: SOURCE.into(),
            ..Beginning::default()
        });
    }
    let beginning = match run {
        Some(run) => open(run, model, split, config),
        None => Ok(Beginning::default()),
    };
    if communicator.size() > 1 {
        let start = beginning.as_ref().ok();
        hand_over(communicator, start.map(|start| start.resumption.as_ref()))?;
    }
    beginning
}

fn open<'a, M: Trainable>(
    run: &'a RunDirectory,
    model: &M,
    split: &Split,
    config: &CheckedTrainConfig,
) -> Result<Beginning<'a>, TrainError> {
    let steps_per_epoch = steps_per_epoch(split, config);
    let (store, start) = RunStore::open(run, model, split, config, steps_per_epoch)?;
    let mut beginning = Beginning {
        store: Some(store),
        ..Beginning::default()
    };
    if let Some(Start {
        checkpoint,
        resumed,
        config,
    }) = start
    {
        beginning.best = checkpoint.best;
        beginning.source = checkpoint.path;
        beginning.resumed = Some(resumed);
        beginning.resumption = Some(Resumption {
            progress: checkpoint.progress,
            epochs: checkpoint.epochs,
            config: config.get().clone(),
            model: checkpoint.model,
            average: checkpoint.average,
            optimizer: checkpoint.optimizer,
        });
    }
    Ok(beginning)
}

/// Refuses ranks with other settings, images or weights than rank 0's.
fn check_alike<M: Trainable>(
    model: &M,
    split: &Split,
    config: &CheckedTrainConfig,
    communicator: &dyn Communicator,
) -> Result<(), TrainError> {
    if communicator.size() == 1 {
        return Ok(());
    }
    let settings = toml::to_string(config.get()).expect("a checked configuration is TOML");
    let fingerprint = |set: &ae_data::ImageSet| match set.is_empty() {
        true => Ok(String::new()),
        false => set.fingerprint(),
    };
    agreement::same(
        communicator,
        &[
            ("a version", env!("CARGO_PKG_VERSION").to_owned()),
            ("settings", settings),
            ("training images", fingerprint(&split.train)?),
            ("validation images", fingerprint(&split.validation)?),
        ],
    )?;
    agreement::same_weights(communicator, model)
}
