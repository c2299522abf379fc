//! The network in floating point, and its gradient.

use ae_random::{Draw, Purpose};

use super::matmul::{Matrix, Packed, matmul};
use super::samples::Target;
use crate::pixel::distribution::LEVELS;

/// How large the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) inputs: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) units: [usize; 2],
}

/// The parts of a slice of all parameters, or of their gradients: weights are `[inputs, outputs]`.
#[derive(Debug)]
pub(super) struct Parts<T> {
    pub(super) weights: [T; 3],
    pub(super) row_biases: T,
    pub(super) column_biases: T,
    pub(super) biases: [T; 2],
}

impl Sizes {
    /// Lengths of the parts, in the order in which they lie: weights, biases of rows, of columns, of layers.
    fn lengths(&self) -> [usize; 7] {
        let [first, second] = self.units;
        [
            self.inputs * first,
            first * second,
            second * LEVELS,
            self.height * first,
            self.width * first,
            second,
            LEVELS,
        ]
    }

    /// How many parameters there are.
    pub(super) fn parameters(&self) -> usize {
        self.lengths().iter().sum()
    }

    pub(super) fn parts<'a>(&self, all: &'a [f32]) -> Parts<&'a [f32]> {
        arranged(split(self.lengths(), all))
    }

    fn parts_mut<'a>(&self, all: &'a mut [f32]) -> Parts<&'a mut [f32]> {
        arranged(split_mut(self.lengths(), all))
    }

    /// Initial parameters: weights uniform with the variance that keeps rectified units' size, biases 0.
    ///
    /// # References
    /// K. He, X. Zhang, S. Ren and J. Sun (2015), *Delving deep into rectifiers*, equation 10.
    pub(super) fn initial(&self, seed: u64) -> Vec<f32> {
        let mut parameters = vec![0.0; self.parameters()];
        let parts = self.parts_mut(&mut parameters);
        let fan_in = [self.inputs, self.units[0], self.units[1]];
        for (index, (weights, fan_in)) in (0..).zip(parts.weights.into_iter().zip(fan_in)) {
            let mut stream = Draw {
                seed,
                purpose: Purpose::Initialization,
                epoch: 0,
                index,
            }
            .stream();
            let bound = (6.0 / fan_in as f64).sqrt();
            weights.fill_with(|| stream.uniform_within(bound));
        }
        parameters
    }
}

/// The parts of these lengths, one after the other.
pub(super) fn split<const N: usize>(lengths: [usize; N], mut all: &[f32]) -> [&[f32]; N] {
    lengths.map(|length| {
        let (part, rest) = all.split_at(length);
        all = rest;
        part
    })
}

/// [`split`], to be written to.
pub(super) fn split_mut<const N: usize>(
    lengths: [usize; N],
    mut all: &mut [f32],
) -> [&mut [f32]; N] {
    lengths.map(|length| {
        let (part, rest) = std::mem::take(&mut all).split_at_mut(length);
        all = rest;
        part
    })
}

fn arranged<T>([a, b, c, row_biases, column_biases, d, e]: [T; 7]) -> Parts<T> {
    Parts {
        weights: [a, b, c],
        row_biases,
        column_biases,
        biases: [d, e],
    }
}

/// Memory for a pass over some pixels.
#[derive(Debug)]
pub(super) struct Pass {
    sizes: Sizes,
    /// `[targets, units]`, after rectification.
    pub(super) hidden: [Vec<f32>; 2],
    /// `[targets, levels]`: the outputs, then their gradient.
    outputs: Vec<f32>,
    gradients_of_hidden: [Vec<f32>; 2],
    packed: Packed,
}

impl Pass {
    pub(super) fn new(sizes: Sizes, targets: usize) -> Self {
        let hidden = || sizes.units.map(|units| vec![0.0; targets * units]);
        Self {
            sizes,
            hidden: hidden(),
            outputs: vec![0.0; targets * LEVELS],
            gradients_of_hidden: hidden(),
            packed: Packed::default(),
        }
    }

    /// Computes the hidden units and the outputs.
    pub(super) fn forward(&mut self, parameters: &[f32], inputs: &[f32], targets: &[Target]) {
        let parts = self.sizes.parts(parameters);
        let (count, [first, second]) = (targets.len(), self.sizes.units);
        let inputs = Matrix::new(inputs, count, self.sizes.inputs);
        let weights = Matrix::new(parts.weights[0], self.sizes.inputs, first);
        matmul(inputs, weights, &mut self.hidden[0], &mut self.packed);
        for (units, target) in self.hidden[0].chunks_exact_mut(first).zip(targets) {
            let rows = &parts.row_biases[target.row * first..][..first];
            let columns = &parts.column_biases[target.column * first..][..first];
            for ((unit, row), column) in units.iter_mut().zip(rows).zip(columns) {
                *unit = (*unit + row + column).max(0.0);
            }
        }
        let [hidden_1, hidden_2] = &mut self.hidden;
        let inputs = Matrix::new(hidden_1, count, first);
        let weights = Matrix::new(parts.weights[1], first, second);
        matmul(inputs, weights, hidden_2, &mut self.packed);
        rectified(hidden_2, parts.biases[0]);
        let inputs = Matrix::new(&self.hidden[1], count, second);
        let weights = Matrix::new(parts.weights[2], second, LEVELS);
        matmul(inputs, weights, &mut self.outputs, &mut self.packed);
        for outputs in self.outputs.chunks_exact_mut(LEVELS) {
            add(outputs, parts.biases[1]);
        }
    }

    /// Writes the gradient of the pixels' cost, as often as each counts, times `scale`, after [`forward`](Self::forward); gives the sum of the
    /// costs in nats.
    pub(super) fn backward(
        &mut self,
        parameters: &[f32],
        inputs: &[f32],
        targets: &[Target],
        scale: f32,
        gradient: &mut [f32],
    ) -> f64 {
        let parts = self.sizes.parts(parameters);
        let of = self.sizes.parts_mut(gradient);
        let [of_first, of_second, of_third] = of.weights;
        let [of_second_biases, of_third_biases] = of.biases;
        let (count, [first, second]) = (targets.len(), self.sizes.units);

        of_third_biases.fill(0.0);
        let mut cost = 0.0;
        for (outputs, target) in self.outputs.chunks_exact_mut(LEVELS).zip(targets) {
            let weight = target.weight;
            let cost_of_one = cross_entropy(outputs, target.level, scale * weight);
            cost += f64::from(weight * cost_of_one);
            add(of_third_biases, outputs);
        }
        let outputs = Matrix::new(&self.outputs, count, LEVELS);
        let hidden = Matrix::new(&self.hidden[1], count, second);
        matmul(hidden.transposed(), outputs, of_third, &mut self.packed);
        let weights = Matrix::new(parts.weights[2], second, LEVELS).transposed();
        let [of_hidden_1, of_hidden_2] = &mut self.gradients_of_hidden;
        matmul(outputs, weights, of_hidden_2, &mut self.packed);
        rectify(of_hidden_2, &self.hidden[1]);

        of_second_biases.fill(0.0);
        for gradient in of_hidden_2.chunks_exact(second) {
            add(of_second_biases, gradient);
        }
        let of_units = Matrix::new(of_hidden_2, count, second);
        let hidden = Matrix::new(&self.hidden[0], count, first);
        matmul(hidden.transposed(), of_units, of_second, &mut self.packed);
        let weights = Matrix::new(parts.weights[1], first, second).transposed();
        matmul(of_units, weights, of_hidden_1, &mut self.packed);
        rectify(of_hidden_1, &self.hidden[0]);

        of.row_biases.fill(0.0);
        of.column_biases.fill(0.0);
        for (gradient, target) in of_hidden_1.chunks_exact(first).zip(targets) {
            add(&mut of.row_biases[target.row * first..][..first], gradient);
            let columns = &mut of.column_biases[target.column * first..][..first];
            add(columns, gradient);
        }
        let of_units = Matrix::new(of_hidden_1, count, first);
        let inputs = Matrix::new(inputs, count, self.sizes.inputs);
        matmul(inputs.transposed(), of_units, of_first, &mut self.packed);
        cost
    }
}

/// The cost in nats of a level by its outputs, which become the cost's gradient times `scale`.
fn cross_entropy(outputs: &mut [f32], level: u8, scale: f32) -> f32 {
    let largest = outputs.iter().copied().fold(f32::MIN, f32::max);
    let of_level = outputs[usize::from(level)] - largest;
    for output in &mut *outputs {
        *output = exponential(*output - largest);
    }
    let sum: f32 = outputs.iter().sum();
    let factor = scale / sum;
    for output in &mut *outputs {
        *output *= factor;
    }
    outputs[usize::from(level)] -= scale;
    sum.ln() - of_level
}

/// `e^x` for `x` of at most 0, within 5 in 10⁶; vectors' worth of them at once, which the standard library's is not.
///
/// `2^y` is split at the integer nearest to `y`; the polynomial is Taylor's on -1/2 to 1/2.
#[inline(always)]
pub(super) fn exponential(x: f32) -> f32 {
    /// Adding it rounds to an integer, which is in the low bits then.
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2²³
    let y = (x * std::f32::consts::LOG2_E).max(-126.0);
    let rounded = y + ROUND;
    let integer = rounded.to_bits().wrapping_sub(ROUND.to_bits());
    let z = (y - (rounded - ROUND)) * std::f32::consts::LN_2;
    let power = 1.0 + z * (1.0 + z * (0.5 + z * (1.0 / 6.0 + z * (1.0 / 24.0 + z / 120.0))));
    power * f32::from_bits(integer.wrapping_add(127) << 23)
}

pub(super) fn add(to: &mut [f32], values: &[f32]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += value;
    }
}

/// Adds the biases to units of each pixel, and rectifies.
pub(super) fn rectified(units: &mut [f32], biases: &[f32]) {
    for units in units.chunks_exact_mut(biases.len()) {
        for (unit, bias) in units.iter_mut().zip(biases) {
            *unit = (*unit + bias).max(0.0);
        }
    }
}

/// No gradient where the unit is off.
pub(super) fn rectify(gradient: &mut [f32], units: &[f32]) {
    for (gradient, &unit) in gradient.iter_mut().zip(units) {
        *gradient = if unit > 0.0 { *gradient } else { 0.0 };
    }
}

#[cfg(test)]
mod tests;
