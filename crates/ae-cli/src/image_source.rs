//! Opening the images that a command works on.

use std::sync::Arc;

use ae_data::{Binarization, Dataset, Division, ImageSet, Part, ShardIndex, Split};
use ae_models::Registry;
use ae_report::thousands;
use ae_train::{DataCard, DataConfig, RunConfig, RunDirectory};

use crate::arguments::{DataArguments, DataPosition};
use crate::error::CliError;
use crate::terminal::Terminal;

/// What decides which images a command sees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageSource {
    /// The set and what is done to its images.
    pub(crate) config: DataConfig,
    /// What decides which images are kept for testing, and what is drawn from grays.
    pub(crate) seed: u64,
}

impl ImageSource {
    /// The set that a command about data is to look at; glyphs when none is named.
    pub(crate) fn alone(position: DataPosition) -> Self {
        let mut arguments = position.data;
        arguments.data = position.set.or(arguments.data);
        Self {
            config: configured(&arguments, DataConfig::default()),
            seed: 0,
        }
    }

    /// The set that a run is trained on.
    pub(crate) fn of_run(config: &RunConfig) -> Self {
        Self {
            config: config.data.clone(),
            seed: config.train.seed,
        }
    }

    /// A set in a folder, as it is or in black and white.
    pub(crate) fn at(folder: &std::path::Path, binarize: Binarization, seed: u64) -> Self {
        Self {
            config: DataConfig {
                source: folder.display().to_string(),
                binarize,
                ..DataConfig::default()
            },
            seed,
        }
    }

    /// Reads the set and tells what was left out.
    ///
    /// # Errors
    /// Those of [`ae_data::open`].
    pub(crate) fn open(&self, terminal: &Terminal) -> Result<Dataset, CliError> {
        let dataset = self.open_untold()?;
        tell_skipped(&dataset, terminal);
        Ok(dataset)
    }

    /// Reads the set, for a command that tells by itself what was left out.
    ///
    /// # Errors
    /// Those of [`ae_data::open`].
    pub(crate) fn open_untold(&self) -> Result<Dataset, CliError> {
        Ok(self.config.open(self.seed)?)
    }

    /// Reads the set and divides it, for a run that says in its model files what it was trained on. `indexes` are what is known
    /// of shards that are streamed.
    ///
    /// # Errors
    /// Those of [`ae_data::open`] and [`Dataset::split`].
    pub(crate) fn split(
        &self,
        indexes: Option<Arc<[ShardIndex]>>,
        terminal: &Terminal,
    ) -> Result<(Dataset, Split, DataCard), CliError> {
        let dataset = self.config.open_indexed(self.seed, indexes)?;
        tell_skipped(&dataset, terminal);
        tell_layout(&dataset, terminal);
        let card = DataCard::new(&self.config, self.seed, &dataset)?;
        let split = self.divided(&dataset)?;
        Ok((dataset, split, card))
    }

    /// Divides the set as a run would, and takes as many images of each part as it would, or patches of them.
    ///
    /// # Errors
    /// Those of [`Dataset::split`].
    pub(crate) fn divided(&self, dataset: &Dataset) -> Result<Split, CliError> {
        Ok(self.config.divide(dataset, self.seed)?)
    }

    /// At most `limit` images of a part: as the run took them that the set is of.
    pub(crate) fn limited(&self, set: &ImageSet, limit: usize) -> Result<ImageSet, CliError> {
        Ok(self.config.limited(set, limit, self.seed)?)
    }
}

/// The images of a part that the set has of its own, or all of them.
pub(crate) fn own_part(dataset: &Dataset, part: Option<Part>) -> Result<ImageSet, CliError> {
    let parts = [
        Some(&dataset.train),
        dataset.validation.as_ref(),
        dataset.test.as_ref(),
    ];
    let found = match part.unwrap_or(Part::All) {
        Part::All => {
            let parts: Vec<_> = parts.into_iter().flatten().cloned().collect();
            return Ok(ImageSet::concatenated(&parts));
        }
        _ if dataset.validation.is_none() && dataset.test.is_none() => None,
        Part::Train => parts[0],
        Part::Validation => parts[1],
        Part::Test => parts[2],
    };
    found.cloned().ok_or_else(|| {
        let what = format!("--part {}", part.unwrap_or(Part::All));
        CliError::usage(
            what,
            format!("{} has no such part of its own", dataset.name),
        )
    })
}

/// What the arguments say, and where they say nothing, `base`.
pub(crate) fn configured(arguments: &DataArguments, base: DataConfig) -> DataConfig {
    DataConfig {
        source: arguments.data.clone().unwrap_or(base.source),
        stream: base.stream,
        shuffle_buffer: base.shuffle_buffer,
        size: arguments.size.or(base.size),
        fit: arguments.fit.unwrap_or(base.fit),
        channels: arguments.channels.or(base.channels),
        patch: arguments.patch.or(base.patch),
        patches_per_epoch: base.patches_per_epoch,
        range: arguments.range.or(base.range),
        max_pixels: arguments.max_pixels.or(base.max_pixels),
        binarize: arguments.binarize.unwrap_or(base.binarize),
        strict: arguments.strict || base.strict,
        test_share: arguments.test_share.unwrap_or(base.test_share),
        validation_share: arguments.validation_share.or(base.validation_share),
        // The shuffle of before knows no validation images.
        division: match arguments.validation_share {
            Some(_) => Division::Content,
            None => base.division,
        },
        dedup: arguments.dedup || base.dedup,
        limit: arguments.limit.or(base.limit),
    }
}

/// Reads a run's `config.toml`.
pub(crate) fn read_run_config(
    run: &std::path::Path,
    registry: &Registry,
) -> Result<RunConfig, CliError> {
    RunDirectory::open(run)
        .and_then(|run| run.read_run_config(registry))
        .map_err(CliError::from)
}

/// Tells what the set's files were recognized as, and what of them was left aside.
pub(crate) fn tell_layout(dataset: &Dataset, terminal: &Terminal) {
    if !dataset.layout.recognized.is_empty() {
        terminal.note(format!("layout: {}", dataset.layout));
    }
    for sentence in &dataset.layout.values {
        terminal.note(sentence);
    }
}

/// The same where anything was left aside or lost; of a shard, whose other notes are left out, what was lost.
pub(crate) fn tell_left_out(dataset: &Dataset, terminal: &Terminal) {
    let layout = &dataset.layout;
    if !(layout.left_aside.is_empty() && layout.values.is_empty()) {
        tell_layout(dataset, terminal);
    }
    if terminal.is_of_shard {
        for sentence in &layout.values {
            terminal.said_by_all(format!("{}: {sentence}", dataset.name));
        }
    }
}

/// Tells of images that are in two parts of a set.
pub(crate) fn tell_shared(split: &Split, terminal: &Terminal) {
    if split.dropped > 0 {
        terminal.note(format!(
            "{} images dropped from training or validation: they are among the images measured on, too",
            thousands(split.dropped as u64)
        ));
    } else if split.shared > 0 {
        terminal.warning(format!(
            "{} validation or test images also occur among the images before them; --dedup drops them there",
            thousands(split.shared as u64)
        ));
    }
}

/// Tells which files could not be read.
pub(crate) fn tell_skipped(dataset: &Dataset, terminal: &Terminal) {
    const MOST: usize = 5;
    if dataset.skipped.is_empty() {
        return;
    }
    terminal.warning(format!(
        "{} of {} files skipped as unreadable; --strict makes this an error",
        thousands(dataset.skipped.len() as u64),
        thousands(dataset.files as u64)
    ));
    for skipped in dataset.skipped.iter().take(MOST) {
        terminal.warning(format!("  {}: {}", skipped.file, skipped.reason));
    }
    if dataset.skipped.len() > MOST {
        terminal.warning(format!(
            "  and {} more; ae data info lists them",
            dataset.skipped.len() - MOST
        ));
    }
}

#[cfg(test)]
mod tests {
    use ae_data::Size;

    use super::*;

    #[test]
    fn arguments_win_over_the_run_and_the_run_over_defaults() {
        let run = DataConfig {
            source: "letters".to_owned(),
            size: Some(Size {
                height: 32,
                width: 32,
            }),
            limit: Some(10),
            ..DataConfig::default()
        };
        assert_eq!(configured(&DataArguments::default(), run.clone()), run);
        let arguments = DataArguments {
            data: Some("other".to_owned()),
            limit: Some(3),
            dedup: true,
            ..DataArguments::default()
        };
        let expected = DataConfig {
            source: "other".to_owned(),
            limit: Some(3),
            dedup: true,
            ..run.clone()
        };
        assert_eq!(configured(&arguments, run), expected);
    }
}
