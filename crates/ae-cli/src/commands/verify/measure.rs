//! One protocol trained from one seed and measured on the test images.

use std::path::Path;

use ae_data::{Dataset, Division, ImageSet, Split, SplitOptions};
use ae_infer::{Device, OpenModel};
use ae_train::{CodeReport, Selection, TrainConfig, Trainer};

use super::protocols::{Data, Measure, Protocol};
use crate::error::{CliError, Status};
use crate::image_source::ImageSource;
use crate::progress::Progress;
use crate::terminal::Terminal;

/// Where a set doesn't divide itself, the last of so many images in a row is tested on, as the scripts in other
/// languages have it, too.
const EVERY: usize = 10;

/// Trains one protocol from one seed and measures the model after the last epoch.
pub(super) fn measure(
    protocol: &Protocol,
    path: &Path,
    seed: u64,
    device: &Device,
    terminal: &Terminal,
    progress: &mut Progress,
) -> Result<f64, CliError> {
    let config = TrainConfig {
        seed,
        // As the protocols have it: after the last epoch, and without validation images.
        select: Selection::Last,
        ..(protocol.train)()
    }
    .check()?;
    let source = ImageSource::at(path, protocol.binarize, seed);
    let split = divided(protocol.data, &source.open(terminal)?, seed)?;
    let shape = split.train.shape();
    let input = [shape.channels, shape.height, shape.width];
    let model = (protocol.model)().init(input, seed, device)?;
    let trained = Trainer::new(&config, device)
        .observer(progress)
        .train(model, &split)?;
    let model = OpenModel::new(protocol.name, trained.last, device);
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
            let noise = (!config.noise.is_empty()).then_some((&config.noise, seed));
            Ok(model.quality(test, noise)?.mse)
        }
        Measure::Bce => Ok(model.cross_entropy(test)?),
        Measure::OverPca => Ok(model.error_over_pca(&split)?),
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

/// A set as it divides itself into training and test images, or with every tenth image to test on; 60,000 of the large one, a fifth of them tested on.
fn divided(data: Data, dataset: &Dataset, seed: u64) -> Result<Split, CliError> {
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
        let mut dataset = Dataset::new("s", set(25), None);
        let split = divided(Data::Mnist10k, &dataset, 1).expect("divided");
        assert_eq!(pixels(&split.test), [9, 19]);
        assert_eq!(split.train.len(), 23);
        assert_eq!(pixels(&split.train)[8..10], [8, 10]);
        dataset.test = Some(set(3));
        let split = divided(Data::Mnist10k, &dataset, 1).expect("divided");
        assert_eq!((split.train.len(), split.test.len()), (25, 3));
    }
}
