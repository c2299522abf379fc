//! A model as exports need it: what it computes and with which numbers.

use std::collections::HashMap;

use ae_models::{Graph, Inference, Model, NamedTensor, Operation, Trainable as _, named_tensors};

use crate::error::InterchangeError;

/// What a model computes, and its tensors.
pub(crate) struct Description {
    pub(crate) kind: &'static str,
    /// What tells the model from others, in a few words.
    pub(crate) summary: String,
    pub(crate) inference: Inference,
    pub(crate) input_shape: [usize; 3],
    pub(crate) code_shape: Vec<usize>,
    pub(crate) tensors: Vec<NamedTensor>,
}

impl Description {
    /// # Errors
    /// The kind doesn't describe its inference, or a layer that it names has no weight.
    pub(crate) fn of(model: &Model) -> Result<Self, InterchangeError> {
        let input_shape = model.input_shape();
        let checked = model.config().check(input_shape)?;
        let kind = model.config().kind();
        let inference = checked
            .inference()
            .ok_or_else(|| InterchangeError::NotDescribed {
                kind: kind.to_owned(),
            })?;
        let description = Self {
            kind,
            summary: model.config().description(),
            inference,
            input_shape,
            code_shape: model
                .as_codes()
                .map_or_else(Vec::new, |codes| codes.code_shape()),
            tensors: named_tensors(model),
        };
        let (graph, _) = description.inference.reconstruction();
        match description.problem(&graph) {
            None => Ok(description),
            Some(reason) => Err(InterchangeError::Description {
                kind: kind.to_owned(),
                reason,
            }),
        }
    }

    /// What is wrong with a graph: a layer or factors without their tensors, or an operation that is not known here.
    fn problem(&self, graph: &Graph) -> Option<String> {
        let tensors = self.by_name();
        graph.steps().iter().find_map(|step| {
            let needed = match &step.operation {
                Operation::Convolution { layer }
                | Operation::TransposedConvolution { layer }
                | Operation::Linear { layer } => vec![format!("{layer}.weight")],
                Operation::TiedLinear { layer, weight_of } => {
                    vec![format!("{weight_of}.weight"), format!("{layer}.bias")]
                }
                Operation::ScaleChannels { logarithms, .. } => vec![logarithms.clone()],
                Operation::Relu
                | Operation::Sigmoid
                | Operation::Tanh
                | Operation::Round
                | Operation::Clamp { .. }
                | Operation::MixChannels { .. }
                | Operation::SpaceToDepth { .. }
                | Operation::DepthToSpace
                | Operation::MaxPool
                | Operation::Upsample
                | Operation::Concatenate
                | Operation::Add
                | Operation::Subtract
                | Operation::Flatten
                | Operation::Unflatten { .. }
                | Operation::FirstValues { .. }
                | Operation::KeepLargest { .. }
                | Operation::PadToMultiple { .. }
                | Operation::CropToImage { .. } => return None,
                other => return Some(format!("{other:?} is not known here")),
            };
            let missing = needed
                .into_iter()
                .find(|name| !tensors.contains_key(name.as_str()))?;
            Some(format!(
                "it names a tensor {missing}, which the model does not have"
            ))
        })
    }

    /// The tensors by name.
    pub(crate) fn by_name(&self) -> HashMap<&str, &NamedTensor> {
        let tensors = self.tensors.iter();
        tensors
            .map(|tensor| (tensor.name.as_str(), tensor))
            .collect()
    }

    /// How many numbers they have in all.
    pub(crate) fn parameters(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.values.len()).sum()
    }
}
