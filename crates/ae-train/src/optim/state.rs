//! What an optimizer remembers between steps, on its way to a checkpoint and back.

use std::collections::BTreeMap;

use ae_models::NamedTensor;

/// An optimizer's state on the host, for a checkpoint.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OptimizerState {
    /// Tensors, named `{parameter}.{field}`.
    pub(crate) tensors: Vec<NamedTensor>,
    /// Step counters, named likewise.
    pub(crate) counters: BTreeMap<String, u64>,
    /// The rank of every parameter that has a state.
    pub(crate) ranks: BTreeMap<String, usize>,
}
