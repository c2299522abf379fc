//! What an autoencoder has to beat, measured on the same images with the same noise.

use ae_data::{Image, ImageSet, ImageShape};
use rayon::prelude::*;
use serde::Serialize;

use crate::jpeg::{self, JpegSize};
use crate::pca::evenly_spread;
use crate::quality::ImageQuality;
use crate::{Corruption, EvalError, Part, Pca, Quality, QualityMeter};

mod tuning;

use tuning::{Filter, choose_filters};

/// Qualities at which JPEG is always measured.
const JPEG_QUALITIES: [u8; 3] = [10, 50, 90];
/// Most images whose JPEG sizes are averaged in the search for the nearest quality.
const MOST_SIZED_IMAGES: usize = 1000;
/// Most training images whose mean is taken.
const MOST_AVERAGED_IMAGES: usize = 20_000;
/// Images measured between two additions to the sums; only their qualities are held.
const BATCH_IMAGES: usize = 1024;

/// What [`baselines`] measures.
#[derive(Clone, Copy)]
pub struct BaselineRequest<'a> {
    /// Clean training images: the mean image, the principal components and the strength of the
    /// filters come from these.
    pub train: &'a ImageSet,
    /// Clean test images, on which everything is measured and nothing is chosen.
    pub test: &'a ImageSet,
    /// Numbers in the model's code.
    pub code_values: usize,
    /// Bits in each of those numbers.
    pub code_value_bits: u32,
    /// Makes the noisy inputs; nothing for a plain autoencoder.
    pub corruption: Option<&'a dyn Corruption>,
}

/// One baseline's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// The method: `identity`, `mean image`, `pca`, `median`, `gaussian`, `non-local means` or
    /// `jpeg`.
    pub name: String,
    /// The method's setting, for people to read; empty where there is none.
    pub setting: String,
    /// How near the results come to the clean test images.
    #[serde(flatten)]
    pub quality: Quality,
    /// Stored bits for each pixel; nothing for filters, which compress nothing.
    pub bits_per_pixel: Option<f64>,
    /// Stored bytes for each image, a mean; for JPEG those of the whole file.
    pub bytes_per_image: Option<f64>,
    /// For JPEG, the mean bytes of the entropy-coded data alone ([`JpegSize::Scan`]): the size
    /// that compares to a code stored without its decoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_bytes_per_image: Option<f64>,
}

/// Measures every baseline that applies, in this order:
///
/// 1. `identity`: the input itself, stored as one byte a value; with noise, the noisy input.
/// 2. `mean image`: the mean of the training images, whatever the input; stores nothing.
/// 3. `pca`: as many principal components of the clean training images as the code has numbers,
///    at as many bits each. Only where the code has fewer numbers than the image has values.
/// 4. With noise, `median`, `gaussian` and `non-local means`. Their strengths are the ones with
///    the least squared error on training images (evenly spread ones, large images by their
///    middle); the test images have no part in the choice.
/// 5. `jpeg` of the input at the quality whose mean file size comes nearest to the code's, at the
///    one whose mean [scan](JpegSize::Scan) does where that is another, and at 10, 50 and 90.
///
/// Results are clipped to `[0, 1]`. They do not depend on the number of threads; images are read,
/// corrupted and measured on rayon's, and memory does not grow with the test set.
///
/// # Errors
/// A set without images, training and test images of different shapes, or an image that cannot be
/// read.
pub fn baselines(request: &BaselineRequest<'_>) -> Result<Vec<Baseline>, EvalError> {
    for set in [request.train, request.test] {
        if set.is_empty() {
            return Err(EvalError::EmptySet {
                name: set.name().to_owned(),
            });
        }
    }
    let (train, test) = (request.train.shape(), request.test.shape());
    if train != test {
        return Err(EvalError::ShapeMismatch { train, test });
    }
    let bench = Bench {
        request,
        shape: test,
    };

    let mut results = vec![bench.identity()?, bench.mean_image()?];
    if request.code_values < test.values() {
        results.push(bench.pca()?);
    }
    if let Some(corruption) = request.corruption {
        for filter in choose_filters(request.train, corruption)? {
            results.push(bench.filter(&filter)?);
        }
    }
    results.extend(bench.jpegs()?);
    Ok(results)
}

/// Bytes stored for one image, and for JPEG the scan's among them.
#[derive(Clone, Copy, Default)]
struct Stored {
    bytes: usize,
    scan_bytes: usize,
}

/// The test images with their inputs, and how to measure a method on them.
struct Bench<'a> {
    request: &'a BaselineRequest<'a>,
    shape: ImageShape,
}

impl Bench<'_> {
    fn identity(&self) -> Result<Baseline, EvalError> {
        let bytes = self.shape.values() as f64;
        let (quality, _) = self.measure(|input| Ok((input, Stored::default())))?;
        Ok(self.baseline("identity", String::new(), quality, Some(bytes)))
    }

    fn mean_image(&self) -> Result<Baseline, EvalError> {
        let mean = mean_image(self.request.train)?;
        let (quality, _) = self.measure(|_| Ok((mean.clone(), Stored::default())))?;
        Ok(self.baseline("mean image", String::new(), quality, Some(0.0)))
    }

    fn pca(&self) -> Result<Baseline, EvalError> {
        let pca = Pca::fit_images(self.request.train, self.request.code_values)?;
        let (quality, _) =
            self.measure(|input| Ok((pca.reconstruct(&input), Stored::default())))?;
        let bits = pca.components() as f64 * f64::from(self.request.code_value_bits);
        let setting = format!(
            "{} components of {} training images",
            pca.components(),
            pca.rows()
        );
        Ok(self.baseline("pca", setting, quality, Some(bits / 8.0)))
    }

    fn filter(&self, filter: &Filter) -> Result<Baseline, EvalError> {
        let (quality, _) =
            self.measure(|input| Ok((filter.apply(self.shape, &input), Stored::default())))?;
        Ok(self.baseline(filter.name(), filter.to_string(), quality, None))
    }

    fn jpegs(&self) -> Result<Vec<Baseline>, EvalError> {
        let code_bits = self.request.code_values as f64 * f64::from(self.request.code_value_bits);
        let code_bytes = code_bits / 8.0;
        let nearest_file = self.nearest_quality(code_bytes, JpegSize::File)?;
        let nearest_scan = self.nearest_quality(code_bytes, JpegSize::Scan)?;
        let nearest = |part: &str| format!("nearest to the code's {code_bytes} bytes{part}");
        let mut settings = vec![(nearest_file, Some(nearest("")))];
        if nearest_scan != nearest_file {
            settings.push((nearest_scan, Some(nearest(", headers not counted"))));
        }
        settings.extend(JPEG_QUALITIES.map(|quality| (quality, None)));
        settings
            .into_iter()
            .map(|(quality, why)| self.jpeg(quality, why))
            .collect()
    }

    fn jpeg(&self, jpeg_quality: u8, why: Option<String>) -> Result<Baseline, EvalError> {
        let (quality, stored) = self.measure(|input| {
            let result = jpeg::compress(&Image::from_unit(self.shape, &input), jpeg_quality)?;
            let stored = Stored {
                bytes: result.file_bytes,
                scan_bytes: result.scan_bytes,
            };
            Ok((result.reconstruction.to_unit(), stored))
        })?;
        let setting = match why {
            Some(why) => format!("quality {jpeg_quality}, {why}"),
            None => format!("quality {jpeg_quality}"),
        };
        let images = self.request.test.len() as f64;
        let baseline = self.baseline("jpeg", setting, quality, Some(stored.bytes as f64 / images));
        Ok(Baseline {
            scan_bytes_per_image: Some(stored.scan_bytes as f64 / images),
            ..baseline
        })
    }

    fn nearest_quality(&self, target_bytes: f64, size: JpegSize) -> Result<u8, EvalError> {
        let chosen = evenly_spread(self.request.test.len(), MOST_SIZED_IMAGES);
        let input = |position: usize| {
            let (_, input) = self.test_image(chosen[position])?;
            Ok(Image::from_unit(self.shape, &input))
        };
        jpeg::nearest_quality(chosen.len(), input, target_bytes, size)
    }

    /// The clean image at an index of the test set and the input made from it.
    fn test_image(&self, index: usize) -> Result<(Vec<f32>, Vec<f32>), EvalError> {
        let mut clean = vec![0.0; self.shape.values()];
        self.request.test.read_unit_into(index, &mut clean)?;
        let mut input = clean.clone();
        if let Some(corruption) = self.request.corruption {
            corruption.corrupt(Part::Test, index as u64, self.shape, &mut input);
        }
        Ok((clean, input))
    }

    /// Runs a method on every input of the test set and compares its results to the clean images.
    fn measure(
        &self,
        method: impl Fn(Vec<f32>) -> Result<(Vec<f32>, Stored), EvalError> + Sync,
    ) -> Result<(Quality, Stored), EvalError> {
        let measure_one = |index: usize| {
            let (clean, input) = self.test_image(index)?;
            let (mut result, stored) = method(input)?;
            for value in &mut result {
                *value = value.clamp(0.0, 1.0);
            }
            Ok((ImageQuality::measure(self.shape, &clean, &result), stored))
        };
        let mut meter = QualityMeter::new(self.shape);
        let mut total = Stored::default();
        let count = self.request.test.len();
        for start in (0..count).step_by(BATCH_IMAGES) {
            let batch = start..count.min(start + BATCH_IMAGES);
            let measured: Result<Vec<_>, EvalError> =
                batch.into_par_iter().map(measure_one).collect();
            for (quality, stored) in measured? {
                meter.add_measured(quality);
                total.bytes += stored.bytes;
                total.scan_bytes += stored.scan_bytes;
            }
        }
        Ok((meter.finish(), total))
    }

    fn baseline(
        &self,
        name: &str,
        setting: String,
        quality: Quality,
        bytes_per_image: Option<f64>,
    ) -> Baseline {
        Baseline {
            name: name.to_owned(),
            setting,
            quality,
            bits_per_pixel: bytes_per_image.map(|bytes| bytes * 8.0 / self.shape.pixels() as f64),
            bytes_per_image,
            scan_bytes_per_image: None,
        }
    }
}

/// The mean of a set's images, of 20,000 evenly spread ones at most.
fn mean_image(set: &ImageSet) -> Result<Vec<f32>, EvalError> {
    let mut sums = vec![0.0_f64; set.shape().values()];
    let mut image = vec![0.0; set.shape().values()];
    let chosen = evenly_spread(set.len(), MOST_AVERAGED_IMAGES);
    for &index in &chosen {
        set.read_unit_into(index, &mut image)?;
        for (sum, value) in sums.iter_mut().zip(&image) {
            *sum += f64::from(*value);
        }
    }
    Ok(sums
        .into_iter()
        .map(|sum| (sum / chosen.len() as f64) as f32)
        .collect())
}
