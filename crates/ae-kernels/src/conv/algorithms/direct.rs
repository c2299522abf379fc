//! 3x3 'same' convolution as a sum of nine matrix products, without packing.
//!
//! In the blocked layout sixteen input channels of a pixel are one row; under tap `t` of the window the rows of
//! neighboring output pixels are neighbors too, wherever the line lies in its frame. So a tile of up to
//! fourteen pixels of one line times one or two blocks of output channels stays in registers while all taps
//! and input channels are added to it. The gradient to the input is the same convolution with the window
//! turned by 180 degrees and the channels exchanged; the gradient to the weights is, for every tap, the product
//! of the shifted input's transpose and the output's gradient.
//!
//! With a single tap these are 1x1 convolutions, which [`crate::conv::algorithms::pointwise`],
//! [`crate::conv::algorithms::tap_gather`] and [`crate::conv::algorithms::planar`] build on.

use crate::conv::algorithm::{
    Algorithm, Input, Job, Kernel, Mask, ParameterGradients, Place, Scratch, Sums, SumsGradient,
    Target, product_operations,
};
use crate::conv::epilogue;
use crate::conv::geometry::Geometry;
use crate::conv::stage::{Precision, Resize, Stage};
use crate::error::KernelError;
use crate::layout::bands::{Band, share_out};
use crate::layout::buffer::Blocked;
use crate::layout::prepared::{Prepared, grow};
use crate::layout::weight_blocks::{self, Arrangement, TAPS};
use crate::simd::{BLOCK, Isa, Lanes, Row, fixed, fixed_mut, tile_height, with_lanes};

/// For every stage that isn't upsampled.
pub(crate) const ALGORITHM: &dyn Algorithm = &Direct;

/// The sum of nine matrix products.
#[derive(Debug)]
struct Direct;

impl Algorithm for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn suits(&self, stage: &Stage, _: Place, _: Precision) -> bool {
        stage.resize != Resize::Upsample
    }

    fn executed_operations(&self, geometry: &Geometry) -> u64 {
        let depth = TAPS * geometry.input_blocks() * BLOCK;
        product_operations(
            geometry.sums.pixels(),
            depth,
            geometry.output_blocks() * BLOCK,
        )
    }

    fn gradient_rows(&self, stage: &Stage) -> Option<usize> {
        weight_blocks::rows(stage.input_channels, stage.output_channels)
    }

    fn lay_out(
        &self,
        _: Isa,
        geometry: &Geometry,
        weight: &[f32],
        backward: bool,
        prepared: &mut Prepared,
    ) -> Result<(), KernelError> {
        let channels = geometry.channels();
        let count = weight_blocks::rows(channels.0, channels.1).ok_or(KernelError::Overflow)?;
        let rows = grow(&mut prepared.forward, count)?;
        weight_blocks::lay_out(rows, channels, weight, Arrangement::Forward);
        if backward {
            let rows = grow(&mut prepared.backward, count)?;
            weight_blocks::lay_out(rows, channels, weight, Arrangement::Turned);
        }
        Ok(())
    }

    fn read_gradient(
        &self,
        geometry: &Geometry,
        rows: &[Row],
        weight: &mut [f32],
    ) -> Result<(), KernelError> {
        weight_blocks::read(rows, geometry.channels(), weight);
        Ok(())
    }

    fn kernel(&self, _: &Geometry, _: usize, _: bool) -> Result<Box<dyn Kernel>, KernelError> {
        Ok(Box::new(DirectKernel::<TAPS>))
    }
}

/// The kernel of a stage whose window has `TAPS` taps, nine or one, and whose weights lie as [`Convolution`] has them.
#[derive(Debug)]
pub(crate) struct DirectKernel<const TAPS: usize>;

impl<const TAPS: usize> Kernel for DirectKernel<TAPS> {
    fn forward(&mut self, job: Job<'_>, input: Input<'_>, sums: Sums<'_>) {
        let (sums, adds) = sums.blocked_or_added();
        let convolution = Convolution {
            images: job.images,
            input: input.blocked(),
            weights: &job.weights.forward,
            bias: Some(job.bias),
            slope: job.geometry.slope(),
            mask: None,
            adds,
        };
        convolve::<TAPS>(job.isa, &convolution, sums, job.scratch);
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
        let sums = sums_gradient.blocked();
        epilogue::add_bias_gradient(isa, images, sums, parameters.bias);
        add_weight_gradient::<TAPS>(isa, images, input.blocked(), sums, parameters.weight);
        if let Some(target) = target {
            let (gradient, mask) = target.blocked();
            let weights = &weights.backward;
            propagate::<TAPS>(isa, images, sums, weights, gradient, mask, scratch);
        }
    }
}

/// The gradient to a stage's input: the convolution of that of its sums by the turned weights.
pub(crate) fn propagate<const TAPS: usize>(
    isa: Isa,
    images: usize,
    sums: &Blocked,
    weights: &[Row],
    gradient: &mut Blocked,
    mask: Option<Mask<'_>>,
    scratch: &mut [Scratch],
) {
    let convolution = Convolution {
        images,
        input: sums,
        weights,
        bias: None,
        slope: 1.0,
        mask,
        adds: false,
    };
    convolve::<TAPS>(isa, &convolution, gradient, scratch);
}

/// Pixels that a gradient's sum runs over before it is added to the others, about: where signs differ, a sum over an image
/// is a hundredth of its parts, and one long sum would lose the last of them.
const SUMMED_PIXELS: usize = 64;

/// A convolution of `images` images from one blocked buffer into another of the same frame.
pub(crate) struct Convolution<'a> {
    pub(crate) images: usize,
    pub(crate) input: &'a Blocked,
    /// `[tap][output block][input block][16 input channels]` rows of sixteen output channels.
    pub(crate) weights: &'a [Row],
    /// One row for each output block.
    pub(crate) bias: Option<&'a [Row]>,
    /// Values at or below zero are multiplied by this: 1 for none, 0 for ReLU.
    pub(crate) slope: f32,
    /// Multiplies by a slope where another buffer is at or below zero: the gradient of that buffer's
    /// activation.
    pub(crate) mask: Option<Mask<'a>>,
    /// Whether it is added to what the output buffer has, before the slope.
    pub(crate) adds: bool,
}

/// Runs `job` with `TAPS` taps, nine or one, on as many threads as there are `scratch` memories.
pub(crate) fn convolve<const TAPS: usize>(
    isa: Isa,
    job: &Convolution<'_>,
    output: &mut Blocked,
    scratch: &mut [Scratch],
) {
    assert_eq!(
        job.input.frame, output.frame,
        "a convolution keeps the frame"
    );
    let bands = output.bands_for(0..job.images, scratch.len());
    share_out(bands, scratch, |mut band, _| {
        let band = &mut band;
        with_lanes!(isa, lanes => convolve_lanes::<_, TAPS>(lanes, job, band));
    });
}

#[inline(always)]
fn convolve_lanes<L: Lanes, const TAPS: usize>(
    lanes: L,
    job: &Convolution<'_>,
    output: &mut Band<'_>,
) {
    let columns = if L::WIDE { 2 } else { 1 };
    let mut block = 0;
    while block < output.blocks {
        if columns == 2 && block + 2 <= output.blocks {
            convolve_columns::<L, TAPS, 2>(lanes, job, output, block);
            block += 2;
        } else {
            convolve_columns::<L, TAPS, 1>(lanes, job, output, block);
            block += 1;
        }
    }
}

#[inline(always)]
fn convolve_columns<L: Lanes, const TAPS: usize, const NV: usize>(
    lanes: L,
    job: &Convolution<'_>,
    output: &mut Band<'_>,
    block: usize,
) {
    let frame = output.frame;
    for image in output.images.clone() {
        for y in output.lines.clone() {
            let mut x = 0;
            while x < frame.width {
                let step = tile_height::<L>(frame.width - x);
                let at = At { image, y, x, block };
                macro_rules! heights {
                    ($($height:literal)*) => {
                        match step { $($height => tile::<L, TAPS, $height, NV>(lanes, job, output, at),)* _ => unreachable!() }
                    };
                }
                if L::WIDE {
                    heights!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
                } else {
                    heights!(1 2 3 4 5 6);
                }
                x += step;
            }
        }
    }
}

#[derive(Clone, Copy)]
struct At {
    image: usize,
    y: usize,
    x: usize,
    block: usize,
}

/// `MR` pixels by `NV` blocks of output channels.
#[inline(always)]
fn tile<L: Lanes, const TAPS: usize, const MR: usize, const NV: usize>(
    lanes: L,
    job: &Convolution<'_>,
    output: &mut Band<'_>,
    at: At,
) {
    let input = job.input;
    let (frame, stride, depth) = (input.frame, input.stride(), input.blocks);
    let mut totals = [[lanes.zero(); NV]; MR];
    if let Some(bias) = job.bias {
        let bias: &[Row; NV] = fixed(&bias[at.block..]);
        for totals in &mut totals {
            for v in 0..NV {
                totals[v] = lanes.load(&bias[v]);
            }
        }
    }
    for tap in 0..TAPS {
        // Each tap has a sum of its own: one long sum over taps and channels would lose the last of its small parts.
        let mut sums = [[lanes.zero(); NV]; MR];
        // A single tap is the window's center.
        let tap_in_window = if TAPS == 1 { 4 } else { tap };
        let mut start = at.image * frame.area + frame.tap(at.y, at.x, tap_in_window);
        let weights =
            &job.weights[(tap * output.blocks + at.block) * depth * BLOCK..][..NV * depth * BLOCK];
        for channel_block in 0..depth {
            let pixels: &[Row; MR] = fixed(&input.rows[start..]);
            let columns: [&[Row; BLOCK]; NV] = std::array::from_fn(
                #[inline(always)]
                |v| fixed(&weights[(v * depth + channel_block) * BLOCK..]),
            );
            for k in 0..BLOCK {
                let mut column = [lanes.zero(); NV];
                for v in 0..NV {
                    column[v] = lanes.load(&columns[v][k]);
                }
                for i in 0..MR {
                    let value = lanes.splat(pixels[i].0[k]);
                    for v in 0..NV {
                        sums[i][v] = lanes.mul_add(value, column[v], sums[i][v]);
                    }
                }
            }
            start += stride;
        }
        for i in 0..MR {
            for v in 0..NV {
                totals[i][v] = lanes.add(totals[i][v], sums[i][v]);
            }
        }
    }
    let slope = lanes.splat(job.slope);
    for v in 0..NV {
        let start = output.at(at.y, at.x);
        let rows = output.image_mut(at.block + v, at.image);
        let target: &mut [Row; MR] = fixed_mut(&mut rows[start..]);
        if job.adds {
            for i in 0..MR {
                totals[i][v] = lanes.add(totals[i][v], lanes.load(&target[i]));
            }
        }
        match job.mask {
            None => {
                for i in 0..MR {
                    lanes.store(&mut target[i], lanes.leaky(totals[i][v], slope));
                }
            }
            Some(mask) => {
                let activations = mask.output.image(at.block + v, at.image);
                let activation: &[Row; MR] = fixed(&activations[frame.at(at.y, at.x)..]);
                let mask_slope = lanes.splat(mask.slope);
                for i in 0..MR {
                    let low = lanes.mul(totals[i][v], mask_slope);
                    let high = lanes.if_greater(
                        lanes.load(&activation[i]),
                        lanes.zero(),
                        totals[i][v],
                        low,
                    );
                    lanes.store(&mut target[i], high);
                }
            }
        }
    }
}

/// Adds to `gradient`, laid out as the weights, the gradient of `images` images.
pub(crate) fn add_weight_gradient<const TAPS: usize>(
    isa: Isa,
    images: usize,
    input: &Blocked,
    output_gradient: &Blocked,
    gradient: &mut [Row],
) {
    assert_eq!(
        input.frame, output_gradient.frame,
        "a convolution keeps the frame"
    );
    with_lanes!(isa, lanes => weight_gradient_lanes::<_, TAPS>(lanes, images, input, output_gradient, gradient));
}

#[inline(always)]
fn weight_gradient_lanes<L: Lanes, const TAPS: usize>(
    lanes: L,
    images: usize,
    input: &Blocked,
    output_gradient: &Blocked,
    gradient: &mut [Row],
) {
    let (depth, blocks) = (input.blocks, output_gradient.blocks);
    for tap in 0..TAPS {
        let tap_in_window = if TAPS == 1 { 4 } else { tap };
        let gradient = &mut gradient[tap * blocks * depth * BLOCK..][..blocks * depth * BLOCK];
        let mut block = 0;
        while block < blocks {
            let wide = L::WIDE && block + 2 <= blocks;
            for channel_block in 0..depth {
                let of = Of {
                    images,
                    input,
                    output_gradient,
                    tap: tap_in_window,
                    channel_block,
                    block,
                };
                let start = (block * depth + channel_block) * BLOCK;
                let gradient = &mut gradient[start..];
                if wide {
                    gradient_tile::<L, 8, 2>(lanes, of, 0, depth * BLOCK, gradient);
                    gradient_tile::<L, 8, 2>(lanes, of, 8, depth * BLOCK, gradient);
                } else if L::WIDE {
                    gradient_tile::<L, 16, 1>(lanes, of, 0, depth * BLOCK, gradient);
                } else {
                    gradient_tile::<L, 6, 1>(lanes, of, 0, depth * BLOCK, gradient);
                    gradient_tile::<L, 6, 1>(lanes, of, 6, depth * BLOCK, gradient);
                    gradient_tile::<L, 4, 1>(lanes, of, 12, depth * BLOCK, gradient);
                }
            }
            block += if wide { 2 } else { 1 };
        }
    }
}

#[derive(Clone, Copy)]
struct Of<'a> {
    images: usize,
    input: &'a Blocked,
    output_gradient: &'a Blocked,
    tap: usize,
    channel_block: usize,
    block: usize,
}

/// `MR` input channels from `first` on by `NV` blocks of output channels, over all pixels, some lines at a time.
#[inline(always)]
fn gradient_tile<L: Lanes, const MR: usize, const NV: usize>(
    lanes: L,
    of: Of<'_>,
    first: usize,
    column_stride: usize,
    gradient: &mut [Row],
) {
    let frame = of.input.frame;
    let lines_at_once = (SUMMED_PIXELS / frame.width).max(1);
    for image in 0..of.images {
        let input = of.input.image(of.channel_block, image);
        let outputs: [&[Row]; NV] = std::array::from_fn(
            #[inline(always)]
            |v| of.output_gradient.image(of.block + v, image),
        );
        let mut y = 0;
        while y < frame.height {
            let end = frame.height.min(y + lines_at_once);
            let mut sums = [[lanes.zero(); NV]; MR];
            while y < end {
                let input = &input[frame.tap(y, 0, of.tap)..][..frame.width];
                let outputs: [&[Row]; NV] = std::array::from_fn(
                    #[inline(always)]
                    |v| &outputs[v][frame.at(y, 0)..][..frame.width],
                );
                for x in 0..frame.width {
                    let mut columns = [lanes.zero(); NV];
                    for v in 0..NV {
                        columns[v] = lanes.load(&outputs[v][x]);
                    }
                    let pixel: &[f32; MR] = fixed(&input[x].0[first..]);
                    for i in 0..MR {
                        let value = lanes.splat(pixel[i]);
                        for v in 0..NV {
                            sums[i][v] = lanes.mul_add(value, columns[v], sums[i][v]);
                        }
                    }
                }
                y += 1;
            }
            for v in 0..NV {
                let rows: &mut [Row; MR] = fixed_mut(&mut gradient[v * column_stride + first..]);
                for i in 0..MR {
                    let sum = lanes.add(lanes.load(&rows[i]), sums[i][v]);
                    lanes.store(&mut rows[i], sum);
                }
            }
        }
    }
}
