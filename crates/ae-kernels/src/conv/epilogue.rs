//! What follows a stage's convolution: max-pooling, the activations' gradients, the bias' gradient.

use std::ops::Range;

use crate::activation::{Activation, Curve, sigmoid_lanes, tanh_lanes};
use crate::layout::bands::{Band, share_out};
use crate::layout::buffer::{Blocked, Frame};
use crate::simd::{Isa, Lanes, Row, with_lanes};

/// 2x2 max-pooling of the first images of `input` to `images` of `output`, with stride 2; an odd last line or column is left
/// out.
///
/// `which` gets, for every value of `output` in its order, the number of the pixel in its window, 0 to 3, that
/// was the largest; the first one where several are equal. A value that is not a number wins. It is left out where there
/// is no room for it. With several `threads` lines are shared out among them.
pub(crate) fn max_pool(
    isa: Isa,
    images: Range<usize>,
    input: &Blocked,
    output: &mut Blocked,
    which: &mut [Row],
    threads: usize,
) {
    if !which.is_empty() {
        with_lanes!(isa, lanes => max_pool_lanes(lanes, images, input, output, which));
        return;
    }
    let first = images.start;
    let mut threads = vec![(); threads.max(1)];
    share_out(
        output.bands_for(images, threads.len()),
        &mut threads,
        |mut band, ()| {
            let band = &mut band;
            with_lanes!(isa, lanes => max_pool_band(lanes, input, first, band));
        },
    );
}

/// The same without `which`.
#[inline(always)]
fn max_pool_band<L: Lanes>(lanes: L, input: &Blocked, first: usize, output: &mut Band<'_>) {
    let (from, to) = (input.frame, output.frame);
    for block in 0..output.blocks {
        for image in output.images.clone() {
            let source = input.image(block, image - first);
            for y in output.lines.clone() {
                let upper = &source[from.at(2 * y, 0)..][..2 * to.width];
                let lower = &source[from.at(2 * y + 1, 0)..][..2 * to.width];
                let start = output.at(y, 0);
                let target = &mut output.image_mut(block, image)[start..][..to.width];
                for x in 0..to.width {
                    let mut best = lanes.load(&upper[2 * x]);
                    let mut number = lanes.zero();
                    for other in [&upper[2 * x + 1], &lower[2 * x], &lower[2 * x + 1]] {
                        let bar = best;
                        lanes.keep_larger(&mut best, &mut number, lanes.load(other), bar, 1.0);
                    }
                    lanes.store(&mut target[x], best);
                }
            }
        }
    }
}

#[inline(always)]
fn max_pool_lanes<L: Lanes>(
    lanes: L,
    images: Range<usize>,
    input: &Blocked,
    output: &mut Blocked,
    which: &mut [Row],
) {
    let (from, to) = (input.frame, output.frame);
    for block in 0..output.blocks {
        for image in images.clone() {
            let first = (block * output.images + image) * to.pixels();
            let which = &mut which[first..][..to.pixels()];
            let source = input.image(block, image - images.start);
            let target = output.image_mut(block, image);
            for y in 0..to.height {
                let upper = &source[from.at(2 * y, 0)..][..2 * to.width];
                let lower = &source[from.at(2 * y + 1, 0)..][..2 * to.width];
                let target = &mut target[to.at(y, 0)..][..to.width];
                let which = &mut which[y * to.width..][..to.width];
                for x in 0..to.width {
                    let mut best = lanes.load(&upper[2 * x]);
                    let mut number = lanes.zero();
                    let others = [&upper[2 * x + 1], &lower[2 * x], &lower[2 * x + 1]];
                    for (i, other) in others.into_iter().enumerate() {
                        let bar = best;
                        lanes.keep_larger(
                            &mut best,
                            &mut number,
                            lanes.load(other),
                            bar,
                            (i + 1) as f32,
                        );
                    }
                    lanes.store(&mut target[x], best);
                    lanes.store(&mut which[x], number);
                }
            }
        }
    }
}

/// Takes the gradient of a stage's output back through its pooling and activation.
///
/// `output` is the stage's output and `output_gradient` its gradient; the first images of `gradient` get that of the
/// convolution's sum in `images`, in the convolution's frame. With pooling, `which` is what [`max_pool`] gave.
pub(crate) fn back(
    isa: Isa,
    images: Range<usize>,
    activation: Activation,
    which: Option<&[Row]>,
    output: &Blocked,
    output_gradient: &Blocked,
    gradient: &mut Blocked,
) {
    let job = Back {
        images,
        which,
        output,
        output_gradient,
    };
    match activation.curve() {
        Curve::Slope(slope) => with_lanes!(isa, lanes => {
            let (zero, slope) = (lanes.zero(), lanes.splat(slope));
            back_lanes(lanes, job, gradient, #[inline(always)] |value, gradient| {
                lanes.if_greater(value, zero, gradient, lanes.mul(gradient, slope))
            });
        }),
        Curve::Sigmoid => with_lanes!(isa, lanes => {
            let one = lanes.splat(1.0);
            back_lanes(lanes, job, gradient, #[inline(always)] |value, gradient| {
                lanes.mul(gradient, lanes.mul(value, lanes.sub(one, value)))
            });
        }),
        Curve::Tanh => with_lanes!(isa, lanes => {
            let one = lanes.splat(1.0);
            back_lanes(lanes, job, gradient, #[inline(always)] |value, gradient| {
                lanes.mul(gradient, lanes.sub(one, lanes.mul(value, value)))
            });
        }),
    }
}

struct Back<'a> {
    images: Range<usize>,
    which: Option<&'a [Row]>,
    output: &'a Blocked,
    output_gradient: &'a Blocked,
}

#[inline(always)]
fn back_lanes<L: Lanes>(
    lanes: L,
    job: Back<'_>,
    gradient: &mut Blocked,
    derive: impl Fn(L::V, L::V) -> L::V,
) {
    let (from, to) = (job.output.frame, gradient.frame);
    for block in 0..gradient.blocks {
        for image in job.images.clone() {
            let outputs = job.output.image(block, image);
            let output_gradients = job.output_gradient.image(block, image);
            let target = gradient.image_mut(block, image - job.images.start);
            for y in 0..from.height {
                let outputs = &outputs[from.at(y, 0)..][..from.width];
                let output_gradients = &output_gradients[from.at(y, 0)..][..from.width];
                let Some(which) = job.which else {
                    let target = &mut target[to.at(y, 0)..][..from.width];
                    for x in 0..from.width {
                        let value =
                            derive(lanes.load(&outputs[x]), lanes.load(&output_gradients[x]));
                        lanes.store(&mut target[x], value);
                    }
                    continue;
                };
                let first = (block * job.output.images + image) * from.pixels() + y * from.width;
                let which = &which[first..][..from.width];
                let (upper, lower) = target[to.at(2 * y, 0)..].split_at_mut(to.pitch);
                let (upper, lower) = (&mut upper[..2 * from.width], &mut lower[..2 * from.width]);
                for x in 0..from.width {
                    let value = derive(lanes.load(&outputs[x]), lanes.load(&output_gradients[x]));
                    let number = lanes.load(&which[x]);
                    let targets = [0, 1, 2, 3];
                    for i in targets {
                        let row = if i < 2 {
                            &mut upper[2 * x + i]
                        } else {
                            &mut lower[2 * x + i - 2]
                        };
                        let part =
                            lanes.if_equal(number, lanes.splat(i as f32), value, lanes.zero());
                        lanes.store(row, part);
                    }
                }
            }
            if job.which.is_some() {
                clear_rest(target, to, 2 * from.height, 2 * from.width);
            }
        }
    }
}

/// Zeros the pixels beyond what the windows of a pooling covered.
fn clear_rest(rows: &mut [Row], frame: Frame, height: usize, width: usize) {
    for y in 0..frame.height {
        let covered = if y < height { width } else { 0 };
        rows[frame.at(y, covered)..frame.at(y, frame.width)].fill(Row::ZERO);
    }
}

/// Adds to `bias` the sum of a gradient over all pixels of `images` images; nothing for a stage that has none.
pub(crate) fn add_bias_gradient(isa: Isa, images: usize, gradient: &Blocked, bias: &mut [Row]) {
    if bias.is_empty() {
        return;
    }
    with_lanes!(isa, lanes => {
        let frame = gradient.frame;
        for block in 0..gradient.blocks {
            let mut sum = lanes.zero();
            for image in 0..images {
                let rows = gradient.image(block, image);
                let mut of_image = lanes.zero();
                for y in 0..frame.height {
                    // Four sums side by side, so that no addition waits for the last one, and each over one line only,
                    // so that no long sum loses its small parts.
                    let mut sums = [lanes.zero(); 4];
                    let line = &rows[frame.at(y, 0)..][..frame.width];
                    let (fours, rest) = line.as_chunks::<4>();
                    for four in fours {
                        for (sum, row) in sums.iter_mut().zip(four) {
                            *sum = lanes.add(*sum, lanes.load(row));
                        }
                    }
                    for (sum, row) in sums.iter_mut().zip(rest) {
                        *sum = lanes.add(*sum, lanes.load(row));
                    }
                    let of_line = lanes.add(lanes.add(sums[0], sums[1]), lanes.add(sums[2], sums[3]));
                    of_image = lanes.add(of_image, of_line);
                }
                sum = lanes.add(sum, of_image);
            }
            let total = lanes.add(lanes.load(&bias[block]), sum);
            lanes.store(&mut bias[block], total);
        }
    });
}

/// Applies what a convolution's own pass doesn't, the activations that are not piecewise linear, to the pixels of `images`
/// images.
pub(crate) fn bend(isa: Isa, images: usize, activation: Activation, values: &mut Blocked) {
    match activation.curve() {
        Curve::Slope(_) => {}
        Curve::Sigmoid => with_lanes!(isa, _lanes => {
            each_row(images, values, sigmoid_lanes);
        }),
        Curve::Tanh => with_lanes!(isa, _lanes => {
            each_row(images, values, tanh_lanes);
        }),
    }
}

#[inline(always)]
fn each_row(images: usize, values: &mut Blocked, run: impl Fn(&mut [f32])) {
    let frame = values.frame;
    for block in 0..values.blocks {
        for image in 0..images {
            let rows = values.image_mut(block, image);
            for y in 0..frame.height {
                for row in &mut rows[frame.at(y, 0)..][..frame.width] {
                    run(&mut row.0);
                }
            }
        }
    }
}

/// Takes a gradient back through an activation whose outputs are given.
pub(crate) fn derive(activation: Activation, output: &[f32], gradient: &mut [f32]) {
    for (gradient, output) in gradient.iter_mut().zip(output) {
        *gradient *= match activation.curve() {
            Curve::Sigmoid => output * (1.0 - output),
            Curve::Tanh => 1.0 - output * output,
            Curve::Slope(slope) if *output <= 0.0 => slope,
            Curve::Slope(_) => 1.0,
        };
    }
}
