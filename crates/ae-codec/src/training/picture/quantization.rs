//! From floats to integers.

use super::super::quantization::layer;
use super::network::{Parts, Pass, Sizes};
use crate::picture::context::{INPUTS, ONE};
use crate::picture::mixture::{COMPONENTS, LogisticTable, OFFSET_ONE, OUTPUTS};
use crate::picture::network::Network;
use crate::pixel::distribution::{PowerTable, STEPS};
use crate::pixel::layer::LARGEST_ACTIVATION;

/// The largest magnitude of a weight: as many of them as units may be, times the largest unit, stay below 2³¹.
const LARGEST_WEIGHT: f32 = 1023.0;

/// The network in integers, for inputs as they are before `standard` is taken off and multiplied by.
pub(super) fn quantized(
    sizes: Sizes,
    parameters: &[f32],
    standard: &[(f32, f32)],
    inputs: &[f32],
    targets: usize,
) -> Network {
    let mut pass = Pass::new(sizes, targets);
    pass.forward(parameters, inputs);
    let [first, second] = pass.hidden.each_ref().map(|units| {
        let largest = units.iter().copied().fold(0.0, f32::max);
        f64::from(largest.max(f32::MIN_POSITIVE.sqrt()) / f32::from(LARGEST_ACTIVATION))
    });
    let doubling = std::f64::consts::LN_2 / STEPS as f64;
    let output: Vec<f64> = (0..OUTPUTS)
        .map(|output| match output / COMPONENTS {
            1 => 1.0 / OFFSET_ONE,
            _ => doubling,
        })
        .collect();
    let Parts { weights, biases } = sizes.parts(parameters);
    let (weights_1, biases_1) = plain(sizes, weights[0], biases[0], standard);
    let mut biases_3 = biases[2].to_vec();
    for width in &mut biases_3[2 * COMPONENTS..] {
        // The coder's widths are of powers of 2, those of the training of e.
        *width += std::f32::consts::LN_2.ln();
    }
    let [units_1, units_2] = sizes.units;
    let layers = [
        layer(
            &weights_1,
            units_1,
            1.0 / f64::from(ONE),
            &vec![first; units_1],
            LARGEST_WEIGHT,
        ),
        layer(
            weights[1],
            units_2,
            first,
            &vec![second; units_2],
            LARGEST_WEIGHT,
        ),
        layer(weights[2], OUTPUTS, second, &output, LARGEST_WEIGHT),
    ];
    let of_layers = [&biases_1[..], biases[1], &biases_3];
    let most = i64::from(i32::MAX / 8);
    let biases = [0, 1, 2].map(|index| {
        let biases = of_layers[index].iter().zip(&layers[index].sums);
        biases
            .map(|(&bias, sum)| ((f64::from(bias) / sum).round() as i64).clamp(-most, most) as i32)
            .collect()
    });
    let powers = PowerTable::computed();
    Network {
        layers: layers.map(|scaled| scaled.layer),
        biases,
        logistic: LogisticTable::new(&powers),
        powers,
    }
}

/// Weights and biases of the first layer for inputs that aren't standardized.
fn plain(
    sizes: Sizes,
    weights: &[f32],
    biases: &[f32],
    standard: &[(f32, f32)],
) -> (Vec<f32>, Vec<f32>) {
    let units = sizes.units[0];
    let mut weights = weights.to_vec();
    let mut biases: Vec<f64> = biases.iter().map(|&bias| bias.into()).collect();
    debug_assert_eq!(weights.len(), INPUTS * units);
    for (weights, (mean, factor)) in weights.chunks_exact_mut(units).zip(standard) {
        for (weight, bias) in weights.iter_mut().zip(&mut biases) {
            *weight *= factor;
            *bias -= f64::from(*weight) * f64::from(*mean);
        }
    }
    (
        weights,
        biases.into_iter().map(|bias| bias as f32).collect(),
    )
}
