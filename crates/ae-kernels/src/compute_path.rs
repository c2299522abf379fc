//! The choice between the kernels and the reference path.

/// By what a stack computes on Burn's tensors, decided where it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComputePath {
    /// By the kernels, on the backends that have them and for tensors of single precision.
    #[default]
    Kernels,
    /// By Burn's own operations everywhere: the reference path, to compare the kernels with.
    Reference,
}
