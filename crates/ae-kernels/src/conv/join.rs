//! How a skip connection joins a stage's input.
//!
//! Where the source before is upsampled and the other's channels come after its own, as in a U-Net, each is convolved alone
//! ([`crate::conv::pair`]). Else the two sources are brought into one blocked buffer, the joined input, in which each begins with a block of its own:
//! where the channels of the first are no multiple of sixteen, those that fill up its last block are zero, and the stage's
//! weight has zeros for them. So every algorithm takes a joined input as any other.

use crate::conv::geometry::Geometry;
use crate::conv::stage::{Resize, Skip, Stage};
use crate::layout::weight_blocks::TAPS;
use crate::simd::BLOCK;

/// A skip connection of one stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Join {
    /// The earlier stage that it comes from.
    pub(crate) source: usize,
    /// Whether what the stage before gives is upsampled on the way.
    pub(crate) upsamples: bool,
    /// Channels that the stage before gives.
    before: usize,
    /// Channels of the earlier stage, where they are concatenated.
    concatenated: Option<usize>,
    /// Whether each source is convolved alone.
    pub(crate) is_pair: bool,
}

impl Join {
    /// That of stage `index`, whose stage before has the geometry `before`; `None` where it has none. It `may_be_pair` if an
    /// algorithm of blocked maps computes it.
    pub(crate) fn new(
        index: usize,
        stage: &Stage,
        before: Option<&Geometry>,
        may_be_pair: bool,
    ) -> Option<Self> {
        let skip = stage.skip?;
        let before = before?.stage.output_channels;
        Some(Self {
            source: skip.source(),
            upsamples: stage.resize == Resize::Upsample,
            // The neighbor's buffers are one and the same: it is joined.
            is_pair: may_be_pair
                && stage.resize == Resize::Upsample
                && matches!(skip, Skip::Concatenate(source) if source + 1 < index),
            before,
            concatenated: match skip {
                Skip::Concatenate(_) => Some(stage.input_channels - before),
                Skip::Add(_) => None,
            },
        })
    }

    /// The stage that convolves the joined input: it has been upsampled, and has the channels that fill up blocks. That of a
    /// pair has both sources' channels as they are, and upsamples the first.
    pub(crate) fn convolution(&self, stage: Stage) -> Stage {
        if self.is_pair {
            return Stage {
                skip: None,
                ..stage
            };
        }
        Stage {
            input_channels: self.joined_channels(),
            resize: match stage.resize {
                Resize::Upsample => Resize::None,
                resize => resize,
            },
            skip: None,
            ..stage
        }
    }

    /// Channels of what the stage before gives.
    pub(crate) fn channels_before(&self) -> usize {
        self.before
    }

    /// Channels of the gradient that the earlier stage gets from this one: its own, or those of the joined input.
    pub(crate) fn gradient_channels(&self) -> usize {
        match self.concatenated {
            Some(channels) if self.is_pair => channels,
            _ => self.joined_channels(),
        }
    }

    /// Blocks of what the stage before gives.
    pub(crate) fn blocks_before(&self) -> usize {
        self.before.div_ceil(BLOCK)
    }

    /// The block of the joined input's gradient with which the earlier stage's channels begin.
    pub(crate) fn first_block(&self) -> usize {
        match self.concatenated {
            Some(_) if !self.is_pair => self.blocks_before(),
            _ => 0,
        }
    }

    /// Whether the earlier stage's channels are added to the others.
    pub(crate) fn adds(&self) -> bool {
        self.concatenated.is_none()
    }

    fn joined_channels(&self) -> usize {
        match self.concatenated {
            Some(channels) => self.blocks_before() * BLOCK + channels,
            None => self.before,
        }
    }

    /// Whether some channels of the joined input only fill up a block.
    pub(crate) fn is_filled_up(&self) -> bool {
        !self.is_pair && self.concatenated.is_some() && !self.before.is_multiple_of(BLOCK)
    }

    /// The weight with zeros for the channels that fill up a block.
    pub(crate) fn fill_up(&self, weight: &[f32], filled: &mut [f32]) {
        self.for_each_run(weight.len(), |from, to, count| {
            filled[to..to + count].copy_from_slice(&weight[from..from + count]);
        });
    }

    /// The reverse of [`Join::fill_up`].
    pub(crate) fn leave_out(&self, filled: &[f32], weight: &mut [f32]) {
        self.for_each_run(weight.len(), |to, from, count| {
            weight[to..to + count].copy_from_slice(&filled[from..from + count]);
        });
    }

    /// Calls `visit` with the places of the runs of a weight of `values` values, in it and in the filled one.
    fn for_each_run(&self, values: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let concatenated = self.concatenated.unwrap_or(0);
        let row = (self.before + concatenated) * TAPS;
        let filled_row = self.joined_channels() * TAPS;
        for output in 0..values / row {
            let (start, filled) = (output * row, output * filled_row);
            visit(start, filled, self.before * TAPS);
            let (start, filled) = (
                start + self.before * TAPS,
                filled + self.blocks_before() * BLOCK * TAPS,
            );
            visit(start, filled, concatenated * TAPS);
        }
    }
}
