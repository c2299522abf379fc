//! The baseline `identity`: the input itself.

use crate::baselines::bench::Bench;
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::Baseline;
use crate::error::EvalError;

pub(super) struct Identity;

impl BaselineKind for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn description(&self) -> &'static str {
        "the input itself, stored as one byte a value; with noise, the noisy input, as far beyond black and white as that goes"
    }

    fn learns(&self) -> bool {
        false
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        let bytes = bench.shape().values() as f64;
        let quality = bench.measure_inputs()?;
        Ok(vec![bench.result(
            self.name(),
            String::new(),
            quality,
            Some(bytes),
        )])
    }
}
