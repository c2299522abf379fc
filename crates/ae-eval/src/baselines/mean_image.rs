//! The baseline `mean image`: the mean of the training images.

use ae_data::ImageSet;

use crate::baselines::bench::Bench;
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::Baseline;
use crate::error::EvalError;
use crate::spread::evenly_spread;

/// Most training images whose mean is taken.
const MOST_IMAGES: usize = 20_000;

pub(super) struct MeanImage;

impl BaselineKind for MeanImage {
    fn name(&self) -> &'static str {
        "mean image"
    }

    fn description(&self) -> &'static str {
        "the mean of the training images (of 20,000 evenly spread ones at most), whatever the input; stores nothing"
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        let mean = mean_image(bench.request().train)?;
        let quality = bench.measure(|_| mean.clone())?;
        Ok(vec![bench.result(
            self.name(),
            String::new(),
            quality,
            Some(0.0),
        )])
    }
}

fn mean_image(set: &ImageSet) -> Result<Vec<f32>, EvalError> {
    let mut sums = vec![0.0_f64; set.shape().values()];
    let mut image = vec![0.0; set.shape().values()];
    let chosen = evenly_spread(set.len(), MOST_IMAGES);
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
