//! The layers with parameters: a 3x3 convolution, a transposed one, a fully connected one, and one that borrows its
//! weight.

use ae_kernels::{Activation, DenseLayer, WeightOrder};
use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};

use crate::parameters::builder::{Builder, Initial};
use crate::parameters::initialization::Initialization;
use crate::parameters::path::transpose;
use crate::parameters::tensors::TensorShape;

/// Height and width of every convolution's kernel.
pub(crate) const KERNEL: usize = 3;

/// What a layer computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LayerKind {
    /// A 3x3 convolution.
    Convolution,
    /// A transposed 3x3 convolution of stride 2, which doubles the picture.
    TransposedConvolution,
    /// A fully connected layer.
    Linear,
    /// A fully connected layer whose weight is the transpose of another's: it has its own bias alone.
    TiedLinear,
    /// Numbers that are not a layer's and begin at a constant.
    Constant {
        /// What they begin at.
        initial: f32,
    },
}

/// A layer before it exists: enough to name, count, check and fill its tensors.
#[derive(Clone, Debug)]
pub(crate) struct LayerSpec {
    /// The path of the layer in its model, `encoder.0`.
    pub(crate) name: String,
    pub(crate) kind: LayerKind,
    /// Channels or numbers in.
    pub(crate) inputs: usize,
    /// Channels or numbers out.
    pub(crate) outputs: usize,
    /// Whether a convolution or fully connected layer has a bias.
    bias: bool,
    /// What the bounds of the initial values are multiplied by.
    scale: f64,
}

impl LayerSpec {
    pub(crate) fn new(
        name: impl Into<String>,
        kind: LayerKind,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            inputs,
            outputs,
            bias: true,
            scale: 1.0,
        }
    }

    /// The same with a bias or without.
    pub(crate) fn with_bias(self, bias: bool) -> Self {
        Self { bias, ..self }
    }

    /// The same with smaller or larger initial values.
    pub(crate) fn scaled(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// The tensors of several layers, one after the other.
    pub(crate) fn tensors_of(layers: &[Self]) -> Vec<TensorShape> {
        layers.iter().flat_map(Self::tensor_shapes).collect()
    }

    /// Kernel positions of each weight.
    fn taps(&self) -> usize {
        match self.kind {
            LayerKind::Convolution | LayerKind::TransposedConvolution => KERNEL * KERNEL,
            LayerKind::Linear | LayerKind::TiedLinear | LayerKind::Constant { .. } => 1,
        }
    }

    /// The layer's tensors, in the order of [`tensor_shapes`](Self::tensor_shapes).
    pub(crate) fn values(
        &self,
        initialization: Initialization,
        builder: &mut Builder<'_>,
    ) -> Vec<Vec<f32>> {
        let (weight, bias) = initialization.bounds(self.fans());
        let (weight, bias) = (weight * self.scale, bias * self.scale);
        let last = match self.kind {
            LayerKind::Constant { initial } => Initial::Constant(initial),
            _ => Initial::Uniform { bound: bias },
        };
        let shapes = self.tensor_shapes();
        let count = shapes.len();
        let tensors = shapes.into_iter().enumerate().map(|(index, tensor)| {
            let initial = match self.bias && index + 1 == count {
                true => last.clone(),
                false => Initial::Uniform { bound: weight },
            };
            builder.tensor(&tensor.name, tensor.shape.iter().product(), initial)
        });
        tensors.collect()
    }

    /// The parameter, as one axis, of a layer that is a constant at first.
    pub(crate) fn constant(&self, builder: &mut Builder<'_>) -> Param<Tensor<1>> {
        let mut values = self.values(Initialization::default(), builder);
        let values = values.swap_remove(0);
        let count = values.len();
        Param::from_data(TensorData::new(values, [count]), builder.device())
    }

    /// The weight's shape as PyTorch has it, outputs first unless it is transposed; `None` for a layer without a weight
    /// of its own.
    pub(crate) fn weight_shape(&self) -> Option<Vec<usize>> {
        match self.kind {
            LayerKind::Convolution => Some(vec![self.outputs, self.inputs, KERNEL, KERNEL]),
            LayerKind::TransposedConvolution => {
                Some(vec![self.inputs, self.outputs, KERNEL, KERNEL])
            }
            LayerKind::Linear => Some(vec![self.outputs, self.inputs]),
            LayerKind::TiedLinear | LayerKind::Constant { .. } => None,
        }
    }

    /// The layer's tensors, in the order in which it has them.
    pub(crate) fn tensor_shapes(&self) -> Vec<TensorShape> {
        let name = &self.name;
        let weight = self.weight_shape().map(|shape| TensorShape {
            name: format!("{name}.weight"),
            shape,
        });
        let numbers = TensorShape {
            name: match self.kind {
                LayerKind::Constant { .. } => name.clone(),
                _ => format!("{name}.bias"),
            },
            shape: vec![self.outputs],
        };
        let numbers = self.bias.then_some(numbers);
        weight.into_iter().chain(numbers).collect()
    }

    /// How the layer's numbers are computed, for a fully connected one.
    pub(crate) fn dense(&self, activation: Activation) -> DenseLayer {
        let layer = DenseLayer::new(self.inputs, self.outputs, activation);
        match self.kind {
            // The weight is that of the layer the other way round.
            LayerKind::TiedLinear => DenseLayer {
                order: WeightOrder::OutputsFirst,
                ..layer
            },
            _ => layer,
        }
    }

    /// Values that one output sums over, and outputs that one input reaches. Of a transposed convolution, as Keras and
    /// PyTorch count them, those of the convolution that it is the transpose of.
    pub(crate) fn fans(&self) -> (usize, usize) {
        let (inputs, outputs) = (self.inputs * self.taps(), self.outputs * self.taps());
        match self.kind {
            LayerKind::TransposedConvolution => (outputs, inputs),
            _ => (inputs, outputs),
        }
    }
}

/// A 3x3 convolution's parameters; what is done with them, `ae-kernels` does.
#[derive(Module, Debug)]
pub(crate) struct Convolution {
    /// `[outputs, inputs, 3, 3]`, or `[inputs, outputs, 3, 3]` of a transposed one, in Burn as in PyTorch.
    pub(crate) weight: Param<Tensor<4>>,
    /// `[outputs]`, where there is one.
    pub(crate) bias: Option<Param<Tensor<1>>>,
}

impl Convolution {
    pub(crate) fn build(
        spec: &LayerSpec,
        initialization: Initialization,
        builder: &mut Builder<'_>,
    ) -> Self {
        let values = spec.values(initialization, builder);
        Self::of(spec, values, builder)
    }

    /// One whose tensors begin as `initial` says, in the order of [`LayerSpec::tensor_shapes`].
    pub(crate) fn beginning(
        spec: &LayerSpec,
        initial: impl IntoIterator<Item = Vec<f32>>,
        builder: &mut Builder<'_>,
    ) -> Self {
        let tensors = spec.tensor_shapes().into_iter().zip(initial);
        let values = tensors.map(|(tensor, initial)| {
            builder.tensor(&tensor.name, initial.len(), Initial::Given(initial))
        });
        let values = values.collect();
        Self::of(spec, values, builder)
    }

    /// One of these values.
    fn of(spec: &LayerSpec, values: Vec<Vec<f32>>, builder: &Builder<'_>) -> Self {
        let mut values = values.into_iter();
        let weight = values.next().expect("a convolution has a weight");
        let bias = values.next();
        let device = builder.device();
        let shape = match spec.kind {
            LayerKind::TransposedConvolution => [spec.inputs, spec.outputs, KERNEL, KERNEL],
            _ => [spec.outputs, spec.inputs, KERNEL, KERNEL],
        };
        Self {
            weight: Param::from_data(TensorData::new(weight, shape), device),
            bias: bias.map(|bias| Param::from_data(TensorData::new(bias, [spec.outputs]), device)),
        }
    }

    /// Those of several layers, in their order.
    pub(crate) fn build_all<'a>(
        specs: impl IntoIterator<Item = &'a LayerSpec>,
        initialization: Initialization,
        builder: &mut Builder<'_>,
    ) -> Vec<Self> {
        let specs = specs.into_iter();
        specs
            .map(|spec| Self::build(spec, initialization, builder))
            .collect()
    }

    pub(crate) fn values(&self) -> (Tensor<4>, Option<Tensor<1>>) {
        (self.weight.val(), self.bias.as_ref().map(Param::val))
    }
}

/// The parameters of a fully connected layer, `x W + b`; what is done with them, `ae-kernels` does.
///
/// Its name matters: the model file transposes the `weight` of every module called `Linear`, this one and Burn's.
#[derive(Module, Debug)]
pub(crate) struct Linear {
    /// `[inputs, outputs]`, as Burn multiplies; the transpose of PyTorch's.
    pub(crate) weight: Param<Tensor<2>>,
    /// `[outputs]`.
    bias: Param<Tensor<1>>,
}

impl Linear {
    pub(crate) fn build(
        spec: &LayerSpec,
        initialization: Initialization,
        builder: &mut Builder<'_>,
    ) -> Self {
        let [weight, bias] = weight_and_bias(spec, initialization, builder);
        let device = builder.device();
        let weight = transpose(&weight, spec.outputs, spec.inputs);
        Self {
            weight: Param::from_data(TensorData::new(weight, [spec.inputs, spec.outputs]), device),
            bias: Param::from_data(TensorData::new(bias, [spec.outputs]), device),
        }
    }

    pub(crate) fn values(&self) -> (Tensor<2>, Tensor<1>) {
        (self.weight.val(), self.bias.val())
    }
}

/// A fully connected layer without a weight of its own: `x W^T + b`, with the W of another layer.
#[derive(Module, Debug)]
pub(crate) struct TiedLinear {
    /// `[outputs]`.
    bias: Param<Tensor<1>>,
}

impl TiedLinear {
    pub(crate) fn build(
        spec: &LayerSpec,
        initialization: Initialization,
        builder: &mut Builder<'_>,
    ) -> Self {
        let bias = spec.values(initialization, builder).swap_remove(0);
        let bias = TensorData::new(bias, [spec.outputs]);
        Self {
            bias: Param::from_data(bias, builder.device()),
        }
    }

    /// The weight of the other layer, as it lies there, and the bias.
    pub(crate) fn values(&self, other: &Linear) -> (Tensor<2>, Tensor<1>) {
        (other.weight.val(), self.bias.val())
    }
}

fn weight_and_bias(
    spec: &LayerSpec,
    initialization: Initialization,
    builder: &mut Builder<'_>,
) -> [Vec<f32>; 2] {
    spec.values(initialization, builder)
        .try_into()
        .expect("a layer of this kind has a weight and a bias")
}
