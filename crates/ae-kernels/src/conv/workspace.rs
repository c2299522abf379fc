//! One group of images through all stages, forward and back, in one thread's buffers.

use crate::conv::algorithms::direct::{self, Convolution, Mask};
use crate::conv::algorithms::planar;
use crate::conv::algorithms::tap_gather::{self, Window};
use crate::conv::algorithms::upsampled::{self, Upsample};
use crate::conv::algorithms::winograd_f43::{self, Winograd};
use crate::conv::epilogue;
use crate::conv::plan::{Algorithm, Plan, Step};
use crate::conv::stage::Activation;
use crate::conv::winograd::overlap_add::InputGradient;
use crate::conv::winograd::tie_break::Repeats;
use crate::conv::winograd::tiles::{Run, Scratch};
use crate::conv::winograd::transforms::{WeightGradient, transform_weight_gradient};
use crate::conv::winograd::zero_windows::Blank;
use crate::error::KernelError;
use crate::layout::buffer::{Blocked, Planar, zero_floats, zero_rows};
use crate::layout::weights::Prepared;
use crate::simd::lanes::{BLOCK, Isa, Row};
use crate::simd::matmul::plane;

/// Tiles that a stage transforms at a time.
const TILES: usize = 128;

/// What is seen of a stage's input where its transforms must not round otherwise than direct sums.
#[derive(Debug, Default)]
struct Looks {
    blank: Blank,
    repeats: Repeats,
}

/// The stack's input in the layout that its first stage reads.
#[derive(Debug)]
enum Source {
    Planar(Planar),
    Blocked(Blocked),
}

/// What one stage keeps of a group.
#[derive(Debug)]
struct Buffers {
    /// The stage's output; none where the last stage writes it straight to the caller.
    output: Option<Blocked>,
    /// The activations before pooling; going back, the gradient of the convolution's sums.
    sums: Option<Blocked>,
    /// Which pixel each pooling took.
    which: Vec<Row>,
    /// The taps' contributions; going back, their gradient.
    contributions: Option<Blocked>,
    /// Where the gradient of the output arrives, if it cannot pass the activation on its way.
    output_gradient: Option<Blocked>,
    /// The gradient of the sums of a stage with few output channels.
    planar_gradient: Option<Planar>,
    /// The transformed input of every run, kept for the weights' gradient.
    transformed: Vec<Row>,
    /// The gradient of the transformed weights, summed over groups, and whether it is still to be begun.
    transformed_gradient: Vec<Row>,
    is_fresh: bool,
}

/// A thread's buffers for groups of up to `images` images.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) images: usize,
    isa: Isa,
    input: Source,
    buffers: Vec<Buffers>,
    /// The gradient to a blocked input, or the contributions to a planar one.
    input_gradient: Option<Blocked>,
    transformed: Vec<Row>,
    products: Vec<Row>,
    looks: Looks,
    gradient: Vec<f32>,
}

impl Workspace {
    /// Buffers for forward passes, and with `training` for those back too.
    pub(crate) fn new(
        plan: &Plan,
        isa: Isa,
        images: usize,
        training: bool,
    ) -> Result<Self, KernelError> {
        let first = plan.first();
        let input = if first.algorithm == Algorithm::Planar {
            Source::Planar(Planar::new(
                first.input,
                first.stage.input_channels,
                images,
            )?)
        } else {
            Source::Blocked(Blocked::new(
                first.input,
                first.stage.input_channels,
                images,
            )?)
        };
        let (mut transformed, mut products) = (0, 0);
        let mut buffers = Vec::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            let is_last = index + 1 == plan.steps.len();
            let [t, p, kept] = scratch_rows(step, images, training);
            (transformed, products) = (transformed.max(t), products.max(p));
            buffers.push(Buffers::new(step, images, kept, training, is_last)?);
        }
        let input_gradient = match (training, first.algorithm) {
            (false, _) => None,
            (true, Algorithm::Planar) => Some(Blocked::new(
                first.input,
                Window::Turned.columns(first.stage.input_channels),
                images,
            )?),
            (true, _) => Some(Blocked::new(
                first.input,
                first.stage.input_channels,
                images,
            )?),
        };
        Ok(Self {
            images,
            isa,
            input,
            buffers,
            input_gradient,
            transformed: zero_rows(transformed)?,
            products: zero_rows(products)?,
            looks: Looks::default(),
            gradient: zero_floats(if training {
                images * plan.output_values()
            } else {
                0
            })?,
        })
    }

    pub(crate) fn is_for_training(&self) -> bool {
        self.input_gradient.is_some()
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
        match &mut self.input {
            Source::Planar(input) => input.read(values),
            Source::Blocked(input) => input.read(values, plan.input_channels),
        }
        for (index, (step, weights)) in plan.steps.iter().zip(weights).enumerate() {
            let (before, here) = self.buffers.split_at_mut(index);
            let buffers = &mut here[0];
            let source = match before.last() {
                Some(before) => Input::Blocked(before.output()),
                None => match &self.input {
                    Source::Planar(input) => Input::Planar(input),
                    Source::Blocked(input) => Input::Blocked(input),
                },
            };
            let scratch = (&mut self.transformed[..], &mut self.products[..]);
            let looks = &mut self.looks;
            buffers.forward(
                self.isa, images, step, source, weights, scratch, looks, output,
            );
        }
        let last = plan.last();
        if let Some(buffers) = self.buffers.last()
            && last.algorithm != Algorithm::Taps
        {
            buffers.output().write(output, last.stage.output_channels);
        }
    }

    /// Forgets the gradients of transformed weights, before the first group of a part.
    pub(crate) fn clear_gradients(&mut self) {
        for buffers in &mut self.buffers {
            buffers.is_fresh = true;
        }
    }

    /// The group's gradient of the stack's output, to be filled before [`Workspace::backward`].
    pub(crate) fn output_gradient(&mut self, values: usize) -> &mut [f32] {
        &mut self.gradient[..values]
    }

    /// Takes the gradient in [`Workspace::output_gradient`] back through the group that went forward last:
    /// `output` is what came out then, `partial` gets the weights' gradients added, except those of
    /// transformed weights, and `input_gradient` is written if it is wanted.
    pub(crate) fn backward(
        &mut self,
        plan: &Plan,
        weights: &[Prepared],
        output: &[f32],
        partial: &mut [Row],
        input_gradient: Option<&mut [f32]>,
    ) {
        let images = output.len() / plan.output_values();
        let isa = self.isa;
        let gradient = &mut self.gradient[..output.len()];
        if let (Some(step), Some(buffers)) = (plan.steps.last(), self.buffers.last_mut()) {
            buffers.begin(isa, images, step, output, gradient);
        }
        for (index, (step, weights)) in plan.steps.iter().zip(weights).enumerate().rev() {
            let (before, here) = self.buffers.split_at_mut(index);
            let scratch = (&mut self.transformed[..], &mut self.products[..]);
            let partial =
                &mut partial[step.gradient_start..][..step.gradient_rows + step.bias_rows];
            if let Some(before) = before.last_mut() {
                let previous = &plan.steps[index - 1];
                let (input, target, mask) = before.split(previous);
                let target = Target {
                    gradient: target,
                    mask: mask.map(|slope| Mask {
                        output: input,
                        slope,
                    }),
                };
                here[0].backward(
                    isa,
                    images,
                    step,
                    Input::Blocked(input),
                    weights,
                    scratch,
                    partial,
                    Some(target),
                );
                before.arrive(isa, images, previous);
            } else {
                let target = match (&input_gradient, &mut self.input_gradient) {
                    (Some(_), Some(gradient)) => Some(Target {
                        gradient,
                        mask: None,
                    }),
                    _ => None,
                };
                let source = match &self.input {
                    Source::Planar(input) => Input::Planar(input),
                    Source::Blocked(input) => Input::Blocked(input),
                };
                here[0].backward(isa, images, step, source, weights, scratch, partial, target);
            }
        }
        if let (Some(values), Some(gradient)) = (input_gradient, &self.input_gradient) {
            match &self.input {
                Source::Planar(input) => {
                    tap_gather::gather(
                        Window::Turned,
                        gradient,
                        &vec![0.0; input.channels],
                        values,
                    );
                }
                Source::Blocked(_) => gradient.write(values, plan.input_channels),
            }
        }
    }

    /// Writes the gradients of transformed weights, back in the weights' own form, to `partial`.
    pub(crate) fn finish_gradients(&self, plan: &Plan, partial: &mut [Row]) {
        for (step, buffers) in plan.steps.iter().zip(&self.buffers) {
            if buffers.is_fresh {
                continue;
            }
            let target = &mut partial[step.gradient_start..][..step.gradient_rows];
            let transform = match step.algorithm {
                Algorithm::Winograd => transform_weight_gradient::<Winograd, _>,
                Algorithm::Upsample => transform_weight_gradient::<Upsample, _>,
                Algorithm::Planar | Algorithm::Direct | Algorithm::Taps => continue,
            };
            transform(self.isa, &buffers.transformed_gradient, target);
        }
    }
}

/// Whether all tiles of `images` images are transformed together, so that each weight is multiplied once a pass.
pub(crate) fn is_brief(step: &Step, images: usize) -> bool {
    step.products().is_some() && runs(step, images, true).nth(1).is_none()
}

/// The runs of tiles that a stage's transforms take at a time; going back needs whole lines.
fn runs(step: &Step, images: usize, training: bool) -> impl Iterator<Item = Run> {
    let grid = match step.algorithm {
        Algorithm::Upsample => upsampled::grid(step.input),
        _ => winograd_f43::grid(step.input),
    };
    grid.runs(images, TILES, !training)
}

/// Rows of a stage's transformed input, for one run.
fn transformed_rows(step: &Step, run: &Run) -> usize {
    let planes = match step.algorithm {
        Algorithm::Winograd => winograd_f43::PRODUCTS,
        Algorithm::Upsample => upsampled::TRANSFORMED,
        Algorithm::Planar | Algorithm::Direct | Algorithm::Taps => 0,
    };
    planes * plane(run.tiles() * step.input_blocks())
}

/// Rows of the two scratch buffers that a stage's transforms need, and of all that it keeps for its way back, for up to
/// `images` images.
fn scratch_rows(step: &Step, images: usize, training: bool) -> [usize; 3] {
    let columns = step.output_blocks();
    let Some(products) = step.products() else {
        return [0; 3];
    };
    let mut rows = [0; 3];
    // Fewer images may be cut into larger runs: nine into five and four, eight into one.
    for images in 1..=images {
        let mut kept = 0;
        for run in runs(step, images, training) {
            rows[0] = rows[0].max(transformed_rows(step, &run));
            rows[1] = rows[1].max(products * plane(run.tiles() * columns));
            kept += transformed_rows(step, &run);
        }
        if training {
            rows[2] = rows[2].max(kept);
        }
    }
    rows
}

/// The next `rows` rows of what is kept, or the scratch where nothing is.
fn take_or<'a: 'b, 'b>(
    kept: &mut &'a mut [Row],
    rows: usize,
    scratch: &'b mut [Row],
) -> &'b mut [Row] {
    match std::mem::take(kept).split_at_mut_checked(rows) {
        Some((taken, rest)) => {
            *kept = rest;
            taken
        }
        None => scratch,
    }
}

/// A stage's input.
#[derive(Clone, Copy)]
enum Input<'a> {
    Planar(&'a Planar),
    Blocked(&'a Blocked),
}

impl<'a> Input<'a> {
    fn blocked(self) -> &'a Blocked {
        match self {
            Self::Blocked(input) => input,
            Self::Planar(_) => unreachable!("only a planar stage reads a planar input"),
        }
    }
}

/// Where the gradient to a stage's input goes, and the activation that it passes on its way.
struct Target<'a> {
    gradient: &'a mut Blocked,
    mask: Option<Mask<'a>>,
}

/// The gradient to a stage's input: the convolution of that of its sums by the turned weights.
fn propagate<const TAPS: usize>(
    isa: Isa,
    images: usize,
    input: &Blocked,
    weights: &[Row],
    target: Target<'_>,
) {
    let job = Convolution {
        images,
        input,
        weights,
        bias: None,
        slope: 1.0,
        mask: target.mask,
    };
    direct::convolve::<TAPS>(isa, &job, target.gradient);
}

impl Buffers {
    fn new(
        step: &Step,
        images: usize,
        transformed_rows: usize,
        training: bool,
        is_last: bool,
    ) -> Result<Self, KernelError> {
        let channels = step.stage.output_channels;
        let is_taps = step.algorithm == Algorithm::Taps;
        let blocked = |wanted: bool, frame, channels| -> Result<Option<Blocked>, KernelError> {
            if wanted {
                Blocked::new(frame, channels, images).map(Some)
            } else {
                Ok(None)
            }
        };
        let pooled_rows = if step.pools() {
            step.output_blocks()
                .checked_mul(images)
                .and_then(|n| n.checked_mul(step.output.pixels()))
                .ok_or(KernelError::Overflow)?
        } else {
            0
        };
        let gradient_rows = match step.products() {
            Some(products) if training => products * plane(step.gradient_rows / 9),
            _ => 0,
        };
        Ok(Self {
            output: blocked(!is_taps, step.output, channels)?,
            sums: blocked((training && !is_taps) || step.pools(), step.sums, channels)?,
            which: zero_rows(pooled_rows)?,
            contributions: blocked(
                is_taps,
                step.input,
                Window::of(step.stage.resize).columns(channels),
            )?,
            output_gradient: blocked(
                training && !is_taps && (is_last || !step.is_masked()),
                step.output,
                channels,
            )?,
            planar_gradient: if is_taps && training {
                Some(Planar::new(step.sums, channels, images)?)
            } else {
                None
            },
            transformed: zero_rows(transformed_rows)?,
            transformed_gradient: zero_rows(gradient_rows)?,
            is_fresh: true,
        })
    }

    fn output(&self) -> &Blocked {
        self.output
            .as_ref()
            .expect("only the last stage has no blocked output")
    }

    /// The stage's output, where its gradient goes, and the slope that it passes on its way.
    fn split(&mut self, step: &Step) -> (&Blocked, &mut Blocked, Option<f32>) {
        let output = self
            .output
            .as_ref()
            .expect("only the last stage has no blocked output");
        let slope = step.stage.activation.slope().filter(|_| step.is_masked());
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

    fn forward(
        &mut self,
        isa: Isa,
        images: usize,
        step: &Step,
        input: Input<'_>,
        weights: &Prepared,
        (transformed, products): (&mut [Row], &mut [Row]),
        Looks { blank, repeats }: &mut Looks,
        values: &mut [f32],
    ) {
        let activation = step.stage.activation;
        let slope = activation.slope().unwrap_or(1.0);
        if step.algorithm == Algorithm::Taps {
            let (Input::Blocked(input), Some(contributions)) = (input, &mut self.contributions)
            else {
                unreachable!("a stage of few outputs reads blocks");
            };
            let job = Convolution {
                images,
                input,
                weights: &weights.forward,
                bias: None,
                slope: 1.0,
                mask: None,
            };
            direct::convolve::<1>(isa, &job, contributions);
            let window = Window::of(step.stage.resize);
            tap_gather::gather(
                window,
                contributions,
                &weights.bias[0].0[..step.stage.output_channels],
                values,
            );
            activate(isa, activation, values);
            return;
        }
        let training = !self.transformed.is_empty();
        let target = if step.pools() {
            &mut self.sums
        } else {
            &mut self.output
        };
        let target = target
            .as_mut()
            .expect("a stage has somewhere to put its sums");
        match step.algorithm {
            Algorithm::Planar => {
                let Input::Planar(input) = input else {
                    unreachable!("a planar stage reads planes")
                };
                planar::convolve(
                    isa,
                    images,
                    input,
                    &weights.forward,
                    &weights.bias,
                    slope,
                    target,
                );
            }
            Algorithm::Direct => {
                let job = Convolution {
                    images,
                    input: input.blocked(),
                    weights: &weights.forward,
                    bias: Some(&weights.bias),
                    slope,
                    mask: None,
                };
                direct::convolve::<9>(isa, &job, target);
            }
            Algorithm::Winograd => {
                let mut kept = &mut self.transformed[..];
                blank.find(isa, images, input.blocked());
                for run in runs(step, images, training) {
                    let transformed = take_or(&mut kept, transformed_rows(step, &run), transformed);
                    let scratch = Scratch {
                        transformed,
                        products,
                    };
                    winograd_f43::convolve(
                        isa,
                        &run,
                        input.blocked(),
                        blank,
                        weights.product_weights(),
                        &weights.bias,
                        slope,
                        target,
                        scratch,
                    );
                }
            }
            Algorithm::Upsample => {
                let mut kept = &mut self.transformed[..];
                blank.find_upsampled(isa, images, input.blocked(), target);
                for run in runs(step, images, training) {
                    let transformed = take_or(&mut kept, transformed_rows(step, &run), transformed);
                    let scratch = Scratch {
                        transformed,
                        products,
                    };
                    let (weights, bias) = (weights.product_weights(), &weights.bias);
                    upsampled::convolve(
                        isa,
                        &run,
                        input.blocked(),
                        blank,
                        weights,
                        bias,
                        slope,
                        target,
                        scratch,
                    );
                }
            }
            Algorithm::Taps => unreachable!("returned above"),
        }
        if step.pools() && step.algorithm == Algorithm::Winograd {
            repeats.settle(images, input.blocked(), target);
        }
        if activation == Activation::Sigmoid {
            epilogue::sigmoid_blocked(isa, images, target);
        }
        if let (true, Some(sums), Some(output)) = (step.pools(), &self.sums, &mut self.output) {
            epilogue::max_pool(isa, images, sums, output, &mut self.which);
        }
    }

    /// Brings the caller's gradient of the stack's output to the sums of this last stage.
    fn begin(
        &mut self,
        isa: Isa,
        images: usize,
        step: &Step,
        output: &[f32],
        gradient: &mut [f32],
    ) {
        if let (Some(planar), Some(contributions)) =
            (&mut self.planar_gradient, &mut self.contributions)
        {
            derive(step.stage.activation, output, gradient);
            planar.read(gradient);
            let window = Window::of(step.stage.resize);
            tap_gather::spread(window, images, planar, contributions);
        } else if let Some(target) = &mut self.output_gradient {
            target.read(gradient, step.stage.output_channels);
            self.pass_activation(isa, images, step);
        }
    }

    /// Takes a gradient that has arrived at the output to the sums, unless it passed the activation already.
    fn arrive(&mut self, isa: Isa, images: usize, step: &Step) {
        if !step.is_masked() {
            self.pass_activation(isa, images, step);
        }
    }

    fn pass_activation(&mut self, isa: Isa, images: usize, step: &Step) {
        if let (Some(output), Some(gradient), Some(sums)) =
            (&self.output, &self.output_gradient, &mut self.sums)
        {
            let which = step.pools().then_some(&self.which[..]);
            epilogue::back(
                isa,
                images,
                step.stage.activation,
                which,
                output,
                gradient,
                sums,
            );
        }
    }

    /// From the gradient of this stage's sums, adds that of its weights to `partial` and writes that of its
    /// input.
    fn backward(
        &mut self,
        isa: Isa,
        images: usize,
        step: &Step,
        input: Input<'_>,
        weights: &Prepared,
        (transformed, products): (&mut [Row], &mut [Row]),
        partial: &mut [Row],
        target: Option<Target<'_>>,
    ) {
        let (weight_gradient, bias_gradient) = partial.split_at_mut(step.gradient_rows);
        if let (Some(planar), Some(contributions)) = (&self.planar_gradient, &self.contributions) {
            for channel in 0..planar.channels {
                let sum = (0..images)
                    .map(|image| line_sum(planar.plane(image, channel)))
                    .sum::<f64>();
                bias_gradient[channel / BLOCK].0[channel % BLOCK] += sum as f32;
            }
            let input = input.blocked();
            direct::add_weight_gradient::<1>(isa, images, input, contributions, weight_gradient);
            if let Some(target) = target {
                propagate::<1>(isa, images, contributions, &weights.backward, target);
            }
            return;
        }
        let sums = self
            .sums
            .as_ref()
            .expect("a training workspace has gradients");
        epilogue::add_bias_gradient(isa, images, sums, bias_gradient);
        match step.algorithm {
            Algorithm::Planar => {
                let Input::Planar(input) = input else {
                    unreachable!("a planar stage reads planes")
                };
                planar::add_weight_gradient(isa, images, input, sums, weight_gradient);
                if let Some(target) = target {
                    propagate::<1>(isa, images, sums, &weights.backward, target);
                }
            }
            Algorithm::Direct => {
                direct::add_weight_gradient::<9>(
                    isa,
                    images,
                    input.blocked(),
                    sums,
                    weight_gradient,
                );
                if let Some(target) = target {
                    propagate::<9>(isa, images, sums, &weights.backward, target);
                }
            }
            Algorithm::Winograd | Algorithm::Upsample => {
                let mut target = target;
                let mut kept = &self.transformed[..];
                let depth = step.input_blocks();
                for run in runs(step, images, true) {
                    let (input, rest) = kept.split_at(transformed_rows(step, &run));
                    kept = rest;
                    let input = (input, depth);
                    let gradient = if weights.is_brief() {
                        WeightGradient::Untransformed(&mut *weight_gradient)
                    } else {
                        WeightGradient::Transformed {
                            planes: &mut self.transformed_gradient,
                            is_fresh: std::mem::replace(&mut self.is_fresh, false),
                        }
                    };
                    let target = target.as_mut().map(|target| InputGradient {
                        weights: &weights.backward,
                        gradient: target.gradient,
                    });
                    let scratch = Scratch {
                        transformed,
                        products,
                    };
                    let back = match step.algorithm {
                        Algorithm::Winograd => winograd_f43::back,
                        _ => upsampled::back,
                    };
                    back(isa, &run, input, sums, gradient, target, scratch);
                }
                if let Some(Target {
                    gradient,
                    mask: Some(mask),
                }) = target
                {
                    epilogue::apply_mask(isa, images, mask, gradient);
                }
            }
            Algorithm::Taps => unreachable!("returned above"),
        }
    }
}

/// Applies an activation to plain values.
fn activate(isa: Isa, activation: Activation, values: &mut [f32]) {
    match activation.slope() {
        None => epilogue::sigmoid(isa, values),
        Some(1.0) => {}
        Some(slope) => {
            for value in values {
                *value = if *value <= 0.0 {
                    *value * slope
                } else {
                    *value
                };
            }
        }
    }
}

/// Takes a gradient back through an activation whose outputs are given.
fn derive(activation: Activation, output: &[f32], gradient: &mut [f32]) {
    for (gradient, output) in gradient.iter_mut().zip(output) {
        *gradient *= match activation.slope() {
            None => output * (1.0 - output),
            Some(slope) if *output <= 0.0 => slope,
            Some(_) => 1.0,
        };
    }
}

/// The sum of a plane, in eight parts so that it vectorises, and in double precision: where signs differ, a sum over an
/// image may be a hundredth of its parts.
fn line_sum(values: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(*value);
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().copied().map(f64::from).sum::<f64>()
}
