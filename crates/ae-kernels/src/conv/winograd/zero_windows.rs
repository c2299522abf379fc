//! Which outputs a convolution sees nothing for: those whose whole window is zero.
//!
//! Their sums are zero, and a direct convolution has just that. A transform has products of pixels nearby, which cancel
//! to something around 1e-7 of them, of either sign: it would pass a ReLU that it must not pass, and while no bias has
//! been learned the gradients of whole maps would hang on it. Letters on a black ground are such images.

use std::ops::Range;

use crate::layout::buffer::{Blocked, Frame};
use crate::simd::{Isa, Lanes, Row, with_lanes};

/// Places of the outputs, in the frame of the input, or of the input upsampled.
#[derive(Debug, Default)]
pub(crate) struct ZeroWindows {
    /// Whether a pixel of the input is zero in all channels.
    black: Vec<bool>,
    /// Whether an output's window is.
    windows: Vec<bool>,
    /// Outputs of one image.
    area: usize,
    any: bool,
}

impl ZeroWindows {
    /// Looks at the windows of a 3x3 convolution of the `images` of the input, which are upsampled before it where the output is
    /// larger than they are.
    pub(crate) fn find(&mut self, isa: Isa, images: Range<usize>, input: &Blocked, output: Frame) {
        self.any = false;
        let is_same = input.frame == output;
        // An output sees three by three pixels, or after upsampling two by two small ones.
        let window = if is_same { 3 } else { 2 };
        if !has_black_sample(images.clone(), input, window)
            || !self.find_black(isa, images.clone(), input)
        {
            return;
        }
        if is_same {
            self.find_same(images.len(), input);
        } else {
            self.find_upsampled(images.len(), input, output);
        }
    }

    fn find_same(&mut self, images: usize, input: &Blocked) {
        let frame = input.frame;
        self.area = frame.area;
        self.windows.clear();
        self.windows.resize(images * frame.area, false);
        for image in 0..images {
            let black = &self.black[image * frame.area..][..frame.area];
            let windows = &mut self.windows[image * frame.area..][..frame.area];
            for y in 0..frame.height {
                for x in 0..frame.width {
                    let is_zero = (0..9).all(|tap| black[frame.tap(y, x, tap)]);
                    windows[frame.at(y, x)] = is_zero;
                    self.any |= is_zero;
                }
            }
        }
    }

    /// The same after nearest upsampling x2, where a window sees two by two pixels.
    fn find_upsampled(&mut self, images: usize, input: &Blocked, large: Frame) {
        let small = input.frame;
        self.area = large.area;
        self.windows.clear();
        self.windows.resize(images * large.area, false);
        for image in 0..images {
            let black = &self.black[image * small.area..][..small.area];
            let windows = &mut self.windows[image * large.area..][..large.area];
            for y in 0..large.height {
                for x in 0..large.width {
                    // An even pixel sees its own small one and that before, an odd one that behind.
                    let first = (y.div_ceil(2)) * small.pitch + x.div_ceil(2);
                    let is_zero = [0, 1, small.pitch, small.pitch + 1]
                        .into_iter()
                        .all(|offset| black[first + offset]);
                    windows[large.at(y, x)] = is_zero;
                    self.any |= is_zero;
                }
            }
        }
    }

    /// Looks for pixels that are zero in all channels, and tells whether there are any besides those of the frame: if not,
    /// no window is zero, for each has a pixel of the image in its middle.
    fn find_black(&mut self, isa: Isa, images: Range<usize>, input: &Blocked) -> bool {
        let count = images.len();
        self.black.clear();
        self.black.resize(count * input.frame.area, true);
        let black = &mut self.black;
        with_lanes!(isa, _lanes => find_black_rows(images, input, black));
        let outside = count * (input.frame.area - input.frame.pixels());
        self.black.iter().filter(|is_black| **is_black).count() > outside
    }

    /// Puts zeros where the outputs of `image` from place `start` on have a zero window.
    #[inline(always)]
    pub(crate) fn clear<L: Lanes>(
        &self,
        lanes: L,
        image: usize,
        start: usize,
        outputs: &mut [L::V],
    ) {
        if self.any {
            let windows = &self.windows[image * self.area + start..][..outputs.len()];
            for index in 0..windows.len() {
                if windows[index] {
                    outputs[index] = lanes.zero();
                }
            }
        }
    }
}

/// Whether a sample of the pixels has one that is zero in all channels; if not, no window of `window` by `window` pixels is.
fn has_black_sample(mut images: Range<usize>, input: &Blocked, window: usize) -> bool {
    images.any(|image| {
        let mut samples = input.frame.samples(window);
        samples
            .any(|place| (0..input.blocks).all(|block| is_zero(&input.image(block, image)[place])))
    })
}

#[inline(always)]
fn is_zero(row: &Row) -> bool {
    // Without their signs: minus zero is zero.
    row.0
        .iter()
        .fold(0, |bits, value| bits | value.to_bits() << 1)
        == 0
}

#[inline(always)]
fn find_black_rows(images: Range<usize>, input: &Blocked, black: &mut [bool]) {
    for block in 0..input.blocks {
        for (place, image) in images.clone().enumerate() {
            let flags = &mut black[place * input.frame.area..][..input.frame.area];
            for (flag, row) in flags.iter_mut().zip(input.image(block, image)) {
                // Few pixels are zero in the first channels, and none of the others need be looked at again.
                if block > 0 && !*flag {
                    continue;
                }
                *flag &= is_zero(row);
            }
        }
    }
}
