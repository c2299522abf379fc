//! The gradients of weights and biases, which sum over the whole batch: block by block of their rows.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::dense::layer::{DenseLayer, WeightOrder};
use crate::dense::parts::Rows;
use crate::simd::{Isa, with_lanes};

/// Values of a weight's gradient that one task computes, about.
const BLOCK_VALUES: usize = 1 << 15;

/// The gradients of all weights and biases, cut into tasks.
pub(crate) fn tasks<'a>(
    layers: &[DenseLayer],
    values: &'a [f32],
    outputs: &'a Rows,
    sums: &'a Rows,
    gradients: &'a mut [(Vec<f32>, Vec<f32>)],
) -> Vec<WeightTask<'a>> {
    let batch = sums.batch;
    let mut tasks = Vec::new();
    let mut x = values;
    let rows = outputs.layers.iter().zip(&sums.layers);
    for ((layer, (output, sums)), (weight, bias)) in layers.iter().zip(rows).zip(gradients) {
        let input = MatRef::from_row_major_slice(x, batch, layer.inputs);
        let gradient = MatRef::from_row_major_slice(sums, batch, layer.outputs);
        let (rows, columns) = match layer.order {
            WeightOrder::InputsFirst => (input, gradient),
            WeightOrder::OutputsFirst => (gradient, input),
        };
        let block = (BLOCK_VALUES / columns.ncols()).clamp(1, rows.ncols());
        // The bias goes with the first block.
        let mut bias = Some((sums.as_slice(), bias.as_mut_slice()));
        for (index, gradient) in weight.chunks_mut(block * columns.ncols()).enumerate() {
            let count = gradient.len() / columns.ncols();
            tasks.push(WeightTask {
                rows: rows.subcols(index * block, count),
                columns,
                gradient,
                bias: bias.take(),
            });
        }
        x = output;
    }
    tasks
}

/// Some rows of a weight's gradient, and perhaps the bias's.
pub(crate) struct WeightTask<'a> {
    /// `[batch, rows of the gradient]`.
    rows: MatRef<'a, f32>,
    /// `[batch, columns of the gradient]`.
    columns: MatRef<'a, f32>,
    gradient: &'a mut [f32],
    bias: Option<(&'a [f32], &'a mut [f32])>,
}

impl WeightTask<'_> {
    pub(crate) fn run(self, isa: Isa) {
        let (rows, columns) = (self.rows.ncols(), self.columns.ncols());
        let gradient = MatMut::from_row_major_slice_mut(self.gradient, rows, columns);
        matmul(
            gradient,
            Accum::Replace,
            self.rows.transpose(),
            self.columns,
            1.0,
            Par::Seq,
        );
        if let Some((sums, bias)) = self.bias {
            with_lanes!(isa, _lanes => {
                for row in sums.chunks_exact(bias.len()) {
                    for i in 0..bias.len() {
                        bias[i] += row[i];
                    }
                }
            });
        }
    }
}
