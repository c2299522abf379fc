//! What a detector has to beat: scores that need no model.

use ae_data::ImageSet;

use crate::anomaly::neighbor_distance::neighbor_distances;
use crate::anomaly::png_length::png_bytes;
use crate::error::EvalError;
use crate::pca::Pca;
use crate::spread::evenly_spread;

/// Images that [`TrivialDetectors::learn`] keeps the pixels of, at most.
const MOST_IMAGES: usize = 20_000;
/// Values of them that it keeps: 128 MiB.
const MOST_VALUES: usize = 32 << 20;

/// What [`TrivialDetectors`] do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrivialSettings {
    /// Nearest training images that the distance of pixels is a mean over.
    pub neighbors: usize,
    /// Principal components.
    pub components: usize,
}

impl Default for TrivialSettings {
    fn default() -> Self {
        Self {
            neighbors: 2,
            components: 32,
        }
    }
}

/// Which images a quantity calls anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Those that have more of it.
    Higher,
    /// Those that have less of it.
    Lower,
    /// Those that are far from the median of the training images.
    FarFromMedian,
}

/// The scores of a set by something that needs no model; larger is more anomalous.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TrivialScores {
    /// What it is, with its setting.
    pub name: String,
    /// Which images it calls anomalous.
    pub reading: Reading,
    /// An image's score, in the set's order.
    pub scores: Vec<f64>,
}

/// Mean brightness, the length as a PNG file, the distance to the nearest training images in pixels, and the error of
/// principal components. The last two need training images; so does a median.
#[derive(Debug, Clone)]
pub struct TrivialDetectors {
    settings: TrivialSettings,
    learned: Option<Learned>,
}

#[derive(Debug, Clone)]
struct Learned {
    median_brightness: f64,
    median_png_bytes: f64,
    /// `[images, values]`.
    pixels: Vec<f32>,
    pca: Pca,
}

impl TrivialDetectors {
    /// Learns from training images, of 20,000 evenly spread ones or 128 MiB of pixels at most; without any, from nothing.
    ///
    /// # Errors
    /// The set is empty, or an image cannot be read.
    pub fn learn(train: Option<&ImageSet>, settings: TrivialSettings) -> Result<Self, EvalError> {
        let learned = train
            .map(|train| Learned::of(train, &settings))
            .transpose()?;
        Ok(Self { settings, learned })
    }

    /// How many training images it looked at.
    #[must_use]
    pub fn images(&self) -> usize {
        let learned = self.learned.as_ref();
        learned.map_or(0, |learned| learned.pixels.len() / learned.pca.values())
    }

    /// The scores of a set by each of them; always the same ones in the same order.
    ///
    /// # Errors
    /// The set is empty, has another shape than the training images, or an image cannot be read.
    pub fn scores(&self, set: &ImageSet) -> Result<Vec<TrivialScores>, EvalError> {
        let (brightness, png_bytes) = quantities(set)?;
        let medians = self.learned.as_ref();
        let medians = medians.map(|learned| (learned.median_brightness, learned.median_png_bytes));
        let mut scores = Vec::new();
        scores.extend(readings(
            "mean brightness",
            brightness,
            medians.map(|medians| medians.0),
        ));
        scores.extend(readings(
            "PNG length",
            png_bytes,
            medians.map(|medians| medians.1),
        ));
        let Some(learned) = &self.learned else {
            return Ok(scores);
        };
        let values = set.shape().values();
        if values != learned.pca.values() {
            return Err(EvalError::RaggedRows {
                row_values: learned.pca.values(),
                found: values,
            });
        }
        let mut distances = Vec::with_capacity(set.len());
        let mut errors = Vec::with_capacity(set.len());
        let at_once = (MOST_VALUES / values).clamp(1, 4096);
        for first in (0..set.len()).step_by(at_once) {
            let chosen: Vec<usize> = (first..set.len().min(first + at_once)).collect();
            let rows = pixels(set, &chosen)?;
            let neighbors = self.settings.neighbors;
            distances.extend(neighbor_distances(
                &learned.pixels,
                &rows,
                values,
                neighbors,
            )?);
            errors.extend(rows.chunks_exact(values).map(|row| {
                let output = learned.pca.reconstruct(row);
                crate::quality::meter::squared_error(row, &output) / values as f64
            }));
        }
        scores.push(TrivialScores {
            name: format!("{} nearest in pixels", self.settings.neighbors),
            reading: Reading::Higher,
            scores: distances,
        });
        scores.push(TrivialScores {
            name: format!("PCA error, {} components", learned.pca.components()),
            reading: Reading::Higher,
            scores: errors,
        });
        Ok(scores)
    }
}

impl Learned {
    fn of(train: &ImageSet, settings: &TrivialSettings) -> Result<Self, EvalError> {
        let values = train.shape().values();
        let most = MOST_IMAGES.min((MOST_VALUES / values.max(1)).max(1));
        let chosen = evenly_spread(train.len(), most);
        let pca = Pca::fit_images(train, settings.components)?;
        let (brightness, png_bytes) = quantities(&train.subset(chosen.clone()))?;
        Ok(Self {
            median_brightness: median(brightness),
            median_png_bytes: median(png_bytes),
            pixels: pixels(train, &chosen)?,
            pca,
        })
    }
}

/// A quantity's scores, read in each way.
fn readings(name: &str, quantity: Vec<f64>, median: Option<f64>) -> Vec<TrivialScores> {
    let scores = |reading, scores| TrivialScores {
        name: name.to_owned(),
        reading,
        scores,
    };
    let lower = quantity.iter().map(|value| -value).collect();
    let far = median.map(|median| {
        quantity
            .iter()
            .map(|value| (value - median).abs())
            .collect()
    });
    let mut all = vec![scores(Reading::Lower, lower)];
    all.extend(far.map(|far| scores(Reading::FarFromMedian, far)));
    all.insert(0, scores(Reading::Higher, quantity));
    all
}

/// The mean of every image's pixels in `[0, 1]`, and its bytes as PNG.
fn quantities(set: &ImageSet) -> Result<(Vec<f64>, Vec<f64>), EvalError> {
    let (mut brightness, mut bytes) = (Vec::new(), Vec::new());
    for index in 0..set.len() {
        let image = set.image(index)?;
        let sum: u64 = image.pixels().iter().map(|&pixel| u64::from(pixel)).sum();
        brightness.push(sum as f64 / 255.0 / image.pixels().len() as f64);
        bytes.push(png_bytes(&image)? as f64);
    }
    if brightness.is_empty() {
        return Err(EvalError::EmptySet {
            name: set.name().to_owned(),
        });
    }
    Ok((brightness, bytes))
}

fn pixels(set: &ImageSet, indices: &[usize]) -> Result<Vec<f32>, EvalError> {
    let values = set.shape().values();
    let mut pixels = vec![0.0; indices.len() * values];
    for (&index, image) in indices.iter().zip(pixels.chunks_exact_mut(values)) {
        set.read_unit_into(index, image)?;
    }
    Ok(pixels)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len().is_multiple_of(2) {
        true => 0.5 * (values[middle - 1] + values[middle]),
        false => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

    use super::*;

    fn set(images: &[[u8; 4]]) -> ImageSet {
        let pixels = images.concat();
        ImageSet::from_images("s", ImageShape::new(1, 2, 2), pixels, None, vec![]).unwrap()
    }

    #[test]
    fn scores_are_those_computed_by_hand() {
        let train = set(&[[0, 0, 0, 0], [255, 0, 0, 0], [255, 255, 0, 0]]);
        let judged = set(&[[255, 255, 255, 255], [0, 0, 0, 0]]);
        let detectors = TrivialDetectors::learn(
            Some(&train),
            TrivialSettings {
                neighbors: 2,
                components: 1,
            },
        )
        .unwrap();
        assert_eq!(detectors.images(), 3);
        let scores = detectors.scores(&judged).unwrap();
        let named = |name: &str, reading: Reading| -> Vec<f64> {
            let mut found = scores.iter();
            let found =
                found.find(|scores| scores.name.starts_with(name) && scores.reading == reading);
            found.unwrap().scores.clone()
        };
        assert_eq!(named("mean brightness", Reading::Higher), [1.0, 0.0]);
        assert_eq!(named("mean brightness", Reading::Lower), [-1.0, 0.0]);
        assert_eq!(
            named("mean brightness", Reading::FarFromMedian),
            [0.75, 0.25]
        );
        // White is root 2 from two white pixels and root 3 from one; black is on itself and 1 from one white pixel.
        let pixels = named("2 nearest in pixels", Reading::Higher);
        assert!((pixels[0] - (2f64.sqrt() + 3f64.sqrt()) / 2.0).abs() < 1e-6);
        assert!((pixels[1] - 0.5).abs() < 1e-6);
        let errors = named("PCA error, 1 components", Reading::Higher);
        assert!(errors[0] > errors[1], "{errors:?}");
        let png = named("PNG length", Reading::Higher);
        assert_eq!(png.len(), 2);
    }

    #[test]
    fn without_training_images_there_is_neither_median_nor_neighbor() {
        let judged = set(&[[255, 255, 255, 255], [0, 0, 0, 0]]);
        let detectors = TrivialDetectors::learn(None, TrivialSettings::default()).unwrap();
        let scores = detectors.scores(&judged).unwrap();
        let readings: Vec<Reading> = scores.iter().map(|scores| scores.reading).collect();
        let both = [Reading::Higher, Reading::Lower];
        assert_eq!(readings, [both, both].concat());
        assert_eq!(detectors.images(), 0);
        assert!(detectors.scores(&set(&[])).is_err());
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
