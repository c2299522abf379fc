//! A stage for one shape of image.

use crate::conv::stage::{Resize, Stage};
use crate::error::KernelError;
use crate::layout::buffer::Frame;
use crate::simd::BLOCK;

/// A stage and what the shape of its images decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) stage: Stage,
    /// The stage's input.
    pub(crate) input: Frame,
    /// The convolution's output, before pooling.
    pub(crate) sums: Frame,
    /// The stage's output.
    pub(crate) output: Frame,
    /// Whether a later stage takes its sums, too.
    pub(crate) feeds_skip: bool,
}

impl Geometry {
    /// That of stage `index` for an input of `height` by `width`, whose sums are for a later stage, too, or not.
    pub(crate) fn new(
        index: usize,
        stage: Stage,
        [height, width]: [usize; 2],
        feeds_skip: bool,
    ) -> Result<Self, KernelError> {
        let no_pixels = KernelError::NoPixels {
            stage: index,
            height,
            width,
        };
        let input = Frame::new(height, width)?;
        let (mut height, mut width) = (height, width);
        if stage.resize == Resize::Upsample {
            height = height.checked_mul(2).ok_or(KernelError::Overflow)?;
            width = width.checked_mul(2).ok_or(KernelError::Overflow)?;
        }
        let sums = Frame::new(height, width)?;
        if stage.resize == Resize::MaxPool {
            (height, width) = (height / 2, width / 2);
        }
        if height == 0 || width == 0 {
            return Err(no_pixels);
        }
        Ok(Self {
            stage,
            input,
            sums,
            output: Frame::new(height, width)?,
            feeds_skip,
        })
    }

    pub(crate) fn pools(&self) -> bool {
        self.stage.resize == Resize::MaxPool
    }

    /// The slope that the convolution applies to sums at or below zero.
    pub(crate) fn slope(&self) -> f32 {
        self.stage.activation.slope().unwrap_or(1.0)
    }

    /// Whether its activation is applied in the convolution's end, so that the next stage's gradient can pass
    /// it there too: the only gradient that arrives.
    pub(crate) fn is_masked(&self) -> bool {
        !self.pools() && !self.feeds_skip && self.stage.activation.slope().is_some()
    }

    /// Channels of input and output.
    pub(crate) fn channels(&self) -> (usize, usize) {
        (self.stage.input_channels, self.stage.output_channels)
    }

    pub(crate) fn input_blocks(&self) -> usize {
        self.stage.input_channels.div_ceil(BLOCK)
    }

    pub(crate) fn output_blocks(&self) -> usize {
        self.stage.output_channels.div_ceil(BLOCK)
    }
}
