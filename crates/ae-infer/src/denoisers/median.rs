//! The filter `median`.

use ae_data::ImageShape;

use crate::denoisers::denoiser::{Denoiser, NoiseFilter};
use crate::error::InferError;

/// Windows have `2 RADIUS + 1` pixels a side.
const RADIUS: usize = 1;

/// The median of 3x3 pixels; see [`ae_eval::filters::median`].
pub(super) struct Median;

impl Denoiser for Median {
    fn name(&self) -> &str {
        "median"
    }

    fn needs_noise_level(&self) -> bool {
        false
    }

    fn remove_noise(
        &self,
        shape: ImageShape,
        values: &[f32],
        _: f32,
    ) -> Result<Vec<f32>, InferError> {
        Ok(ae_eval::filters::median(shape, values, RADIUS))
    }
}

impl NoiseFilter for Median {
    fn summary(&self) -> &'static str {
        "the median of 3x3 pixels, for single wrong pixels (Tukey 1977)"
    }
}
