//! The course of a training: steps of the optimizer, from the first or from where one was interrupted.

use std::ops::ControlFlow;

use ae_random::{Draw, Purpose, RandomStream};
use rayon::prelude::*;

use super::adam::Adam;
use super::settings::TrainingProgress;
use super::state::TrainingState;
use crate::error::CodecError;

/// Parts of a batch: each is computed by one thread.
const PARTS: usize = 8;

/// Pixels of a part of a batch; the first parts take what the division leaves over.
pub(super) fn pixels_of_part(batch: usize, part: usize) -> usize {
    batch / PARTS + usize::from(part < batch % PARTS)
}

/// What the pixels of a part of a step's batch are drawn by.
pub(super) fn stream_of_part(seed: u64, step: usize, part: usize) -> RandomStream {
    Draw {
        seed,
        purpose: Purpose::Shuffle,
        epoch: step as u64,
        index: part as u64,
    }
    .stream()
}

/// What the pixels are drawn by from which sizes are taken.
pub(super) fn calibration_stream(seed: u64) -> RandomStream {
    Draw {
        seed,
        purpose: Purpose::Validation,
        epoch: 0,
        index: 0,
    }
    .stream()
}

/// Steps that the learning rate takes to rise.
const WARM_UP: usize = 200;

/// Steps between two reports.
const REPORTED: usize = 10;

/// Follows a training: is told how far it is, may stop it, and keeps what it can be resumed from.
///
/// A function that takes the progress is one that keeps nothing.
pub trait TrainingWatch {
    /// Is told of every tenth step and the last. To break stops the training after its state was [kept](Self::keep).
    fn progress(&mut self, progress: TrainingProgress) -> ControlFlow<()>;

    /// Whether the state is to be kept now; asked whenever there was progress.
    fn wants_state(&mut self) -> bool {
        false
    }

    /// Keeps the state.
    ///
    /// # Errors
    /// It cannot be kept, which ends the training.
    fn keep(&mut self, state: &TrainingState) -> Result<(), CodecError> {
        let _ = state;
        Ok(())
    }
}

impl<F: FnMut(TrainingProgress) -> ControlFlow<()>> TrainingWatch for F {
    fn progress(&mut self, progress: TrainingProgress) -> ControlFlow<()> {
        self(progress)
    }
}

/// What is trained.
pub(super) trait Task: Sync {
    type Part: Part;

    /// How many parameters there are.
    fn parameters(&self) -> usize;

    /// The parameters that the first step begins with.
    fn initial(&self) -> Vec<f32>;

    /// Memory for a part of each batch.
    fn part(&self, index: usize) -> Self::Part;

    /// Brings into memory what the step is computed from.
    fn prepare(&mut self, step: usize) -> Result<(), CodecError>;

    /// Computes a part of a step's batch.
    fn compute(&self, part: &mut Self::Part, parameters: &[f32], step: usize);
}

/// A part of a batch after it was computed.
pub(super) trait Part: Send {
    /// The gradient of the whole batch's mean cost, this part's share of it.
    fn gradient(&self) -> &[f32];

    /// The sum of the pixels' costs in nats, and how many pixels they count as.
    fn cost(&self) -> (f64, f64);
}

/// How long a training is, how fast, and what it is known by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub(super) steps: usize,
    pub(super) learning_rate: f32,
    pub(super) identity: [u8; 32],
}

impl Course {
    /// Takes all steps that are left and gives the parameters after them.
    pub(super) fn run<T: Task>(
        self,
        task: &mut T,
        state: Option<&TrainingState>,
        watch: &mut dyn TrainingWatch,
    ) -> Result<Vec<f32>, CodecError> {
        let mut adam = Adam::new(task.parameters());
        let (mut parameters, first) = match state {
            Some(state) => {
                state.check(&self.identity, task.parameters(), self.steps)?;
                adam.restore(&state.means, state.step);
                (state.parameters.clone(), state.step)
            }
            None => (task.initial(), 0),
        };
        let mut parts: Vec<T::Part> = (0..PARTS).map(|part| task.part(part)).collect();
        for step in first..self.steps {
            task.prepare(step)?;
            let computed = &*task;
            parts
                .par_iter_mut()
                .for_each(|part| computed.compute(part, &parameters, step));
            let gradients: Vec<&[f32]> = parts.iter().map(Part::gradient).collect();
            adam.step(&mut parameters, &gradients, self.rate(step));
            if step % REPORTED != REPORTED - 1 && step + 1 != self.steps {
                continue;
            }
            let sums = parts.iter().map(Part::cost);
            let (nats, pixels) =
                sums.fold((0.0, 0.0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1));
            let told = watch.progress(TrainingProgress {
                step: step + 1,
                steps: self.steps,
                bits_per_pixel: nats / pixels * std::f64::consts::LOG2_E,
            });
            if told.is_break() || watch.wants_state() {
                watch.keep(&TrainingState {
                    step: step + 1,
                    identity: self.identity,
                    parameters: parameters.clone(),
                    means: adam.means().to_vec(),
                })?;
            }
            if told.is_break() {
                return Err(CodecError::Stopped);
            }
        }
        Ok(parameters)
    }

    /// The learning rate: a short rise, then half a cosine down.
    ///
    /// # References
    /// I. Loshchilov and F. Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*, equation 5, once.
    fn rate(self, step: usize) -> f32 {
        let rise = ((step + 1) as f32 / WARM_UP as f32).min(1.0);
        let done = step as f32 / self.steps as f32;
        self.learning_rate * rise * 0.5 * (1.0 + (std::f32::consts::PI * done).cos())
    }
}
