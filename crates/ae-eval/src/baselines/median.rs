//! The baseline `median`: a median filter at its best radius.

use std::fmt;

use ae_data::ImageShape;

use crate::baselines::bench::Bench;
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::{Baseline, BaselineRequest};
use crate::baselines::tuning::Filter;
use crate::error::EvalError;
use crate::filters::median;

pub(super) struct Median;

impl BaselineKind for Median {
    fn name(&self) -> &'static str {
        "median"
    }

    fn description(&self) -> &'static str {
        "with noise, a median filter of 3x3 to 7x7 pixels, the size chosen on training images"
    }

    fn applies_to(&self, request: &BaselineRequest<'_>) -> bool {
        request.corruption.is_some()
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        bench.measure_filter(self.name(), |_| {
            (1..=3).map(|radius| Radius { radius }).collect()
        })
    }
}

struct Radius {
    radius: usize,
}

impl Filter for Radius {
    fn apply(&self, shape: ImageShape, values: &[f32]) -> Vec<f32> {
        median(shape, values, self.radius)
    }
}

impl fmt::Display for Radius {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = 2 * self.radius + 1;
        write!(formatter, "{side}x{side}")
    }
}
