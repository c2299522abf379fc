//! The parts of `ae-kernels` on the path that a model is built for: the one place that chooses between the two.

use ae_kernels::{
    DenseLayer, DenseStack, KernelError, Precision, Stack, Stage, TransposedConvolution,
};

use crate::placement::ComputePath;

/// A stack of convolutions.
pub(crate) fn stack(stages: Vec<Stage>, path: ComputePath) -> Result<Stack, KernelError> {
    let stack = Stack::new(stages, Precision::default())?;
    Ok(match path {
        ComputePath::Kernels => stack,
        ComputePath::Reference => stack.by_operations(),
    })
}

/// A stack of fully connected layers.
pub(crate) fn dense_stack(
    layers: Vec<DenseLayer>,
    path: ComputePath,
) -> Result<DenseStack, KernelError> {
    let stack = DenseStack::new(layers)?;
    Ok(match path {
        ComputePath::Kernels => stack,
        ComputePath::Reference => stack.by_operations(),
    })
}

/// A transposed convolution that doubles the picture.
pub(crate) fn transposed(
    inputs: usize,
    outputs: usize,
    path: ComputePath,
) -> Result<TransposedConvolution, KernelError> {
    let convolution = TransposedConvolution::new(inputs, outputs, Precision::default())?;
    Ok(match path {
        ComputePath::Kernels => convolution,
        ComputePath::Reference => convolution.by_operations(),
    })
}
