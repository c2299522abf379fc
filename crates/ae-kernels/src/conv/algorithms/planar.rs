//! 3x3 'same' convolution of images of few channels, gray or color.
//!
//! In the blocked layout a gray image would be fifteen parts zeros. Here the image stays planar: every pixel
//! under the window is broadcast and multiplied by a row of sixteen output channels' weights, nine products a
//! pixel, channel and block, none of them wasted.

use crate::conv::algorithm::{
    Algorithm, Input, Job, Kernel, Layout, ParameterGradients, Place, Scratch, Sums, SumsGradient,
    Target, product_operations,
};
use crate::conv::algorithms::direct;
use crate::conv::algorithms::tap_gather::{self, Window};
use crate::conv::epilogue;
use crate::conv::geometry::Geometry;
use crate::conv::stage::{Precision, Resize, Stage};
use crate::error::KernelError;
use crate::layout::bands::{Band, share_out};
use crate::layout::buffer::{Blocked, Planar};
use crate::layout::prepared::{Prepared, grow};
use crate::layout::weight_blocks::{TAPS, for_each_weight};
use crate::simd::{BLOCK, Isa, Lanes, Row, fixed, fixed_mut, tile_height, with_lanes};

/// For the first stage, where its images have few channels.
pub(crate) const ALGORITHM: &dyn Algorithm = &FromPlanes;

/// Convolutions of planar images.
#[derive(Debug)]
struct FromPlanes;

/// The kernel of a stage.
#[derive(Debug)]
struct PlanarKernel {
    /// What the gradient of the sums contributes to each tap of the image's gradient, for backward passes.
    contributions: Option<Blocked>,
}

impl Algorithm for FromPlanes {
    fn name(&self) -> &'static str {
        "planar"
    }

    fn suits(&self, stage: &Stage, place: Place, _: Precision) -> bool {
        place.is_first && stage.input_channels < BLOCK && stage.resize != Resize::Upsample
    }

    fn input_layout(&self) -> Layout {
        Layout::Planar
    }

    fn images_at_once(&self, _: &Geometry) -> Option<usize> {
        Some(1)
    }

    fn executed_operations(&self, geometry: &Geometry) -> u64 {
        let depth = TAPS * geometry.stage.input_channels;
        product_operations(
            geometry.sums.pixels(),
            depth,
            geometry.output_blocks() * BLOCK,
        )
    }

    fn gradient_rows(&self, stage: &Stage) -> Option<usize> {
        let blocks = stage.output_channels.div_ceil(BLOCK);
        blocks.checked_mul(TAPS * stage.input_channels)
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
        let columns = geometry.output_blocks();
        let rows = grow(&mut prepared.forward, columns * inputs * TAPS)?;
        for_each_weight(outputs, inputs, |output, input, tap, from| {
            rows[row_of(inputs, output, input, tap)].0[output % BLOCK] = weight[from];
        });
        if backward {
            // The gradient to the image gathers the taps' contributions of the output's gradient.
            let blocks = Window::Turned.columns(inputs).div_ceil(BLOCK);
            let rows = grow(&mut prepared.backward, blocks * columns * BLOCK)?;
            for_each_weight(outputs, inputs, |output, input, tap, from| {
                let column = input * TAPS + tap;
                let row = (column / BLOCK * columns + output / BLOCK) * BLOCK + output % BLOCK;
                rows[row].0[column % BLOCK] = weight[from];
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
        for_each_weight(outputs, inputs, |output, input, tap, to| {
            weight[to] = rows[row_of(inputs, output, input, tap)].0[output % BLOCK];
        });
        Ok(())
    }

    fn kernel(
        &self,
        geometry: &Geometry,
        images: usize,
        training: bool,
    ) -> Result<Box<dyn Kernel>, KernelError> {
        let columns = Window::Turned.columns(geometry.stage.input_channels);
        let contributions = if training {
            Some(Blocked::new(geometry.input, columns, images)?)
        } else {
            None
        };
        Ok(Box::new(PlanarKernel { contributions }))
    }
}

/// The row of a weight: `[output block][channel][tap]`.
fn row_of(inputs: usize, output: usize, input: usize, tap: usize) -> usize {
    (output / BLOCK * inputs + input) * TAPS + tap
}

impl Kernel for PlanarKernel {
    fn forward(&mut self, job: Job<'_>, input: Input<'_>, sums: Sums<'_>) {
        convolve(
            job.isa,
            job.images,
            (input.planar(), job.first),
            &job.weights.forward,
            job.bias,
            job.geometry.slope(),
            sums.blocked(),
            job.scratch,
        );
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
            first,
            weights,
            scratch,
            ..
        } = job;
        let (input, sums) = (input.planar(), sums_gradient.blocked());
        epilogue::add_bias_gradient(isa, images, sums, parameters.bias);
        add_weight_gradient(isa, images, (input, first), sums, parameters.weight);
        if let (Some(target), Some(contributions)) = (target, &mut self.contributions) {
            let weights = &weights.backward;
            direct::propagate::<1>(isa, images, sums, weights, contributions, None, scratch);
            let no_bias = vec![0.0; input.channels];
            tap_gather::gather(Window::Turned, contributions, &no_bias, target.values(), 1);
        }
    }
}

/// Convolves `images` images, those of `input` from `first` on; `weights` are `[output block][channel][tap]` rows of sixteen
/// output channels, and values at or below zero are multiplied by `slope` in the end.
pub(crate) fn convolve(
    isa: Isa,
    images: usize,
    (input, first): (&Planar, usize),
    weights: &[Row],
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
    scratch: &mut [Scratch],
) {
    assert_eq!(input.frame, output.frame, "a convolution keeps the frame");
    let bands = output.bands_for(0..images, scratch.len());
    share_out(bands, scratch, |mut band, _| {
        let band = &mut band;
        with_lanes!(isa, lanes => convolve_lanes(lanes, (input, first), weights, bias, slope, band));
    });
}

#[inline(always)]
fn convolve_lanes<L: Lanes>(
    lanes: L,
    (input, first): (&Planar, usize),
    weights: &[Row],
    bias: &[Row],
    slope: f32,
    output: &mut Band<'_>,
) {
    let frame = output.frame;
    let depth = TAPS * input.channels;
    let mut block = 0;
    while block < output.blocks {
        let wide = L::WIDE && block + 2 <= output.blocks;
        for image in output.images.clone() {
            for y in output.lines.clone() {
                let mut x = 0;
                while x < frame.width {
                    let step = tile_height::<L>(frame.width - x);
                    let job = Tile {
                        input,
                        first,
                        weights: &weights[block * depth..],
                        bias: &bias[block..],
                        slope,
                        image,
                        y,
                        x,
                    };
                    macro_rules! heights {
                        ($columns:literal: $($height:literal)*) => {
                            match step {
                                $($height => tile::<L, $height, $columns>(lanes, job, output, block),)*
                                _ => unreachable!()
                            }
                        };
                    }
                    if wide {
                        heights!(2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
                    } else if L::WIDE {
                        heights!(1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
                    } else {
                        heights!(1: 1 2 3 4 5 6);
                    }
                    x += step;
                }
            }
        }
        block += if wide { 2 } else { 1 };
    }
}

#[derive(Clone, Copy)]
struct Tile<'a> {
    input: &'a Planar,
    first: usize,
    weights: &'a [Row],
    bias: &'a [Row],
    slope: f32,
    image: usize,
    y: usize,
    x: usize,
}

/// `MR` pixels by `NV` blocks of output channels.
#[inline(always)]
fn tile<L: Lanes, const MR: usize, const NV: usize>(
    lanes: L,
    job: Tile<'_>,
    output: &mut Band<'_>,
    block: usize,
) {
    let (frame, channels) = (output.frame, job.input.channels);
    let bias: &[Row; NV] = fixed(job.bias);
    let mut sums = [[lanes.zero(); NV]; MR];
    for sums in &mut sums {
        for v in 0..NV {
            sums[v] = lanes.load(&bias[v]);
        }
    }
    for channel in 0..channels {
        let plane = job.input.plane(job.first + job.image, channel);
        let columns: [&[Row; TAPS]; NV] = std::array::from_fn(
            #[inline(always)]
            |v| fixed(&job.weights[(v * channels + channel) * TAPS..]),
        );
        for tap in 0..TAPS {
            let pixels: &[f32; MR] = fixed(&plane[frame.tap(job.y, job.x, tap)..]);
            let mut column = [lanes.zero(); NV];
            for v in 0..NV {
                column[v] = lanes.load(&columns[v][tap]);
            }
            for i in 0..MR {
                let value = lanes.splat(pixels[i]);
                for v in 0..NV {
                    sums[i][v] = lanes.mul_add(value, column[v], sums[i][v]);
                }
            }
        }
    }
    let slope = lanes.splat(job.slope);
    for v in 0..NV {
        let start = output.at(job.y, job.x);
        let rows = output.image_mut(block + v, job.image);
        let target: &mut [Row; MR] = fixed_mut(&mut rows[start..]);
        for i in 0..MR {
            lanes.store(&mut target[i], lanes.leaky(sums[i][v], slope));
        }
    }
}

/// Adds to `gradient`, laid out as the weights, the gradient of `images` images, those of `input` from `first` on.
pub(crate) fn add_weight_gradient(
    isa: Isa,
    images: usize,
    (input, first): (&Planar, usize),
    output_gradient: &Blocked,
    gradient: &mut [Row],
) {
    assert_eq!(
        input.frame, output_gradient.frame,
        "a convolution keeps the frame"
    );
    with_lanes!(isa, lanes => weight_gradient_lanes(lanes, images, (input, first), output_gradient, gradient));
}

#[inline(always)]
fn weight_gradient_lanes<L: Lanes>(
    lanes: L,
    images: usize,
    (input, first): (&Planar, usize),
    output_gradient: &Blocked,
    gradient: &mut [Row],
) {
    let channels = input.channels;
    let mut block = 0;
    while block < output_gradient.blocks {
        let wide = L::WIDE && block + 2 <= output_gradient.blocks;
        for channel in 0..channels {
            let gradient = &mut gradient[(block * channels + channel) * TAPS..];
            if wide {
                gradient_tile::<L, 2>(
                    lanes,
                    images,
                    (input, first),
                    channel,
                    output_gradient,
                    block,
                    gradient,
                );
            } else {
                gradient_tile::<L, 1>(
                    lanes,
                    images,
                    (input, first),
                    channel,
                    output_gradient,
                    block,
                    gradient,
                );
            }
        }
        block += if wide { 2 } else { 1 };
    }
}

/// All taps of one input channel by `NV` blocks of output channels, over all pixels; image by image, for the longer a
/// sum, the more of a small part is lost.
#[inline(always)]
fn gradient_tile<L: Lanes, const NV: usize>(
    lanes: L,
    images: usize,
    (input, first): (&Planar, usize),
    channel: usize,
    output_gradient: &Blocked,
    block: usize,
    gradient: &mut [Row],
) {
    let frame = input.frame;
    for image in 0..images {
        let mut sums = [[lanes.zero(); NV]; TAPS];
        let plane = input.plane(first + image, channel);
        let outputs: [&[Row]; NV] = std::array::from_fn(
            #[inline(always)]
            |v| output_gradient.image(block + v, image),
        );
        for y in 0..frame.height {
            // The window's three lines, two pixels longer than the image.
            let lines: [&[f32]; 3] = std::array::from_fn(
                #[inline(always)]
                |line| &plane[frame.tap(y, 0, 3 * line)..][..frame.width + 2],
            );
            let outputs: [&[Row]; NV] = std::array::from_fn(
                #[inline(always)]
                |v| &outputs[v][frame.at(y, 0)..][..frame.width],
            );
            for x in 0..frame.width {
                let mut columns = [lanes.zero(); NV];
                for v in 0..NV {
                    columns[v] = lanes.load(&outputs[v][x]);
                }
                for tap in 0..TAPS {
                    let value = lanes.splat(lines[tap / 3][x + tap % 3]);
                    for v in 0..NV {
                        sums[tap][v] = lanes.mul_add(value, columns[v], sums[tap][v]);
                    }
                }
            }
        }
        for v in 0..NV {
            let rows: &mut [Row; TAPS] = fixed_mut(&mut gradient[v * input.channels * TAPS..]);
            for tap in 0..TAPS {
                let sum = lanes.add(lanes.load(&rows[tap]), sums[tap][v]);
                lanes.store(&mut rows[tap], sum);
            }
        }
    }
}
