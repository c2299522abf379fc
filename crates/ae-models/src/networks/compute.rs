//! The parts of `ae-kernels` on the path that a model is built for: the one place that chooses between the two.

use ae_kernels::{
    DenseLayer, DenseStack, KernelError, Precision, Stack, Stage, TransposedConvolution,
};

use crate::placement::ComputePath;

/// A stack of convolutions.
pub(crate) fn stack(stages: Vec<Stage>, path: ComputePath) -> Result<Stack, KernelError> {
    Ok(Stack::new(stages, Precision::default())?.on(of_kernels(path)))
}

/// A stack of fully connected layers.
pub(crate) fn dense_stack(
    layers: Vec<DenseLayer>,
    path: ComputePath,
) -> Result<DenseStack, KernelError> {
    Ok(DenseStack::new(layers)?.on(of_kernels(path)))
}

/// A transposed convolution that doubles the picture.
pub(crate) fn transposed(
    inputs: usize,
    outputs: usize,
    path: ComputePath,
) -> Result<TransposedConvolution, KernelError> {
    let convolution = TransposedConvolution::new(inputs, outputs, Precision::default())?;
    Ok(convolution.on(of_kernels(path)))
}

/// The path as the kernels name it, who know nothing of configuration files.
fn of_kernels(path: ComputePath) -> ae_kernels::ComputePath {
    match path {
        ComputePath::Kernels => ae_kernels::ComputePath::Kernels,
        ComputePath::Reference => ae_kernels::ComputePath::Reference,
    }
}
