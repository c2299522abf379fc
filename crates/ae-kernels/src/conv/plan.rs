//! A stack compiled for one shape of image: geometry and algorithm of every stage.

use std::ops::Deref;

use crate::conv::algorithm::{Algorithm, Layout, Place};
use crate::conv::algorithms;
use crate::conv::geometry::Geometry;
use crate::conv::join::Join;
use crate::conv::pair::Pair;
use crate::conv::stage::{Precision, Stage};
use crate::error::KernelError;
use crate::layout::buffer::zero_floats;
use crate::layout::prepared::Prepared;
use crate::layout::weights::Weights;
use crate::simd::{BLOCK, Isa, Row};

/// One stage with everything that its shape decides.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The stage as the caller has it.
    pub(crate) stage: Stage,
    /// The convolution, of the joined input where there is a skip connection.
    pub(crate) geometry: Geometry,
    pub(crate) join: Option<Join>,
    pub(crate) algorithm: Chosen,
    /// Where the weight's gradient lies among the rows of a partial gradient, as the algorithm lays it out, and how many
    /// rows it has; the bias' rows follow.
    gradient_start: usize,
    gradient_rows: usize,
    bias_rows: usize,
}

/// The algorithm of a stage: one for its input, or one for each of its two sources.
#[derive(Clone, Debug)]
pub(crate) enum Chosen {
    One(&'static dyn Algorithm),
    Pair(Pair),
}

impl Deref for Chosen {
    type Target = dyn Algorithm;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::One(algorithm) => *algorithm,
            Self::Pair(pair) => pair,
        }
    }
}

impl Step {
    /// Lays out `weights` for the passes that are wanted, if they are others than the last time; transforms are left to the
    /// kernels where these are `on_the_fly`.
    pub(crate) fn prepare(
        &self,
        isa: Isa,
        weights: Weights<'_>,
        backward: bool,
        on_the_fly: bool,
        prepared: &mut Prepared,
    ) -> Result<(), KernelError> {
        let blocks = self.geometry.output_blocks();
        if prepared.begin(weights, blocks, backward, on_the_fly)? {
            return Ok(());
        }
        let weight = weights.weight;
        let lay_out = |weight: &[f32], prepared: &mut Prepared| {
            self.algorithm
                .lay_out(isa, &self.geometry, weight, backward, prepared)
        };
        match self.filled_up() {
            Some(join) => {
                let mut filled = zero_floats(self.geometry.stage.weight_values()?)?;
                join.fill_up(weight, &mut filled);
                lay_out(&filled, prepared)?;
            }
            None => lay_out(weight, prepared)?,
        }
        prepared.remember(weight, backward)
    }

    /// The skip connection, where channels of the joined input only fill up a block.
    fn filled_up(&self) -> Option<&Join> {
        self.join.as_ref().filter(|join| join.is_filled_up())
    }

    /// The stage's rows of a partial gradient: its weight's and its bias'.
    pub(crate) fn gradients<'a>(&self, partial: &'a mut [Row]) -> (&'a mut [Row], &'a mut [Row]) {
        let rows = &mut partial[self.gradient_start..][..self.gradient_rows + self.bias_rows];
        rows.split_at_mut(self.gradient_rows)
    }

    /// Puts zeros where the kernel adds to a partial gradient.
    pub(crate) fn clear_gradients(&self, partial: &mut [Row]) {
        let (weight, bias) = self.gradients(partial);
        if !self.algorithm.gathers_gradient() {
            weight.fill(Row::ZERO);
        }
        bias.fill(Row::ZERO);
    }

    /// The stage's gradients in PyTorch's layout, from a partial gradient.
    pub(crate) fn read_gradients(
        &self,
        partial: &[Row],
        weight: &mut [f32],
        bias: &mut [f32],
    ) -> Result<(), KernelError> {
        let (rows, bias_rows) = partial[self.gradient_start..].split_at(self.gradient_rows);
        for (values, row) in bias.chunks_mut(BLOCK).zip(bias_rows) {
            values.copy_from_slice(&row.0[..values.len()]);
        }
        match self.filled_up() {
            Some(join) => {
                let mut filled = zero_floats(self.geometry.stage.weight_values()?)?;
                self.algorithm
                    .read_gradient(&self.geometry, rows, &mut filled)?;
                join.leave_out(&filled, weight);
            }
            None => self.algorithm.read_gradient(&self.geometry, rows, weight)?,
        }
        Ok(())
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

impl Plan {
    pub(crate) fn new(
        stages: &[Stage],
        height: usize,
        width: usize,
        precision: Precision,
    ) -> Result<Self, KernelError> {
        let (mut height, mut width) = (height, width);
        let mut steps: Vec<Step> = Vec::with_capacity(stages.len());
        let mut gradient_start: usize = 0;
        for (index, stage) in stages.iter().enumerate() {
            let before = steps.last().map(|step| &step.geometry);
            let place = Place {
                is_first: index == 0,
                is_last: index + 1 == stages.len(),
            };
            let choose = |stage: &Stage| algorithms::choose(stage, place, precision);
            let is_blocked = |stage: &Stage| choose(stage).output_layout() == Layout::Blocked;
            let join = Join::new(index, stage, before, is_blocked(stage));
            let feeds_skip = stages
                .iter()
                .any(|other| other.skip.is_some_and(|skip| skip.source() == index));
            let convolution = join.map_or(*stage, |join| join.convolution(*stage));
            if let Some(join) = &join {
                let scale = if join.upsamples { 2 } else { 1 };
                let double = |length: usize| length.checked_mul(scale).ok_or(KernelError::Overflow);
                let (joined_height, joined_width) = (double(height)?, double(width)?);
                let sums = steps[join.source].geometry.sums;
                if (sums.height, sums.width) != (joined_height, joined_width) {
                    return Err(KernelError::SkipSize {
                        stage: index,
                        source_stage: join.source,
                        expected: [joined_height, joined_width],
                        found: [sums.height, sums.width],
                    });
                }
                if !join.is_pair {
                    (height, width) = (joined_height, joined_width);
                }
            }
            let geometry = Geometry::new(index, convolution, [height, width], feeds_skip)?;
            (height, width) = (geometry.output.height, geometry.output.width);
            let algorithm = match &join {
                Some(join) if join.is_pair => {
                    let before = join.channels_before();
                    let algorithms = Pair::stages(&convolution, before).each_ref().map(choose);
                    Chosen::Pair(Pair { algorithms, before })
                }
                _ => Chosen::One(choose(&convolution)),
            };
            let gradient_rows = algorithm
                .gradient_rows(&convolution)
                .ok_or(KernelError::Overflow)?;
            let bias_rows = if stage.bias {
                geometry.output_blocks()
            } else {
                0
            };
            let step = Step {
                stage: *stage,
                geometry,
                join,
                algorithm,
                gradient_start,
                gradient_rows,
                bias_rows,
            };
            gradient_start = gradient_start
                .checked_add(gradient_rows)
                .and_then(|n| n.checked_add(bias_rows))
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

    /// Where the gradients of stage `source` come from besides the stage after it: the stages that it has skip connections
    /// to, and the blocks of their joined inputs at which it begins.
    pub(crate) fn skips_from(&self, source: usize) -> impl Iterator<Item = (usize, usize)> {
        let joins = self.steps.iter().enumerate();
        joins.filter_map(move |(index, step)| {
            let join = step.join.filter(|join| join.source == source)?;
            Some((index, join.first_block()))
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
            let geometry = &step.geometry;
            let positions = geometry.sums.area.saturating_add(geometry.output.area);
            let rows = positions.saturating_mul(geometry.output_blocks());
            let joined = step.join.map_or(0, |join| {
                let blocks = join.gradient_channels().div_ceil(BLOCK);
                geometry.sums.area.saturating_mul(blocks)
            });
            rows.saturating_add(joined).saturating_mul(size_of::<Row>())
        };
        self.steps.iter().map(bytes).fold(0, usize::saturating_add)
    }

    /// Values of one input image.
    pub(crate) fn input_values(&self) -> usize {
        self.input_channels * self.first().geometry.input.pixels()
    }

    /// Values of one output image.
    pub(crate) fn output_values(&self) -> usize {
        let last = &self.last().geometry;
        last.stage.output_channels * last.output.pixels()
    }
}
