//! The linear part of the transform: blocks of pixels by a matrix that begins as a discrete cosine transform.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::networks::cosines::{frequencies, wave};
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::parameters::builder::Builder;

/// What is taken off pixels: blocks of one middle gray are zeros.
const GRAY: f64 = 0.5;

/// Two matrices between a block's pixels and its code: those of the discrete cosine transform, the lowest frequencies first, plus
/// what is learned.
///
/// # References
/// N. Ahmed, T. Natarajan and K. R. Rao (1974), *Discrete cosine transform*; of two dimensions, orthonormal.
#[derive(Module, Debug)]
pub(crate) struct BlockTransform {
    /// What is added to the matrix from pixels to codes: `[code, pixels]`, as one axis.
    analysis: Param<Tensor<1>>,
    /// To the one from codes to pixels, likewise.
    synthesis: Param<Tensor<1>>,
    #[module(skip)]
    side: usize,
    #[module(skip)]
    code_channels: usize,
}

impl BlockTransform {
    /// Its tensors, under `name`.
    pub(crate) fn layers(name: &str, side: usize, code_channels: usize) -> [LayerSpec; 2] {
        ["analysis", "synthesis"].map(|part| {
            let kind = LayerKind::Constant { initial: 0.0 };
            LayerSpec::new(
                format!("{name}.{part}"),
                kind,
                1,
                code_channels * side * side,
            )
        })
    }

    pub(crate) fn build(
        layers: &[LayerSpec; 2],
        side: usize,
        code_channels: usize,
        builder: &mut Builder<'_>,
    ) -> Self {
        let [analysis, synthesis] = layers.each_ref().map(|layer| layer.constant(builder));
        Self {
            analysis,
            synthesis,
            side,
            code_channels,
        }
    }

    /// The linear part of codes.
    ///
    /// # Shapes
    /// - `images`: `[batch, 1, side * rows, side * columns]`
    /// - output: `[batch, code, rows, columns]`
    pub(crate) fn codes(&self, images: Tensor<4>) -> Tensor<4> {
        let [batch, _, height, width] = images.dims();
        let (side, code) = (self.side, self.code_channels);
        let (rows, columns) = (height / side, width / side);
        let blocks = (images - GRAY)
            .reshape([batch, rows, side, columns, side])
            .permute([0, 1, 3, 2, 4])
            .reshape([batch * rows * columns, side * side]);
        blocks
            .matmul(self.matrix(&self.analysis).transpose())
            .reshape([batch, rows, columns, code])
            .permute([0, 3, 1, 2])
    }

    /// The linear part of what codes stand for.
    ///
    /// # Shapes
    /// - `codes`: `[batch, code, rows, columns]`
    /// - output: `[batch, 1, side * rows, side * columns]`
    pub(crate) fn images(&self, codes: Tensor<4>) -> Tensor<4> {
        let [batch, code, rows, columns] = codes.dims();
        let side = self.side;
        let blocks = codes
            .permute([0, 2, 3, 1])
            .reshape([batch * rows * columns, code]);
        blocks
            .matmul(self.matrix(&self.synthesis))
            .reshape([batch, rows, columns, side, side])
            .permute([0, 1, 3, 2, 4])
            .reshape([batch, 1, rows * side, columns * side])
            + GRAY
    }

    /// The matrix that a parameter is added to: `[code, pixels]`.
    fn matrix(&self, parameter: &Param<Tensor<1>>) -> Tensor<2> {
        let parameter = parameter.val();
        let shape = [self.code_channels, self.side * self.side];
        let base = cosines(self.side, self.code_channels, &parameter.device());
        parameter.reshape(shape) + base
    }
}

/// The products of cosines of the lowest frequencies, the sum of both rising: `[code, pixels]`. What has no frequency left is 0.
fn cosines(side: usize, code_channels: usize, device: &Device) -> Tensor<2> {
    let frequencies = frequencies(side);
    let mut values = vec![0.0_f32; code_channels * side * side];
    let of_channels = values.chunks_exact_mut(side * side).zip(&frequencies);
    for (values, &[down, right]) in of_channels {
        for (place, value) in values.iter_mut().enumerate() {
            *value = (wave(side, down, place / side) * wave(side, right, place % side)) as f32;
        }
    }
    Tensor::from_data(
        TensorData::new(values, [code_channels, side * side]),
        device,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.fft.dctn(norm="ortho")` of a block of 2x2 is sums and differences, halved; a matrix of all frequencies is
    /// orthogonal.
    #[test]
    fn the_matrix_is_that_of_the_cosine_transform() {
        let device = Device::flex();
        let values = |tensor: Tensor<2>| -> Vec<f32> { tensor.into_data().iter().collect() };
        let found = values(cosines(2, 5, &device));
        let half = 0.5;
        let expected = [
            [half, half, half, half],
            [half, -half, half, -half],
            [half, half, -half, -half],
            [half, -half, -half, half],
            [0.0; 4],
        ];
        for (found, expected) in found.iter().zip(expected.as_flattened()) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        let matrix = cosines(8, 64, &device);
        let products = values(matrix.clone().matmul(matrix.transpose()));
        for (place, product) in products.into_iter().enumerate() {
            let expected = if place / 64 == place % 64 { 1.0 } else { 0.0 };
            assert!((product - expected).abs() < 1e-5, "{place}: {product}");
        }
    }
}
