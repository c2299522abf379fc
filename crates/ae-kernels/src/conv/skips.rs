//! What skip connections move: maps into a joined input, and gradients out of it.
//!
//! The gradient of a joined input goes to the stage before, and to the earlier stage that later ones take, too: all that
//! arrive there are added before they pass its activation.

use crate::activation::{Activation, Curve};
use crate::conv::algorithm::Mask;
use crate::conv::join::Join;
use crate::layout::buffer::Blocked;
use crate::simd::{Isa, Lanes, Row, with_lanes};

/// Fills a joined input from what the stage before gives, upsampled where the stage wants it, and what an earlier stage
/// gives.
pub(crate) fn join(
    isa: Isa,
    images: usize,
    join: &Join,
    before: &Blocked,
    earlier: &Blocked,
    joined: &mut Blocked,
) {
    with_lanes!(isa, lanes => join_lanes(lanes, images, join, before, earlier, joined));
}

#[inline(always)]
fn join_lanes<L: Lanes>(
    lanes: L,
    images: usize,
    join: &Join,
    before: &Blocked,
    earlier: &Blocked,
    joined: &mut Blocked,
) {
    let (from, to) = (before.frame, joined.frame);
    for block in 0..before.blocks {
        for image in 0..images {
            let source = before.image(block, image);
            let added = join.adds().then(|| earlier.image(block, image));
            let target = joined.image_mut(block, image);
            for y in 0..to.height {
                let line = to.at(y, 0)..to.at(y, to.width);
                let added = added.map(|rows| &rows[line.clone()]);
                let target = &mut target[line];
                if join.upsamples {
                    let source = &source[from.at(y / 2, 0)..][..from.width];
                    for x in 0..from.width {
                        let value = lanes.load(&source[x]);
                        for x in [2 * x, 2 * x + 1] {
                            let value = match added {
                                Some(added) => lanes.add(value, lanes.load(&added[x])),
                                None => value,
                            };
                            lanes.store(&mut target[x], value);
                        }
                    }
                } else {
                    let source = &source[from.at(y, 0)..][..from.width];
                    match added {
                        Some(added) => {
                            for x in 0..from.width {
                                let sum = lanes.add(lanes.load(&source[x]), lanes.load(&added[x]));
                                lanes.store(&mut target[x], sum);
                            }
                        }
                        None => target.copy_from_slice(source),
                    }
                }
            }
        }
    }
    if join.adds() {
        return;
    }
    for block in 0..earlier.blocks {
        for image in 0..images {
            let source = earlier.image(block, image);
            let target = joined.image_mut(join.first_block() + block, image);
            for y in 0..to.height {
                let line = to.at(y, 0)..to.at(y, to.width);
                target[line.clone()].copy_from_slice(&source[line]);
            }
        }
    }
}

/// Brings a joined input's gradient to what the stage before gave, perhaps through its activation.
pub(crate) fn part(
    isa: Isa,
    images: usize,
    join: &Join,
    joined: &Blocked,
    gradient: &mut Blocked,
    mask: Option<Mask<'_>>,
) {
    with_lanes!(isa, lanes => part_lanes(lanes, images, join, joined, gradient, mask));
}

#[inline(always)]
fn part_lanes<L: Lanes>(
    lanes: L,
    images: usize,
    join: &Join,
    joined: &Blocked,
    gradient: &mut Blocked,
    mask: Option<Mask<'_>>,
) {
    let (from, to) = (joined.frame, gradient.frame);
    let slope = lanes.splat(mask.map_or(1.0, |mask| mask.slope));
    for block in 0..gradient.blocks {
        for image in 0..images {
            let source = joined.image(block, image);
            let activations = mask.map(|mask| mask.output.image(block, image));
            let target = gradient.image_mut(block, image);
            for y in 0..to.height {
                let line = to.at(y, 0)..to.at(y, to.width);
                let activations = activations.map(|rows| &rows[line.clone()]);
                let target = &mut target[line];
                for x in 0..to.width {
                    let value = if join.upsamples {
                        let lines = [2 * y, 2 * y + 1].map(
                            #[inline(always)]
                            |y| &source[from.at(y, 2 * x)..][..2],
                        );
                        let upper = lanes.add(lanes.load(&lines[0][0]), lanes.load(&lines[0][1]));
                        let lower = lanes.add(lanes.load(&lines[1][0]), lanes.load(&lines[1][1]));
                        lanes.add(upper, lower)
                    } else {
                        lanes.load(&source[from.at(y, x)])
                    };
                    let passed = match activations {
                        Some(activations) => {
                            let low = lanes.mul(value, slope);
                            lanes.if_greater(lanes.load(&activations[x]), lanes.zero(), value, low)
                        }
                        None => value,
                    };
                    lanes.store(&mut target[x], passed);
                }
            }
        }
    }
}

/// The gradients that arrive at a stage that later ones take.
pub(crate) struct Arrived<'a> {
    /// The stage's output, after its pooling.
    pub(crate) output: &'a Blocked,
    /// The gradient of that.
    pub(crate) output_gradient: &'a Blocked,
    /// What [`max_pool`](crate::conv::epilogue::max_pool) gave, where there is a pooling.
    pub(crate) which: Option<&'a [Row]>,
    /// The gradients of joined inputs, with the block at which the stage begins in them.
    pub(crate) joined: Vec<(&'a Blocked, usize)>,
}

/// Takes all gradients that arrive at a stage back through its activation. `sums` has the activations before the pooling,
/// where there is one, and gets the gradient of the convolution's sums.
pub(crate) fn back(
    isa: Isa,
    images: usize,
    activation: Activation,
    arrived: &Arrived<'_>,
    sums: &mut Blocked,
) {
    match activation.curve() {
        Curve::Slope(slope) => with_lanes!(isa, lanes => {
            let (zero, slope) = (lanes.zero(), lanes.splat(slope));
            back_lanes(lanes, images, arrived, sums, #[inline(always)] |value, gradient| {
                lanes.if_greater(value, zero, gradient, lanes.mul(gradient, slope))
            });
        }),
        Curve::Sigmoid => with_lanes!(isa, lanes => {
            let one = lanes.splat(1.0);
            back_lanes(lanes, images, arrived, sums, #[inline(always)] |value, gradient| {
                lanes.mul(gradient, lanes.mul(value, lanes.sub(one, value)))
            });
        }),
        Curve::Tanh => with_lanes!(isa, lanes => {
            let one = lanes.splat(1.0);
            back_lanes(lanes, images, arrived, sums, #[inline(always)] |value, gradient| {
                lanes.mul(gradient, lanes.sub(one, lanes.mul(value, value)))
            });
        }),
    }
}

#[inline(always)]
fn back_lanes<L: Lanes>(
    lanes: L,
    images: usize,
    arrived: &Arrived<'_>,
    sums: &mut Blocked,
    derive: impl Fn(L::V, L::V) -> L::V,
) {
    let Arrived {
        output,
        output_gradient,
        which,
        joined,
    } = arrived;
    let (small, frame) = (output.frame, sums.frame);
    for block in 0..sums.blocks {
        for image in 0..images {
            let own = output_gradient.image(block, image);
            let outputs = output.image(block, image);
            let first = (block * output.images + image) * small.pixels();
            let sums = sums.image_mut(block, image);
            for y in 0..frame.height {
                let line = frame.at(y, 0)..frame.at(y, frame.width);
                let target = &mut sums[line.clone()];
                let Some(which) = which else {
                    let (own, outputs) = (&own[line.clone()], &outputs[line.clone()]);
                    for x in 0..frame.width {
                        let gradient = lanes.add(
                            lanes.load(&own[x]),
                            from_skips(lanes, joined, block, image, line.start + x),
                        );
                        let value = derive(lanes.load(&outputs[x]), gradient);
                        lanes.store(&mut target[x], value);
                    }
                    continue;
                };
                // Height and width are even: else no later map could have come to the same.
                let own = &own[small.at(y / 2, 0)..][..small.width];
                let which = &which[first + y / 2 * small.width..][..small.width];
                for x in 0..frame.width {
                    let number = lanes.splat((y % 2 * 2 + x % 2) as f32);
                    let (which, own) = (lanes.load(&which[x / 2]), lanes.load(&own[x / 2]));
                    let own = lanes.if_equal(which, number, own, lanes.zero());
                    let gradient =
                        lanes.add(own, from_skips(lanes, joined, block, image, line.start + x));
                    let value = derive(lanes.load(&target[x]), gradient);
                    lanes.store(&mut target[x], value);
                }
            }
        }
    }
}

/// The sum of the gradients that come to a pixel of a block by skip connections.
#[inline(always)]
fn from_skips<L: Lanes>(
    lanes: L,
    joined: &[(&Blocked, usize)],
    block: usize,
    image: usize,
    place: usize,
) -> L::V {
    let mut sum = lanes.zero();
    for index in 0..joined.len() {
        let (gradient, first_block) = joined[index];
        let row = &gradient.image(first_block + block, image)[place];
        sum = lanes.add(sum, lanes.load(row));
    }
    sum
}
