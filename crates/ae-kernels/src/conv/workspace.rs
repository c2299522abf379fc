//! One group of images through all stages, forward and back, in one thread's buffers.

use crate::conv::algorithm::{Input, Job, Mask, ParameterGradients, Scratch, Target};
use crate::conv::maps::{Joined, Source, Spare};
use crate::conv::plan::Plan;
use crate::conv::skips;
use crate::conv::stage_buffers::StageBuffers;
use crate::error::KernelError;
use crate::layout::buffer::{Blocked, zero_floats, zero_rows};
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
    /// That of each thread that forward passes are shared out to; for backward passes of one.
    scratch: Vec<Scratch>,
    /// The gradient of the stack's output.
    gradient: Vec<f32>,
    spare: Spare,
}

impl Workspace {
    /// Buffers for forward passes, each shared out to `threads` threads, and with `training` for those back too.
    pub(crate) fn new(
        plan: &Plan,
        isa: Isa,
        images: usize,
        training: bool,
        threads: usize,
    ) -> Result<Self, KernelError> {
        let input = Source::new(plan.first(), images)?;
        let mut scratch = [0; 3];
        let mut stages = Vec::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            let is_last = index + 1 == plan.steps.len();
            let rows = step
                .algorithm
                .scratch_rows(&step.geometry, images, training);
            scratch = std::array::from_fn(|which| rows[which].max(scratch[which]));
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
        let scratch_of_thread = |_| -> Result<Scratch, KernelError> {
            let [first, second, third] = scratch.map(zero_rows);
            Ok([first?, second?, third?])
        };
        Ok(Self {
            images,
            training,
            isa,
            input,
            stages,
            joined,
            input_gradient,
            scratch: (0..threads.max(1))
                .map(scratch_of_thread)
                .collect::<Result<_, _>>()?,
            spare: Spare::default(),
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

    /// How many threads its forward passes are shared out to.
    pub(crate) fn threads(&self) -> usize {
        self.scratch.len()
    }

    /// Runs `values` forward into `output`, both `[image][channel][height][width]`.
    ///
    /// # Errors
    /// When there is no memory for a map.
    pub(crate) fn forward(
        &mut self,
        plan: &Plan,
        weights: &[Prepared],
        values: &[f32],
        output: &mut [f32],
    ) -> Result<(), KernelError> {
        let images = values.len() / plan.input_values();
        self.input.read(values, plan.input_channels);
        for (index, (step, weights)) in plan.steps.iter().zip(weights).enumerate() {
            if !self.training {
                self.stages[index].borrow_maps(step, self.images, &mut self.spare)?;
                if let Some(joined) = &mut self.joined[index] {
                    joined.borrow_input(step, self.images, &mut self.spare)?;
                }
            }
            let (before, here) = self.stages.split_at_mut(index);
            let input = match (before.last(), &step.join, &mut self.joined[index]) {
                (Some(last), Some(join), _) if join.is_pair => {
                    Input::Pair(last.output(), before[join.source].activations())
                }
                (Some(last), Some(join), Some(joined)) => {
                    let earlier = before[join.source].activations();
                    let input = joined.input_mut();
                    skips::join(self.isa, images, join, last.output(), earlier, input);
                    Input::Blocked(input)
                }
                (Some(last), ..) => Input::Blocked(last.output()),
                (None, ..) => self.input.as_input(),
            };
            let job = Job {
                isa: self.isa,
                images,
                first: 0,
                geometry: &step.geometry,
                weights,
                bias: &weights.bias,
                scratch: &mut self.scratch,
            };
            here[0].forward(job, input, output);
            if !self.training {
                self.give_back_read(plan, index);
            }
        }
        if let Some(last) = self.stages.last_mut() {
            if let Some(blocked) = &last.output {
                blocked.write(output, plan.last().geometry.stage.output_channels);
            }
            if !self.training {
                self.spare.0.extend(last.output.take());
            }
        }
        Ok(())
    }

    /// Gives back the maps that stage `reader` of a forward pass was the last to read.
    fn give_back_read(&mut self, plan: &Plan, reader: usize) {
        let spare = &mut self.spare.0;
        for (index, stage) in self.stages[..=reader].iter_mut().enumerate() {
            let last_skip = plan.skips_from(index).map(|(stage, _)| stage).max();
            let last_skip = last_skip.unwrap_or(index);
            let (sums, output) = match stage.pools {
                true => (last_skip, index + 1),
                false => (index, last_skip.max(index + 1)),
            };
            if sums <= reader {
                spare.extend(stage.sums.take());
            }
            if output <= reader {
                spare.extend(stage.output.take());
            }
        }
        if let Some(joined) = &mut self.joined[reader] {
            spare.extend(joined.input.take());
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
                first: 0,
                geometry: &step.geometry,
                weights,
                bias: &weights.bias,
                scratch: &mut self.scratch,
            };
            let (weight, bias) = step.gradients(partial);
            let parameters = ParameterGradients { weight, bias };
            if let Some((before, earlier)) = before.split_last_mut() {
                let previous = &plan.steps[index - 1].geometry;
                let (input, target, slope) = before.split(previous);
                let mask = slope.map(|slope| Mask {
                    output: input,
                    slope,
                });
                if let (Some(join), Some(joined)) = (&step.join, &mut self.joined[index]) {
                    if join.is_pair {
                        let input = Input::Pair(input, earlier[join.source].activations());
                        let to = Target::Pair {
                            gradient: target,
                            mask,
                            earlier: joined.gradient_mut(),
                        };
                        here[0].backward(job, input, gradient, parameters, Some(to));
                    } else {
                        let (input, of_joined) = joined.split();
                        let to = Target::Blocked {
                            gradient: of_joined,
                            mask: None,
                        };
                        here[0].backward(
                            job,
                            Input::Blocked(input),
                            gradient,
                            parameters,
                            Some(to),
                        );
                        skips::part(isa, images, join, of_joined, target, mask);
                    }
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
