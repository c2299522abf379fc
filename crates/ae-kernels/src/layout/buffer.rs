//! The two layouts of images inside a pass, both framed by zeros.
//!
//! *Blocked*: `[channels / 16][image][pixel][16]`, missing channels zero. One row of sixteen floats is what a
//! kernel holds in a register, and the same buffer serves a matrix product as either operand, so that nothing
//! is ever packed. *Planar*: `[image][channel][pixel]`, for images of few channels, which would leave most of
//! a row empty.
//!
//! Every image lies in a [`Frame`]: one line or column of zeros before it and at least one after, so that a
//! 3x3 window, or a 6x6 one of Winograd's tiles, can be read anywhere without asking whether it is inside.
//! Only pixels of the image are ever written, so the zeros stay.

use crate::error::KernelError;
use crate::simd::{BLOCK, Row};

/// Where the pixels of one image lie among the zeros around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Positions from one line to the next.
    pub(crate) pitch: usize,
    /// Positions of the whole frame.
    pub(crate) area: usize,
}

impl Frame {
    pub(crate) fn new(height: usize, width: usize) -> Result<Self, KernelError> {
        let framed = |length: usize| {
            length
                .checked_next_multiple_of(4)
                .and_then(|l| l.checked_add(2))
        };
        let pitch = framed(width).ok_or(KernelError::Overflow)?;
        let lines = framed(height).ok_or(KernelError::Overflow)?;
        let area = lines.checked_mul(pitch).ok_or(KernelError::Overflow)?;
        Ok(Self {
            height,
            width,
            pitch,
            area,
        })
    }

    /// Position of a pixel.
    #[inline(always)]
    pub(crate) fn at(&self, y: usize, x: usize) -> usize {
        (y + 1) * self.pitch + x + 1
    }

    /// Position of the first pixel under tap `tap` of a 3x3 window around the first pixel of line `y`.
    #[inline(always)]
    pub(crate) fn tap(&self, y: usize, x: usize, tap: usize) -> usize {
        (y + tap / 3) * self.pitch + x + tap % 3
    }

    pub(crate) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Positions of pixels of which every window of `window` by `window` pixels has one at least, also one that reaches
    /// beyond the image by one less than half of it, or by one pixel where it has two.
    pub(crate) fn samples(&self, window: usize) -> impl Iterator<Item = usize> {
        let along = move |length: usize| {
            let regular = ((window - 1) / 2..length).step_by(window);
            regular.chain(length.checked_sub(1))
        };
        let (frame, width) = (*self, self.width);
        along(self.height).flat_map(move |y| along(width).map(move |x| frame.at(y, x)))
    }
}

/// Images in the blocked layout.
#[derive(Debug)]
pub(crate) struct Blocked {
    pub(crate) frame: Frame,
    pub(crate) blocks: usize,
    pub(crate) images: usize,
    pub(crate) rows: Vec<Row>,
}

impl Blocked {
    pub(crate) fn new(frame: Frame, channels: usize, images: usize) -> Result<Self, KernelError> {
        let blocks = channels.div_ceil(BLOCK);
        let count = frame
            .area
            .checked_mul(blocks)
            .and_then(|n| n.checked_mul(images));
        Ok(Self {
            frame,
            blocks,
            images,
            rows: zero_rows(count.ok_or(KernelError::Overflow)?)?,
        })
    }

    /// Positions from one block of channels to the next.
    #[inline(always)]
    pub(crate) fn stride(&self) -> usize {
        self.images * self.frame.area
    }

    /// Position where an image's frame begins in a block.
    #[inline(always)]
    pub(crate) fn start(&self, block: usize, image: usize) -> usize {
        (block * self.images + image) * self.frame.area
    }

    #[inline(always)]
    pub(crate) fn image(&self, block: usize, image: usize) -> &[Row] {
        let start = self.start(block, image);
        &self.rows[start..start + self.frame.area]
    }

    #[inline(always)]
    pub(crate) fn image_mut(&mut self, block: usize, image: usize) -> &mut [Row] {
        let start = self.start(block, image);
        &mut self.rows[start..start + self.frame.area]
    }

    /// Fills the pixels from `[image][channel][height][width]`; the channels that are missing stay zero.
    pub(crate) fn read(&mut self, values: &[f32], channels: usize) {
        let (frame, pixels) = (self.frame, self.frame.pixels());
        for (image, values) in values.chunks_exact(channels * pixels).enumerate() {
            for (block, planes) in values.chunks(BLOCK * pixels).enumerate() {
                let rows = self.image_mut(block, image);
                for (channel, plane) in planes.chunks_exact(pixels).enumerate() {
                    for (y, line) in plane.chunks_exact(frame.width).enumerate() {
                        let start = frame.at(y, 0);
                        for (row, value) in rows[start..start + frame.width].iter_mut().zip(line) {
                            row.0[channel] = *value;
                        }
                    }
                }
            }
        }
    }

    /// The reverse of [`Blocked::read`].
    pub(crate) fn write(&self, values: &mut [f32], channels: usize) {
        let (frame, pixels) = (self.frame, self.frame.pixels());
        for (image, values) in values.chunks_exact_mut(channels * pixels).enumerate() {
            for (block, planes) in values.chunks_mut(BLOCK * pixels).enumerate() {
                let rows = self.image(block, image);
                for (channel, plane) in planes.chunks_exact_mut(pixels).enumerate() {
                    for (y, line) in plane.chunks_exact_mut(frame.width).enumerate() {
                        let start = frame.at(y, 0);
                        for (row, value) in rows[start..start + frame.width].iter().zip(line) {
                            *value = row.0[channel];
                        }
                    }
                }
            }
        }
    }
}

/// Images in the planar layout.
#[derive(Debug)]
pub(crate) struct Planar {
    pub(crate) frame: Frame,
    pub(crate) channels: usize,
    pub(crate) values: Vec<f32>,
}

impl Planar {
    pub(crate) fn new(frame: Frame, channels: usize, images: usize) -> Result<Self, KernelError> {
        let count = frame
            .area
            .checked_mul(channels)
            .and_then(|n| n.checked_mul(images));
        Ok(Self {
            frame,
            channels,
            values: zero_floats(count.ok_or(KernelError::Overflow)?)?,
        })
    }

    #[inline(always)]
    pub(crate) fn plane(&self, image: usize, channel: usize) -> &[f32] {
        let start = (image * self.channels + channel) * self.frame.area;
        &self.values[start..start + self.frame.area]
    }

    /// Fills the pixels from `[image][channel][height][width]`.
    pub(crate) fn read(&mut self, values: &[f32]) {
        let frame = self.frame;
        for (plane, values) in self
            .values
            .chunks_exact_mut(frame.area)
            .zip(values.chunks_exact(frame.pixels()))
        {
            for (y, line) in values.chunks_exact(frame.width).enumerate() {
                let start = frame.at(y, 0);
                plane[start..start + frame.width].copy_from_slice(line);
            }
        }
    }
}

/// `count` rows of zeros, or an error where there is no memory for them.
pub(crate) fn zero_rows(count: usize) -> Result<Vec<Row>, KernelError> {
    filled(count, Row::ZERO)
}

/// `count` zeros, or an error where there is no memory for them.
pub(crate) fn zero_floats(count: usize) -> Result<Vec<f32>, KernelError> {
    filled(count, 0.0)
}

fn filled<T: Clone>(count: usize, value: T) -> Result<Vec<T>, KernelError> {
    let mut items = Vec::new();
    items
        .try_reserve_exact(count)
        .map_err(|_| KernelError::Memory {
            bytes: count.saturating_mul(size_of::<T>()),
        })?;
    items.resize(count, value);
    Ok(items)
}
