//! 3x3 'same' convolution to few output channels, perhaps after nearest upsampling x2.
//!
//! With one output channel a row of sixteen would be fifteen parts waste. So the window's taps take the
//! columns' place: one matrix product gives every input pixel's contribution to each tap of each output
//! channel, `z[pixel][channel * 9 + tap]`, and every output pixel is then the sum of nine of them, each from a
//! neighbor. Backwards the gradient is spread over the taps, and two more products give the gradients of input
//! and weights. The products are 1x1 convolutions of [`crate::conv::algorithms::direct`].
//!
//! After upsampling, the small pixel `x[i]` reaches the four output pixels `2i - 1` to `2i + 2` along each axis,
//! with the weights `w2`, `w1 + w2`, `w0 + w1` and `w0`: sixteen in two dimensions, one row. So the columns are
//! these, every output pixel is the sum of four, and the products are over the small image.

use rayon::prelude::*;

use crate::conv::algorithm::{
    Algorithm, Input, Job, Kernel, Layout, ParameterGradients, Place, Sums, SumsGradient, Target,
    product_operations,
};
use crate::conv::algorithms::direct::{self, Convolution};
use crate::conv::geometry::Geometry;
use crate::conv::stage::{Precision, Resize, Stage};
use crate::error::KernelError;
use crate::layout::buffer::{Blocked, Planar};
use crate::layout::prepared::{Prepared, grow};
use crate::layout::weight_blocks::{TAPS, for_each_weight, single_tap_row};
use crate::simd::{BLOCK, Isa, Row};

/// For the last stage, where it gives few channels.
pub(crate) const ALGORITHM: &dyn Algorithm = &TapGather;

/// Convolutions that gather what pixels contribute to the taps around them.
#[derive(Debug)]
struct TapGather;

/// The kernel of a stage.
#[derive(Debug)]
struct GatherKernel {
    /// The taps' contributions; going back, their gradient.
    contributions: Blocked,
    /// The gradient of the sums, for backward passes.
    gradient: Option<Planar>,
}

impl Algorithm for TapGather {
    fn name(&self) -> &'static str {
        "tap gather"
    }

    fn suits(&self, stage: &Stage, place: Place, _: Precision) -> bool {
        place.is_last && stage.output_channels < BLOCK && stage.resize != Resize::MaxPool
    }

    fn output_layout(&self) -> Layout {
        Layout::Planar
    }

    fn executed_operations(&self, geometry: &Geometry) -> u64 {
        let columns = column_blocks(&geometry.stage) * BLOCK;
        let depth = geometry.input_blocks() * BLOCK;
        product_operations(geometry.input.pixels(), depth, columns)
    }

    fn gradient_rows(&self, stage: &Stage) -> Option<usize> {
        let blocks = column_blocks(stage).checked_mul(stage.input_channels.div_ceil(BLOCK))?;
        blocks.checked_mul(BLOCK)
    }

    fn lay_out(
        &self,
        _: Isa,
        geometry: &Geometry,
        weight: &[f32],
        backward: bool,
        prepared: &mut Prepared,
    ) -> Result<(), KernelError> {
        let (inputs, outputs) = geometry.channels();
        let window = Window::of(geometry.stage.resize);
        let (depth, blocks) = (geometry.input_blocks(), column_blocks(&geometry.stage));
        let count = blocks * depth * BLOCK;
        let rows = grow(&mut prepared.forward, count)?;
        rows.fill(Row::ZERO);
        for_each_weight(outputs, inputs, |output, input, tap, from| {
            for column in window.columns_of(output, tap) {
                rows[single_tap_row(depth, column, input)].0[column % BLOCK] += weight[from];
            }
        });
        if backward {
            let rows = grow(&mut prepared.backward, count)?;
            rows.fill(Row::ZERO);
            for_each_weight(outputs, inputs, |output, input, tap, from| {
                for column in window.columns_of(output, tap) {
                    rows[single_tap_row(blocks, input, column)].0[input % BLOCK] += weight[from];
                }
            });
        }
        Ok(())
    }

    fn read_gradient(
        &self,
        geometry: &Geometry,
        rows: &[Row],
        weight: &mut [f32],
    ) -> Result<(), KernelError> {
        let (inputs, outputs) = geometry.channels();
        let (window, depth) = (Window::of(geometry.stage.resize), geometry.input_blocks());
        for_each_weight(outputs, inputs, |output, input, tap, to| {
            let columns = window.columns_of(output, tap);
            weight[to] = columns
                .map(|column| rows[single_tap_row(depth, column, input)].0[column % BLOCK])
                .sum();
        });
        Ok(())
    }

    fn kernel(
        &self,
        geometry: &Geometry,
        images: usize,
        training: bool,
    ) -> Result<Box<dyn Kernel>, KernelError> {
        let channels = geometry.stage.output_channels;
        let columns = Window::of(geometry.stage.resize).columns(channels);
        let gradient = if training {
            Some(Planar::new(geometry.sums, channels, images)?)
        } else {
            None
        };
        Ok(Box::new(GatherKernel {
            contributions: Blocked::new(geometry.input, columns, images)?,
            gradient,
        }))
    }
}

/// Blocks of the columns that a stage's contributions take.
fn column_blocks(stage: &Stage) -> usize {
    let columns = Window::of(stage.resize).columns(stage.output_channels);
    columns.div_ceil(BLOCK)
}

impl Kernel for GatherKernel {
    fn forward(&mut self, job: Job<'_>, input: Input<'_>, sums: Sums<'_>) {
        let convolution = Convolution {
            images: job.images,
            input: input.blocked(),
            weights: &job.weights.forward,
            bias: None,
            slope: 1.0,
            mask: None,
            adds: false,
        };
        let threads = job.scratch.len();
        direct::convolve::<1>(job.isa, &convolution, &mut self.contributions, job.scratch);
        let stage = &job.geometry.stage;
        let bias = &job.bias[0].0[..stage.output_channels];
        let values = sums.values();
        let window = Window::of(stage.resize);
        gather(window, &self.contributions, bias, values, threads);
        stage.activation.apply(job.isa, values);
    }

    fn backward(
        &mut self,
        job: Job<'_>,
        input: Input<'_>,
        sums_gradient: SumsGradient<'_>,
        parameters: ParameterGradients<'_>,
        target: Option<Target<'_>>,
    ) {
        let Job {
            isa,
            images,
            weights,
            scratch,
            ..
        } = job;
        let contributions = &mut self.contributions;
        let gradient = self
            .gradient
            .as_mut()
            .expect("a training workspace has gradients");
        gradient.read(sums_gradient.values());
        spread(
            Window::of(job.geometry.stage.resize),
            images,
            gradient,
            contributions,
        );
        let biases = if parameters.bias.is_empty() {
            0
        } else {
            gradient.channels
        };
        for channel in 0..biases {
            let sum = (0..images)
                .map(|image| line_sum(gradient.plane(image, channel)))
                .sum::<f64>();
            parameters.bias[channel / BLOCK].0[channel % BLOCK] += sum as f32;
        }
        let input = input.blocked();
        direct::add_weight_gradient::<1>(isa, images, input, contributions, parameters.weight);
        if let Some(target) = target {
            let (gradient, mask) = target.blocked();
            direct::propagate::<1>(
                isa,
                images,
                contributions,
                &weights.backward,
                gradient,
                mask,
                scratch,
            );
        }
    }
}

/// Output pixels that a small pixel reaches along one axis.
const REACH: usize = 4;

/// How contributions and output pixels belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// A convolution.
    Plain,
    /// The window turned by 180 degrees: the gradient to an input of few channels, out of contributions of
    /// the output's gradient.
    Turned,
    /// A convolution after nearest upsampling x2.
    Upsampled,
}

impl Window {
    /// The window of a convolution to few channels.
    pub(crate) fn of(resize: Resize) -> Self {
        match resize {
            Resize::Upsample => Self::Upsampled,
            Resize::None | Resize::MaxPool => Self::Plain,
        }
    }

    /// How many columns `channels` channels need.
    pub(crate) fn columns(self, channels: usize) -> usize {
        channels.saturating_mul(match self {
            Self::Plain | Self::Turned => TAPS,
            Self::Upsampled => REACH * REACH,
        })
    }

    /// The columns that the weight of `tap` of `channel` is added to, and that its gradient is the sum of.
    pub(crate) fn columns_of(self, channel: usize, tap: usize) -> impl Iterator<Item = usize> {
        let (first, square): (_, &[usize]) = match self {
            Self::Plain | Self::Turned => (channel * TAPS + tap, &[0]),
            // Tap 2 of a line reaches the first and second pixel, tap 1 the second and third, tap 0 the rest.
            Self::Upsampled => (
                channel * REACH * REACH + (2 - tap / 3) * REACH + 2 - tap % 3,
                &[0, 1, REACH, REACH + 1],
            ),
        };
        square.iter().map(move |offset| first + offset)
    }
}

/// Sums the contributions on each channel's bias: `[image][channel][height][width]`, twice as high and wide as
/// the contributions where the window is upsampled. With several `threads` lines are shared out among them.
pub(crate) fn gather(
    window: Window,
    contributions: &Blocked,
    bias: &[f32],
    values: &mut [f32],
    threads: usize,
) {
    let frame = contributions.frame;
    let scale = if window == Window::Upsampled { 4 } else { 1 };
    let gather_line = |(index, line): (usize, &mut [f32])| {
        let (plane, y) = (index / frame.height, index % frame.height);
        let (image, channel) = (plane / bias.len(), plane % bias.len());
        line.fill(bias[channel]);
        match window {
            Window::Plain => gather_taps(contributions, image, channel, y, |tap| tap, line),
            Window::Turned => {
                gather_taps(contributions, image, channel, y, |tap| TAPS - 1 - tap, line);
            }
            Window::Upsampled => gather_squares(contributions, image, channel, y, line),
        }
    };
    // Of every small line the large ones that it lies in.
    let length = scale * frame.width;
    if threads > 1 {
        let lines = values.par_chunks_exact_mut(length).enumerate();
        lines.with_min_len(LINES_AT_ONCE).for_each(gather_line);
    } else {
        values
            .chunks_exact_mut(length)
            .enumerate()
            .for_each(gather_line);
    }
}

/// Lines that a task gathers: about as many as are worth one.
const LINES_AT_ONCE: usize = 16;

/// Adds to every pixel of line `y` the contributions of its nine neighbors, `place` the tap's place in the window.
fn gather_taps(
    contributions: &Blocked,
    image: usize,
    channel: usize,
    y: usize,
    place: impl Fn(usize) -> usize,
    line: &mut [f32],
) {
    let frame = contributions.frame;
    for tap in 0..TAPS {
        let column = channel * TAPS + tap;
        let rows = contributions.image(column / BLOCK, image);
        let rows = &rows[frame.tap(y, 0, place(tap))..][..frame.width];
        for (value, row) in line.iter_mut().zip(rows) {
            *value += row.0[column % BLOCK];
        }
    }
}

/// Adds to every large pixel of the two lines of small line `y` the contributions of the four small ones that reach it.
fn gather_squares(
    contributions: &Blocked,
    image: usize,
    channel: usize,
    y: usize,
    lines: &mut [f32],
) {
    let frame = contributions.frame;
    let rows = contributions.image(channel, image);
    let line = |y: usize| &rows[y * frame.pitch..][..frame.width + 2];
    let (upper, lower) = lines.split_at_mut(2 * frame.width);
    // Lines and columns of the frame begin one before the image.
    let (above, here, below) = (line(y), line(y + 1), line(y + 2));
    add_line::<1, 3>(here, above, upper);
    add_line::<2, 0>(here, below, lower);
}

/// One large line, which is the small line `near`'s line `NEAR` of four and `far`'s line `FAR`.
fn add_line<const NEAR: usize, const FAR: usize>(near: &[Row], far: &[Row], line: &mut [f32]) {
    let pairs = line.as_chunks_mut::<2>().0;
    for ((pair, near), far) in pairs.iter_mut().zip(near.windows(3)).zip(far.windows(3)) {
        let even = near[1].0[NEAR * REACH + 1] + near[0].0[NEAR * REACH + 3];
        let odd = near[1].0[NEAR * REACH + 2] + near[2].0[NEAR * REACH];
        pair[0] += even + (far[1].0[FAR * REACH + 1] + far[0].0[FAR * REACH + 3]);
        pair[1] += odd + (far[1].0[FAR * REACH + 2] + far[2].0[FAR * REACH]);
    }
}

/// The reverse of [`gather`]: every contribution's gradient, from the gradient of the output.
pub(crate) fn spread(
    window: Window,
    images: usize,
    gradient: &Planar,
    contributions: &mut Blocked,
) {
    let (from, to) = (gradient.frame, contributions.frame);
    for image in 0..images {
        for channel in 0..gradient.channels {
            let plane = gradient.plane(image, channel);
            if window == Window::Upsampled {
                let rows = contributions.image_mut(channel, image);
                for y in 0..to.height {
                    let lines: [&[f32]; REACH] = std::array::from_fn(|line| {
                        &plane[(2 * y + line) * from.pitch..][..2 * to.width + 2]
                    });
                    let rows = &mut rows[to.at(y, 0)..][..to.width];
                    for (x, row) in rows.iter_mut().enumerate() {
                        for (target, line) in row.0.as_chunks_mut::<REACH>().0.iter_mut().zip(lines)
                        {
                            target.copy_from_slice(&line[2 * x..][..REACH]);
                        }
                    }
                }
                continue;
            }
            for y in 0..to.height {
                for x in 0..to.width {
                    for tap in 0..TAPS {
                        let column = channel * TAPS + tap;
                        let start = contributions.start(column / BLOCK, image);
                        contributions.rows[start + to.at(y, x)].0[column % BLOCK] =
                            plane[from.tap(y, x, TAPS - 1 - tap)];
                    }
                }
            }
        }
    }
}

/// The sum of a plane, in eight parts so that it vectorizes, and in double precision: where signs differ, a sum over an
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
