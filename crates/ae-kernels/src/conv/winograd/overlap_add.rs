//! The gradient of an image from those of the tiles' transformed windows, which overlap.
//!
//! A tile of `SIZE` pixels was transformed with one pixel more on either side, so it gives a gradient to its neighbors'
//! pixels too. Along a line the windows are added up in a buffer; down the image, in the gradient itself, line of tiles
//! after line of tiles.

use crate::conv::algorithm::Mask;
use crate::conv::winograd::tiles::{Length, Run};
use crate::conv::winograd::transforms::Transforms;
use crate::layout::buffer::{Blocked, Frame};
use crate::simd::matmul::plane;
use crate::simd::{Lanes, Row};

/// Adds up the windows of `run`, whose images are counted from `first` of the gradient on; the runs of an image must come in their order and have whole lines. `transformed` has
/// `WINDOW` by `WINDOW` planes of the run's rows, and `scratch` room for `WINDOW` lines of the frame. Sums that are whole
/// pass the activation of `mask`.
#[inline(always)]
pub(crate) fn add_windows<
    L: Lanes,
    T: Transforms<POINTS, WINDOW>,
    const POINTS: usize,
    const WINDOW: usize,
>(
    lanes: L,
    run: &Run,
    transformed: &[Row],
    scratch: &mut [Row],
    (gradient, first): (&mut Blocked, usize),
    mask: Option<Mask<'_>>,
) {
    let frame = gradient.frame;
    let count = run.tiles();
    let plane = plane(gradient.blocks * count);
    let across = &mut scratch[..WINDOW * frame.pitch];
    let lines_of_tiles = run.lines();
    for block in 0..gradient.blocks {
        let transformed = &transformed[block * count..];
        for image in run.images.clone() {
            let activations = mask.map(
                #[inline(always)]
                |mask| {
                    (
                        mask.output.image(block, first + image),
                        lanes.splat(mask.slope),
                    )
                },
            );
            let rows = gradient.image_mut(block, first + image);
            for line in &lines_of_tiles {
                let widths = [Length::Long, Length::Short];
                let tiles = widths.map(|width| (width, line.tiles(image, width)));
                for row in 0..windows(line.height, WINDOW) {
                    let planes: [&[Row]; WINDOW] = std::array::from_fn(
                        #[inline(always)]
                        |column| &transformed[(row * WINDOW + column) * plane..],
                    );
                    let across = &mut across[row * frame.pitch..][..frame.pitch];
                    let mut carried = [lanes.zero(); 2];
                    for (width, tiles) in tiles {
                        add_across::<L, T, POINTS, WINDOW>(
                            lanes,
                            width,
                            tiles,
                            planes,
                            &mut carried,
                            across,
                        );
                    }
                }
                let lines: [&[Row]; WINDOW] = std::array::from_fn(
                    #[inline(always)]
                    |row| &across[row * frame.pitch + 1..][..frame.width],
                );
                let place = (line.y, line.height);
                add_down::<L, T, POINTS, WINDOW>(lanes, frame, place, lines, rows, activations);
            }
        }
    }
}

/// Pixels of a window along an axis on which its tile is `length`.
#[inline(always)]
fn windows(length: Length, long: usize) -> usize {
    match length {
        Length::Long => long,
        Length::Short => long - 1,
    }
}

/// Adds tiles to a line that begins one pixel before the image; `carried` are the last two pixels of the tiles before, which
/// the first two of the next are added to.
#[inline(always)]
fn add_across<L: Lanes, T: Transforms<POINTS, WINDOW>, const POINTS: usize, const WINDOW: usize>(
    lanes: L,
    width: Length,
    (first, start, count): (usize, usize, usize),
    planes: [&[Row]; WINDOW],
    carried: &mut [L::V; 2],
    line: &mut [Row],
) {
    // As constants, so that each length has loops of its own, unrolled.
    match width {
        Length::Long => add_inner::<L, T, POINTS, WINDOW>(
            lanes,
            Length::Long,
            WINDOW - 2,
            (first, start, count),
            planes,
            carried,
            line,
        ),
        Length::Short => add_inner::<L, T, POINTS, WINDOW>(
            lanes,
            Length::Short,
            WINDOW - 3,
            (first, start, count),
            planes,
            carried,
            line,
        ),
    }
}

#[inline(always)]
fn add_inner<L: Lanes, T: Transforms<POINTS, WINDOW>, const POINTS: usize, const WINDOW: usize>(
    lanes: L,
    width: Length,
    inner: usize,
    (first, start, count): (usize, usize, usize),
    planes: [&[Row]; WINDOW],
    carried: &mut [L::V; 2],
    line: &mut [Row],
) {
    if count == 0 {
        return;
    }
    let [mut before, mut last] = *carried;
    for tile in 0..count {
        let mut values = [lanes.zero(); WINDOW];
        for pixel in 0..inner + 2 {
            values[pixel] = lanes.load(&planes[pixel][first + tile]);
        }
        let mut values = T::input_gradient(lanes, width, values);
        values[0] = lanes.add(values[0], before);
        values[1] = lanes.add(values[1], last);
        before = values[inner];
        last = values[inner + 1];
        let target = &mut line[start + tile * inner..][..inner];
        for pixel in 0..inner {
            lanes.store(&mut target[pixel], values[pixel]);
        }
    }
    let end = &mut line[start + count * inner..][..2];
    lanes.store(&mut end[0], before);
    lanes.store(&mut end[1], last);
    *carried = [before, last];
}

/// Adds a line of tiles, which begins at line `y`, to an image.
#[inline(always)]
fn add_down<L: Lanes, T: Transforms<POINTS, WINDOW>, const POINTS: usize, const WINDOW: usize>(
    lanes: L,
    frame: Frame,
    (y, height): (usize, Length),
    lines: [&[Row]; WINDOW],
    rows: &mut [Row],
    activations: Option<(&[Row], L::V)>,
) {
    let window = windows(height, WINDOW);
    // Of the window's lines these are the image's; the first two have been begun by the tiles above.
    let inside = usize::from(y == 0)..window.min(frame.height + 1 - y);
    let begun = if y == 0 { 0 } else { 2 };
    // The last two are still to be added to by the tiles below, if there are any.
    let is_last = y + window - 2 >= frame.height;
    let whole = if is_last { WINDOW } else { window - 2 };
    for x in 0..frame.width {
        let mut values = [lanes.zero(); WINDOW];
        for line in 0..window {
            values[line] = lanes.load(&lines[line][x]);
        }
        let values = T::input_gradient(lanes, height, values);
        for line in 0..WINDOW {
            if !inside.contains(&line) {
                continue;
            }
            let place = (y + line) * frame.pitch + x + 1;
            let row = &mut rows[place];
            let mut value = if line < begun {
                lanes.add(lanes.load(row), values[line])
            } else {
                values[line]
            };
            if let (true, Some((activations, slope))) = (line < whole, activations) {
                let low = lanes.mul(value, slope);
                let activation = lanes.load(&activations[place]);
                value = lanes.if_greater(activation, lanes.zero(), value, low);
            }
            lanes.store(row, value);
        }
    }
}
