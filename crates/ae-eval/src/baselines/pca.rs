//! The baseline `pca`: the best linear code of the model's size.

use crate::baselines::bench::Bench;
use crate::baselines::kind::BaselineKind;
use crate::baselines::request::{Baseline, BaselineRequest};
use crate::error::EvalError;
use crate::pca::Pca;

pub(super) struct PrincipalComponents;

impl BaselineKind for PrincipalComponents {
    fn name(&self) -> &'static str {
        "pca"
    }

    fn description(&self) -> &'static str {
        "as many principal components of the clean training images as the model's code has values, at as many bits \
         each; only where the code has fewer values than the image"
    }

    fn applies_to(&self, request: &BaselineRequest<'_>) -> bool {
        (1..request.test.shape().values()).contains(&request.code_values)
    }

    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError> {
        let request = bench.request();
        let pca = Pca::fit_images(request.train, request.code_values)?;
        let quality = bench.measure(|input| pca.reconstruct(&input))?;
        let bits = pca.components() as f64 * f64::from(request.code_value_bits);
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
