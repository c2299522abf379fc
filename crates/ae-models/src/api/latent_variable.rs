//! Models with a likelihood: what the bound and the estimate of the log-likelihood need to know of them.

use burn::tensor::Tensor;

use crate::api::host_decoder::HostDecoder;
use crate::api::posterior::Posterior;
use crate::api::support::LikelihoodSupport;

/// A model that gives images a probability: a standard normal prior over codes, a likelihood of images given a code,
/// and an approximate posterior of codes given an image.
///
/// [`Trainable::as_latent_variable_model`](crate::Trainable::as_latent_variable_model) says whether a model is one.
pub trait LatentVariableModel {
    /// The approximate posterior `q(z | x)` of each image.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    fn posterior(&self, images: Tensor<4>) -> Posterior;

    /// The log-likelihood `ln p(x | z)` of each image given its code: **summed over the image's values, not averaged**,
    /// in nats.
    ///
    /// # Shapes
    /// - `codes`: `[batch, latent]`
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch]`
    fn log_likelihood(&self, codes: Tensor<2>, images: Tensor<4>) -> Tensor<1>;

    /// What the likelihood is over, which says what its logarithm is in bits.
    fn likelihood_support(&self) -> LikelihoodSupport;

    /// The decoder and the likelihood as numbers in this process's memory, for whoever has many codes of few images. `None`
    /// where they are not what the kernels compute: [`log_likelihood`](Self::log_likelihood) is the way of every model.
    fn host_decoder(&self) -> Option<HostDecoder> {
        None
    }

    /// The logarithms of the importance weights of `samples` codes for each image, drawn from its posterior:
    /// `ln p(x | z) + ln p(z) - ln q(z | x)`, in nats.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - `noise`: `[batch, samples, latent]`, standard normal
    /// - output: `[batch, samples]`
    ///
    /// # References
    /// Y. Burda, R. Grosse and R. Salakhutdinov (2016), *Importance weighted autoencoders*, equation 8.
    fn log_importance_weights(
        &self,
        posterior: &Posterior,
        images: Tensor<4>,
        noise: Tensor<3>,
    ) -> Tensor<2> {
        let [batch, samples, latent] = noise.dims();
        let [_, channels, height, width] = images.dims();
        let posterior = posterior.repeat(samples);
        let noise = noise.reshape([batch * samples, latent]);
        let codes = posterior.sample(noise.clone());
        let images = images
            .reshape([batch, 1, channels, height, width])
            .expand([batch, samples, channels, height, width])
            .reshape([batch * samples, channels, height, width]);
        // The two normal densities have their constants in common: ln p(z) - ln q(z | x).
        let log_ratio = (posterior.log_variance + noise.square() - codes.clone().square())
            .sum_dim(1)
            .mul_scalar(0.5);
        let log_weights = self.log_likelihood(codes, images) + log_ratio.reshape([batch * samples]);
        log_weights.reshape([batch, samples])
    }
}

/// The logarithm of the mean of what `log_values` are the logarithms of, row by row, without leaving the logarithms'
/// range.
///
/// # Shapes
/// - `log_values`: `[rows, columns]`
/// - output: `[rows]`
pub(crate) fn log_mean_exp(log_values: Tensor<2>) -> Tensor<1> {
    let [rows, columns] = log_values.dims();
    // A constant of the graph: it cancels, and so does its gradient.
    let largest = log_values.clone().detach().max_dim(1);
    let sum = (log_values - largest.clone().expand([rows, columns]))
        .exp()
        .sum_dim(1);
    (sum.log() + largest)
        .sub_scalar((columns as f64).ln())
        .reshape([rows])
}
