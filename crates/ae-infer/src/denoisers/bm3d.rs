//! The filter `bm3d`.

use ae_data::ImageShape;

use crate::denoisers::denoiser::{Denoiser, NoiseFilter};
use crate::error::InferError;

/// Block matching and collaborative filtering; see [`ae_eval::filters::bm3d`].
pub(super) struct Bm3d;

impl Denoiser for Bm3d {
    fn name(&self) -> &str {
        "bm3d"
    }

    fn needs_noise_level(&self) -> bool {
        true
    }

    fn remove_noise(
        &self,
        shape: ImageShape,
        values: &[f32],
        noise_level: f32,
    ) -> Result<Vec<f32>, InferError> {
        Ok(ae_eval::filters::bm3d(shape, values, noise_level))
    }
}

impl NoiseFilter for Bm3d {
    fn summary(&self) -> &'static str {
        "block matching in 3-D (Dabov et al. 2007)"
    }
}
