//! The distribution that a code's values are expected to have, learned beside the networks.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData, activation};

use crate::networks::layer::{LayerKind, LayerSpec};
use crate::parameters::builder::Builder;

/// Logistic distributions that each value has a mixture of.
const MIXED: usize = 2;
/// The natural logarithms of their scales at first.
const FIRST_LOG_SCALES: [f32; MIXED] = [-1.0, 0.7];
/// Scales are kept between these powers of e: gradients of others are lost in rounding.
const LOG_SCALE_RANGE: (f32, f32) = (-4.0, 6.0);
/// No value is taken for less likely than this: 30 bits.
const LEAST_LIKELIHOOD: f32 = 1e-9;

/// A factorized prior: each value of the code, at each quality, has a mixture of two logistic distributions of its own,
/// whatever the other values are.
///
/// A code that is rounded to integers has about as many bits under the distributions' unit intervals as a code with uniform
/// noise has under the convolution of the two, which can be differentiated.
///
/// # References
/// J. Ballé, V. Laparra and E. P. Simoncelli (2017), *End-to-end optimized image compression*, section 3; the mixture is that
/// of Z. Cheng et al. (2020), *Learned image compression with discretized Gaussian mixture likelihoods and attention
/// modules*, with logistic distributions in place of Gaussian ones.
#[derive(Module, Debug)]
pub(crate) struct FactorizedPrior {
    /// Where the distributions lie: `[qualities, 2, values]`, as one axis.
    locations: Param<Tensor<1>>,
    /// Natural logarithms of their scales, less what they are at first, likewise.
    log_scales: Param<Tensor<1>>,
    /// The first one's share as a logit: `[qualities, values]`, as one axis.
    shares: Param<Tensor<1>>,
    #[module(skip)]
    qualities: usize,
}

impl FactorizedPrior {
    /// Its tensors, under `name`.
    pub(crate) fn layers(name: &str, qualities: usize, values: usize) -> [LayerSpec; 3] {
        let constant = |part: &str, count| {
            let kind = LayerKind::Constant { initial: 0.0 };
            LayerSpec::new(format!("{name}.{part}"), kind, 1, count)
        };
        [
            constant("locations", qualities * MIXED * values),
            constant("log_scales", qualities * MIXED * values),
            constant("shares", qualities * values),
        ]
    }

    pub(crate) fn build(
        layers: &[LayerSpec; 3],
        qualities: usize,
        builder: &mut Builder<'_>,
    ) -> Self {
        let [locations, log_scales, shares] = layers.each_ref().map(|layer| {
            let values = layer.constant(builder);
            let count = values.len();
            Param::from_data(TensorData::new(values, [count]), builder.device())
        });
        Self {
            locations,
            log_scales,
            shares,
            qualities,
        }
    }

    /// The bits that values in intervals of length 1 around `values` are expected to take.
    ///
    /// # Shapes
    /// - `values`: `[batch, values]`
    /// - `chosen`: `[batch, qualities]`, 1 at each image's quality and 0 elsewhere
    /// - output: `[batch]`
    pub(crate) fn bits(&self, values: Tensor<2>, chosen: &Tensor<2>) -> Tensor<1> {
        let [batch, count] = values.dims();
        // A product with the choice is a selection whose gradient every backend has.
        let of_images = |parameter: &Param<Tensor<1>>, mixed: usize| {
            let rows = parameter.val().reshape([self.qualities, mixed * count]);
            chosen.clone().matmul(rows).reshape([batch, mixed, count])
        };
        let first = Tensor::<1>::from_data(FIRST_LOG_SCALES, &values.device());
        let (least, most) = LOG_SCALE_RANGE;
        let log_scales = of_images(&self.log_scales, MIXED) + first.reshape([1, MIXED, 1]);
        let steepness = log_scales.clamp(least, most).neg().exp();
        let distances = (values.reshape([batch, 1, count]) - of_images(&self.locations, MIXED))
            .abs()
            .neg();
        // Below the middle, where differences of the distribution function keep their digits.
        let above = activation::sigmoid((distances.clone() + 0.5) * steepness.clone());
        let below = activation::sigmoid((distances - 0.5) * steepness);
        let likelihoods = above - below;
        let share = activation::sigmoid(of_images(&self.shares, 1));
        let narrow = likelihoods.clone().narrow(1, 0, 1);
        let wide = likelihoods.narrow(1, 1, 1);
        let mixture = (narrow - wide.clone()) * share + wide;
        mixture
            .clamp_min(LEAST_LIKELIHOOD)
            .log()
            .reshape([batch, count])
            .sum_dim(1)
            .reshape([batch])
            .mul_scalar(-std::f64::consts::LOG2_E)
    }
}
