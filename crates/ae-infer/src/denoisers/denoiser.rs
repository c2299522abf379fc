//! What a denoiser is.

use ae_data::ImageShape;

use crate::error::InferError;

/// Removes noise from pictures of any size.
pub trait Denoiser {
    /// What people call it.
    fn name(&self) -> &str;

    /// Whether it has to be told how strong the noise is; one that need not be told ignores it.
    fn needs_noise_level(&self) -> bool;

    /// Whether it was trained on noisy pictures alone, and so leaves what neighboring pixels have in common of their noise.
    fn assumes_independent_noise(&self) -> bool {
        false
    }

    /// Removes Gaussian noise of standard deviation `noise_level`, in pixel units, from a picture; what comes out is not
    /// clipped.
    ///
    /// # Shapes
    /// - `values`, output: `[channels, height, width]`, in `[0, 1]` but for the noise
    ///
    /// # Errors
    /// The picture has a number of channels that it can do nothing with, or the device fails.
    fn remove_noise(
        &self,
        shape: ImageShape,
        values: &[f32],
        noise_level: f32,
    ) -> Result<Vec<f32>, InferError>;
}

/// A denoiser that needs no training, known by its name.
pub trait NoiseFilter: Denoiser + Sync {
    /// What it is, in a few words with its authors.
    fn summary(&self) -> &'static str;
}
