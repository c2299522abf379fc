//! A variational encoder's answer: a Gaussian for each image.

use burn::tensor::Tensor;

/// The diagonal Gaussian `q(z | x)` that a variational encoder gives for each image of a batch.
///
/// # References
/// D. P. Kingma and M. Welling (2014), *Auto-encoding variational Bayes*, equation 9 and appendix B.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Posterior {
    /// The means, `[batch, latent]`.
    pub mean: Tensor<2>,
    /// The natural logarithms of the variances, `[batch, latent]`.
    pub log_variance: Tensor<2>,
}

impl Posterior {
    /// A posterior of its means and the logarithms of its variances, both `[batch, latent]`.
    #[must_use]
    pub fn new(mean: Tensor<2>, log_variance: Tensor<2>) -> Self {
        Self { mean, log_variance }
    }

    /// Splits what an encoder gives: means, then as many logarithms of variances.
    ///
    /// # Shapes
    /// - `outputs`: `[batch, 2 * latent]`
    pub(crate) fn split(outputs: Tensor<2>) -> Self {
        let [_, twice] = outputs.dims();
        let latent = twice / 2;
        Self {
            mean: outputs.clone().narrow(1, 0, latent),
            log_variance: outputs.narrow(1, latent, latent),
        }
    }

    /// The Kullback-Leibler divergence from the standard normal prior to each dimension's Gaussian, in nats:
    /// `(variance + mean^2 - 1 - ln variance) / 2`. **Neither summed nor averaged**: a sum over the second axis is an
    /// image's divergence.
    ///
    /// # Shapes
    /// - output: `[batch, latent]`
    ///
    /// # References
    /// D. P. Kingma and M. Welling (2014), appendix B.
    #[must_use]
    pub fn kl_divergence(&self) -> Tensor<2> {
        let Self { mean, log_variance } = self;
        (log_variance.clone().exp() + mean.clone().square() - log_variance.clone())
            .sub_scalar(1.0)
            .mul_scalar(0.5)
    }

    /// Codes drawn from the posterior with standard normal numbers: `mean + exp(log_variance / 2) * noise`.
    ///
    /// # Shapes
    /// - `noise`, output: `[batch, latent]`
    #[must_use]
    pub fn sample(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + self.log_variance.clone().mul_scalar(0.5).exp() * noise
    }

    /// Every image's Gaussian `times` times, the copies of an image one after the other.
    ///
    /// # Shapes
    /// - output: `[batch * times, latent]`
    pub(crate) fn repeat(&self, times: usize) -> Self {
        let repeat = |x: &Tensor<2>| -> Tensor<2> {
            let [batch, latent] = x.dims();
            x.clone()
                .reshape([batch, 1, latent])
                .expand([batch, times, latent])
                .reshape([batch * times, latent])
        };
        Self {
            mean: repeat(&self.mean),
            log_variance: repeat(&self.log_variance),
        }
    }
}
