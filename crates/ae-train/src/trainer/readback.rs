//! Losses on their way from the device to the host.
//!
//! Waiting for every loss would leave a GPU idle between steps. So losses stay on the device until some time has
//! passed, and are then read together. On a CPU, where a step takes longer than that, each is read at once.

use std::time::{Duration, Instant};

use burn::tensor::Tensor;

use crate::error::TrainError;

/// Losses wait no longer than this, if there is a next step.
const INTERVAL: Duration = Duration::from_millis(50);
/// Nor are there ever more of them than this.
const WAITING: usize = 32;

/// A step whose loss is still on the device.
pub(crate) struct PendingStep {
    /// The step, counted from 1 over the whole run.
    pub(crate) step: usize,
    pub(crate) images: usize,
    pub(crate) learning_rate: f64,
    pub(crate) term_names: Vec<&'static str>,
    /// Loss, gradient norm and terms: `[2 + terms]`.
    pub(crate) values: Tensor<1>,
}

/// A step whose loss is known.
pub(crate) struct KnownStep {
    pub(crate) step: usize,
    pub(crate) images: usize,
    pub(crate) learning_rate: f64,
    pub(crate) loss: f32,
    pub(crate) gradient_norm: f32,
    pub(crate) terms: Vec<(&'static str, f32)>,
}

impl KnownStep {
    /// The first of the step's numbers that is NaN or infinite.
    pub(crate) fn first_not_finite(&self) -> Option<String> {
        if !self.loss.is_finite() {
            return Some("the loss".to_owned());
        }
        if let Some((name, _)) = self.terms.iter().find(|(_, value)| !value.is_finite()) {
            return Some(format!("the loss's term {name}"));
        }
        (!self.gradient_norm.is_finite()).then(|| "the gradient".to_owned())
    }
}

/// Steps whose losses are still on the device.
pub(crate) struct Readback {
    pending: Vec<PendingStep>,
    last_read: Instant,
}

impl Readback {
    pub(crate) fn new() -> Self {
        Self {
            pending: Vec::new(),
            last_read: Instant::now(),
        }
    }

    pub(crate) fn push(&mut self, step: PendingStep) {
        self.pending.push(step);
    }

    pub(crate) fn is_due(&self) -> bool {
        self.pending.len() >= WAITING || self.last_read.elapsed() >= INTERVAL
    }

    /// Waits for the device and returns all steps that were pending.
    pub(crate) fn read(&mut self) -> Result<Vec<KnownStep>, TrainError> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        let values = Tensor::cat(pending.iter().map(|step| step.values.clone()).collect(), 0);
        let values = values
            .try_into_vec_as::<f32>()
            .map_err(TrainError::device("computing a loss"))?;
        self.last_read = Instant::now();
        let mut values = values.into_iter();
        let mut next = || {
            values
                .next()
                .expect("as many numbers come back as were sent")
        };
        let known = pending.into_iter().map(|step| KnownStep {
            step: step.step,
            images: step.images,
            learning_rate: step.learning_rate,
            loss: next(),
            gradient_norm: next(),
            terms: step
                .term_names
                .into_iter()
                .map(|name| (name, next()))
                .collect(),
        });
        Ok(known.collect())
    }
}
