//! 3x3 'same' convolution to few output channels, perhaps after nearest upsampling x2.
//!
//! With one output channel a row of sixteen would be fifteen parts waste. So the window's taps take the
//! columns' place: one matrix product gives every input pixel's contribution to each tap of each output
//! channel, `z[pixel][channel * 9 + tap]`, and every output pixel is then the sum of nine of them, each from a
//! neighbour. After upsampling the four pixels of a 2x2 square share their source, so the product is over the
//! small image: a quarter of the work. Backwards the gradient is spread over the taps, and two more products
//! give the gradients of input and weights. The products are 1x1 convolutions of [`crate::direct`].

use crate::buffer::{Blocked, Planar};
use crate::simd::BLOCK;

/// Taps of the window.
pub(crate) const TAPS: usize = 9;

/// How many columns `channels` channels need.
pub(crate) fn columns(channels: usize) -> usize {
    channels.saturating_mul(TAPS)
}

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

/// Sums the taps' contributions on each channel's bias: `[image][channel][height][width]`, twice as high and
/// wide as the contributions where the window is upsampled.
pub(crate) fn gather(window: Window, contributions: &Blocked, bias: &[f32], values: &mut [f32]) {
    let frame = contributions.frame;
    let scale = if window == Window::Upsampled { 2 } else { 1 };
    let (height, width) = (frame.height * scale, frame.width * scale);
    for (index, plane) in values.chunks_exact_mut(height * width).enumerate() {
        let (image, channel) = (index / bias.len(), index % bias.len());
        plane.fill(bias[channel]);
        for tap in 0..TAPS {
            let column = channel * TAPS + tap;
            let rows = contributions.image(column / BLOCK, image);
            let column = column % BLOCK;
            let at = if window == Window::Turned {
                TAPS - 1 - tap
            } else {
                tap
            };
            for (y, line) in plane.chunks_exact_mut(width).enumerate() {
                // Lines and columns of the frame begin one before the image.
                match window {
                    Window::Plain | Window::Turned => {
                        let rows = &rows[frame.tap(y, 0, at)..][..width];
                        for (value, row) in line.iter_mut().zip(rows) {
                            *value += row.0[column];
                        }
                    }
                    Window::Upsampled => {
                        let rows = &rows[(y + at / 3).div_ceil(2) * frame.pitch..][..frame.pitch];
                        for (x, value) in line.iter_mut().enumerate() {
                            *value += rows[(x + at % 3).div_ceil(2)].0[column];
                        }
                    }
                }
            }
        }
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
            for y in 0..to.height {
                for x in 0..to.width {
                    let taps = if window == Window::Upsampled {
                        // Of the four lines and columns around the square, tap 2 reads the first pair, tap 1
                        // the second, tap 0 the third.
                        let pairs: [[f32; 3]; 4] = std::array::from_fn(|line| {
                            let four = &plane[(2 * y + line) * from.pitch + 2 * x..][..4];
                            [four[2] + four[3], four[1] + four[2], four[0] + four[1]]
                        });
                        std::array::from_fn(|tap| {
                            pairs[2 - tap / 3][tap % 3] + pairs[3 - tap / 3][tap % 3]
                        })
                    } else {
                        let taps: [f32; TAPS] =
                            std::array::from_fn(|tap| plane[from.tap(y, x, TAPS - 1 - tap)]);
                        taps
                    };
                    for (tap, value) in taps.into_iter().enumerate() {
                        let column = channel * TAPS + tap;
                        let start = contributions.start(column / BLOCK, image);
                        contributions.rows[start + to.at(y, x)].0[column % BLOCK] = value;
                    }
                }
            }
        }
    }
}
