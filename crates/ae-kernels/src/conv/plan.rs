//! A stack compiled for one shape of image: geometry and algorithm of every stage.

use crate::conv::algorithms::tap_gather::Window;
use crate::conv::algorithms::{upsampled, winograd_f43};
use crate::conv::stage::{Precision, Resize, Stage};
use crate::error::KernelError;
use crate::layout::buffer::Frame;
use crate::simd::lanes::BLOCK;

/// How a stage's convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// [`crate::conv::algorithms::planar`]: few input channels.
    Planar,
    /// [`crate::conv::algorithms::direct`].
    Direct,
    /// [`crate::conv::algorithms::winograd_f43`].
    Winograd,
    /// [`crate::conv::algorithms::upsampled`].
    Upsample,
    /// [`crate::conv::algorithms::tap_gather`]: few output channels.
    Taps,
}

/// One stage with everything that its shape decides.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) stage: Stage,
    pub(crate) algorithm: Algorithm,
    /// The stage's input.
    pub(crate) input: Frame,
    /// The convolution's output, before pooling.
    pub(crate) sums: Frame,
    /// The stage's output.
    pub(crate) output: Frame,
    /// Where the weight's gradient lies among the rows of a partial gradient, in the layout of
    /// [`crate::layout::weights`], and how many rows it has; the bias' rows follow.
    pub(crate) gradient_start: usize,
    pub(crate) gradient_rows: usize,
    pub(crate) bias_rows: usize,
}

impl Step {
    pub(crate) fn pools(&self) -> bool {
        self.stage.resize == Resize::MaxPool
    }

    /// Whether its activation is applied in the convolution's end, so that the next stage's gradient can pass
    /// it there too.
    pub(crate) fn is_masked(&self) -> bool {
        !self.pools() && self.stage.activation.slope().is_some()
    }

    pub(crate) fn input_blocks(&self) -> usize {
        self.stage.input_channels.div_ceil(BLOCK)
    }

    pub(crate) fn output_blocks(&self) -> usize {
        self.stage.output_channels.div_ceil(BLOCK)
    }

    /// Products of the transform that the weights go through, if they do.
    pub(crate) fn products(&self) -> Option<usize> {
        match self.algorithm {
            Algorithm::Winograd => Some(winograd_f43::PRODUCTS),
            Algorithm::Upsample => Some(upsampled::PRODUCTS),
            Algorithm::Planar | Algorithm::Direct | Algorithm::Taps => None,
        }
    }
}

/// A stack compiled for one shape of image.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) input_channels: usize,
    /// Rows of a partial gradient.
    pub(crate) gradient_rows: usize,
}

/// The fewest channels on either side for which Winograd's transforms pay.
const WINOGRAD_CHANNELS: usize = 32;

impl Plan {
    pub(crate) fn new(
        stages: &[Stage],
        height: usize,
        width: usize,
        precision: Precision,
    ) -> Result<Self, KernelError> {
        let (mut height, mut width) = (height, width);
        let mut steps = Vec::with_capacity(stages.len());
        let mut gradient_start: usize = 0;
        for (index, stage) in stages.iter().enumerate() {
            let no_pixels = KernelError::NoPixels {
                stage: index,
                height,
                width,
            };
            let input = Frame::new(height, width)?;
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
            let algorithm = choose(stage, index, index + 1 == stages.len(), precision);
            let input_blocks = stage.input_channels.div_ceil(BLOCK);
            let output_blocks = stage.output_channels.div_ceil(BLOCK);
            let gradient_rows = match algorithm {
                Algorithm::Planar => output_blocks.checked_mul(9 * stage.input_channels),
                Algorithm::Taps => Window::of(stage.resize)
                    .columns(stage.output_channels)
                    .div_ceil(BLOCK)
                    .checked_mul(input_blocks)
                    .and_then(|n| n.checked_mul(BLOCK)),
                Algorithm::Direct | Algorithm::Winograd | Algorithm::Upsample => output_blocks
                    .checked_mul(input_blocks)
                    .and_then(|n| n.checked_mul(9 * BLOCK)),
            }
            .ok_or(KernelError::Overflow)?;
            let step = Step {
                stage: *stage,
                algorithm,
                input,
                sums,
                output: Frame::new(height, width)?,
                gradient_start,
                gradient_rows,
                bias_rows: output_blocks,
            };
            gradient_start = gradient_start
                .checked_add(gradient_rows)
                .and_then(|n| n.checked_add(output_blocks))
                .ok_or(KernelError::Overflow)?;
            steps.push(step);
        }
        let input_channels = stages.first().ok_or(KernelError::NoStages)?.input_channels;
        Ok(Self {
            steps,
            input_channels,
            gradient_rows: gradient_start,
        })
    }

    pub(crate) fn first(&self) -> &Step {
        &self.steps[0]
    }

    pub(crate) fn last(&self) -> &Step {
        &self.steps[self.steps.len() - 1]
    }

    /// About how many bytes of activations and gradients one image takes, to size groups by.
    pub(crate) fn bytes_per_image(&self) -> usize {
        let bytes = |step: &Step| {
            let positions = step.sums.area.saturating_add(step.output.area);
            positions
                .saturating_mul(step.output_blocks())
                .saturating_mul(size_of::<crate::simd::lanes::Row>())
        };
        self.steps.iter().map(bytes).fold(0, usize::saturating_add)
    }

    /// Values of one input image.
    pub(crate) fn input_values(&self) -> usize {
        self.input_channels * self.first().input.pixels()
    }

    /// Values of one output image.
    pub(crate) fn output_values(&self) -> usize {
        self.last().stage.output_channels * self.last().output.pixels()
    }
}

fn choose(stage: &Stage, index: usize, is_last: bool, precision: Precision) -> Algorithm {
    if index == 0 && stage.input_channels < BLOCK && stage.resize != Resize::Upsample {
        Algorithm::Planar
    } else if is_last && stage.output_channels < BLOCK && stage.resize != Resize::MaxPool {
        Algorithm::Taps
    } else if stage.resize == Resize::Upsample {
        Algorithm::Upsample
    } else if precision == Precision::Fast
        && stage.input_channels.min(stage.output_channels) >= WINOGRAD_CHANNELS
    {
        Algorithm::Winograd
    } else {
        Algorithm::Direct
    }
}
