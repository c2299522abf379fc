//! From floats to integers.

use super::network::{Parts, Pass, Sizes};
use super::samples::Target;
use crate::pixel::distribution::{LEVELS, PowerTable, STEPS};
use crate::pixel::layer::{LARGEST_ACTIVATION, LARGEST_SHIFT, Layer};
use crate::pixel::network::Network;

/// The largest magnitude of a weight.
const LARGEST_WEIGHT: f32 = 127.0;

/// The network in integers, for inputs as they are before `standard` is taken off and multiplied by: weights in 8 bits with a scale for each output, hidden units scaled so that the largest of
/// those for `inputs` is the largest that there is.
///
/// # References
/// B. Jacob et al. (2018), *Quantization and training of neural networks for efficient integer-arithmetic-only inference*,
/// section 2.
pub(super) fn quantized(
    sizes: Sizes,
    parameters: &[f32],
    standard: &[(f32, f32)],
    inputs: &[f32],
    targets: &[Target],
) -> Network {
    let mut pass = Pass::new(sizes, targets.len());
    pass.forward(parameters, inputs, targets);
    // How much a hidden unit's 1 is.
    let [first, second] = pass.hidden.each_ref().map(|units| {
        let largest = units.iter().copied().fold(0.0, f32::max);
        let one = largest.max(f32::MIN_POSITIVE.sqrt()) / f32::from(LARGEST_ACTIVATION);
        f64::from(one)
    });
    let doublings = std::f64::consts::LN_2 / STEPS as f64;
    let input = 1.0 / 255.0;

    let Parts {
        weights,
        row_biases,
        column_biases,
        biases,
    } = sizes.parts(parameters);
    let (weights_1, row_biases) = plain(sizes, weights[0], row_biases, standard);
    let layer_1 = layer(
        &weights_1,
        sizes.units[0],
        input,
        &vec![first; sizes.units[0]],
        LARGEST_WEIGHT,
    );
    let layer_2 = layer(
        weights[1],
        sizes.units[1],
        first,
        &vec![second; sizes.units[1]],
        LARGEST_WEIGHT,
    );
    let layer_3 = layer(
        weights[2],
        LEVELS,
        second,
        &[doublings; LEVELS],
        LARGEST_WEIGHT,
    );
    let integers = |biases: &[f32], sums: &[f64]| -> Vec<i64> {
        let biases = biases.iter().zip(sums.iter().cycle());
        biases
            .map(|(&bias, sum)| (f64::from(bias) / sum).round() as i64)
            .collect()
    };
    let rows = integers(&row_biases, &layer_1.sums);
    let columns = integers(column_biases, &layer_1.sums);
    let largest = rows.iter().chain(&columns).map(|bias| bias.unsigned_abs());
    let largest = largest.max().unwrap_or(0);
    let position_shift = (0..15)
        .find(|&shift| (largest + (1 << shift >> 1)) >> shift <= i16::MAX as u64)
        .unwrap_or(15);
    let short = |biases: Vec<i64>| {
        let half = 1 << position_shift >> 1;
        let shifted = biases.iter().map(|&bias| (bias + half) >> position_shift);
        shifted
            .map(|bias| bias.clamp(-32_767, 32_767) as i16)
            .collect()
    };
    let long = |biases: Vec<i64>| {
        let most = i64::from(i32::MAX / 4);
        let clamped = biases.iter().map(|&bias| bias.clamp(-most, most) as i32);
        clamped.collect()
    };
    Network {
        row_biases: short(rows),
        column_biases: short(columns),
        position_shift,
        biases: [
            long(integers(biases[0], &layer_2.sums)),
            long(integers(biases[1], &layer_3.sums)),
        ],
        layers: [layer_1.layer, layer_2.layer, layer_3.layer],
        powers: PowerTable::computed(),
    }
}

/// Weights and biases of the first layer for inputs that aren't standardized.
fn plain(
    sizes: Sizes,
    weights: &[f32],
    row_biases: &[f32],
    standard: &[(f32, f32)],
) -> (Vec<f32>, Vec<f32>) {
    let units = sizes.units[0];
    let mut weights = weights.to_vec();
    let mut taken_off = vec![0.0; units];
    for (weights, (mean, factor)) in weights.chunks_exact_mut(units).zip(standard) {
        for (weight, taken_off) in weights.iter_mut().zip(&mut taken_off) {
            *weight *= factor;
            *taken_off += f64::from(*weight) * f64::from(*mean);
        }
    }
    let biases = row_biases.iter().zip(taken_off.iter().cycle());
    let biases = biases.map(|(&bias, taken_off)| (f64::from(bias) - taken_off) as f32);
    (weights, biases.collect())
}

pub(super) struct Scaled {
    pub(super) layer: Layer,
    /// What a 1 of each output's sum is.
    pub(super) sums: Vec<f64>,
}

/// The layer with `weights`, `[inputs, outputs]`, whose inputs' 1 is `input` and whose outputs' 1 shall be `output`.
pub(super) fn layer(
    weights: &[f32],
    outputs: usize,
    input: f64,
    output: &[f64],
    largest_weight: f32,
) -> Scaled {
    let inputs = weights.len() / outputs;
    let mut integers = Vec::with_capacity(weights.len());
    let mut sums = Vec::with_capacity(outputs);
    for column in 0..outputs {
        let weights = || weights.iter().skip(column).step_by(outputs);
        let largest = weights().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
        let one = largest.max(f32::MIN_POSITIVE.sqrt()) / largest_weight;
        integers.extend(weights().map(|weight| (weight / one).round() as i16));
        sums.push(f64::from(one) * input);
    }
    let factors = sums.iter().zip(output).map(|(sum, output)| sum / output);
    let largest = factors.clone().fold(0.0, f64::max);
    let exponent = (f64::from(i32::MAX) / largest).log2().floor();
    let shift = exponent.clamp(1.0, f64::from(LARGEST_SHIFT)) as u32;
    let multipliers = factors.map(|factor| (factor * (shift as f64).exp2()).round() as i32);
    debug_assert_eq!(integers.len(), inputs * outputs);
    Scaled {
        layer: Layer::new(integers, multipliers.collect(), shift),
        sums,
    }
}
