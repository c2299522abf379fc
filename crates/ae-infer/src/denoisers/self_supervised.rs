//! A denoiser that is trained on the very picture, and on nothing else.

use ae_data::ImageShape;
use ae_eval::filters::estimate_noise_sigma;
use ae_train::{ZeroShot, ZeroShotSettings};

use crate::denoisers::denoiser::Denoiser;
use crate::error::InferError;
use crate::progress::{Listener, Progress, ProgressUnit};

/// What users call it.
pub const ZERO_SHOT: &str = "zs-n2n";

/// The least noise, a standard deviation in pixel units, that is worth training against: what rounding to 8 bits alone makes,
/// `1 / sqrt(12)` levels.
const LEAST_NOISE: f32 = 0.288_675 / 255.0;

/// [`ZeroShot`] as a denoiser: Zero-Shot Noise2Noise (Mansour and Heckel 2023). Needs neither a model nor to be told how strong
/// the noise is; takes a minute or a few for each picture, on the CPU whatever the device.
///
/// It takes away what is independent from pixel to pixel, and leaves noise that neighbors have in common.
#[derive(Debug, Clone)]
pub struct SelfDenoiser {
    zero_shot: ZeroShot,
    steps: usize,
    listener: Listener,
}

impl SelfDenoiser {
    /// A denoiser that trains by these settings.
    #[must_use]
    pub fn new(settings: ZeroShotSettings) -> Self {
        Self {
            zero_shot: ZeroShot::new(settings),
            steps: settings.steps,
            listener: Listener::default(),
        }
    }

    /// Has `listen` called after every step of training, on the caller's thread.
    #[must_use]
    pub fn with_progress(mut self, listen: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(listen);
        self
    }
}

impl Denoiser for SelfDenoiser {
    fn name(&self) -> &str {
        ZERO_SHOT
    }

    fn needs_noise_level(&self) -> bool {
        false
    }

    fn assumes_independent_noise(&self) -> bool {
        true
    }

    /// # Errors
    /// [`InferError::NoNoise`] where the picture has none, and [`InferError::Train`] where it is too small.
    fn remove_noise(
        &self,
        shape: ImageShape,
        values: &[f32],
        _: f32,
    ) -> Result<Vec<f32>, InferError> {
        // Where a picture is too small for the estimate, it is too small to train on, which is then said.
        if let Some(estimated) = estimate_noise_sigma(shape, values)
            && estimated < LEAST_NOISE
        {
            return Err(InferError::NoNoise { estimated });
        }
        let shape = [shape.channels, shape.height, shape.width];
        let output = self.zero_shot.denoise(shape, values, |done| {
            self.listener.tell(done, self.steps, ProgressUnit::Steps);
        })?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn denoiser(steps: usize) -> SelfDenoiser {
        let mut settings = ZeroShotSettings::default();
        settings.steps = steps;
        SelfDenoiser::new(settings)
    }

    /// Every level of 256 at random.
    fn noise(shape: ImageShape) -> Vec<f32> {
        let levels = (0..shape.values()).map(|index| index * 7919 % 10_007 % 256);
        levels.map(|level| level as f32 / 255.0).collect()
    }

    #[test]
    fn every_step_is_told() {
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let denoiser = denoiser(3).with_progress(move |progress| {
            assert_eq!((progress.total, progress.unit), (3, ProgressUnit::Steps));
            assert_eq!(progress.done, count.fetch_add(1, Ordering::SeqCst) + 1);
        });
        let shape = ImageShape::new(1, 16, 12);
        let output = denoiser.remove_noise(shape, &noise(shape), 0.0).unwrap();
        assert_eq!(output.len(), shape.values());
        assert_eq!(told.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn what_has_no_noise_or_hardly_a_pixel_is_refused() {
        let refused = |shape: ImageShape, values: &[f32]| {
            let error = denoiser(1).remove_noise(shape, values, 0.0).unwrap_err();
            error.to_string()
        };
        let shape = ImageShape::new(3, 20, 20);
        let black = refused(shape, &vec![0.0; shape.values()]);
        assert!(black.contains("no noise to remove"), "{black}");
        let slope: Vec<f32> = (0..1200).map(|index| (index % 20) as f32 / 20.0).collect();
        assert_eq!(refused(shape, &slope), black);
        let small = ImageShape::new(1, 9, 50);
        let found = refused(small, &noise(small));
        assert!(found.contains("50x9 pixels are too few"), "{found}");
        let tiny = ImageShape::new(1, 1, 1);
        assert!(refused(tiny, &[0.5]).contains("1x1 pixels are too few"));
    }
}
