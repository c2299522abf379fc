//! A run's directory while it is trained in: the lock, the log, the models and the checkpoints.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ae_data::{ImageSet, Split};
use ae_models::{ModelCard, Trainable, config_of, read_model_data, save_model};

use crate::config::{CheckedTrainConfig, TrainConfig};
use crate::error::ChangedField;
use crate::error::TrainError;
use crate::optim::model_optimizer::ModelOptimizer;
use crate::optim::segment::{RateChange, RunLength};
use crate::run::checkpoint::{self, Checkpoint, Content, Origin, WriteModel};
use crate::run::data_card::DataCard;
use crate::run::directory::{RunDirectory, RunLock, remove};
use crate::run::metrics::{MetricsLine, MetricsLog};
use crate::run::progress::Progress;
use crate::run::reports::{CheckpointReport, EpochReport, Resumed};

/// Fields of the configuration that a resumed run may have other values of.
const MAY_CHANGE: [&str; 6] = [
    "epochs",
    "steps",
    // Those of the checkpoint stand, whatever is asked for.
    "segments",
    "loader_threads",
    "checkpoint_every_steps",
    "checkpoint_every_seconds",
];

pub(crate) struct RunStore<'a> {
    run: &'a RunDirectory,
    card: ModelCard,
    origin: Origin,
    log: MetricsLog,
    last_checkpoint: Instant,
    // Last, so that the files above are closed before somebody else may open them.
    _lock: RunLock,
}

/// The models of a checkpoint.
pub(crate) struct Weights<'a, M> {
    /// What is trained.
    pub(crate) trained: &'a M,
    /// The same with averaged weights, where they are averaged.
    pub(crate) averaged: Option<&'a M>,
    /// What is kept so far.
    pub(crate) kept: Option<&'a M>,
}

/// What a resumed run begins with.
pub(crate) struct Start {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) resumed: Resumed,
    /// The settings with the history of the run.
    pub(crate) config: CheckedTrainConfig,
}

impl<'a> RunStore<'a> {
    /// Takes the directory and finds the checkpoint to resume from, if there is one.
    pub(crate) fn open<M: Trainable>(
        run: &'a RunDirectory,
        model: &M,
        split: &Split,
        config: &CheckedTrainConfig,
        steps_per_epoch: usize,
    ) -> Result<(Self, Option<Start>), TrainError> {
        let lock = run.lock()?;
        run.remove_unfinished(&lock)?;
        let mut origin = origin(model, split, config)?;
        let mut card = ModelCard::new(model);
        card.noise = (!config.noise.is_empty()).then(|| config.noise.to_string());
        card.data_name = Some(split.train.name().to_owned());
        card.data_fingerprint = Some(origin.train_images.clone());

        let (checkpoint, skipped) = checkpoint::newest(&run.checkpoints())?;
        if let Some(checkpoint) = &checkpoint {
            let fields = changed_fields(&checkpoint.origin, &origin);
            if !fields.is_empty() {
                return Err(TrainError::Changed {
                    path: run.path().to_path_buf(),
                    fields,
                });
            }
        }
        // A resumed run's files say of their data what they said, and those of before there was a card nothing.
        card.data = match &checkpoint {
            Some(checkpoint) => read_model_data(checkpoint.path.join(checkpoint::MODEL))?,
            None => run.data_card().map(DataCard::to_json),
        };
        let resumption = checkpoint
            .as_ref()
            .map(|checkpoint| Resumption::new(run, checkpoint, config, steps_per_epoch))
            .transpose()?;
        if let Some(resumption) = &resumption {
            origin.train = table_of(resumption.config.get());
        }
        let segments = match &resumption {
            Some(resumption) => &resumption.config.segments,
            None => &config.segments,
        };
        // Steps after the checkpoint are taken again and their checkpoints written again.
        for (path, _) in &skipped {
            remove(path)?;
        }
        let log_bytes = checkpoint
            .as_ref()
            .map_or(0, |checkpoint| checkpoint.progress.log_bytes);
        let log = MetricsLog::open(&run.metrics_file(), log_bytes)?;
        restore_models(run, checkpoint.as_ref())?;
        run.commit_config(segments)?;
        let other_test_images = checkpoint.as_ref().and_then(|checkpoint| {
            let (then, now) = (&checkpoint.origin.test_images, &origin.test_images);
            (then != now).then(|| (short(then), short(now)))
        });
        let store = Self {
            run,
            card,
            origin,
            log,
            last_checkpoint: Instant::now(),
            _lock: lock,
        };
        let start = checkpoint
            .zip(resumption)
            .map(|(checkpoint, resumption)| Start {
                resumed: Resumed {
                    checkpoint: checkpoint.path.clone(),
                    steps_done: checkpoint.progress.step,
                    epoch: checkpoint.progress.epoch + 1,
                    skipped,
                    rate_change: resumption.rate_change,
                    other_test_images,
                },
                checkpoint,
                config: resumption.config,
            });
        Ok((store, start))
    }

    pub(crate) fn log(&mut self, line: &MetricsLine) -> Result<(), TrainError> {
        self.log.push(line)
    }

    /// Keeps `model` as the run's.
    pub(crate) fn save_kept<M: Trainable>(&self, model: &M) -> Result<(), TrainError> {
        Ok(save_model(self.run.model_file(), model, &self.card)?)
    }

    /// Keeps `model` as the last that could be used, without a checkpoint. Returns its file.
    pub(crate) fn save_last<M: Trainable>(&self, model: &M) -> Result<PathBuf, TrainError> {
        let path = self.run.last_model_file();
        save_model(&path, model, &self.card)?;
        Ok(path)
    }

    /// Writes all that it takes to resume from here.
    pub(crate) fn checkpoint<M: Trainable>(
        &mut self,
        models: Weights<'_, M>,
        optimizer: &ModelOptimizer,
        progress: &mut Progress,
        epochs: &[EpochReport],
    ) -> Result<CheckpointReport, TrainError> {
        let begin = Instant::now();
        progress.log_bytes = self.log.sync()?;
        let content = Content {
            progress,
            epochs,
            origin: &self.origin,
            optimizer: optimizer.state(),
        };
        let write = |model: &M, path: &Path| Ok(save_model(path, model, &self.card)?);
        let write = &write;
        let others = [
            (checkpoint::AVERAGE, models.averaged),
            (checkpoint::BEST, models.kept),
        ];
        let mut writers: Vec<WriteModel<'_>> = Vec::new();
        for (name, model) in [(checkpoint::MODEL, Some(models.trained))]
            .into_iter()
            .chain(others)
        {
            if let Some(model) = model {
                writers.push((name, Box::new(move |path| write(model, path))));
            }
        }
        let path = checkpoint::write(&self.run.checkpoints(), content, &writers)?;
        self.save_last(models.averaged.unwrap_or(models.trained))?;
        self.last_checkpoint = Instant::now();
        Ok(CheckpointReport {
            path,
            step: progress.step,
            seconds: begin.elapsed().as_secs_f64(),
        })
    }

    pub(crate) fn seconds_since_checkpoint(&self) -> f64 {
        self.last_checkpoint.elapsed().as_secs_f64()
    }
}

/// What the settings of a resumed run become.
struct Resumption {
    config: CheckedTrainConfig,
    rate_change: Option<RateChange>,
}

impl Resumption {
    /// Settings of a run that is resumed from `checkpoint`, with the history that it has.
    fn new(
        run: &RunDirectory,
        checkpoint: &Checkpoint,
        config: &CheckedTrainConfig,
        steps_per_epoch: usize,
    ) -> Result<Self, TrainError> {
        let progress = &checkpoint.progress;
        let begun = progress.epoch + usize::from(progress.batch > 0);
        let path = run.path().to_path_buf();
        match config.length() {
            RunLength::Epochs(asked) if asked < begun => {
                return Err(TrainError::FewerEpochs { path, asked, begun });
            }
            RunLength::Steps(asked) if asked < progress.step => {
                let taken = progress.step;
                return Err(TrainError::FewerSteps { path, asked, taken });
            }
            RunLength::Epochs(_) | RunLength::Steps(_) => {}
        }
        let then = settings_of(&checkpoint.origin)
            .map_err(|error| TrainError::checkpoint(&checkpoint.path, error))?;
        let config = config
            .with_history_of(&then, progress.step, steps_per_epoch)
            .check()?;
        // A run that stopped early takes no more steps.
        let rate_change = match progress.stopped_early {
            true => None,
            false => config.rate_change(&then, progress.step, steps_per_epoch),
        };
        Ok(Self {
            config,
            rate_change,
        })
    }
}

/// The settings that a checkpoint was written under; what was not there then has its default.
fn settings_of(origin: &Origin) -> Result<TrainConfig, toml::de::Error> {
    origin.train.clone().try_into()
}

fn table_of(config: &TrainConfig) -> toml::Table {
    toml::Table::try_from(config).expect("a configuration that was checked is a TOML table")
}

/// Makes the run's models those of its checkpoint. A killed run may have found a better one after it, which the resumed
/// run will find again; or have been killed between the checkpoint and the copy of its model.
fn restore_models(run: &RunDirectory, checkpoint: Option<&Checkpoint>) -> Result<(), TrainError> {
    let restore = |file: &Path, name: &str| {
        let of_checkpoint =
            checkpoint.and_then(|checkpoint| Some((checkpoint, checkpoint.files.get(name)?)));
        match of_checkpoint {
            Some((_, digest)) if digest.read(file).is_ok() => Ok(()),
            Some((checkpoint, _)) => checkpoint::copy(&checkpoint.path.join(name), file),
            None => remove(file),
        }
    };
    restore(&run.model_file(), checkpoint::BEST)?;
    let is_averaged = checkpoint.is_some_and(|checkpoint| checkpoint.average.is_some());
    restore(
        &run.last_model_file(),
        match is_averaged {
            true => checkpoint::AVERAGE,
            false => checkpoint::MODEL,
        },
    )
}

fn origin<M: Trainable>(
    model: &M,
    split: &Split,
    config: &CheckedTrainConfig,
) -> Result<Origin, TrainError> {
    let fingerprint = |set: &ImageSet| match set.is_empty() {
        true => Ok(String::new()),
        false => set.fingerprint(),
    };
    let model = match config_of(model) {
        Some(config) => {
            toml::Table::try_from(config).expect("a model's configuration is a part of config.toml")
        }
        None => toml::Table::new(),
    };
    Ok(Origin {
        train_images: fingerprint(&split.train)?,
        validation_images: Some(fingerprint(&split.validation)?),
        test_images: fingerprint(&split.test)?,
        train: table_of(config),
        model,
    })
}

/// The images that epochs are compared by.
fn validation_images(origin: &Origin) -> &String {
    origin
        .validation_images
        .as_ref()
        .unwrap_or(&origin.test_images)
}

fn short(fingerprint: &str) -> String {
    fingerprint.get(..12).unwrap_or("none").to_owned()
}

/// The differences that a resumed run must not have, by name.
fn changed_fields(then: &Origin, now: &Origin) -> Vec<ChangedField> {
    let mut fields = Vec::new();
    let images = [
        ("the training images", &then.train_images, &now.train_images),
        (
            "the validation images",
            validation_images(then),
            validation_images(now),
        ),
    ];
    for (name, then, now) in images {
        if then != now {
            fields.push(ChangedField {
                name: name.to_owned(),
                then: short(then),
                now: short(now),
            });
        }
    }
    let fields_of = |origin: &Origin| {
        // Read and written anew, so that what a program of before didn't know has the default that it ran by.
        let train = settings_of(origin).map(|settings| table_of(&settings));
        let mut fields = flatten(train.as_ref().unwrap_or(&origin.train));
        let model = flatten(&origin.model).into_iter();
        fields.extend(model.map(|(name, value)| (format!("model.{name}"), value)));
        fields
    };
    let (then, now) = (fields_of(then), fields_of(now));
    let mut names: Vec<&String> = then.iter().chain(&now).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let value = |fields: &[(String, String)], name: &str| {
        fields
            .iter()
            .find(|(other, _)| other == name)
            .map_or_else(|| "absent".to_owned(), |(_, value)| value.clone())
    };
    for name in names {
        let (then, now) = (value(&then, name), value(&now, name));
        if then != now && !MAY_CHANGE.contains(&name.as_str()) {
            fields.push(ChangedField {
                name: name.clone(),
                then,
                now,
            });
        }
    }
    fields
}

fn flatten(table: &toml::Table) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) => {
                fields.extend(
                    flatten(inner)
                        .into_iter()
                        .map(|(field, value)| (format!("{name}.{field}"), value)),
                );
            }
            value => fields.push((name.clone(), value.to_string())),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EarlyStopping, TrainConfig};

    fn of(config: &TrainConfig) -> Origin {
        Origin {
            train_images: "0123456789abcdef".into(),
            validation_images: Some(String::new()),
            test_images: String::new(),
            train: toml::Table::try_from(config).unwrap(),
            model: toml::Table::new(),
        }
    }

    #[test]
    fn changed_fields_are_named_with_both_values() {
        let then = TrainConfig::default();
        let now = TrainConfig {
            learning_rate: 0.01,
            optimizer: "sgd".parse().unwrap(),
            early_stopping: Some(EarlyStopping {
                patience_epochs: 4,
                min_delta: 0.0,
            }),
            ..then.clone()
        };
        let texts: Vec<String> = changed_fields(&of(&then), &of(&now))
            .into_iter()
            .map(|field| format!("{}: {} -> {}", field.name, field.then, field.now))
            .collect();
        for expected in [
            "learning_rate: 0.008 -> 0.01",
            "optimizer.kind: \"adam\" -> \"sgd\"",
            "early_stopping.patience_epochs: absent -> 4",
        ] {
            assert!(
                texts.iter().any(|text| text == expected),
                "{expected} not in {texts:?}"
            );
        }
        let wider = |width: i64| Origin {
            model: toml::Table::from_iter([("widths".to_owned(), vec![4, width].into())]),
            ..of(&then)
        };
        let fields = changed_fields(&wider(8), &wider(16));
        assert_eq!(fields.len(), 1);
        assert_eq!(
            (fields[0].name.as_str(), fields[0].then.as_str()),
            ("model.widths", "[4, 8]")
        );
        let other_images = Origin {
            train_images: "fedcba9876543210".into(),
            ..of(&then)
        };
        let fields = changed_fields(&of(&then), &other_images);
        assert_eq!(fields.len(), 1);
        assert_eq!(
            (fields[0].then.as_str(), fields[0].now.as_str()),
            ("0123456789ab", "fedcba987654")
        );
    }

    #[test]
    fn what_decides_nothing_may_change() {
        let then = TrainConfig::default();
        let now = TrainConfig {
            epochs: 99,
            steps: Some(1234),
            loader_threads: 7,
            checkpoint_every_steps: Some(3),
            checkpoint_every_seconds: None,
            ..then.clone()
        };
        assert!(changed_fields(&of(&then), &of(&now)).is_empty());
    }
}
