//! What a backward pass begins with.

use crate::error::{KernelError, check_length};
use crate::loss::Objective;

/// Makes the gradient of a group's outputs, which is its third argument, from the outputs, the second; the first is the index of the group's
/// first image in the batch.
pub(crate) type SeedFunction<'a> = &'a (dyn Fn(usize, &[f32], &mut [f32]) + Sync);

/// Where the gradient of a stack's outputs comes from.
#[derive(Clone, Copy)]
pub(crate) enum Seed<'a> {
    Objective(Objective<'a>),
    Function(SeedFunction<'a>),
}

impl Seed<'_> {
    /// Checks that there are as many given values as the batch has `output_values`.
    pub(crate) fn check(&self, output_values: usize) -> Result<(), KernelError> {
        match self {
            Self::Objective(objective) => {
                let (what, given) = objective.given();
                check_length(what, output_values, given.len())
            }
            Self::Function(_) => Ok(()),
        }
    }

    /// Writes the gradient of the outputs of a group that begins with image `first`, of `image_values` values each; the gradient of a
    /// loss is multiplied by `scale`. Gives the sum of the loss, 0 where there is none.
    pub(crate) fn begin(
        &self,
        first: usize,
        image_values: usize,
        output: &[f32],
        scale: f32,
        gradient: &mut [f32],
    ) -> f64 {
        let start = first * image_values;
        let of_group = start..start + output.len();
        match *self {
            Self::Objective(Objective::Given(given)) => {
                gradient.copy_from_slice(&given[of_group]);
                0.0
            }
            Self::Objective(Objective::Loss(kind, target)) => {
                kind.sum(output, &target[of_group], scale, gradient)
            }
            Self::Function(function) => {
                function(first, output, gradient);
                0.0
            }
        }
    }
}
