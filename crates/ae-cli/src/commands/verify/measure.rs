//! One protocol trained from one seed and measured on the test images.

use std::path::Path;
use std::time::Instant;

use ae_data::{Dataset, Division, ImageSet, Split, SplitOptions};
use ae_infer::{Device, OpenModel};
use ae_models::{ComputePath, Registry};
use ae_train::{CodeReport, DataConfig, Outcome, RunConfig, Trainer};

use super::kept::{SeedPlace, SeedResult};
use super::protocols::{Data, HeldOut, Measure, Protocol};
use crate::error::{CliError, Status};
use crate::image_source::ImageSource;
use crate::progress::Progress;
use crate::signals::Signals;
use crate::terminal::Terminal;

/// Where a set doesn't divide itself, the last of so many images in a row is tested on, as the scripts in other
/// languages have it, too.
const EVERY: usize = 10;

/// With what rows are trained.
pub(super) struct Laboratory<'a> {
    pub(super) registry: &'a Registry,
    pub(super) device: &'a Device,
    pub(super) terminal: Terminal,
    pub(super) signals: Signals,
    /// Where runs are kept, and resumed from.
    pub(super) keep: Option<&'a Path>,
    /// Epochs after which a row is stopped.
    pub(super) epochs_limit: Option<usize>,
}

impl Laboratory<'_> {
    /// Epochs that a row is trained for here.
    pub(super) fn epochs(&self, protocol: &Protocol) -> usize {
        let epochs = (protocol.train)().epochs;
        self.epochs_limit.map_or(epochs, |limit| epochs.min(limit))
    }

    /// Trains one protocol from one seed and measures the model that it keeps.
    ///
    /// # Errors
    /// The images cannot be read, training fails or is stopped by a signal, or what is kept cannot be written.
    pub(super) fn measure(
        &self,
        protocol: &Protocol,
        path: &Path,
        seed: u64,
    ) -> Result<SeedResult, CliError> {
        let mut train = (protocol.train)();
        (train.seed, train.epochs) = (seed, self.epochs(protocol));
        let config = RunConfig {
            convolutions: ComputePath::default(),
            data: DataConfig {
                source: path.display().to_string(),
                binarize: protocol.binarize,
                ..DataConfig::default()
            },
            model: (protocol.model)(),
            train,
        };
        let place = match self.keep {
            Some(folder) => Some(SeedPlace::new(folder, protocol, seed, &config)?),
            None => None,
        };
        if let Some(place) = &place
            && let Some(result) = place.result()?
        {
            return Ok(result);
        }
        let source = ImageSource::at(path, protocol.binarize, seed);
        let split = divided(protocol, &source.open(&self.terminal)?, seed)?;
        let shape = split.train.shape();
        let input = [shape.channels, shape.height, shape.width];
        let model = config.model.init(input, seed, self.device)?;
        let checked = config.train.check()?;
        let directory = match &place {
            Some(place) => Some(place.directory(&config, self.registry)?),
            None => None,
        };
        let mut progress = Progress::new(self.terminal, self.signals.clone(), false);
        // Without a directory nothing is kept of a part of a run, so a signal may end it at once.
        let training = directory.is_some().then(|| self.signals.training());
        let mut trainer = Trainer::new(&checked, self.device).observer(&mut progress);
        if let Some(directory) = &directory {
            trainer = trainer.run_directory(directory);
        }
        let trained = trainer.train(model, &split)?;
        drop((progress, training));
        if trained.outcome == Outcome::Interrupted {
            let status = self.signals.stop_requested().unwrap_or(Status::Terminated);
            return Err(CliError::stopped(
                status,
                protocol.name,
                "resume with the same command",
            ));
        }
        let begun = Instant::now();
        let kept_epoch = trained.kept_epoch();
        let epochs = &trained.epochs;
        let trained_seconds = epochs
            .iter()
            .map(|epoch| epoch.train_seconds + epoch.validation_seconds)
            .sum::<f64>();
        let epochs = epochs.len();
        let model = OpenModel::new(protocol.name, trained.model, self.device);
        let value = measured(protocol, &model, &split, seed)?;
        let result = SeedResult {
            value,
            epochs,
            kept_epoch,
            seconds: trained_seconds + begun.elapsed().as_secs_f64(),
        };
        if let Some(place) = &place {
            place.keep(&result)?;
        }
        Ok(result)
    }
}

/// The protocol's measure on the test images.
fn measured(
    protocol: &Protocol,
    model: &OpenModel,
    split: &Split,
    seed: u64,
) -> Result<f64, CliError> {
    let test = &split.test;
    let no_likelihood = || {
        CliError::failure(
            Status::Model,
            protocol.name,
            "the model has no likelihood to measure",
        )
    };
    match protocol.measure {
        Measure::Mse => {
            let noise = (protocol.train)().noise;
            let noise = (!noise.is_empty()).then_some((&noise, seed));
            Ok(model.quality(test, noise)?.mse)
        }
        Measure::Bce => Ok(model.cross_entropy(test)?),
        Measure::OverPca => Ok(model.error_over_pca(split)?),
        Measure::NegativeBound => match model.code_report(test, seed)? {
            Some(CodeReport::Variational(report)) => Ok(report.negative_bound),
            _ => Err(no_likelihood()),
        },
        Measure::NegativeLogLikelihood { samples } => model
            .log_likelihood(test, samples, seed)?
            .map(|found| found.negative_log_likelihood)
            .ok_or_else(no_likelihood),
    }
}

/// A set as a protocol divides it: as it does itself, or with every tenth image to test on; 60,000 of the large one, a fifth
/// of them tested on.
fn divided(protocol: &Protocol, dataset: &Dataset, seed: u64) -> Result<Split, CliError> {
    let mut split = in_two(protocol.data, dataset, seed)?;
    let (HeldOut::Validation(count) | HeldOut::Unused(count)) = protocol.held_out else {
        return Ok(split);
    };
    let images = &split.train;
    let trained = images.len().checked_sub(count).filter(|&left| left > 0);
    let Some(trained) = trained else {
        return Err(CliError::failure(
            Status::Data,
            protocol.name,
            format!(
                "{} training images are too few to keep {count} of them back",
                images.len()
            ),
        ));
    };
    if let HeldOut::Validation(_) = protocol.held_out {
        split.validation = images.subset((trained..images.len()).collect());
    }
    split.train = images.subset((0..trained).collect());
    Ok(split)
}

/// The training and the test images.
fn in_two(data: Data, dataset: &Dataset, seed: u64) -> Result<Split, CliError> {
    let options = SplitOptions {
        seed,
        validation_share: 0.0,
        ..SplitOptions::default()
    };
    if data == Data::NotMnistLarge {
        let mut split = dataset.split(&SplitOptions {
            test_share: 0.2,
            division: Division::Shuffle,
            ..options
        })?;
        (split.train, split.test) = (split.train.take(48_000), split.test.take(12_000));
        split.validation = split.validation.take(0);
        return Ok(split);
    }
    if dataset.test.is_some() {
        return Ok(dataset.split(&options)?);
    }
    let images = &dataset.train;
    let part = |is_test: bool| -> ImageSet {
        let indices = 0..images.len();
        images.subset(
            indices
                .filter(|index| (index % EVERY == EVERY - 1) == is_test)
                .collect(),
        )
    };
    Ok(Split {
        train: part(false),
        validation: images.subset(Vec::new()),
        test: part(true),
        shared: 0,
        dropped: 0,
    })
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

    use super::*;
    use crate::commands::verify::rows::PROTOCOLS;

    fn set(images: u8) -> ImageSet {
        let pixels = (0..images).collect();
        ImageSet::from_images("s", ImageShape::new(1, 1, 1), pixels, None, vec![])
            .expect("a set of one pixel an image")
    }

    fn pixels(set: &ImageSet) -> Vec<u8> {
        (0..set.len())
            .map(|index| set.image(index).expect("in memory").pixels()[0])
            .collect()
    }

    #[test]
    fn every_tenth_image_is_tested_on_where_a_set_has_no_test_images() {
        let protocol = Protocol {
            data: Data::Mnist10k,
            held_out: HeldOut::Nothing,
            ..PROTOCOLS[0]
        };
        let mut dataset = Dataset::new("s", set(25), None);
        let split = divided(&protocol, &dataset, 1).expect("divided");
        assert_eq!(pixels(&split.test), [9, 19]);
        assert_eq!(split.train.len(), 23);
        assert_eq!(pixels(&split.train)[8..10], [8, 10]);
        dataset.test = Some(set(3));
        let split = divided(&protocol, &dataset, 1).expect("divided");
        assert_eq!((split.train.len(), split.test.len()), (25, 3));
        assert!(split.validation.is_empty());
    }

    #[test]
    fn the_last_training_images_are_kept_back() {
        let with = |held_out| Protocol {
            data: Data::Mnist,
            held_out,
            ..PROTOCOLS[0]
        };
        let dataset = Dataset::new("s", set(25), Some(set(3)));
        let split = divided(&with(HeldOut::Validation(4)), &dataset, 1).expect("divided");
        assert_eq!(pixels(&split.validation), [21, 22, 23, 24]);
        assert_eq!(pixels(&split.train), (0..21).collect::<Vec<u8>>());
        let split = divided(&with(HeldOut::Unused(4)), &dataset, 1).expect("divided");
        assert_eq!((split.train.len(), split.validation.len()), (21, 0));
        assert!(divided(&with(HeldOut::Unused(25)), &dataset, 1).is_err());
    }
}
