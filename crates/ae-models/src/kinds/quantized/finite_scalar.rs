//! Finite scalar quantization: each number of a vector is rounded to one of a few levels.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::api::objective::TrainingBatch;
use crate::kinds::quantized::quantizer::{Quantized, Quantizer};
use crate::kinds::transform::losses::rounded;

/// By which share the range of bounded numbers is less than what rounds to the outermost levels.
const MARGIN: f32 = 1e-3;

/// The quantizer of [`FiniteScalarAutoencoder`](crate::FiniteScalarAutoencoder): nothing in it is trained.
///
/// A codeword's numbers are integers, of `L` levels from `-floor(L / 2)` on; the decoder is given them divided by
/// `floor(L / 2)`.
#[derive(Module, Debug)]
pub struct FiniteScalarQuantizer {
    #[module(skip)]
    levels: Vec<usize>,
}

impl FiniteScalarQuantizer {
    /// The quantizer of numbers of so many levels each; at least 3.
    pub(crate) fn new(levels: Vec<usize>) -> Self {
        Self { levels }
    }

    /// A number for each channel, `[1, channels]`.
    fn row(&self, of: impl Fn(usize) -> f32, device: &Device) -> Tensor<2> {
        let values: Vec<f32> = self.levels.iter().map(|&levels| of(levels)).collect();
        Tensor::from_data(TensorData::new(values, [1, self.levels.len()]), device)
    }

    /// Vectors within what rounds to levels: `tanh(z + atanh(o / h)) h - o`, where `h` is half the range of the levels, a
    /// little narrower, and `o` half a level where their number is even, so that 0 is one of them: 0 stays 0.
    fn bounded(&self, vectors: Tensor<2>) -> Tensor<2> {
        let device = vectors.device();
        let shift = |levels| (offset(levels) / half_range(levels)).atanh();
        (vectors + self.row(shift, &device)).tanh() * self.row(half_range, &device)
            - self.row(offset, &device)
    }
}

fn half_range(levels: usize) -> f32 {
    0.5 * (levels - 1) as f32 * (1.0 - MARGIN)
}

fn offset(levels: usize) -> f32 {
    match levels.is_multiple_of(2) {
        true => 0.5,
        false => 0.0,
    }
}

/// The magnitude of the lowest level.
fn half_width(levels: usize) -> f32 {
    (levels / 2) as f32
}

impl Quantizer for FiniteScalarQuantizer {
    const OBSERVES: bool = false;

    fn channels(&self) -> usize {
        self.levels.len()
    }

    fn codewords(&self) -> usize {
        self.levels.iter().product()
    }

    fn levels(&self) -> Option<&[usize]> {
        Some(&self.levels)
    }

    fn codeword_vectors(&self, device: &Device) -> Tensor<2> {
        let count = self.codewords();
        let mut values = Vec::with_capacity(count * self.levels.len());
        for index in 0..count {
            let mut rest = index;
            for &levels in &self.levels {
                values.push((rest % levels) as f32 - half_width(levels));
                rest /= levels;
            }
        }
        Tensor::from_data(TensorData::new(values, [count, self.levels.len()]), device)
    }

    fn indices(&self, vectors: Tensor<2>) -> Tensor<1, Int> {
        let device = vectors.device();
        let mut worth = 1;
        let mut worths = Vec::with_capacity(self.levels.len());
        for levels in &self.levels {
            worths.push(worth as f32);
            worth *= levels;
        }
        let worths = TensorData::new(worths, [1, self.levels.len()]);
        let levels = self.codewords_of(vectors) + self.row(half_width, &device);
        // At most 65,536: every integer that is a sum of these is an f32.
        let sums = (levels * Tensor::from_data(worths, &device)).sum_dim(1);
        let [places, _] = sums.dims();
        sums.reshape([places]).int()
    }

    fn codewords_of(&self, vectors: Tensor<2>) -> Tensor<2> {
        self.bounded(vectors).round()
    }

    fn nearest(&self, vectors: Tensor<2>) -> Tensor<2> {
        let device = vectors.device();
        let lowest = self.row(|levels| -half_width(levels), &device);
        let highest = self.row(|levels| (levels - 1) as f32 - half_width(levels), &device);
        vectors.round().max_pair(lowest).min_pair(highest)
    }

    fn decoded(&self, codewords: Tensor<2>) -> Tensor<2> {
        let device = codewords.device();
        codewords / self.row(half_width, &device)
    }

    fn quantized(
        &self,
        vectors: Tensor<2>,
        _places: usize,
        _batch: &TrainingBatch<'_>,
    ) -> Quantized {
        Quantized {
            decoded: self.decoded(rounded(self.bounded(vectors))),
            terms: Vec::new(),
            observed: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::loss::ReconstructionLoss;

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    /// F. Mentzer et al. (2024), section 3.1: `L` levels, for an even number one more below 0 than above.
    #[test]
    fn vectors_reach_every_level_and_no_other() {
        let device = Device::flex();
        for (levels, lowest, highest) in [(3, -1, 1), (4, -2, 1), (5, -2, 2), (8, -4, 3)] {
            let quantizer = FiniteScalarQuantizer::new(vec![levels]);
            let vectors: Vec<f32> = (-2000..=2000).map(|step| step as f32 / 250.0).collect();
            let count = vectors.len();
            let vectors = Tensor::from_data(TensorData::new(vectors, [count, 1]), &device);
            let found = values(quantizer.codewords_of(vectors.clone()));
            let mut seen: Vec<i32> = found.iter().map(|&level| level as i32).collect();
            assert!(seen.is_sorted(), "{levels} levels");
            seen.dedup();
            assert_eq!(seen, (lowest..=highest).collect::<Vec<_>>());
            let indices: Vec<i64> = quantizer.indices(vectors).into_data().iter().collect();
            let expected = found.iter().map(|&level| level as i64 - i64::from(lowest));
            assert_eq!(indices, expected.collect::<Vec<_>>());
            let zero = values(quantizer.bounded(Tensor::zeros([1, 1], &device)));
            assert!(zero[0].abs() < 1e-6, "{levels} levels: 0 becomes {zero:?}");
        }
    }

    #[test]
    fn indices_are_numbers_in_mixed_radix() {
        let device = Device::flex();
        let quantizer = FiniteScalarQuantizer::new(vec![8, 5, 5, 5]);
        assert_eq!(quantizer.codewords(), 1000);
        let all = quantizer.codeword_vectors(&device);
        let codewords = values(all.clone());
        assert_eq!(
            codewords[..8],
            [-4.0, -2.0, -2.0, -2.0, -3.0, -2.0, -2.0, -2.0]
        );
        assert_eq!(codewords[4 * 8..4 * 8 + 4], [-4.0, -1.0, -2.0, -2.0]);
        assert_eq!(codewords[4 * 999..], [3.0, 2.0, 2.0, 2.0]);
        // What is bounded to a level's middle comes back, and what is nearest to a codeword is that.
        let near = all.clone().mul_scalar(1.001);
        assert_eq!(values(quantizer.nearest(near)), codewords);
        let far = all.mul_scalar(100.0);
        assert!(
            values(quantizer.nearest(far))
                .iter()
                .all(|&level| (-4.0..=3.0).contains(&level))
        );
    }

    /// Rounding passes the gradient: it is that of the bounded numbers, by its formula in double precision.
    #[test]
    fn gradients_are_those_before_rounding() {
        let device = Device::flex().autodiff();
        let quantizer = FiniteScalarQuantizer::new(vec![8, 5]);
        let z = [0.3_f64, -0.9];
        let vectors = Tensor::<2>::from_data([z.map(|z| z as f32)], &device).require_grad();
        let image = Tensor::<4>::zeros([1, 1, 4, 4], &device);
        let quantized = quantizer.quantized(
            vectors.clone(),
            1,
            &TrainingBatch {
                input: image.clone(),
                target: image,
                loss: ReconstructionLoss::Mse,
                step: 0,
                random: &(),
            },
        );
        let gradients = quantized.decoded.sum().backward();
        let found = values(vectors.grad(&gradients).unwrap());
        for ((found, z), levels) in found.iter().zip(z).zip([8.0_f64, 5.0]) {
            let half = (levels - 1.0) * (1.0 - 1e-3) / 2.0;
            let offset = if levels % 2.0 == 0.0 { 0.5 } else { 0.0 };
            let tanh = (z + (offset / half).atanh()).tanh();
            let expected = (1.0 - tanh * tanh) * half / (levels / 2.0).floor();
            assert!(
                (f64::from(*found) - expected).abs() < 1e-5,
                "{found} of {expected}"
            );
        }
    }

    /// Beside the formula in double precision.
    #[test]
    fn bounds_are_those_of_the_paper() {
        let device = Device::flex();
        let quantizer = FiniteScalarQuantizer::new(vec![8, 5]);
        for z in [-3.0_f64, -0.7, 0.0, 0.2, 1.5, 4.0] {
            let vectors = Tensor::from_data([[z as f32, z as f32]], &device);
            let found = values(quantizer.bounded(vectors));
            for (found, levels) in found.iter().zip([8.0_f64, 5.0]) {
                let half = (levels - 1.0) * (1.0 - 1e-3) / 2.0;
                let offset = if levels % 2.0 == 0.0 { 0.5 } else { 0.0 };
                let expected = (z + (offset / half).atanh()).tanh() * half - offset;
                assert!(
                    (f64::from(*found) - expected).abs() < 1e-5,
                    "{z}: {found}, {expected}"
                );
            }
        }
    }
}
