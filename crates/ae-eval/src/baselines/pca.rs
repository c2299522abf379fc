//! The baseline `pca`: the best linear code of the model's size.

use crate::baselines::bench::Bench;
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::{Baseline, BaselineRequest};
use crate::error::EvalError;
use crate::pca::Pca;

pub(super) struct PrincipalComponents;

/// Bits of a component, of single precision.
const COMPONENT_BITS: u64 = 32;

/// Components that take no more bits than the model's code.
fn components(request: &BaselineRequest<'_>) -> usize {
    usize::try_from(request.code_bits / COMPONENT_BITS).unwrap_or(usize::MAX)
}

impl BaselineKind for PrincipalComponents {
    fn name(&self) -> &'static str {
        "pca"
    }

    fn description(&self) -> &'static str {
        "as many principal components of the clean training images, of 32 bits each, as the model's code has bits for; only where \
         those are fewer than the image's values"
    }

    fn applies_to(&self, request: &BaselineRequest<'_>) -> bool {
        (1..request.test.shape().values()).contains(&components(request))
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        let request = bench.request();
        let pca = Pca::fit_images(request.train, components(request))?;
        let quality = bench.measure(|input| pca.reconstruct(&input))?;
        let bits = pca.components() as f64 * COMPONENT_BITS as f64;
        let setting = format!(
            "{} components of {} training images",
            pca.components(),
            pca.rows()
        );
        Ok(vec![bench.result(
            self.name(),
            setting,
            quality,
            Some(bits / 8.0),
        )])
    }
}
