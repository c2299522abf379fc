//! The operations of the kernels under Burn's autodiff, with their gradients.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as BurnGradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, DType, Shape, TensorMetadata};

use crate::burn::host::{Host, by_kernels, expect_run, forward, mean_loss, with_slices};
use crate::burn::network::Network;
use crate::burn::ops::StackOperations;
use crate::burn::reference;
use crate::burn::weight_list::WeightList;
use crate::conv::stage::MOST_STAGES as MOST_STAGES_WITH_SKIPS;
use crate::dense::parts::Activations;
use crate::layout::weights::Gradients;
use crate::loss::Loss;

/// The most stages that one operation of autodiff differentiates; longer stacks are cut.
const MOST_STAGES: usize = 16;
/// Tensors that such an operation depends on: input, weights and biases.
const PARENTS: usize = 1 + 2 * MOST_STAGES;
/// The same of a stack that cannot be cut, for its skip connections.
const PARENTS_WITH_SKIPS: usize = 1 + 2 * MOST_STAGES_WITH_SKIPS;

/// The gradient of a pass, computed when it is asked for.
#[derive(Debug)]
struct ForwardBackward;

/// What [`ForwardBackward`] needs.
#[derive(Clone, Debug)]
struct Passed<B: Host> {
    x: FloatTensor<B>,
    weights: WeightList<B>,
    network: Network,
    kept: Option<Arc<Activations>>,
}

impl<B: Host, const PARENTS: usize> Backward<B, PARENTS> for ForwardBackward {
    type State = Passed<B>;

    fn backward(
        self,
        ops: Ops<Passed<B>, PARENTS>,
        grads: &mut BurnGradients,
        _: &mut Checkpointer,
    ) {
        let output_gradient = grads.consume::<B>(&ops.node);
        let Passed {
            x,
            weights,
            network,
            kept,
        } = ops.state;
        let wants_input = ops.parents[0].is_some();
        let gradients = with_slices::<B, _>(&x, &weights, |values, shape, weights| {
            let output_gradient = B::values(&output_gradient);
            let kept = kept.as_deref();
            network.differentiate(values, shape, weights, kept, &output_gradient, wants_input)
        });
        let tensors = gradient_tensors::<B>(expect_run(gradients), &x, &weights);
        for (parent, gradient) in ops.parents.iter().zip(tensors) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

/// Input's gradient, if it was computed, then the weights' and biases'.
fn gradient_tensors<B: Host>(
    gradients: Gradients,
    x: &FloatTensor<B>,
    weights: &WeightList<B>,
) -> Vec<Option<FloatTensor<B>>> {
    let input = gradients.input.map(|values| B::tensor(values, x.shape()));
    let pairs = gradients.weights.into_iter().zip(&weights.biases);
    let values = pairs.flat_map(|((weight, bias), has_bias)| {
        std::iter::once(weight).chain(has_bias.then_some(bias))
    });
    let weights = values
        .zip(&weights.tensors)
        .map(|(values, tensor)| Some(B::tensor(values, tensor.shape())));
    std::iter::once(input).chain(weights).collect()
}

/// The gradient of a loss, computed in the forward pass; what comes from above is a factor.
#[derive(Debug)]
struct LossBackward;

impl<B: Host, const PARENTS: usize> Backward<B, PARENTS> for LossBackward {
    type State = Vec<Option<FloatTensor<B>>>;

    fn backward(
        self,
        ops: Ops<Self::State, PARENTS>,
        grads: &mut BurnGradients,
        _: &mut Checkpointer,
    ) {
        let above = grads.consume::<B>(&ops.node);
        let factor = B::values(&above)[0];
        for (parent, gradient) in ops.parents.iter().zip(ops.state) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                let gradient = if factor == 1.0 {
                    gradient
                } else {
                    B::float_mul_scalar(gradient, factor.into())
                };
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Host, C: CheckpointStrategy> StackOperations for Autodiff<B, C> {
    fn stack_forward(
        x: FloatTensor<Self>,
        weights: WeightList<Self>,
        network: Network,
    ) -> FloatTensor<Self> {
        if let Some((head, tail)) = network.cut(MOST_STAGES) {
            let (of_head, of_tail) = weights.cut(MOST_STAGES);
            return Self::stack_forward(Self::stack_forward(x, of_head, head), of_tail, tail);
        }
        let (x, weights, tracked) = Tracked::<B, C>::new(x, weights);
        if !by_kernels::<B>(&network, &x, &weights) {
            let (x, weights) = tracked.into_inputs();
            return network.reference::<Self>(x, weights);
        }
        if tracked.tensors.len() > PARENTS {
            return tracked_forward::<B, C, PARENTS_WITH_SKIPS>(x, weights, network, &tracked);
        }
        tracked_forward::<B, C, PARENTS>(x, weights, network, &tracked)
    }

    fn stack_loss(
        x: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: WeightList<Self>,
        network: Network,
        loss: Loss,
    ) -> FloatTensor<Self> {
        if let Some((head, tail)) = network.cut(MOST_STAGES) {
            let (of_head, of_tail) = weights.cut(MOST_STAGES);
            let x = Self::stack_forward(x, of_head, head);
            return Self::stack_loss(x, target, of_tail, tail, loss);
        }
        // Whoever differentiates with respect to the target gets Burn's operations after the stack.
        if target.is_tracked() || target.primitive().dtype() != DType::F32 {
            let output = Self::stack_forward(x, weights, network);
            return reference::loss::<Self>(loss, output, target);
        }
        let (x, weights, tracked) = Tracked::<B, C>::new(x, weights);
        if !by_kernels::<B>(&network, &x, &weights) {
            let (x, weights) = tracked.into_inputs();
            let output = network.reference::<Self>(x, weights);
            return reference::loss::<Self>(loss, output, target);
        }
        let target = target.into_primitive();
        let (network, tracked) = (&network, &tracked);
        if tracked.tensors.len() > PARENTS {
            return tracked_loss::<B, C, PARENTS_WITH_SKIPS>(
                x, target, weights, network, loss, tracked,
            );
        }
        tracked_loss::<B, C, PARENTS>(x, target, weights, network, loss, tracked)
    }
}

/// [`StackOperations::stack_forward`] by the kernels, as an operation of `PARENTS` inputs.
fn tracked_forward<B: Host, C: CheckpointStrategy, const PARENTS: usize>(
    x: FloatTensor<B>,
    weights: WeightList<B>,
    network: Network,
    tracked: &Tracked<B, C>,
) -> FloatTensor<Autodiff<B, C>> {
    match ForwardBackward
        .prepare::<C>(tracked.guards::<PARENTS>())
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prepared) => {
            let output = with_slices::<B, _>(&x, &weights, |values, shape, weights| {
                network.infer_keeping(values, shape, weights)
            });
            let ((values, shape), kept) = expect_run(output);
            let passed = Passed {
                x,
                weights,
                network,
                kept: kept.map(Arc::new),
            };
            prepared.finish(passed, B::tensor(values, shape))
        }
        OpsKind::UnTracked(prepared) => prepared.finish(forward::<B>(x, weights, &network)),
    }
}

/// [`StackOperations::stack_loss`] by the kernels, as an operation of `PARENTS` inputs.
fn tracked_loss<B: Host, C: CheckpointStrategy, const PARENTS: usize>(
    x: FloatTensor<B>,
    target: FloatTensor<B>,
    weights: WeightList<B>,
    network: &Network,
    loss: Loss,
    tracked: &Tracked<B, C>,
) -> FloatTensor<Autodiff<B, C>> {
    match LossBackward
        .prepare::<C>(tracked.guards::<PARENTS>())
        .compute_bound()
        .stateful()
    {
        OpsKind::UnTracked(prepared) => {
            prepared.finish(mean_loss::<B>(x, target, weights, network, loss))
        }
        OpsKind::Tracked(prepared) => {
            let trained = with_slices::<B, _>(&x, &weights, |values, shape, slices| {
                let target = B::values(&target);
                network.train(values, shape, slices, &target, loss, tracked.wants_input())
            });
            let (value, gradients) = expect_run(trained);
            let value = B::tensor(vec![value as f32], Shape::from(vec![1]));
            prepared.finish(gradient_tensors::<B>(gradients, &x, &weights), value)
        }
    }
}

/// The graph's side of an operation's inputs.
struct Tracked<B: Host, C: CheckpointStrategy> {
    tensors: Vec<FloatTensor<Autodiff<B, C>>>,
    biases: Vec<bool>,
}

impl<B: Host, C: CheckpointStrategy> Tracked<B, C> {
    /// Splits the inputs into the backend's tensors and what the graph needs to know of them.
    fn new(
        x: FloatTensor<Autodiff<B, C>>,
        weights: WeightList<Autodiff<B, C>>,
    ) -> (FloatTensor<B>, WeightList<B>, Self) {
        let tensors: Vec<_> = std::iter::once(x).chain(weights.tensors).collect();
        let mut primitives = tensors.iter().map(|tensor| tensor.primitive().clone());
        let x = primitives.next().expect("there is an input");
        let biases = weights.biases;
        let list = WeightList {
            tensors: primitives.collect(),
            biases: biases.clone(),
        };
        (x, list, Self { tensors, biases })
    }

    fn wants_input(&self) -> bool {
        self.tensors[0].is_tracked()
    }

    /// A guard for each input, and for the places that are left over one of a tensor without history, of
    /// which the graph takes no notice.
    fn guards<const PARENTS: usize>(&self) -> [NodeGuard; PARENTS] {
        let none = Autodiff::<B, C>::from_inner(self.tensors[0].primitive().clone());
        std::array::from_fn(|index| self.tensors.get(index).unwrap_or(&none).node())
    }

    /// The inputs as they were given.
    fn into_inputs(self) -> (FloatTensor<Autodiff<B, C>>, WeightList<Autodiff<B, C>>) {
        let mut tensors = self.tensors.into_iter();
        let x = tensors.next().expect("there is an input");
        (
            x,
            WeightList {
                tensors: tensors.collect(),
                biases: self.biases,
            },
        )
    }
}
