//! The baseline `gaussian`: a Gaussian blur at its best width.

use std::fmt;

use ae_data::ImageShape;

use crate::baselines::bench::Bench;
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::{Baseline, BaselineRequest};
use crate::baselines::tuning::Filter;
use crate::error::EvalError;
use crate::filters::gaussian;

/// Standard deviations that are compared, in pixels.
const SIGMAS: [f32; 8] = [0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5];

pub(super) struct Gaussian;

impl BaselineKind for Gaussian {
    fn name(&self) -> &'static str {
        "gaussian"
    }

    fn description(&self) -> &'static str {
        "with noise, a Gaussian blur of 0.4 to 2.5 pixels' deviation, chosen on training images"
    }

    fn applies_to(&self, request: &BaselineRequest<'_>) -> bool {
        request.corruption.is_some()
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        bench.measure_filter(self.name(), |_| SIGMAS.map(|sigma| Sigma { sigma }).into())
    }
}

struct Sigma {
    sigma: f32,
}

impl Filter for Sigma {
    fn apply(&self, shape: ImageShape, values: &[f32]) -> Vec<f32> {
        gaussian(shape, values, self.sigma)
    }
}

impl fmt::Display for Sigma {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sigma {}", self.sigma)
    }
}
