//! What a variational model takes pixels to be drawn from.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;
use serde::{Deserialize, Serialize};

use crate::api::loss::{ReconstructionLoss, floored_log};
use crate::api::support::LikelihoodSupport;
use crate::error::ModelError;
use crate::written::{check_positive, number, written_as_text};

/// The distribution of an image given its code, `p(x | z)`, around what the decoder draws.
///
/// Every log-likelihood is **summed over the values of an image and kept apart for each image**, in nats; a training
/// loss is its mean over the images of the batch, negated. Pixels are independent given the code.
///
/// [`support`](Self::support) says what each is over. In bits per pixel the Gaussians and [`Logistic`](Self::Logistic) are
/// of 256 levels and comparable; Bernoulli's of grays is a cross-entropy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Likelihood {
    /// `ln p = x ln y + (1 - x) ln(1 - y)`, each logarithm at least -100, as the cross-entropy loss has it: `bernoulli`.
    /// A likelihood of black and white; for grays it is what the field uses all the same.
    ///
    /// # References
    /// D. P. Kingma and M. Welling (2014), *Auto-encoding variational Bayes*, appendix C.1.
    #[default]
    Bernoulli,
    /// `ln p = -(x - y)^2 / (2 sigma^2) - ln(sigma sqrt(2 pi))` with a given `sigma` in pixel units: `gaussian:SIGMA`.
    Gaussian {
        /// The standard deviation, where 1 is the full range.
        sigma: f64,
    },
    /// The same with one standard deviation for all pixels that is learned with the weights: `gaussian`.
    ///
    /// # References
    /// O. Rybkin, K. Daniilidis and S. Levine (2021), *Simple and effective VAE training with calibrated decoders*,
    /// section 4.1.
    LearnedGaussian,
    /// The probability that a logistic distribution around `y` gives to the bin of `x`, one of 256, with one scale for
    /// all pixels that is learned: `logistic`. The outermost bins reach to infinity.
    ///
    /// # References
    /// D. P. Kingma et al. (2016), *Improving variational inference with inverse autoregressive flow*, appendix C.4. T.
    /// Salimans et al. (2017), *PixelCNN++*, section 2.1.
    Logistic,
}

written_as_text!(Likelihood);

/// Half the distance of two of the 256 values of a pixel.
const HALF_BIN: f64 = 0.5 / 255.0;

impl Likelihood {
    /// What it is over.
    #[must_use]
    pub fn support(self) -> LikelihoodSupport {
        match self {
            Self::Bernoulli => LikelihoodSupport::BlackAndWhite,
            Self::Gaussian { .. } | Self::LearnedGaussian => LikelihoodSupport::UnitInterval,
            Self::Logistic => LikelihoodSupport::Levels,
        }
    }

    /// The logarithm that a learned scale begins with: what suits pictures that are drawn badly yet.
    pub(crate) fn initial_log_scale(self) -> Option<f32> {
        match self {
            Self::Bernoulli | Self::Gaussian { .. } => None,
            Self::LearnedGaussian => Some(0.2f32.ln()),
            Self::Logistic => Some(0.1f32.ln()),
        }
    }

    pub(crate) fn check(self) -> Result<(), ModelError> {
        match self {
            Self::Gaussian { sigma } => check_positive(FIELD, sigma),
            _ => Ok(()),
        }
    }

    /// The log-likelihood of each image, in nats.
    ///
    /// # Shapes
    /// - `output`, `target`: `[batch, channels, height, width]`
    /// - `log_scale`: `[1]`, there if the likelihood learns one
    /// - output: `[batch]`
    pub(crate) fn of_images(
        self,
        output: Tensor<4>,
        target: Tensor<4>,
        log_scale: Option<Tensor<1>>,
    ) -> Tensor<1> {
        let [batch, channels, height, width] = output.dims();
        let values = channels * height * width;
        let sums =
            |x: Tensor<4>| -> Tensor<1> { x.reshape([batch, values]).sum_dim(1).reshape([batch]) };
        match self {
            Self::Bernoulli => {
                let white = target.clone() * floored_log(output.clone());
                let black =
                    target.neg().add_scalar(1.0) * floored_log(output.neg().add_scalar(1.0));
                sums(white + black)
            }
            Self::Gaussian { .. } | Self::LearnedGaussian => {
                let squares = sums((output - target).square());
                self.gaussian(squares, values, log_scale).neg()
            }
            Self::Logistic => {
                let log_scale = learned(log_scale);
                let inverse_scale = log_scale.clone().neg().exp();
                let shape = [batch, channels, height, width];
                let stretch =
                    |x: Tensor<4>| x * inverse_scale.clone().reshape([1; 4]).expand(shape);
                let is_white = target.clone().greater_elem(1.0 - HALF_BIN);
                let is_black = target.clone().lower_elem(HALF_BIN);
                let centred = target - output;
                let above = stretch(centred.clone().add_scalar(HALF_BIN));
                let below = stretch(centred.sub_scalar(HALF_BIN));
                // With s the sigmoid, s(a) - s(b) = s(a) s(-b) (1 - e^(b - a)), and a - b is the same for all pixels.
                let bin = inverse_scale
                    .mul_scalar(-2.0 * HALF_BIN)
                    .exp()
                    .neg()
                    .add_scalar(1.0);
                let bin = bin.log().reshape([1; 4]).expand(shape);
                let upper = log_sigmoid(above).mask_fill(is_white.clone(), 0.0);
                let lower = log_sigmoid(below.neg()).mask_fill(is_black.clone(), 0.0);
                let inner = bin.mask_fill(is_white.bool_or(is_black), 0.0);
                sums(upper + lower + inner)
            }
        }
    }

    /// The loss over all values whose mean is enough to know the likelihood, if there is one: the kernels compute it
    /// and its gradient in one pass.
    pub(crate) fn mean_loss(self) -> Option<ReconstructionLoss> {
        match self {
            Self::Bernoulli => Some(ReconstructionLoss::Bce),
            Self::Gaussian { .. } | Self::LearnedGaussian => Some(ReconstructionLoss::Mse),
            Self::Logistic => None,
        }
    }

    /// The negative log-likelihood per image from the mean of [`mean_loss`](Self::mean_loss) over all values of a batch.
    ///
    /// # Shapes
    /// - `mean`, output: `[1]`
    pub(crate) fn of_mean_loss(
        self,
        mean: Tensor<1>,
        values: usize,
        log_scale: Option<Tensor<1>>,
    ) -> Tensor<1> {
        let sum = mean.mul_scalar(values as f64);
        match self {
            Self::Gaussian { .. } | Self::LearnedGaussian => self.gaussian(sum, values, log_scale),
            Self::Bernoulli | Self::Logistic => sum,
        }
    }

    /// What the sum of [`mean_loss`](Self::mean_loss) over the `values` values of an image is multiplied by and what is
    /// added, for its negative log-likelihood; `None` where that is not enough.
    pub(crate) fn of_loss_sum(self, values: usize, log_scale: Option<f32>) -> Option<[f64; 2]> {
        let log_scale = match self {
            Self::Bernoulli => return Some([1.0, 0.0]),
            Self::Gaussian { sigma } => sigma.ln(),
            Self::LearnedGaussian => f64::from(log_scale?),
            Self::Logistic => return None,
        };
        let constant = values as f64 * (log_scale + 0.5 * (2.0 * PI).ln());
        Some([0.5 * (-2.0 * log_scale).exp(), constant])
    }

    /// The negative log-likelihood of `values` values whose squared errors add up to `squares`.
    fn gaussian(
        self,
        squares: Tensor<1>,
        values: usize,
        log_scale: Option<Tensor<1>>,
    ) -> Tensor<1> {
        let values = values as f64;
        let half_log_two_pi = 0.5 * (2.0 * PI).ln();
        match self {
            Self::Gaussian { sigma } => squares
                .mul_scalar(0.5 / (sigma * sigma))
                .add_scalar(values * (sigma.ln() + half_log_two_pi)),
            _ => {
                let log_scale = learned(log_scale);
                let precision = log_scale.clone().mul_scalar(-2.0).exp();
                (squares * precision).mul_scalar(0.5)
                    + log_scale.add_scalar(half_log_two_pi).mul_scalar(values)
            }
        }
    }
}

fn learned(log_scale: Option<Tensor<1>>) -> Tensor<1> {
    log_scale.expect("a model whose likelihood learns a scale was built with one")
}

const FIELD: &str = "likelihood";

impl fmt::Display for Likelihood {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bernoulli => formatter.pad("bernoulli"),
            Self::Gaussian { sigma } => write!(formatter, "gaussian:{sigma}"),
            Self::LearnedGaussian => formatter.pad("gaussian"),
            Self::Logistic => formatter.pad("logistic"),
        }
    }
}

impl FromStr for Likelihood {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let likelihood = match text.split_once(':') {
            None if text == "bernoulli" => Self::Bernoulli,
            None if text == "gaussian" => Self::LearnedGaussian,
            None if text == "logistic" => Self::Logistic,
            Some(("gaussian", sigma)) => Self::Gaussian {
                sigma: number(FIELD, text, sigma)?,
            },
            _ => {
                return Err(ModelError::unknown(
                    FIELD,
                    text,
                    "bernoulli, gaussian, gaussian:SIGMA, logistic",
                ));
            }
        };
        likelihood.check()?;
        Ok(likelihood)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for text in ["bernoulli", "gaussian", "gaussian:0.1", "logistic"] {
            let likelihood: Likelihood = text.parse().unwrap();
            assert_eq!(likelihood.to_string(), text);
            assert_eq!(
                serde_json::to_string(&likelihood).unwrap(),
                format!("\"{text}\"")
            );
        }
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Likelihood>().unwrap_err().to_string();
            assert_eq!(error, expected);
        };
        check(
            "poisson",
            "unknown likelihood `poisson`: expected one of bernoulli, gaussian, gaussian:SIGMA, logistic",
        );
        check(
            "gaussian:0",
            "likelihood: 0: must be a finite number above 0",
        );
        check(
            "gaussian:-1",
            "likelihood: -1: must be a finite number above 0",
        );
        check(
            "gaussian:wide",
            "likelihood: `gaussian:wide`: `wide` is not such a number",
        );
    }
}
