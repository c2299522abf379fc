//! Vector quantization: each vector becomes the nearest of a list that follows the vectors by moving averages.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::api::objective::TrainingBatch;
use crate::kinds::quantized::quantizer::{Quantized, Quantizer};
use crate::kinds::transform::draws::BEFORE_NOISE;
use crate::parameters::builder::{Builder, Initial};
use crate::parameters::tensors::TensorShape;

/// A codeword that is chosen less than this share of what each would be on average is dead.
const DEAD_SHARE: f32 = 0.1;
/// Half the width of the interval that codewords begin in.
const FIRST_BOUND: f64 = 1.0;
/// No size of a file is taken for less: codewords are quotients.
const LEAST_SIZE: f32 = 1e-30;

/// The quantizer of [`VectorQuantizedAutoencoder`](crate::VectorQuantizedAutoencoder): codewords that are the quotients of two
/// moving averages over steps, of the sum of the vectors that chose each and of their number.
///
/// Both are among the parameters, without gradients, and so in every checkpoint. A codeword begins with one vector, itself:
/// the first step moves it as little as any other.
#[derive(Module, Debug)]
pub struct Codebook {
    /// The averages of how many vectors of a batch chose each codeword: `[codewords]`.
    sizes: Param<Tensor<1>>,
    /// Those of these vectors' sums: `[codewords, channels]`.
    sums: Param<Tensor<2>>,
    #[module(skip)]
    decay: f32,
    #[module(skip)]
    commitment: f64,
}

impl Codebook {
    /// The tensors of `codewords`, under `codebook`.
    pub(crate) fn tensor_shapes(codewords: usize, channels: usize) -> Vec<TensorShape> {
        let tensor = |name: &str, shape: Vec<usize>| TensorShape {
            name: format!("quantizer.{name}"),
            shape,
        };
        vec![
            tensor("sizes", vec![codewords]),
            tensor("sums", vec![codewords, channels]),
        ]
    }

    pub(crate) fn build(
        codewords: usize,
        channels: usize,
        decay: f64,
        commitment: f64,
        builder: &mut Builder<'_>,
    ) -> Self {
        let sizes = builder.tensor("quantizer.sizes", codewords, Initial::Constant(1.0));
        let bound = Initial::Uniform { bound: FIRST_BOUND };
        let sums = builder.tensor("quantizer.sums", codewords * channels, bound);
        let device = builder.device();
        Self {
            sizes: Param::from_data(TensorData::new(sizes, [codewords]), device),
            sums: Param::from_data(TensorData::new(sums, [codewords, channels]), device),
            decay: decay as f32,
            commitment,
        }
    }

    /// The codewords, of which none has a gradient.
    fn vectors(&self) -> Tensor<2> {
        let [codewords, _] = self.sums.dims();
        let sizes = self.sizes.val().detach().clamp_min(LEAST_SIZE);
        self.sums.val().detach() / sizes.reshape([codewords, 1])
    }

    /// The indices of the nearest codewords: of those with the smallest squared distance, less what all have in common.
    fn nearest_indices(&self, vectors: Tensor<2>) -> Tensor<1, Int> {
        let [places, _] = vectors.dims();
        let codewords = self.vectors();
        let squares = codewords.clone().square().sum_dim(1).transpose();
        let products = vectors.detach().matmul(codewords.transpose());
        (squares - products.mul_scalar(2.0))
            .argmin(1)
            .reshape([places])
    }
}

impl Quantizer for Codebook {
    const OBSERVES: bool = true;

    fn channels(&self) -> usize {
        self.sums.dims()[1]
    }

    fn codewords(&self) -> usize {
        self.sums.dims()[0]
    }

    fn codeword_vectors(&self, _device: &Device) -> Tensor<2> {
        self.vectors()
    }

    fn indices(&self, vectors: Tensor<2>) -> Tensor<1, Int> {
        self.nearest_indices(vectors)
    }

    fn codewords_of(&self, vectors: Tensor<2>) -> Tensor<2> {
        self.nearest(vectors)
    }

    fn nearest(&self, vectors: Tensor<2>) -> Tensor<2> {
        self.vectors().select(0, self.nearest_indices(vectors))
    }

    fn decoded(&self, codewords: Tensor<2>) -> Tensor<2> {
        codewords
    }

    /// Observes, for each codeword, the sum of the vectors that chose it and their number, `[codewords, channels + 1]`; and
    /// vectors in an order that is drawn, for dead codewords to begin anew at: `[at most codewords, channels]`.
    fn quantized(&self, vectors: Tensor<2>, places: usize, batch: &TrainingBatch<'_>) -> Quantized {
        let device = vectors.device();
        let [count, channels] = vectors.dims();
        let codewords = self.codewords();
        let indices = self.nearest_indices(vectors.clone());
        let chosen = self.vectors().select(0, indices.clone());
        let error = vectors.clone() - chosen.clone();
        let commitment = error.square().mean().mul_scalar(self.commitment);
        let decoded = vectors.clone() + (chosen - vectors.clone()).detach();

        // On the host, one vector after the other: a sum's bits don't depend on threads then.
        let host: Vec<f32> = vectors.detach().into_data().iter::<f32>().collect();
        let indices: Vec<usize> = indices
            .into_data()
            .iter::<i64>()
            .map(|index| index as usize)
            .collect();
        let mut sums = vec![0.0_f64; codewords * (channels + 1)];
        for (vector, &index) in host.chunks_exact(channels).zip(&indices) {
            let row = &mut sums[index * (channels + 1)..(index + 1) * (channels + 1)];
            for (sum, &value) in row.iter_mut().zip(vector) {
                *sum += f64::from(value);
            }
            row[channels] += 1.0;
        }
        let sums: Vec<f32> = sums.into_iter().map(|sum| sum as f32).collect();
        let order = drawn_order(batch, places);
        let candidates: Vec<f32> = order
            .iter()
            .take(codewords)
            .flat_map(|&place| &host[place * channels..(place + 1) * channels])
            .copied()
            .collect();
        let offered = count.min(codewords);
        let tensor = |values: Vec<f32>, shape: [usize; 2]| {
            Tensor::from_data(TensorData::new(values, shape), &device)
        };
        Quantized {
            decoded,
            terms: vec![("commitment", commitment)],
            observed: vec![
                tensor(sums, [codewords, channels + 1]),
                tensor(candidates, [offered, channels]),
            ],
        }
    }

    fn after_step(self, observed: &[Tensor<2>]) -> Self {
        let [batch, candidates] = observed else {
            return self;
        };
        let host = |tensor: Tensor<2>| -> Vec<f32> { tensor.into_data().iter().collect() };
        let [codewords, channels] = self.sums.dims();
        let batch = host(batch.clone());
        let candidates = host(candidates.clone());
        let mut sizes: Vec<f32> = self.sizes.val().into_data().iter().collect();
        let mut sums = host(self.sums.val());
        let kept = self.decay;
        let averaged = |old: &mut f32, new: f32| *old = kept * *old + (1.0 - kept) * new;
        let rows = batch.chunks_exact(channels + 1);
        for ((size, sum), row) in sizes
            .iter_mut()
            .zip(sums.chunks_exact_mut(channels))
            .zip(rows)
        {
            averaged(size, row[channels]);
            for (sum, &of_batch) in sum.iter_mut().zip(row) {
                averaged(sum, of_batch);
            }
        }
        let fair = sizes.iter().sum::<f32>() / codewords as f32;
        let mut candidates = candidates.chunks_exact(channels);
        for (size, sum) in sizes.iter_mut().zip(sums.chunks_exact_mut(channels)) {
            if *size >= DEAD_SHARE * fair {
                continue;
            }
            let Some(candidate) = candidates.next() else {
                break;
            };
            *size = fair;
            for (sum, &value) in sum.iter_mut().zip(candidate) {
                *sum = fair * value;
            }
        }
        let put = |data: TensorData| move |old: Tensor<2>| like(&old, data);
        let sizes = TensorData::new(sizes, [codewords]);
        Self {
            sizes: self.sizes.map(|old| like(&old, sizes)),
            sums: self
                .sums
                .map(put(TensorData::new(sums, [codewords, channels]))),
            ..self
        }
    }
}

/// These values in place of a parameter's.
fn like<const D: usize>(old: &Tensor<D>, values: TensorData) -> Tensor<D> {
    Tensor::from_data(values, &old.device()).set_require_grad(old.is_require_grad())
}

/// The places of all images, by numbers drawn for each.
fn drawn_order(batch: &TrainingBatch<'_>, places: usize) -> Vec<usize> {
    let numbers = batch.uniform(BEFORE_NOISE + places);
    let numbers: Vec<f32> = numbers
        .chunks_exact(BEFORE_NOISE + places)
        .flat_map(|numbers| &numbers[BEFORE_NOISE..])
        .copied()
        .collect();
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&one, &other| numbers[one].total_cmp(&numbers[other]));
    order
}
