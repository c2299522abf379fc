//! A fully connected layer: what it is, and how rows go through it and back.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::activation::{Activation, Curve};
use crate::error::KernelError;
use crate::layout::weights::Weights;
use crate::simd::{Isa, with_lanes};

/// A fully connected layer and its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DenseLayer {
    /// Numbers in.
    pub inputs: usize,
    /// Numbers out.
    pub outputs: usize,
    /// What is done to the sums.
    pub activation: Activation,
    /// How the weight lies.
    pub order: WeightOrder,
}

/// Which axis of a dense layer's weight comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightOrder {
    /// `[inputs, outputs]`, as Burn has it.
    #[default]
    InputsFirst,
    /// `[outputs, inputs]`, as PyTorch has it, and as the weight of a layer the other way round lies.
    OutputsFirst,
}

impl DenseLayer {
    /// A layer whose weight lies as Burn's.
    pub fn new(inputs: usize, outputs: usize, activation: Activation) -> Self {
        Self {
            inputs,
            outputs,
            activation,
            order: WeightOrder::InputsFirst,
        }
    }

    /// The weight's axes as it lies.
    pub fn weight_shape(&self) -> [usize; 2] {
        match self.order {
            WeightOrder::InputsFirst => [self.inputs, self.outputs],
            WeightOrder::OutputsFirst => [self.outputs, self.inputs],
        }
    }

    /// The weight as a matrix of inputs by outputs.
    fn matrix<'a>(&self, weight: &'a [f32]) -> MatRef<'a, f32> {
        match self.order {
            WeightOrder::InputsFirst => {
                MatRef::from_row_major_slice(weight, self.inputs, self.outputs)
            }
            WeightOrder::OutputsFirst => {
                MatRef::from_column_major_slice(weight, self.inputs, self.outputs)
            }
        }
    }
}

/// `y = activation(x W + b)`.
pub(crate) fn forward(
    isa: Isa,
    layer: &DenseLayer,
    weights: Weights<'_>,
    x: &[f32],
    y: &mut [f32],
) {
    sums(layer, weights, x, y);
    layer.activation.apply(isa, y);
}

/// `y = x W + b`.
pub(crate) fn sums(layer: &DenseLayer, weights: Weights<'_>, x: &[f32], y: &mut [f32]) {
    for row in y.chunks_exact_mut(layer.outputs) {
        row.copy_from_slice(weights.bias);
    }
    let rows = y.len() / layer.outputs;
    matmul(
        MatMut::from_row_major_slice_mut(&mut *y, rows, layer.outputs),
        Accum::Add,
        MatRef::from_row_major_slice(x, rows, layer.inputs),
        layer.matrix(weights.weight),
        1.0,
        Par::Seq,
    );
}

/// The gradient of a layer's input from that of its sums.
pub(crate) fn back(
    layer: &DenseLayer,
    weights: Weights<'_>,
    rows: usize,
    sums: &[f32],
    gradient: &mut [f32],
) {
    matmul(
        MatMut::from_row_major_slice_mut(gradient, rows, layer.inputs),
        Accum::Replace,
        MatRef::from_row_major_slice(sums, rows, layer.outputs),
        layer.matrix(weights.weight).transpose(),
        1.0,
        Par::Seq,
    );
}

/// Takes the gradient of a layer's output back through its activation, in place.
pub(crate) fn derive(isa: Isa, activation: Activation, output: &[f32], gradient: &mut [f32]) {
    let output = &output[..gradient.len()];
    match activation.curve() {
        Curve::Slope(1.0) => {}
        Curve::Slope(slope) => with_lanes!(isa, _lanes => {
            for i in 0..output.len() {
                gradient[i] = if output[i] > 0.0 { gradient[i] } else { gradient[i] * slope };
            }
        }),
        Curve::Sigmoid => with_lanes!(isa, _lanes => {
            for i in 0..output.len() {
                gradient[i] *= output[i] * (1.0 - output[i]);
            }
        }),
        Curve::Tanh => with_lanes!(isa, _lanes => {
            for i in 0..output.len() {
                gradient[i] *= 1.0 - output[i] * output[i];
            }
        }),
    }
}

/// Checks that a list of layers fits together.
pub(crate) fn check(layers: &[DenseLayer]) -> Result<(), KernelError> {
    if layers.is_empty() {
        return Err(KernelError::NoStages);
    }
    for (stage, layer) in layers.iter().enumerate() {
        for (which, count) in [("input", layer.inputs), ("output", layer.outputs)] {
            if count == 0 {
                let channels = format!("0 {which}");
                return Err(KernelError::NoChannels { stage, channels });
            }
        }
        layer.activation.check(stage)?;
        layer
            .inputs
            .checked_mul(layer.outputs)
            .ok_or(KernelError::Overflow)?;
    }
    for (index, pair) in layers.windows(2).enumerate() {
        if pair[0].outputs != pair[1].inputs {
            return Err(KernelError::ChannelsDiffer {
                stage: index + 1,
                expected: pair[0].outputs,
                found: pair[1].inputs,
            });
        }
    }
    Ok(())
}
