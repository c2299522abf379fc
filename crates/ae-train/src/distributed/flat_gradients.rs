//! A model's gradients in a row, as they are added up over parts and sent.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};

use crate::error::TrainError;

/// What one part of a batch gives, in a row: the gradients in the order of the model's parameters, for each parameter
/// whether it has one, the loss, and its terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlatLayout {
    values: usize,
    parameters: usize,
}

/// Places for a loss's terms. A rank that has no part of a batch doesn't know how many there are.
pub(crate) const MOST_TERMS: usize = 16;

impl FlatLayout {
    pub(crate) fn of<M: Module>(model: &M) -> Self {
        struct Count(FlatLayout);
        impl ModuleVisitor for Count {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.values += param.val().dims().iter().product::<usize>();
                self.0.parameters += 1;
            }
        }
        let mut count = Count(Self {
            values: 0,
            parameters: 0,
        });
        model.visit(&mut count);
        count.0
    }

    /// Values in the row.
    pub(crate) fn length(self) -> usize {
        self.values + self.parameters + 1 + MOST_TERMS
    }

    /// The row of a part: all that it gives times its `share` of the batch.
    pub(crate) fn flatten<M: Module>(
        self,
        model: &M,
        gradients: GradientsParams,
        losses: &[f32],
        share: f32,
    ) -> Result<Vec<f32>, TrainError> {
        let mut flatten = Flatten {
            gradients,
            row: Vec::with_capacity(self.length()),
            has_gradient: Vec::with_capacity(self.parameters),
            error: None,
        };
        model.visit(&mut flatten);
        if let Some(error) = flatten.error {
            return Err(error);
        }
        let mut row = flatten.row;
        for value in &mut row {
            *value *= share;
        }
        row.extend(flatten.has_gradient);
        row.extend(losses.iter().map(|loss| loss * share));
        row.resize(self.length(), 0.0);
        Ok(row)
    }

    /// The gradients of a row, the loss and the places of its terms.
    pub(crate) fn unflatten<M: Module>(
        self,
        model: &M,
        row: &[f32],
    ) -> (GradientsParams, f32, Vec<f32>) {
        let (values, rest) = row.split_at(self.values);
        let (has_gradient, losses) = rest.split_at(self.parameters);
        let mut unflatten = Unflatten {
            values,
            has_gradient,
            gradients: GradientsParams::new(),
        };
        model.visit(&mut unflatten);
        (unflatten.gradients, losses[0], losses[1..].to_vec())
    }
}

struct Flatten {
    gradients: GradientsParams,
    row: Vec<f32>,
    has_gradient: Vec<f32>,
    error: Option<TrainError>,
}

impl ModuleVisitor for Flatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            let count = param.val().dims().iter().product::<usize>();
            self.row.extend(std::iter::repeat_n(0.0, count));
            self.has_gradient.push(0.0);
            return;
        };
        match gradient.try_into_vec_as::<f32>() {
            Ok(values) => self.row.extend(values),
            Err(error) => self.error = Some(TrainError::device("computing a gradient")(error)),
        }
        self.has_gradient.push(1.0);
    }
}

struct Unflatten<'a> {
    values: &'a [f32],
    has_gradient: &'a [f32],
    gradients: GradientsParams,
}

impl ModuleVisitor for Unflatten<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weights = param.val();
        let count = weights.dims().iter().product::<usize>();
        let (values, rest) = self.values.split_at(count);
        let (has_gradient, others) = self.has_gradient.split_at(1);
        (self.values, self.has_gradient) = (rest, others);
        if has_gradient[0] > 0.0 {
            let device = weights.device().without_autodiff();
            let data = TensorData::new(values.to_vec(), weights.dims());
            let gradient = Tensor::<D>::from_data(data, &device);
            self.gradients.register(param.id, gradient);
        }
    }
}
