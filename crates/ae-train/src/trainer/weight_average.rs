//! The exponential moving average of a model's weights over the steps of its training.

use std::collections::HashMap;

use ae_models::Trainable;
use burn::module::{ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

/// Averaged weights, beside those that are trained.
///
/// After a step, `average = decay * average + (1 - decay) * weights`, beginning with the weights that training begins with.
/// They are forgotten quickly: with `t` steps before it, a step's decay is at most `(1 + t) / (10 + t)`.
///
/// # References
/// B. T. Polyak and A. B. Juditsky (1992), *Acceleration of stochastic approximation by averaging*; the warm-up is that of
/// TensorFlow's `ExponentialMovingAverage` (`num_updates`).
pub(crate) struct WeightAverage {
    decay: f64,
    /// Each parameter's values, without autodiff.
    values: HashMap<ParamId, Tensor<1>>,
}

impl WeightAverage {
    /// An average that stands at a model's weights.
    pub(crate) fn new<M: Trainable>(decay: f64, model: &M) -> Self {
        Self {
            decay,
            values: weights(model),
        }
    }

    /// Takes in the weights after a step that had `steps_before` before it.
    pub(crate) fn update<M: Trainable>(&mut self, model: &M, steps_before: usize) {
        let decay = decay_after(self.decay, steps_before);
        for (id, weights) in weights(model) {
            let average = self
                .values
                .get_mut(&id)
                .expect("a model keeps its parameters");
            *average = average.clone().mul_scalar(decay) + weights.mul_scalar(1.0 - decay);
        }
    }

    /// The model with the averaged weights in place of its own, without autodiff.
    pub(crate) fn model<M: Trainable>(&self, model: &M) -> M {
        let mut replace = Replace(&self.values);
        model.valid().map(&mut replace)
    }
}

/// The decay of a step with `steps` before it.
fn decay_after(decay: f64, steps: usize) -> f64 {
    let steps = steps as f64;
    decay.min((1.0 + steps) / (10.0 + steps))
}

/// Each parameter's values in a row.
fn weights<M: Trainable>(model: &M) -> HashMap<ParamId, Tensor<1>> {
    struct Gather(HashMap<ParamId, Tensor<1>>);
    impl ModuleVisitor for Gather {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().inner();
            let count = values.dims().iter().product::<usize>();
            self.0.insert(param.id, values.reshape([count]));
        }
    }
    let mut gather = Gather(HashMap::new());
    model.visit(&mut gather);
    gather.0
}

struct Replace<'a>(&'a HashMap<ParamId, Tensor<1>>);

impl ModuleMapper for Replace<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, weights, mapper) = param.consume();
        let average = self.0.get(&id).expect("a model keeps its parameters");
        let average = average.clone().reshape(weights.dims());
        Param::from_mapped_value(id, average, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decay_rises_to_what_was_asked_for() {
        for (steps, expected) in [(0, 0.1), (8, 0.5), (80, 0.9), (891, 0.99), (5000, 0.99)] {
            let found = decay_after(0.99, steps);
            assert!((found - expected).abs() < 1e-3, "{steps}: {found}");
        }
        assert_eq!(decay_after(0.05, 0), 0.05);
    }
}
