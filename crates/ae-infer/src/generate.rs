//! Generating images from codes that are drawn at random.

use std::fmt;

use ae_data::{Image, ImageSet};
use ae_eval::GaussianMixture;
use ae_random::{Draw, Purpose};

use crate::codes::Codes;
use crate::error::{Capability, InferError};
use crate::open_model::OpenModel;

/// What codes are drawn from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CodeSource {
    /// The prior of a model that has one, a standard normal.
    Prior,
    /// A mixture that was fitted to codes.
    Mixture(GaussianMixture),
}

impl fmt::Display for CodeSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prior => formatter.write_str("the prior"),
            Self::Mixture(mixture) => {
                let components = mixture.components().len();
                write!(formatter, "a mixture of {components} Gaussians")
            }
        }
    }
}

impl OpenModel {
    /// Fits a mixture of Gaussians to the codes of a set.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, or has too few images.
    pub fn fit_mixture(
        &self,
        set: &ImageSet,
        components: usize,
        seed: u64,
    ) -> Result<GaussianMixture, InferError> {
        let codes = self.codes(set)?;
        let values = codes.values_per_code();
        Ok(GaussianMixture::fit(
            codes.as_slice(),
            values,
            components,
            seed,
        )?)
    }

    /// Draws `count` codes and makes images of them. An image depends on `seed` and its number alone.
    ///
    /// # Errors
    /// Codes are to be drawn from the prior of a model that has none, or the device fails.
    pub fn generate(
        &self,
        source: &CodeSource,
        count: usize,
        seed: u64,
    ) -> Result<Vec<Image>, InferError> {
        self.decode(&self.draw_codes(source, count, seed)?)
    }

    /// Draws `count` codes. One depends on `seed` and its number alone.
    ///
    /// # Errors
    /// Codes are to be drawn from the prior of a model that has none, or the model has no codes.
    pub fn draw_codes(
        &self,
        source: &CodeSource,
        count: usize,
        seed: u64,
    ) -> Result<Codes, InferError> {
        // Without codes, no prior would help.
        let values = self.code_values()?;
        if matches!(source, CodeSource::Prior) && !self.has_prior() {
            return Err(self.lacks(Capability::Prior));
        }
        let mut codes = Codes::new(values);
        for index in 0..count {
            let draw = Draw {
                seed,
                purpose: Purpose::Display,
                epoch: 0,
                index: index as u64,
            };
            codes.extend(match source {
                CodeSource::Prior => {
                    let mut code = vec![0.0; values];
                    draw.stream().fill_standard_normal(&mut code);
                    code
                }
                CodeSource::Mixture(mixture) => mixture.sample(draw),
            });
        }
        Ok(codes)
    }
}
