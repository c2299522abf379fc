//! Single steps: objective, gradients, update, and the losses on their way back.

use ae_models::{Objective, Trainable};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::batches::plan::Batch;
use crate::error::TrainError;
use crate::optim::model_optimizer::ModelOptimizer;
use crate::run::progress::Progress;
use crate::trainer::batch_objective::batch_objective;
use crate::trainer::part_gradients::{PartGradients, part_gradients};
use crate::trainer::readback::{KnownStep, PendingStep, Readback};
use crate::trainer::run_plan::RunPlan;
use crate::trainer::weight_average::WeightAverage;

/// The model in training, with what its steps need and leave behind.
pub(crate) struct Steps<M> {
    pub(crate) model: M,
    /// A model whose loss and gradient are known to have been finite, should those of a later one not be.
    pub(crate) good: M,
    /// The model as it was before the newest step.
    entering: M,
    pub(crate) optimizer: ModelOptimizer,
    /// What is measured and kept in place of the weights, if it is.
    average: Option<WeightAverage>,
    readback: Readback,
}

impl<M: Trainable> Steps<M> {
    pub(crate) fn new(model: M, optimizer: ModelOptimizer, average: Option<WeightAverage>) -> Self {
        Self {
            good: model.clone(),
            entering: model.clone(),
            model,
            optimizer,
            average,
            readback: Readback::new(),
        }
    }

    /// Takes one step. Its loss stays on the device until [`read`](Self::read).
    ///
    /// `stop` says whether this process was asked to stop; gives whether any was, where several train the model.
    pub(crate) fn take(
        &mut self,
        batch: Batch,
        plan: &RunPlan<'_>,
        progress: &mut Progress,
        stop: bool,
    ) -> Result<bool, TrainError> {
        let (images, computed, observed) = match plan.batch_parts(progress) {
            Some(parts) => (
                parts.images,
                part_gradients(&self.model, parts, &batch, plan, progress, stop)?,
                Vec::new(),
            ),
            None => {
                let images = batch.indices.len();
                let Objective {
                    loss,
                    terms,
                    observed,
                    ..
                } = batch_objective(&self.model, batch, plan, progress);
                let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
                let terms = terms.into_iter();
                let computed = PartGradients {
                    gradients,
                    loss: loss.inner(),
                    terms: terms.map(|(name, term)| (name, term.inner())).collect(),
                    stop,
                };
                (images, computed, observed)
            }
        };
        let PartGradients {
            gradients,
            loss,
            terms,
            stop,
        } = computed;
        let learning_rate = plan.learning_rate(progress.step);
        self.entering = self.model.clone();
        let (model, norm) = self.optimizer.step(
            learning_rate,
            self.model.clone(),
            gradients,
            plan.config.gradient_clip_norm,
        );
        if let Some(average) = &mut self.average {
            average.update(&model, progress.step);
        }
        progress.step += 1;
        progress.batch += 1;
        self.model = model.after_step(progress.step as u64, &observed);

        let norm = norm.unwrap_or_else(|| loss.zeros_like());
        let mut values = vec![loss, norm];
        let (term_names, terms): (Vec<_>, Vec<Tensor<1>>) = terms.into_iter().unzip();
        values.extend(terms);
        self.readback.push(PendingStep {
            step: progress.step,
            images,
            learning_rate,
            term_names,
            values: Tensor::cat(values, 0),
        });
        Ok(stop)
    }

    /// The model with averaged weights, without autodiff; `None` where none are averaged.
    pub(crate) fn averaged(&self) -> Option<M> {
        self.average
            .as_ref()
            .map(|average| average.model(&self.model))
    }

    /// Whether the losses should be read.
    pub(crate) fn are_due(&self) -> bool {
        self.readback.is_due()
    }

    /// Waits for the losses of all steps so far.
    pub(crate) fn read(&mut self) -> Result<Vec<KnownStep>, TrainError> {
        self.readback.read()
    }

    /// Records that the losses of all steps so far are finite.
    pub(crate) fn vouch(&mut self) {
        self.good = self.entering.clone();
    }
}
