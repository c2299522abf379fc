//! What one stage keeps of a group of images, and what it does with it forward and back.

use std::ops::Range;

use crate::conv::algorithm::{
    Input, Job, Kernel, Layout, ParameterGradients, Sums, SumsGradient, Target,
};
use crate::conv::epilogue;
use crate::conv::geometry::Geometry;
use crate::conv::maps::Spare;
use crate::conv::plan::Step;
use crate::conv::skips::{self, Arrived};
use crate::error::KernelError;
use crate::layout::buffer::{Blocked, zero_rows};
use crate::simd::{Isa, Row};

/// What one stage keeps of a group.
#[derive(Debug)]
pub(crate) struct StageBuffers {
    pub(crate) kernel: Box<dyn Kernel>,
    /// The stage's output; none where the last stage writes it straight to the caller.
    pub(crate) output: Option<Blocked>,
    /// The activations before pooling; going back, the gradient of the convolution's sums.
    pub(crate) sums: Option<Blocked>,
    pub(crate) pools: bool,
    /// How many images go through the convolution and its pooling at a time, both ways, so that `sums` is of so many; all where
    /// it is `None`.
    portion: Option<usize>,
    /// Which pixel each pooling took, for backward passes.
    which: Vec<Row>,
    /// Where the gradient of the output arrives, if it cannot pass the activation on its way.
    output_gradient: Option<Blocked>,
}

impl StageBuffers {
    pub(crate) fn new(
        step: &Step,
        images: usize,
        training: bool,
        is_last: bool,
    ) -> Result<Self, KernelError> {
        let geometry = &step.geometry;
        let channels = geometry.stage.output_channels;
        let is_blocked = step.algorithm.output_layout() == Layout::Blocked;
        // What others take of the sums has to stay.
        let portion = step.algorithm.images_at_once(geometry);
        let portion = portion.filter(|_| geometry.pools() && !geometry.feeds_skip);
        let of_sums = portion.map_or(images, |portion| portion.min(images));
        let blocked = |wanted: bool, frame, images| -> Result<Option<Blocked>, KernelError> {
            if wanted {
                Blocked::new(frame, channels, images).map(Some)
            } else {
                Ok(None)
            }
        };
        let pooled_rows = if geometry.pools() && training {
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
            output: blocked(training && is_blocked, geometry.output, images)?,
            sums: blocked(training && is_blocked, geometry.sums, of_sums)?,
            pools: geometry.pools(),
            portion,
            which: zero_rows(pooled_rows)?,
            output_gradient: blocked(
                training && is_blocked && (is_last || !geometry.is_masked()),
                geometry.output,
                images,
            )?,
        })
    }

    /// Gets the maps that a forward pass of the stage writes, where there is no backward pass.
    pub(crate) fn borrow_maps(
        &mut self,
        step: &Step,
        images: usize,
        spare: &mut Spare,
    ) -> Result<(), KernelError> {
        let geometry = &step.geometry;
        let channels = geometry.stage.output_channels;
        if step.algorithm.output_layout() == Layout::Blocked {
            self.output = Some(spare.take(geometry.output, channels, images)?);
            if self.pools {
                let images = self.portion.map_or(images, |portion| portion.min(images));
                self.sums = Some(spare.take(geometry.sums, channels, images)?);
            }
        }
        Ok(())
    }

    pub(crate) fn output(&self) -> &Blocked {
        self.output
            .as_ref()
            .expect("only the last stage has no blocked output")
    }

    /// The stage's output before its pooling: what a skip connection takes.
    pub(crate) fn activations(&self) -> &Blocked {
        // Where there is no pooling, the sums' buffer is for their gradient alone.
        match &self.sums {
            Some(sums) if self.pools => sums,
            _ => self.output(),
        }
    }

    /// The stage's output, where its gradient goes, and the slope that it passes on its way.
    pub(crate) fn split(&mut self, geometry: &Geometry) -> (&Blocked, &mut Blocked, Option<f32>) {
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
    pub(crate) fn forward(&mut self, job: Job<'_>, input: Input<'_>, values: &mut [f32]) {
        let Self {
            kernel,
            output: Some(output),
            sums,
            which,
            portion,
            ..
        } = self
        else {
            self.kernel.forward(job, input, Sums::Values(values));
            return;
        };
        let (isa, images, threads) = (job.isa, job.images, job.scratch.len());
        let activation = job.geometry.stage.activation;
        // Only a stage that pools has its sums elsewhere than in its output.
        let Some(sums) = sums.as_mut().filter(|_| job.geometry.pools()) else {
            kernel.forward(job, input, Sums::Blocked(output));
            epilogue::bend(isa, images, activation, output);
            return;
        };
        for images in portions(images, *portion) {
            let job = Job {
                images: images.len(),
                first: images.start,
                scratch: &mut *job.scratch,
                ..job
            };
            kernel.forward(job, input, Sums::Blocked(sums));
            epilogue::bend(isa, images.len(), activation, sums);
            epilogue::max_pool(isa, images, sums, output, which, threads);
        }
    }

    /// Brings the caller's gradient of the stack's output to the sums of this last stage.
    pub(crate) fn begin(
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
    pub(crate) fn arrive(
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

    /// Takes the gradient of the output to the sums; what goes in portions does that by itself.
    fn pass_activation(&mut self, isa: Isa, images: usize, geometry: &Geometry) {
        if self.portion.is_some() {
            return;
        }
        if let (Some(output), Some(gradient), Some(sums)) =
            (&self.output, &self.output_gradient, &mut self.sums)
        {
            let which = geometry.pools().then_some(&self.which[..]);
            let activation = geometry.stage.activation;
            epilogue::back(isa, 0..images, activation, which, output, gradient, sums);
        }
    }

    /// From the gradient of this stage's sums, adds those of its parameters and writes that of its input; `values` are the
    /// gradient of the sums of a stage that writes the stack's output.
    pub(crate) fn backward(
        &mut self,
        job: Job<'_>,
        input: Input<'_>,
        values: &[f32],
        parameters: ParameterGradients<'_>,
        target: Option<Target<'_>>,
    ) {
        if self.portion.is_some() {
            self.backward_in_portions(job, input, parameters, target);
            return;
        }
        let sums_gradient = match &self.sums {
            Some(sums) => SumsGradient::Blocked(sums),
            None => SumsGradient::Values(values),
        };
        self.kernel
            .backward(job, input, sums_gradient, parameters, target);
    }

    /// The same in portions, from the gradient of the output.
    fn backward_in_portions(
        &mut self,
        job: Job<'_>,
        input: Input<'_>,
        parameters: ParameterGradients<'_>,
        mut target: Option<Target<'_>>,
    ) {
        let (Some(output), Some(gradient), Some(sums)) =
            (&self.output, &self.output_gradient, &mut self.sums)
        else {
            unreachable!("a training workspace has gradients");
        };
        let geometry = job.geometry;
        let activation = geometry.stage.activation;
        let input_values = geometry.stage.input_channels * geometry.input.pixels();
        // The group's sum of its own, which is added to the others'.
        let mut bias = vec![Row::ZERO; parameters.bias.len()];
        for images in portions(job.images, self.portion) {
            let of_images = |target| match target {
                // Kernels find theirs in a blocked gradient by themselves.
                Target::Values(values) => {
                    let of_images = images.start * input_values..images.end * input_values;
                    Target::Values(&mut values[of_images])
                }
                target => target,
            };
            let target = target.as_mut().map(Target::again).map(of_images);
            let job = Job {
                images: images.len(),
                first: images.start,
                scratch: &mut *job.scratch,
                ..job
            };
            let which = Some(&self.which[..]);
            epilogue::back(job.isa, images, activation, which, output, gradient, sums);
            let parameters = ParameterGradients {
                weight: &mut *parameters.weight,
                bias: &mut bias,
            };
            let sums = SumsGradient::Blocked(sums);
            self.kernel.backward(job, input, sums, parameters, target);
        }
        for (total, sum) in parameters.bias.iter_mut().zip(bias) {
            for (total, sum) in total.0.iter_mut().zip(sum.0) {
                *total += sum;
            }
        }
    }
}

/// A group's images: all at once, or some at a time.
fn portions(images: usize, portion: Option<usize>) -> impl Iterator<Item = Range<usize>> {
    let at_once = portion.unwrap_or(images).max(1);
    (0..images)
        .step_by(at_once)
        .map(move |first| first..(first + at_once).min(images))
}
