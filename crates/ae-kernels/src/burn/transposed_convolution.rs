//! Transposed convolutions of stride 2, as a convolution of the kernels' and a shuffle.
//!
//! A 3x3 transposed convolution of stride 2 that doubles a picture (padding 1, output padding 1) gives each pixel four,
//! one for each parity of line and column. Along an axis with taps `w`, output `2 y` is `w[1] x[y]`, and `2 y + 1` is
//! `w[2] x[y] + w[0] x[y + 1]`. So every parity is a 3x3 'same' convolution of the input, most of its taps zero, and all
//! four are one with four times the channels. By Winograd's transforms it takes the multiplications of the nine taps that
//! are not zero.

use burn::tensor::DType;
use burn::tensor::activation::relu;
use burn::tensor::module::conv_transpose2d;
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Tensor, TensorData};

use crate::activation::Activation;
use crate::burn::host_tensor::is_on_host;
use crate::compute_path::ComputePath;
use crate::conv::stack::Stack;
use crate::conv::stage::{Precision, Stage};
use crate::error::KernelError;

/// Taps of a kernel.
const TAPS: usize = 9;
/// Output pixels of an input pixel: the parities of line and column.
const PARITIES: usize = 4;

/// A transposed 3x3 convolution of stride 2 with ReLU, which doubles a picture's height and width.
///
/// Cloning is cheap. On the CPU's backends it runs as a [`Stack`] of one stage, with what that promises of threads; on
/// others by Burn's own operation.
///
/// # References
/// W. Shi et al. (2016), *Is the deconvolution layer the same as a convolutional layer?*, section 3.
#[derive(Clone, Debug)]
pub struct TransposedConvolution {
    parities: Stack,
    path: ComputePath,
}

impl TransposedConvolution {
    /// A layer of so many channels.
    ///
    /// # Errors
    /// When there are no inputs or outputs, or too many.
    pub fn new(inputs: usize, outputs: usize, precision: Precision) -> Result<Self, KernelError> {
        let outputs = outputs.checked_mul(PARITIES).ok_or(KernelError::Overflow)?;
        let stage = Stage::new(inputs, outputs, Activation::Relu);
        Ok(Self {
            parities: Stack::new(vec![stage], precision)?,
            path: ComputePath::default(),
        })
    }

    /// The same layer on another path.
    #[must_use]
    pub fn on(self, path: ComputePath) -> Self {
        Self { path, ..self }
    }

    /// Doubles maps; differentiable in all three.
    ///
    /// # Shapes
    /// - `x`: `[batch, inputs, height, width]`
    /// - `weight`: `[inputs, outputs, 3, 3]`, as PyTorch has it
    /// - `bias`: `[outputs]`
    /// - output: `[batch, outputs, 2 * height, 2 * width]`
    ///
    /// # Panics
    /// When a shape does not fit, the batch is empty, or there is no memory for the working buffers.
    pub fn forward(&self, x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
        let is_single = [x.dtype(), weight.dtype(), bias.dtype()] == [DType::F32; 3];
        let by_kernels = self.path == ComputePath::Kernels && is_single && is_on_host(&x.device());
        if !by_kernels {
            let options = ConvTransposeOptions::new([2, 2], [1, 1], [1, 1], [1, 1], 1);
            return relu(conv_transpose2d(x, weight, Some(bias), options));
        }
        let [batch, _, height, width] = x.dims();
        let [inputs, outputs, ..] = weight.dims();
        let of_parities = TensorData::new(taps_of_parities(), [TAPS, PARITIES * TAPS]);
        let of_parities = Tensor::<2>::from_data(of_parities, &weight.device());
        let weight = weight
            .reshape([inputs * outputs, TAPS])
            .matmul(of_parities)
            .reshape([inputs, outputs * PARITIES, TAPS])
            .swap_dims(0, 1)
            .reshape([outputs * PARITIES, inputs, 3, 3]);
        let bias = bias
            .reshape([outputs, 1])
            .expand([outputs, PARITIES])
            .reshape([outputs * PARITIES]);
        self.parities
            .forward(x, &[(weight, Some(bias))])
            .reshape([batch, outputs, 2, 2, height, width])
            .permute([0, 1, 4, 2, 5, 3])
            .reshape([batch, outputs, 2 * height, 2 * width])
    }
}

/// `[tap, (parity of line, parity of column), tap of the convolution]`: 1 where that tap is the transposed one's.
fn taps_of_parities() -> Vec<f32> {
    // By parity, (tap of the transposed convolution, tap of the convolution) along an axis.
    const ALONG: [&[(usize, usize)]; 2] = [&[(1, 1)], &[(2, 1), (0, 2)]];
    let mut taps = vec![0.0; TAPS * PARITIES * TAPS];
    for parity in 0..PARITIES {
        for &(from_line, to_line) in ALONG[parity / 2] {
            for &(from_column, to_column) in ALONG[parity % 2] {
                let from = from_line * 3 + from_column;
                let to = to_line * 3 + to_column;
                taps[(from * PARITIES + parity) * TAPS + to] = 1.0;
            }
        }
    }
    taps
}
