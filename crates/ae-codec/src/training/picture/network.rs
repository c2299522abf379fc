//! The network in floating point, and its gradient.

use ae_random::{Draw, Purpose};

use super::super::matmul::{Matrix, Packed, matmul};
use super::super::network::{add, rectified, rectify, split, split_mut};
use super::cost::{Target, cost};
use crate::picture::context::INPUTS;
use crate::picture::mixture::{COMPONENTS, OUTPUTS};

/// How large the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) units: [usize; 2],
}

/// Weights, `[inputs, outputs]`, and biases of the layers.
#[derive(Debug)]
pub(super) struct Parts<T> {
    pub(super) weights: [T; 3],
    pub(super) biases: [T; 3],
}

impl Sizes {
    fn lengths(self) -> [usize; 6] {
        let [first, second] = self.units;
        [
            INPUTS * first,
            first * second,
            second * OUTPUTS,
            first,
            second,
            OUTPUTS,
        ]
    }

    /// How many parameters there are.
    pub(crate) fn parameters(self) -> usize {
        self.lengths().iter().sum()
    }

    pub(super) fn parts(self, all: &[f32]) -> Parts<&[f32]> {
        arranged(split(self.lengths(), all))
    }

    fn parts_mut(self, all: &mut [f32]) -> Parts<&mut [f32]> {
        arranged(split_mut(self.lengths(), all))
    }

    /// Initial parameters: weights as rectified units want them, a tenth of that for the outputs, which begin as components
    /// beside each other.
    ///
    /// # References
    /// K. He, X. Zhang, S. Ren and J. Sun (2015), *Delving deep into rectifiers*, equation 10.
    pub(crate) fn initial(self, seed: u64) -> Vec<f32> {
        let mut parameters = vec![0.0; self.parameters()];
        let parts = self.parts_mut(&mut parameters);
        let [first, second] = self.units;
        let bounds = [INPUTS, first, second].map(|fan_in| (6.0 / fan_in as f64).sqrt());
        let factors = [1.0, 1.0, 0.1];
        for (index, (weights, bound)) in (0..).zip(parts.weights.into_iter().zip(bounds)) {
            let mut stream = Draw {
                seed,
                purpose: Purpose::Initialization,
                epoch: 0,
                index,
            }
            .stream();
            weights.fill_with(|| stream.uniform_within(bound * factors[index as usize]));
        }
        let [_, _, outputs] = parts.biases;
        for k in 0..COMPONENTS {
            outputs[COMPONENTS + k] = 0.3 * (k as f32 - 2.0);
            outputs[2 * COMPONENTS + k] = -0.6;
        }
        parameters
    }
}

fn arranged<T>([a, b, c, d, e, f]: [T; 6]) -> Parts<T> {
    Parts {
        weights: [a, b, c],
        biases: [d, e, f],
    }
}

/// Memory for a pass over some pixels.
#[derive(Debug)]
pub(super) struct Pass {
    sizes: Sizes,
    /// `[targets, units]`, after rectification.
    pub(super) hidden: [Vec<f32>; 2],
    /// `[targets, outputs]`, then their gradient.
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
            outputs: vec![0.0; targets * OUTPUTS],
            gradients_of_hidden: hidden(),
            packed: Packed::default(),
        }
    }

    /// Computes the hidden units and the outputs.
    pub(super) fn forward(&mut self, parameters: &[f32], inputs: &[f32]) {
        let Parts { weights, biases } = self.sizes.parts(parameters);
        let count = self.outputs.len() / OUTPUTS;
        let [first, second] = self.sizes.units;
        let [hidden_1, hidden_2] = &mut self.hidden;
        let packed = &mut self.packed;
        matmul(
            Matrix::new(inputs, count, INPUTS),
            Matrix::new(weights[0], INPUTS, first),
            hidden_1,
            packed,
        );
        rectified(hidden_1, biases[0]);
        matmul(
            Matrix::new(hidden_1, count, first),
            Matrix::new(weights[1], first, second),
            hidden_2,
            packed,
        );
        rectified(hidden_2, biases[1]);
        matmul(
            Matrix::new(hidden_2, count, second),
            Matrix::new(weights[2], second, OUTPUTS),
            &mut self.outputs,
            packed,
        );
        for outputs in self.outputs.chunks_exact_mut(OUTPUTS) {
            add(outputs, biases[2]);
        }
    }

    /// Writes the gradient of the pixels' cost times `scale`, after [`forward`](Self::forward); gives the sum of the costs
    /// in nats.
    pub(super) fn backward(
        &mut self,
        parameters: &[f32],
        inputs: &[f32],
        targets: &[Target],
        scale: f32,
        gradient: &mut [f32],
    ) -> f64 {
        let Parts { weights, .. } = self.sizes.parts(parameters);
        let of = self.sizes.parts_mut(gradient);
        let [of_first, of_second, of_third] = of.weights;
        let [of_biases_1, of_biases_2, of_biases_3] = of.biases;
        let (count, [first, second]) = (targets.len(), self.sizes.units);
        let packed = &mut self.packed;
        let mut sum = 0.0;
        of_biases_3.fill(0.0);
        let (rows, _) = self.outputs.as_chunks_mut::<OUTPUTS>();
        for (outputs, target) in rows.iter_mut().zip(targets) {
            sum += f64::from(cost(outputs, target, scale));
            add(of_biases_3, outputs);
        }
        let outputs = Matrix::new(&self.outputs, count, OUTPUTS);
        let hidden = Matrix::new(&self.hidden[1], count, second);
        matmul(hidden.transposed(), outputs, of_third, packed);
        let [of_hidden_1, of_hidden_2] = &mut self.gradients_of_hidden;
        matmul(
            outputs,
            Matrix::new(weights[2], second, OUTPUTS).transposed(),
            of_hidden_2,
            packed,
        );
        rectify(of_hidden_2, &self.hidden[1]);
        of_biases_2.fill(0.0);
        of_hidden_2
            .chunks_exact(second)
            .for_each(|gradient| add(of_biases_2, gradient));

        let of_units = Matrix::new(of_hidden_2, count, second);
        let hidden = Matrix::new(&self.hidden[0], count, first);
        matmul(hidden.transposed(), of_units, of_second, packed);
        matmul(
            of_units,
            Matrix::new(weights[1], first, second).transposed(),
            of_hidden_1,
            packed,
        );
        rectify(of_hidden_1, &self.hidden[0]);
        of_biases_1.fill(0.0);
        of_hidden_1
            .chunks_exact(first)
            .for_each(|gradient| add(of_biases_1, gradient));

        let of_units = Matrix::new(of_hidden_1, count, first);
        matmul(
            Matrix::new(inputs, count, INPUTS).transposed(),
            of_units,
            of_first,
            packed,
        );
        sum
    }
}

#[cfg(test)]
mod tests;
