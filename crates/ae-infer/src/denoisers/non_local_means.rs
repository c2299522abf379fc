//! The filter `nlm`.

use ae_data::ImageShape;
use ae_eval::filters::{NonLocalMeans, non_local_means};

use crate::denoisers::denoiser::{Denoiser, NoiseFilter};
use crate::error::InferError;

/// For noise up to a standard deviation in levels of 255: patch radius, search radius, strength in standard deviations.
///
/// A. Buades, B. Coll, J. M. Morel, "Non-local means denoising", Image Processing On Line 1, 2011, section 4, table for gray
/// pictures; what is beyond it takes its last line.
const SETTINGS: [(f32, usize, usize, f32); 5] = [
    (15.0, 1, 10, 0.40),
    (30.0, 2, 10, 0.40),
    (45.0, 3, 17, 0.35),
    (75.0, 4, 17, 0.35),
    (f32::INFINITY, 5, 17, 0.30),
];

/// Non-local means; see [`ae_eval::filters::non_local_means`].
pub(super) struct NonLocal;

impl Denoiser for NonLocal {
    fn name(&self) -> &str {
        "nlm"
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
        Ok(non_local_means(shape, values, &settings(noise_level)))
    }
}

impl NoiseFilter for NonLocal {
    fn summary(&self) -> &'static str {
        "non-local means (Buades et al. 2005)"
    }
}

fn settings(noise_level: f32) -> NonLocalMeans {
    let line = SETTINGS
        .iter()
        .find(|(most, ..)| 255.0 * noise_level <= *most);
    let &(_, patch_radius, search_radius, share) = line.unwrap_or(&SETTINGS[SETTINGS.len() - 1]);
    NonLocalMeans {
        patch_radius,
        search_radius,
        strength: share * noise_level,
        noise_sigma: noise_level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_those_of_the_published_table() {
        // Sigma, window of comparison, window of research, h (table for gray pictures).
        for (sigma, patch, search, share) in [
            (1.0, 3, 21, 0.40),
            (15.0, 3, 21, 0.40),
            (16.0, 5, 21, 0.40),
            (30.0, 5, 21, 0.40),
            (31.0, 7, 35, 0.35),
            (46.0, 9, 35, 0.35),
            (75.0, 9, 35, 0.35),
            (76.0, 11, 35, 0.30),
            (150.0, 11, 35, 0.30),
        ] {
            let found = settings(sigma / 255.0);
            let sides = [found.patch_radius, found.search_radius].map(|radius| 2 * radius + 1);
            assert_eq!(sides, [patch, search], "{sigma}");
            assert!(
                (found.strength * 255.0 - share * sigma).abs() < 1e-4,
                "{sigma}"
            );
            assert_eq!(found.noise_sigma, sigma / 255.0);
        }
    }
}
