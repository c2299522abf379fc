//! What a model is built with: its place, and the numbers that its parameters begin with.

use std::collections::HashMap;

use ae_random::{Draw, Purpose};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::parameters::initialization::Initialization;
use crate::parameters::path::ParameterPath;
use crate::parameters::tensors::NamedTensor;
use crate::placement::{ComputePath, Placement};

/// What a [`ModelKind`](crate::ModelKind) builds its model with: the image it is for, the device, what computes there,
/// and the weights, drawn from a seed or read from a file.
#[derive(Debug)]
pub struct Builder<'a> {
    input_shape: [usize; 3],
    placement: Placement<'a>,
    weights: Weights,
}

/// Where parameters come from.
#[derive(Debug)]
enum Weights {
    /// Drawn on the host, so that every backend starts from the same bits.
    Drawn {
        seed: u64,
        /// Each tensor has a stream of its own, by its number.
        next_tensor: u64,
    },
    /// A file's, by name; what was taken is no longer among them.
    Loaded(HashMap<String, NamedTensor>),
}

/// What a tensor that is drawn begins with.
#[derive(Clone, Debug)]
pub(crate) enum Initial {
    /// Numbers uniform in `[-bound, bound)`.
    Uniform {
        /// Half the interval's width.
        bound: f64,
    },
    /// One number everywhere.
    Constant(f32),
    /// These.
    Given(Vec<f32>),
}

impl<'a> Builder<'a> {
    /// A builder whose weights are drawn from `seed`.
    pub(crate) fn drawing(input_shape: [usize; 3], placement: Placement<'a>, seed: u64) -> Self {
        Self {
            input_shape,
            placement,
            weights: Weights::Drawn {
                seed,
                next_tensor: 0,
            },
        }
    }

    /// A builder whose weights are a file's.
    pub(crate) fn loading(
        input_shape: [usize; 3],
        placement: Placement<'a>,
        tensors: Vec<NamedTensor>,
    ) -> Self {
        let tensors = tensors.into_iter();
        Self {
            input_shape,
            placement,
            weights: Weights::Loaded(
                tensors
                    .map(|tensor| (tensor.name.clone(), tensor))
                    .collect(),
            ),
        }
    }

    /// The image the model is for: `[channels, height, width]`.
    #[must_use]
    pub fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    /// The device that the model's tensors lie on.
    #[must_use]
    pub fn device(&self) -> &'a Device {
        self.placement.device
    }

    /// What is to compute the model's layers.
    #[must_use]
    pub fn path(&self) -> ComputePath {
        self.placement.path
    }

    /// Gives a module its initial weights: those of Burn's layers, drawn on the host from the seed, so that a model
    /// begins with the same bits on every backend.
    ///
    /// Every tensor of two axes or more is drawn as `initialization` says, every vector called `bias`, too; other
    /// vectors, such as the scale of a normalization, keep what their layer gave them. Tensors are numbered in the order
    /// in which they are drawn, so the same calls give the same weights.
    ///
    /// In a model that is being loaded the module is left as it is: the file's tensors are put in later, by name.
    #[must_use]
    pub fn draw<M: Module>(&mut self, module: M, initialization: Initialization) -> M {
        match &mut self.weights {
            Weights::Loaded(_) => module,
            Weights::Drawn { seed, next_tensor } => module.map(&mut DrawParameters {
                path: ParameterPath::default(),
                initialization,
                seed: *seed,
                next_tensor,
                bias_bound: 0.0,
            }),
        }
    }

    /// The values of one tensor, in the layout of the model file.
    ///
    /// # Panics
    /// In a model that is loaded, when the tensor is not in the file: names and shapes were checked before.
    pub(crate) fn tensor(&mut self, name: &str, count: usize, initial: Initial) -> Vec<f32> {
        match (&mut self.weights, initial) {
            (Weights::Loaded(tensors), _) => {
                tensors
                    .remove(name)
                    .expect("the file's names were checked against the configuration")
                    .values
            }
            (Weights::Drawn { .. }, Initial::Constant(value)) => vec![value; count],
            (Weights::Drawn { .. }, Initial::Given(values)) => values,
            (Weights::Drawn { seed, next_tensor }, Initial::Uniform { bound }) => {
                uniform(*seed, next_tensor, count, bound)
            }
        }
    }

    /// What a file holds and was not taken from it yet.
    pub(crate) fn into_remaining(self) -> Vec<NamedTensor> {
        match self.weights {
            Weights::Loaded(tensors) => tensors.into_values().collect(),
            Weights::Drawn { .. } => Vec::new(),
        }
    }
}

/// `count` numbers uniform in `[-bound, bound)`, from a stream of the next tensor's own.
fn uniform(seed: u64, next_tensor: &mut u64, count: usize, bound: f64) -> Vec<f32> {
    let draw = Draw {
        seed,
        purpose: Purpose::Initialization,
        epoch: 0,
        index: *next_tensor,
    };
    *next_tensor += 1;
    if bound == 0.0 {
        return vec![0.0; count];
    }
    let mut stream = draw.stream();
    (0..count).map(|_| stream.uniform_within(bound)).collect()
}

/// Draws the parameters of a module of Burn's layers.
struct DrawParameters<'a> {
    path: ParameterPath,
    initialization: Initialization,
    seed: u64,
    next_tensor: &'a mut u64,
    /// That of the layer whose weight came last.
    bias_bound: f64,
}

impl DrawParameters<'_> {
    fn weight_bound(&mut self, fans: (usize, usize)) -> f64 {
        let (weight, bias) = self.initialization.bounds(fans);
        self.bias_bound = bias;
        weight
    }
}

impl ModuleMapper for DrawParameters<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.val().dims();
        let bound = match shape[..] {
            [_] if self.path.last() == "bias" => self.bias_bound,
            [] | [_] => return param,
            // Burn has a dense layer's weight as inputs, outputs, and a convolution's as outputs, inputs, kernel.
            [inputs, outputs] => self.weight_bound((inputs, outputs)),
            [outputs, inputs, ref kernel @ ..] => {
                let taps: usize = kernel.iter().product();
                self.weight_bound((inputs * taps, outputs * taps))
            }
        };
        let count = shape.iter().product();
        let values = uniform(self.seed, self.next_tensor, count, bound);
        let data = TensorData::new(values, shape);
        param.map(|old| {
            Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
        })
    }
}
