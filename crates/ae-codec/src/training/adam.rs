//! The optimizer.

use rayon::prelude::*;

/// Decay of the mean of gradients.
const BETA_1: f32 = 0.9;
/// Decay of the mean of their squares.
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Parameters that a thread updates at once.
const TOGETHER: usize = 4096;

/// Adam's means, one of each for a parameter.
///
/// # References
/// D. P. Kingma and J. Ba (2015), *Adam: a method for stochastic optimization*, algorithm 1.
#[derive(Debug)]
pub(super) struct Adam {
    means: Vec<[f32; 2]>,
    steps: i32,
}

impl Adam {
    pub(super) fn new(parameters: usize) -> Self {
        Self {
            means: vec![[0.0; 2]; parameters],
            steps: 0,
        }
    }

    /// The means of gradients and of their squares, one of each for a parameter.
    pub(super) fn means(&self) -> &[[f32; 2]] {
        &self.means
    }

    /// Goes on from these means after so many steps.
    pub(super) fn restore(&mut self, means: &[[f32; 2]], steps: usize) {
        self.means = means.to_vec();
        self.steps = i32::try_from(steps).unwrap_or(i32::MAX);
    }

    /// Takes a step against the sum of `gradients`, which are added up in their order.
    pub(super) fn step(
        &mut self,
        parameters: &mut [f32],
        gradients: &[&[f32]],
        learning_rate: f32,
    ) {
        self.steps = self.steps.saturating_add(1);
        let correction_1 = 1.0 / (1.0 - BETA_1.powi(self.steps));
        let correction_2 = 1.0 / (1.0 - BETA_2.powi(self.steps));
        let parts = parameters
            .par_chunks_mut(TOGETHER)
            .zip(self.means.par_chunks_mut(TOGETHER));
        parts.enumerate().for_each(|(part, (parameters, means))| {
            let start = part * TOGETHER;
            for (i, (parameter, means)) in parameters.iter_mut().zip(means).enumerate() {
                let gradient: f32 = gradients.iter().map(|g| g[start + i]).sum();
                means[0] = BETA_1 * means[0] + (1.0 - BETA_1) * gradient;
                means[1] = BETA_2 * means[1] + (1.0 - BETA_2) * gradient * gradient;
                let root = (means[1] * correction_2).sqrt() + EPSILON;
                *parameter -= learning_rate * (means[0] * correction_1) / root;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The algorithm in double precision, one parameter at a time.
    #[test]
    fn steps_are_those_of_the_algorithm() {
        let gradients = [[0.5f32, -2.0], [0.25, 1.0], [-1.0, 3.0]];
        let mut parameters = [1.0f32, -1.0];
        let mut adam = Adam::new(2);
        let mut expected = [1.0f64, -1.0];
        let (mut m, mut v) = ([0.0f64; 2], [0.0f64; 2]);
        for (step, gradient) in gradients.iter().enumerate() {
            let halves = gradient.map(|g| g / 2.0);
            adam.step(&mut parameters, &[&halves, &halves], 0.1);
            for i in 0..2 {
                let g = f64::from(gradient[i]);
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                let t = step as i32 + 1;
                let (m, v) = (
                    m[i] / (1.0 - 0.9f64.powi(t)),
                    v[i] / (1.0 - 0.999f64.powi(t)),
                );
                expected[i] -= 0.1 * m / (v.sqrt() + 1e-8);
            }
        }
        for (found, expected) in parameters.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5);
        }
    }
}
