//! A module's parameters by name, out of it and into it.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};

use crate::error::ModelError;
use crate::parameters::path::{ParameterPath, transpose};

/// One parameter on the host, named and laid out as PyTorch would have it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// The path in the module, `encoder.0.weight`.
    pub name: String,
    /// The shape; a fully connected layer's weight is `[outputs, inputs]`.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub values: Vec<f32>,
}

/// The name and shape that one tensor of a model has in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorShape {
    /// The name, as in the `state_dict` of the equivalent PyTorch module.
    pub name: String,
    /// The shape, in PyTorch's order.
    pub shape: Vec<usize>,
}

/// Every float parameter of a module, in the order of its fields.
///
/// Names are the paths of the fields, list elements by their index: what a PyTorch module of the same fields, lists
/// being `nn.ModuleList`, has as its `state_dict`. The `weight` of a module called `Linear`, as Burn's, is transposed
/// to PyTorch's `[outputs, inputs]`; convolutions are alike in both. Normalization layers keep Burn's field names.
#[must_use]
pub fn named_tensors<M: Module>(module: &M) -> Vec<NamedTensor> {
    struct Collect {
        path: ParameterPath,
        tensors: Vec<NamedTensor>,
    }
    impl ModuleVisitor for Collect {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let data = param.val().into_data();
            let mut shape = data.shape().to_vec();
            let mut values: Vec<f32> = data.iter::<f32>().collect();
            if self.path.is_transposed(&shape) {
                values = transpose(&values, shape[0], shape[1]);
                shape.reverse();
            }
            self.tensors.push(NamedTensor {
                name: self.path.name(),
                shape,
                values,
            });
        }
    }
    let mut collect = Collect {
        path: ParameterPath::default(),
        tensors: Vec::new(),
    };
    module.visit(&mut collect);
    collect.tensors
}

/// Every float parameter's id and name, in the order of [`named_tensors`].
///
/// An optimizer keeps its state by id, and ids are drawn anew whenever a model is built. So whoever saves an
/// optimizer's state saves these beside it, and gives them to a model built later by [`with_parameter_ids`].
#[must_use]
pub fn parameter_names<M: Module>(module: &M) -> Vec<(ParamId, String)> {
    parameters(module)
        .into_iter()
        .map(|(id, tensor)| (id, tensor.name))
        .collect()
}

/// Gives parameters the ids that they had when `names` was taken from a model of the same architecture. Their values
/// stay.
///
/// # Errors
/// [`ModelError::Tensor`] if the names are not the module's: one missing, one too many or one twice.
pub fn with_parameter_ids<M: Module>(
    module: M,
    names: &[(ParamId, String)],
) -> Result<M, ModelError> {
    struct Rename<'a> {
        path: ParameterPath,
        ids: HashMap<&'a str, ParamId>,
    }
    impl ModuleMapper for Rename<'_> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (old, tensor, mapper) = param.consume();
            let id = self
                .ids
                .get(self.path.name().as_str())
                .copied()
                .unwrap_or(old);
            Param::from_mapped_value(id, tensor, mapper)
        }
    }
    let expected: Vec<_> = parameters(&module)
        .into_iter()
        .map(|(_, tensor)| tensor.name)
        .collect();
    check_names(&expected, names.iter().map(|(_, name)| name.as_str()))?;
    let ids = names
        .iter()
        .map(|(id, name)| (name.as_str(), *id))
        .collect();
    Ok(module.map(&mut Rename {
        path: ParameterPath::default(),
        ids,
    }))
}

/// Puts values into a module's float parameters by name. Ids, devices and whether gradients are wanted stay as they
/// are.
///
/// # Errors
/// [`ModelError::Tensor`] unless `tensors` are exactly the module's: names (none missing, extra or twice), shapes,
/// and as many values as the shape says.
pub fn load_tensors<M: Module>(module: M, tensors: &[NamedTensor]) -> Result<M, ModelError> {
    check_tensors(&tensor_shapes(&module), tensors)?;
    Ok(put_tensors(module, tensors))
}

/// Puts values into those float parameters that `tensors` name. Shapes are known to fit.
pub(crate) fn put_tensors<M: Module>(module: M, tensors: &[NamedTensor]) -> M {
    struct Put<'a> {
        path: ParameterPath,
        tensors: HashMap<&'a str, &'a NamedTensor>,
    }
    impl ModuleMapper for Put<'_> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(tensor) = self.tensors.get(self.path.name().as_str()) else {
                return param;
            };
            let mut shape = tensor.shape.clone();
            let data = if self.path.is_transposed(&shape) {
                let values = transpose(&tensor.values, shape[0], shape[1]);
                shape.reverse();
                TensorData::new(values, shape)
            } else {
                TensorData::new(tensor.values.clone(), shape)
            };
            param.map(|old| {
                Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
            })
        }
    }
    let tensors = tensors
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor))
        .collect();
    module.map(&mut Put {
        path: ParameterPath::default(),
        tensors,
    })
}

/// Every float parameter's name and shape, in the order of [`named_tensors`].
pub(crate) fn tensor_shapes<M: Module>(module: &M) -> Vec<TensorShape> {
    let parameters = parameters(module).into_iter();
    parameters.map(|(_, tensor)| tensor).collect()
}

/// Ids, names and shapes.
fn parameters<M: Module>(module: &M) -> Vec<(ParamId, TensorShape)> {
    struct List {
        path: ParameterPath,
        parameters: Vec<(ParamId, TensorShape)>,
    }
    impl ModuleVisitor for List {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.path.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let mut shape = param.val().dims().to_vec();
            if self.path.is_transposed(&shape) {
                shape.reverse();
            }
            self.parameters.push((
                param.id,
                TensorShape {
                    name: self.path.name(),
                    shape,
                },
            ));
        }
    }
    let mut list = List {
        path: ParameterPath::default(),
        parameters: Vec::new(),
    };
    module.visit(&mut list);
    list.parameters
}

fn check_tensors(expected: &[TensorShape], found: &[NamedTensor]) -> Result<(), ModelError> {
    let names: Vec<_> = expected.iter().map(|tensor| tensor.name.clone()).collect();
    check_names(&names, found.iter().map(|tensor| tensor.name.as_str()))?;
    let shapes: HashMap<_, _> = expected
        .iter()
        .map(|tensor| (tensor.name.as_str(), &tensor.shape))
        .collect();
    for tensor in found {
        check_shape(&tensor.name, shapes[tensor.name.as_str()], &tensor.shape)?;
        let count = tensor.shape.iter().product::<usize>();
        if tensor.values.len() != count {
            let reason = format!(
                "shape {:?} holds {count} values, not {}",
                tensor.shape,
                tensor.values.len()
            );
            return Err(ModelError::tensor(&tensor.name, reason));
        }
    }
    Ok(())
}

/// Checks names and shapes, in any order.
pub(crate) fn check_against<'a>(
    expected: &[TensorShape],
    found: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
) -> Result<(), ModelError> {
    let names: Vec<_> = expected.iter().map(|tensor| tensor.name.clone()).collect();
    check_names(&names, found.clone().map(|(name, _)| name))?;
    let found: HashMap<_, _> = found.collect();
    expected.iter().try_for_each(|tensor| {
        check_shape(&tensor.name, &tensor.shape, found[tensor.name.as_str()])
    })
}

/// Checks that every value is a number.
pub(crate) fn check_finite(tensor: &NamedTensor) -> Result<(), ModelError> {
    match tensor.values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => {
            let value = tensor.values[index];
            Err(ModelError::tensor(
                &tensor.name,
                format!("value {index} is {value}, not a finite number"),
            ))
        }
    }
}

/// Checks that `found` are the `expected` names in any order.
fn check_names<'a>(
    expected: &[String],
    found: impl IntoIterator<Item = &'a str>,
) -> Result<(), ModelError> {
    let mut missing: HashMap<&str, bool> =
        expected.iter().map(|name| (name.as_str(), true)).collect();
    for name in found {
        match missing.get_mut(name) {
            None => return Err(ModelError::tensor(name, "the model has no such tensor")),
            Some(false) => return Err(ModelError::tensor(name, "present twice")),
            Some(is_missing) => *is_missing = false,
        }
    }
    // In the model's order, so that the message is the same every time.
    expected
        .iter()
        .find(|name| missing[name.as_str()])
        .map_or(Ok(()), |name| Err(ModelError::tensor(name, "missing")))
}

fn check_shape(name: &str, expected: &[usize], found: &[usize]) -> Result<(), ModelError> {
    if expected == found {
        Ok(())
    } else {
        Err(ModelError::tensor(
            name,
            format!("shape {found:?}, the model needs {expected:?}"),
        ))
    }
}
