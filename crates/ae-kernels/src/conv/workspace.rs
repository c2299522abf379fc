//! One group of images through all stages, forward and back, in one thread's buffers.

use crate::activation::Activation;
use crate::conv::algorithm::{
    Input, Job, Kernel, Layout, Mask, ParameterGradients, Sums, SumsGradient, Target,
};
use crate::conv::epilogue;
use crate::conv::geometry::Geometry;
use crate::conv::plan::{Plan, Step};
use crate::conv::skips::{self, Arrived};
use crate::error::KernelError;
use crate::layout::buffer::{Blocked, Planar, zero_floats, zero_rows};
use crate::layout::prepared::Prepared;
use crate::simd::{Isa, Row};

/// A thread's buffers for groups of up to `images` images.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) images: usize,
    training: bool,
    isa: Isa,
    input: Source,
    stages: Vec<StageBuffers>,
    /// The input of every stage with a skip connection.
    joined: Vec<Option<Joined>>,
    /// The gradient to a blocked input.
    input_gradient: Option<Blocked>,
    scratch: [Vec<Row>; 2],
    /// The gradient of the stack's output.
    gradient: Vec<f32>,
}

/// The stack's input in the layout that its first stage reads.
#[derive(Debug)]
enum Source {
    Planar(Planar),
    Blocked(Blocked),
}

/// A joined input.
#[derive(Debug)]
struct Joined {
    input: Blocked,
    /// Its gradient, for backward passes.
    gradient: Option<Blocked>,
}

/// What one stage keeps of a group.
#[derive(Debug)]
struct StageBuffers {
    kernel: Box<dyn Kernel>,
    /// The stage's output; none where the last stage writes it straight to the caller.
    output: Option<Blocked>,
    /// The activations before pooling; going back, the gradient of the convolution's sums.
    sums: Option<Blocked>,
    /// Which pixel each pooling took.
    which: Vec<Row>,
    /// Where the gradient of the output arrives, if it cannot pass the activation on its way.
    output_gradient: Option<Blocked>,
}

impl Workspace {
    /// Buffers for forward passes, and with `training` for those back too.
    pub(crate) fn new(
        plan: &Plan,
        isa: Isa,
        images: usize,
        training: bool,
    ) -> Result<Self, KernelError> {
        let input = Source::new(plan.first(), images)?;
        let mut scratch = [0; 2];
        let mut stages = Vec::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            let is_last = index + 1 == plan.steps.len();
            let rows = step
                .algorithm
                .scratch_rows(&step.geometry, images, training);
            scratch = [scratch[0].max(rows[0]), scratch[1].max(rows[1])];
            stages.push(StageBuffers::new(step, images, training, is_last)?);
        }
        let joined = plan
            .steps
            .iter()
            .map(|step| Joined::new(step, images, training));
        let joined = joined.collect::<Result<_, _>>()?;
        let input_gradient = match input {
            Source::Blocked(_) if training => Some(Blocked::new(
                plan.first().geometry.input,
                plan.input_channels,
                images,
            )?),
            Source::Blocked(_) | Source::Planar(_) => None,
        };
        let [first, second] = scratch;
        Ok(Self {
            images,
            training,
            isa,
            input,
            stages,
            joined,
            input_gradient,
            scratch: [zero_rows(first)?, zero_rows(second)?],
            gradient: zero_floats(if training {
                images * plan.output_values()
            } else {
                0
            })?,
        })
    }

    pub(crate) fn is_for_training(&self) -> bool {
        self.training
    }

    /// Runs `values` forward into `output`, both `[image][channel][height][width]`.
    pub(crate) fn forward(
        &mut self,
        plan: &Plan,
        weights: &[Prepared],
        values: &[f32],
        output: &mut [f32],
    ) {
        let images = values.len() / plan.input_values();
        self.input.read(values, plan.input_channels);
        for (index, (step, weights)) in plan.steps.iter().zip(weights).enumerate() {
            let (before, here) = self.stages.split_at_mut(index);
            let input = match (before.last(), &step.join, &mut self.joined[index]) {
                (Some(last), Some(join), Some(Joined { input, .. })) => {
                    let earlier = before[join.source].activations();
                    skips::join(self.isa, images, join, last.output(), earlier, input);
                    Input::Blocked(input)
                }
                (Some(last), ..) => Input::Blocked(last.output()),
                (None, ..) => self.input.as_input(),
            };
            let job = Job {
                isa: self.isa,
                images,
                geometry: &step.geometry,
                weights,
                scratch: self.scratch.each_mut().map(Vec::as_mut_slice),
            };
            here[0].forward(job, input, output);
        }
        if let Some(blocked) = self.stages.last().and_then(|last| last.output.as_ref()) {
            blocked.write(output, plan.last().geometry.stage.output_channels);
        }
    }

    /// Forgets the gradients that kernels gather themselves, before the first group of a part.
    pub(crate) fn begin_part(&mut self) {
        for stage in &mut self.stages {
            stage.kernel.begin_part();
        }
    }

    /// The group's gradient of the stack's output, to be filled before [`Workspace::backward`].
    pub(crate) fn output_gradient(&mut self, values: usize) -> &mut [f32] {
        &mut self.gradient[..values]
    }

    /// Takes the gradient in [`Workspace::output_gradient`] back through the group that went forward last:
    /// `output` is what came out then, `partial` gets the weights' gradients added, except those that kernels gather
    /// themselves, and `input_gradient` is written if it is wanted.
    pub(crate) fn backward(
        &mut self,
        plan: &Plan,
        weights: &[Prepared],
        output: &[f32],
        partial: &mut [Row],
        mut input_gradient: Option<&mut [f32]>,
    ) {
        let images = output.len() / plan.output_values();
        let isa = self.isa;
        let gradient = &mut self.gradient[..output.len()];
        if let (Some(step), Some(stage)) = (plan.steps.last(), self.stages.last_mut()) {
            stage.begin(isa, images, &step.geometry, output, gradient);
        }
        for (index, (step, weights)) in plan.steps.iter().zip(weights).enumerate().rev() {
            let (before, here) = self.stages.split_at_mut(index);
            let job = Job {
                isa,
                images,
                geometry: &step.geometry,
                weights,
                scratch: self.scratch.each_mut().map(Vec::as_mut_slice),
            };
            let (weight, bias) = step.gradients(partial);
            let parameters = ParameterGradients { weight, bias };
            if let Some(before) = before.last_mut() {
                let previous = &plan.steps[index - 1].geometry;
                let (input, target, slope) = before.split(previous);
                let mask = slope.map(|slope| Mask {
                    output: input,
                    slope,
                });
                if let (Some(join), Some(joined)) = (&step.join, &mut self.joined[index]) {
                    let (input, of_joined) = joined.split();
                    let to = Target::Blocked {
                        gradient: of_joined,
                        mask: None,
                    };
                    here[0].backward(job, Input::Blocked(input), gradient, parameters, Some(to));
                    skips::part(isa, images, join, of_joined, target, mask);
                } else {
                    let target = Target::Blocked {
                        gradient: target,
                        mask,
                    };
                    let input = Input::Blocked(input);
                    here[0].backward(job, input, gradient, parameters, Some(target));
                }
                let skips = plan.skips_from(index - 1);
                let skips = skips.filter_map(|(stage, block)| {
                    let gradient = self.joined[stage].as_ref()?.gradient.as_ref()?;
                    Some((gradient, block))
                });
                before.arrive(isa, images, previous, skips.collect());
            } else {
                let target = match (&mut input_gradient, &mut self.input_gradient) {
                    (None, _) => None,
                    (Some(_), Some(gradient)) => Some(Target::Blocked {
                        gradient,
                        mask: None,
                    }),
                    (Some(values), None) => Some(Target::Values(values)),
                };
                here[0].backward(job, self.input.as_input(), gradient, parameters, target);
            }
        }
        if let (Some(values), Some(gradient)) = (input_gradient, &self.input_gradient) {
            gradient.write(values, plan.input_channels);
        }
    }

    /// Writes the gradients that kernels gathered themselves to `partial`, after the last group of a part.
    pub(crate) fn finish_part(&self, plan: &Plan, partial: &mut [Row]) {
        for (step, stage) in plan.steps.iter().zip(&self.stages) {
            let (weight, _) = step.gradients(partial);
            stage.kernel.finish_part(self.isa, weight);
        }
    }
}

impl Source {
    fn new(first: &Step, images: usize) -> Result<Self, KernelError> {
        let (frame, channels) = (first.geometry.input, first.geometry.stage.input_channels);
        Ok(match first.algorithm.input_layout() {
            Layout::Planar => Self::Planar(Planar::new(frame, channels, images)?),
            Layout::Blocked => Self::Blocked(Blocked::new(frame, channels, images)?),
        })
    }

    fn read(&mut self, values: &[f32], channels: usize) {
        match self {
            Self::Planar(input) => input.read(values),
            Self::Blocked(input) => input.read(values, channels),
        }
    }

    fn as_input(&self) -> Input<'_> {
        match self {
            Self::Planar(input) => Input::Planar(input),
            Self::Blocked(input) => Input::Blocked(input),
        }
    }
}

impl Joined {
    /// `None` for a stage without a skip connection.
    fn new(step: &Step, images: usize, training: bool) -> Result<Option<Self>, KernelError> {
        if step.join.is_none() {
            return Ok(None);
        }
        let (frame, channels) = (step.geometry.input, step.geometry.stage.input_channels);
        let buffer = || Blocked::new(frame, channels, images);
        Ok(Some(Self {
            input: buffer()?,
            gradient: training.then(buffer).transpose()?,
        }))
    }

    /// The input and its gradient.
    fn split(&mut self) -> (&Blocked, &mut Blocked) {
        let gradient = self.gradient.as_mut();
        (
            &self.input,
            gradient.expect("a training workspace has gradients"),
        )
    }
}

impl StageBuffers {
    fn new(step: &Step, images: usize, training: bool, is_last: bool) -> Result<Self, KernelError> {
        let geometry = &step.geometry;
        let channels = geometry.stage.output_channels;
        let is_blocked = step.algorithm.output_layout() == Layout::Blocked;
        let blocked = |wanted: bool, frame| -> Result<Option<Blocked>, KernelError> {
            if wanted {
                Blocked::new(frame, channels, images).map(Some)
            } else {
                Ok(None)
            }
        };
        let pooled_rows = if geometry.pools() {
            geometry
                .output_blocks()
                .checked_mul(images)
                .and_then(|n| n.checked_mul(geometry.output.pixels()))
                .ok_or(KernelError::Overflow)?
        } else {
            0
        };
        Ok(Self {
            kernel: step.algorithm.kernel(geometry, images, training)?,
            output: blocked(is_blocked, geometry.output)?,
            sums: blocked((training && is_blocked) || geometry.pools(), geometry.sums)?,
            which: zero_rows(pooled_rows)?,
            output_gradient: blocked(
                training && is_blocked && (is_last || !geometry.is_masked()),
                geometry.output,
            )?,
        })
    }

    fn output(&self) -> &Blocked {
        self.output
            .as_ref()
            .expect("only the last stage has no blocked output")
    }

    /// The stage's output before its pooling: what a skip connection takes.
    fn activations(&self) -> &Blocked {
        // Where there is no pooling, the sums' buffer is for their gradient alone.
        match &self.sums {
            Some(sums) if !self.which.is_empty() => sums,
            _ => self.output(),
        }
    }

    /// The stage's output, where its gradient goes, and the slope that it passes on its way.
    fn split(&mut self, geometry: &Geometry) -> (&Blocked, &mut Blocked, Option<f32>) {
        let output = self
            .output
            .as_ref()
            .expect("only the last stage has no blocked output");
        let slope = geometry
            .stage
            .activation
            .slope()
            .filter(|_| geometry.is_masked());
        let target = if slope.is_some() {
            &mut self.sums
        } else {
            &mut self.output_gradient
        };
        (
            output,
            target.as_mut().expect("a training workspace has gradients"),
            slope,
        )
    }

    /// Runs a group forward; `values` are the stack's output, which the last stage may write.
    fn forward(&mut self, job: Job<'_>, input: Input<'_>, values: &mut [f32]) {
        let Self {
            kernel,
            output: Some(output),
            sums,
            which,
            ..
        } = self
        else {
            self.kernel.forward(job, input, Sums::Values(values));
            return;
        };
        let (isa, images) = (job.isa, job.images);
        let activation = job.geometry.stage.activation;
        // Only a stage that pools has its sums elsewhere than in its output.
        let mut before_pooling = sums.as_mut().filter(|_| job.geometry.pools());
        let target = before_pooling.as_deref_mut().unwrap_or(&mut *output);
        kernel.forward(job, input, Sums::Blocked(target));
        if activation == Activation::Sigmoid {
            epilogue::sigmoid_blocked(isa, images, target);
        }
        if let Some(sums) = before_pooling {
            epilogue::max_pool(isa, images, sums, output, which);
        }
    }

    /// Brings the caller's gradient of the stack's output to the sums of this last stage.
    fn begin(
        &mut self,
        isa: Isa,
        images: usize,
        geometry: &Geometry,
        output: &[f32],
        gradient: &mut [f32],
    ) {
        match &mut self.output_gradient {
            Some(target) => {
                target.read(gradient, geometry.stage.output_channels);
                self.pass_activation(isa, images, geometry);
            }
            None => epilogue::derive(geometry.stage.activation, output, gradient),
        }
    }

    /// Takes a gradient that has arrived at the output to the sums, unless it passed the activation already; with those of
    /// `joined` inputs that the stage has skip connections to, and the blocks at which it begins in them.
    fn arrive(
        &mut self,
        isa: Isa,
        images: usize,
        geometry: &Geometry,
        joined: Vec<(&Blocked, usize)>,
    ) {
        if let (
            false,
            Self {
                output: Some(output),
                output_gradient: Some(output_gradient),
                sums: Some(sums),
                which,
                ..
            },
        ) = (joined.is_empty(), &mut *self)
        {
            let arrived = Arrived {
                output,
                output_gradient,
                which: geometry.pools().then_some(&which[..]),
                joined,
            };
            skips::back(isa, images, geometry.stage.activation, &arrived, sums);
        } else if !geometry.is_masked() {
            self.pass_activation(isa, images, geometry);
        }
    }

    fn pass_activation(&mut self, isa: Isa, images: usize, geometry: &Geometry) {
        if let (Some(output), Some(gradient), Some(sums)) =
            (&self.output, &self.output_gradient, &mut self.sums)
        {
            let which = geometry.pools().then_some(&self.which[..]);
            let activation = geometry.stage.activation;
            epilogue::back(isa, images, activation, which, output, gradient, sums);
        }
    }

    /// From the gradient of this stage's sums, adds those of its parameters and writes that of its input; `values` are the
    /// gradient of the sums of a stage that writes the stack's output.
    fn backward(
        &mut self,
        job: Job<'_>,
        input: Input<'_>,
        values: &[f32],
        parameters: ParameterGradients<'_>,
        target: Option<Target<'_>>,
    ) {
        let sums_gradient = match &self.sums {
            Some(sums) => SumsGradient::Blocked(sums),
            None => SumsGradient::Values(values),
        };
        self.kernel
            .backward(job, input, sums_gradient, parameters, target);
    }
}
