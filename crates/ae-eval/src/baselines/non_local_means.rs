//! The baseline `non-local means`, at its best settings.

use std::fmt;

use ae_data::ImageShape;

use crate::baselines::bench::Bench;
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::{Baseline, BaselineRequest};
use crate::baselines::tuning::Filter;
use crate::error::EvalError;
use crate::filters::{NonLocalMeans, non_local_means};

/// Candidates lie this far from the pixel: 15x15 of them.
const SEARCH_RADIUS: usize = 7;
/// Strengths that are compared, in proportion to the noise's root mean square, as Buades, Coll and Morel set them.
const STRENGTHS: [f32; 5] = [0.25, 0.4, 0.6, 0.8, 1.0];

pub(super) struct NonLocal;

impl BaselineKind for NonLocal {
    fn name(&self) -> &'static str {
        "non-local means"
    }

    fn description(&self) -> &'static str {
        "with noise, non-local means of patches of 3x3 to 7x7 pixels within 15x15, patch and strength chosen on \
         training images"
    }

    fn applies_to(&self, request: &BaselineRequest<'_>) -> bool {
        request.corruption.is_some()
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        bench.measure_filter(self.name(), settings_for)
    }
}

/// The settings that are compared for a noise of this root mean square.
fn settings_for(noise: f32) -> Vec<Settings> {
    let mut settings = Vec::new();
    for patch_radius in 1..=3 {
        for noise_sigma in [0.0, noise] {
            for share in STRENGTHS {
                settings.push(Settings(NonLocalMeans {
                    patch_radius,
                    search_radius: SEARCH_RADIUS,
                    strength: share * noise,
                    noise_sigma,
                }));
            }
        }
    }
    settings
}

struct Settings(NonLocalMeans);

impl Filter for Settings {
    fn apply(&self, shape: ImageShape, values: &[f32]) -> Vec<f32> {
        non_local_means(shape, values, &self.0)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patch = 2 * self.0.patch_radius + 1;
        let search = 2 * self.0.search_radius + 1;
        let NonLocalMeans {
            strength,
            noise_sigma,
            ..
        } = self.0;
        write!(
            formatter,
            "{patch}x{patch} in {search}x{search}, h {strength:.3}, sigma {noise_sigma:.3}"
        )
    }
}
