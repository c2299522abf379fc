//! Outputs whose window is that of their neighbor get their neighbor's value, before a pooling chooses among them.
//!
//! On flat ground a direct convolution gives every pixel the very same sum, and a pooling takes the first of four. Of a
//! transform's sums each has another rounding, and a pooling would take any: the gradient then goes elsewhere.

use crate::layout::buffer::Blocked;
use crate::simd::Row;

/// Which pixels of the input are the same as a neighbor, in all channels and to the bit.
#[derive(Debug, Default)]
pub(crate) struct TieBreak {
    left: Vec<bool>,
    above: Vec<bool>,
}

impl TieBreak {
    /// Copies within each 2x2 window of the pooling of `output`, the result of a 3x3 convolution of `input`.
    /// The first image of the output is `first` of the input.
    pub(crate) fn settle(
        &mut self,
        images: usize,
        (input, first): (&Blocked, usize),
        output: &mut Blocked,
    ) {
        let frame = input.frame;
        for image in first..first + images {
            if ![1, frame.pitch]
                .into_iter()
                .any(|distance| may_repeat(image, distance, input))
            {
                continue;
            }
            find(&mut self.left, image, 1, input);
            find(&mut self.above, image, frame.pitch, input);
            for y in 0..frame.height {
                for x in 0..frame.width {
                    let repeats = |same: &[bool]| (0..9).all(|tap| same[frame.tap(y, x, tap)]);
                    let from = if x % 2 == 1 && repeats(&self.left) {
                        frame.at(y, x - 1)
                    } else if y % 2 == 1 && repeats(&self.above) {
                        frame.at(y - 1, x)
                    } else {
                        continue;
                    };
                    for block in 0..output.blocks {
                        let rows = output.image_mut(block, image - first);
                        rows[frame.at(y, x)] = rows[from];
                    }
                }
            }
        }
    }
}

/// Whether a sample of the pixels has one that is the same as that `distance` places before it; if not, no window is.
fn may_repeat(image: usize, distance: usize, input: &Blocked) -> bool {
    input.frame.samples(3).any(|place| {
        (0..input.blocks).all(|block| {
            let rows = input.image(block, image);
            are_same(&rows[place], &rows[place - distance])
        })
    })
}

/// Finds the pixels of an image that are the same as those `distance` places before them.
fn find(same: &mut Vec<bool>, image: usize, distance: usize, input: &Blocked) {
    same.clear();
    same.resize(input.frame.area, true);
    same[..distance].fill(false);
    for block in 0..input.blocks {
        let rows = input.image(block, image);
        for (same, pair) in same[distance..]
            .iter_mut()
            .zip(rows.iter().zip(&rows[distance..]))
        {
            // Few are the same in the first channels, and none of the others need be looked at again.
            *same = *same && are_same(pair.0, pair.1);
        }
    }
}

fn are_same(one: &Row, other: &Row) -> bool {
    let pairs = one.0.iter().zip(&other.0);
    pairs.fold(0, |bits, (a, b)| bits | (a.to_bits() ^ b.to_bits())) == 0
}
