//! The stack: what a caller holds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::compute_path::ComputePath;
use crate::conv::engine::Engine;
use crate::conv::flops::{self, StageArithmetic};
use crate::conv::plan::Plan;
use crate::conv::seed::Seed;
use crate::conv::stage::{self, Precision, Stage};
use crate::error::KernelError;
use crate::layout::weights::{Gradients, Weights};
use crate::loss::{Loss, Objective};
use crate::simd::Isa;

/// Shapes of images whose plans and buffers are kept.
const KEPT_SHAPES: usize = 4;

/// A batch of images: `[batch, channels, height, width]`, the last axis fastest.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// `[batch, channels, height, width]`.
    pub shape: [usize; 4],
    /// As many values as the shape says.
    pub values: &'a [f32],
}

/// A list of stages, compiled once for each shape of image and run many times.
///
/// Cloning is cheap; clones share what was compiled. Passes run on rayon's current pool and give the same bits
/// for any number of threads.
#[derive(Clone, Debug)]
pub struct Stack {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    stages: Vec<Stage>,
    precision: Precision,
    isa: Isa,
    #[cfg_attr(
        not(feature = "burn"),
        expect(dead_code, reason = "only tensors have a choice")
    )]
    path: ComputePath,
    engines: Mutex<VecDeque<([usize; 2], Arc<Engine>)>>,
    #[cfg_attr(
        not(feature = "burn"),
        expect(dead_code, reason = "only Burn's graphs cut stacks")
    )]
    /// A long stack in two, once it has been cut.
    parts: OnceLock<Box<(Stack, Stack)>>,
}

impl Stack {
    /// A stack of `stages`, each of which takes what the one before gives.
    ///
    /// # Errors
    /// When there are none, when one has no channels or a slope that is not in `[0, 1]`, when two do not fit, or when a skip
    /// connection is not from an earlier stage or has other channels.
    pub fn new(stages: Vec<Stage>, precision: Precision) -> Result<Self, KernelError> {
        stage::check(&stages)?;
        let path = ComputePath::default();
        Ok(Self::assemble(stages, precision, Isa::detect(), path))
    }

    /// A stack that nothing was compiled for yet, of stages that were checked.
    fn assemble(stages: Vec<Stage>, precision: Precision, isa: Isa, path: ComputePath) -> Self {
        let inner = Inner {
            stages,
            precision,
            isa,
            path,
            engines: Mutex::default(),
            parts: OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The same stack on another path.
    #[cfg(feature = "burn")]
    #[must_use]
    pub fn on(self, path: ComputePath) -> Self {
        let inner = &self.inner;
        if inner.path == path {
            return self;
        }
        Self::assemble(inner.stages.clone(), inner.precision, inner.isa, path)
    }

    #[cfg(any(feature = "flex", feature = "ndarray"))]
    pub(crate) fn path(&self) -> ComputePath {
        self.inner.path
    }

    /// Its stages.
    pub fn stages(&self) -> &[Stage] {
        &self.inner.stages
    }

    /// The precision that it was made with.
    pub fn precision(&self) -> Precision {
        self.inner.precision
    }

    /// The vector instructions that it runs on, for a person to read: "AVX-512", "AVX2 and FMA", "NEON", "plain".
    pub fn instruction_set(&self) -> &'static str {
        self.inner.isa.name()
    }

    /// What comes out of images of `[channels, height, width]`, in the same order.
    ///
    /// # Errors
    /// When the channels are not the first stage's, no pixels are left, or a skip connection has another height or width
    /// than what it joins.
    pub fn output_shape(
        &self,
        [channels, height, width]: [usize; 3],
    ) -> Result<[usize; 3], KernelError> {
        let plan = self.plan(channels, height, width)?;
        let last = &plan.last().geometry;
        Ok([
            last.stage.output_channels,
            last.output.height,
            last.output.width,
        ])
    }

    /// What each stage computes for one image of `[channels, height, width]`, and by which algorithm.
    ///
    /// # Errors
    /// As [`Stack::output_shape`].
    pub fn arithmetic(
        &self,
        [channels, height, width]: [usize; 3],
    ) -> Result<Vec<StageArithmetic>, KernelError> {
        Ok(flops::of_plan(&self.plan(channels, height, width)?))
    }

    /// Runs images forward.
    ///
    /// # Shapes
    /// - output: `[batch, output_channels, output_height, output_width]` as [`Stack::output_shape`] says
    ///
    /// # Errors
    /// When a shape does not fit, the batch is empty, or there is no memory for the buffers.
    pub fn infer(
        &self,
        images: Images<'_>,
        weights: &[Weights<'_>],
    ) -> Result<Vec<f32>, KernelError> {
        self.engine(images)?.forward(images.values, weights)
    }

    /// Runs images forward, and the gradient of the output back to the weights and, if it is wanted, the images.
    ///
    /// # Errors
    /// As [`Stack::infer`].
    pub fn differentiate(
        &self,
        images: Images<'_>,
        weights: &[Weights<'_>],
        output_gradient: &[f32],
        wants_input: bool,
    ) -> Result<Gradients, KernelError> {
        let seed = Seed::Objective(Objective::Given(output_gradient));
        let engine = self.engine(images)?;
        Ok(engine.train(images.values, weights, seed, wants_input)?.1)
    }

    /// Runs images forward, and back from the gradient that `output_gradient` makes of what came out, which the pass then need not compute
    /// twice. It is called for one group of images after the other, by several threads at once: with the index of the group's first
    /// image in the batch, the outputs of the group, and the place of their gradient, which it has to fill.
    ///
    /// # Errors
    /// As [`Stack::infer`].
    pub fn differentiate_outputs(
        &self,
        images: Images<'_>,
        weights: &[Weights<'_>],
        output_gradient: impl Fn(usize, &[f32], &mut [f32]) + Sync,
        wants_input: bool,
    ) -> Result<Gradients, KernelError> {
        let seed = Seed::Function(&output_gradient);
        let engine = self.engine(images)?;
        Ok(engine.train(images.values, weights, seed, wants_input)?.1)
    }

    /// The mean loss of the images' outputs against `target` and its gradients, in one pass.
    ///
    /// # Errors
    /// As [`Stack::infer`].
    pub fn train(
        &self,
        images: Images<'_>,
        weights: &[Weights<'_>],
        target: &[f32],
        loss: Loss,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        let seed = Seed::Objective(Objective::Loss(loss, target));
        self.engine(images)?
            .train(images.values, weights, seed, wants_input)
    }

    /// The stack's first `stages` stages and its rest, each kept for the next time, if there is a rest; a stack with skip
    /// connections stays whole.
    #[cfg(feature = "burn")]
    pub(crate) fn cut(&self, stages: usize) -> Option<(Self, Self)> {
        let has_skips = self.inner.stages.iter().any(|stage| stage.skip.is_some());
        if has_skips || self.inner.stages.len() <= stages {
            return None;
        }
        let part = |stages: &[Stage]| {
            let Inner {
                precision,
                isa,
                path,
                ..
            } = *self.inner;
            Self::assemble(stages.to_vec(), precision, isa, path)
        };
        let parts = self.inner.parts.get_or_init(|| {
            let (head, tail) = self.inner.stages.split_at(stages);
            Box::new((part(head), part(tail)))
        });
        Some((**parts).clone())
    }

    fn plan(&self, channels: usize, height: usize, width: usize) -> Result<Plan, KernelError> {
        let expected = self.inner.stages[0].input_channels;
        if channels != expected {
            return Err(KernelError::Length {
                what: "the channels' axis".to_owned(),
                expected,
                found: channels,
            });
        }
        if height == 0 || width == 0 {
            return Err(KernelError::NoPixels {
                stage: 0,
                height,
                width,
            });
        }
        Plan::new(&self.inner.stages, height, width, self.inner.precision)
    }

    fn engine(&self, images: Images<'_>) -> Result<Arc<Engine>, KernelError> {
        let [batch, channels, height, width] = images.shape;
        if batch == 0 {
            return Err(KernelError::EmptyBatch);
        }
        let expected = images
            .shape
            .iter()
            .try_fold(1_usize, |product, &axis| product.checked_mul(axis))
            .ok_or(KernelError::Overflow)?;
        let plan = |stack: &Self| stack.plan(channels, height, width);
        if expected != images.values.len() {
            let what = "the batch".to_owned();
            return Err(KernelError::Length {
                what,
                expected,
                found: images.values.len(),
            });
        }
        let mut engines = self
            .inner
            .engines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if channels == self.inner.stages[0].input_channels
            && let Some((_, engine)) = engines.iter().find(|(shape, _)| *shape == [height, width])
        {
            return Ok(Arc::clone(engine));
        }
        let engine = Arc::new(Engine::new(plan(self)?, self.inner.isa));
        if engines.len() == KEPT_SHAPES {
            engines.pop_front();
        }
        engines.push_back(([height, width], Arc::clone(&engine)));
        Ok(engine)
    }
}
