//! What is known of the set that a model was trained on, its own set, and of how images were brought to the model.

use ae_data::{
    Binarization, Division, Fit, Part, SetFingerprint, SplitOptions, ValueRange, source_kinds,
};
use ae_models::{ModelCard, Registry};
use ae_train::{DataCard, RunConfig, RunDirectory};

use crate::model_path::ModelPath;

/// Where what is known of a model's data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataOrigin {
    /// From the model file.
    ModelFile,
    /// From the run's configuration beside a file that doesn't say it.
    RunConfiguration,
    /// From nowhere: what is told is assumed.
    Unknown,
}

/// What is known of the set that a model was trained on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OwnSet {
    pub(crate) origin: DataOrigin,
    /// What the model file says, where it is of version 2.
    pub(crate) card: Option<DataCard>,
    /// Why what lies beside the file doesn't help, if something does.
    pub(crate) problem: Option<String>,
    /// A known name or a path.
    pub(crate) source: Option<String>,
    /// What the set was called.
    pub(crate) name: Option<String>,
    pub(crate) fit: Fit,
    /// Rows and columns of the patches that it was trained on; `None` for whole images.
    pub(crate) patch: Option<usize>,
    /// The values of black and white in deep pictures; `None` to find them out.
    pub(crate) range: Option<ValueRange>,
    pub(crate) binarize: Binarization,
    pub(crate) seed: u64,
    pub(crate) split: SplitOptions,
    pub(crate) limit: Option<usize>,
    pub(crate) fingerprint: Option<SetFingerprint>,
    /// Of the images that were trained on, as files of version 1 have it.
    pub(crate) train_fingerprint: Option<String>,
    /// Parts that the set had of its own; `None` where that is unknown.
    pub(crate) own_parts: Option<Vec<Part>>,
}

impl OwnSet {
    /// What a model file tells, and where it tells nothing, the configuration beside it.
    pub(crate) fn find(path: &ModelPath, card: &ModelCard, registry: &Registry) -> Self {
        let unknown = Self::unknown(card);
        match card.data.as_ref().map(DataCard::from_json) {
            Some(Ok(data)) => return Self::of_card(data, unknown),
            // Written by a later version, perhaps: what it says cannot be relied on.
            Some(Err(error)) => {
                let problem = Some(format!("{}: data: {error}", path.file().display()));
                return Self { problem, ..unknown };
            }
            None => {}
        }
        let Some(run) = path.run() else {
            return unknown;
        };
        let config = RunDirectory::open(run).and_then(|run| run.read_run_config(registry));
        match config {
            Ok(config) if card.config.as_ref() == Some(&config.model) => {
                Self::of_run(&config, unknown)
            }
            Ok(_) => Self {
                problem: Some(format!(
                    "the configuration in {} is another model's",
                    run.display()
                )),
                ..unknown
            },
            Err(error) => Self {
                // One line, as a note wants it.
                problem: Some(
                    error
                        .to_string()
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" "),
                ),
                ..unknown
            },
        }
    }

    /// What a card tells without its file.
    pub(crate) fn of(card: &ModelCard) -> Self {
        let unknown = Self::unknown(card);
        match card.data.as_ref().map(DataCard::from_json) {
            Some(Ok(data)) => Self::of_card(data, unknown),
            _ => unknown,
        }
    }

    /// What is assumed of a model of which nothing is known.
    pub(crate) fn unknown(card: &ModelCard) -> Self {
        let name = card.data_name.clone();
        let is_known = |name: &String| {
            let mut kinds = source_kinds().into_iter();
            kinds.any(|kind| kind.name == Some(name.as_str()))
        };
        Self {
            origin: DataOrigin::Unknown,
            card: None,
            problem: None,
            source: name.clone().filter(is_known),
            name,
            fit: Fit::default(),
            patch: None,
            range: None,
            binarize: Binarization::None,
            seed: 0,
            split: SplitOptions {
                division: Division::Shuffle,
                ..SplitOptions::default()
            },
            limit: None,
            fingerprint: None,
            train_fingerprint: card.data_fingerprint.clone(),
            own_parts: None,
        }
    }

    fn of_card(data: DataCard, unknown: Self) -> Self {
        Self {
            origin: DataOrigin::ModelFile,
            source: Some(data.source.clone()),
            fit: data.fit,
            patch: data.patch,
            range: data.range,
            binarize: data.binarize,
            seed: data.seed,
            split: data.split_options(),
            limit: data.limit,
            fingerprint: Some(data.fingerprint.clone()),
            own_parts: Some(data.own_parts.clone()),
            card: Some(data),
            ..unknown
        }
    }

    fn of_run(config: &RunConfig, unknown: Self) -> Self {
        let (data, seed) = (&config.data, config.train.seed);
        Self {
            origin: DataOrigin::RunConfiguration,
            source: Some(data.source.clone()),
            fit: data.fit,
            patch: data.patch,
            range: data.range,
            binarize: data.binarize,
            seed,
            split: data.split_options(seed),
            limit: data.limit,
            ..unknown
        }
    }
}
