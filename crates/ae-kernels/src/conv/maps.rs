//! What a workspace holds besides its stages' own maps: the stack's input, joined inputs, and maps that forward passes pass on.

use crate::conv::algorithm::{Input, Layout};
use crate::conv::plan::Step;
use crate::error::KernelError;
use crate::layout::buffer::{Blocked, Frame, Planar};
use crate::simd::BLOCK;

/// Maps that no stage of a forward pass needs at the moment. A backward pass needs all of them, so with `training` there are
/// none.
#[derive(Debug, Default)]
pub(crate) struct Spare(pub(crate) Vec<Blocked>);

/// The stack's input in the layout that its first stage reads.
#[derive(Debug)]
pub(crate) enum Source {
    Planar(Planar),
    Blocked(Blocked),
}

/// A joined input.
#[derive(Debug)]
pub(crate) struct Joined {
    /// Between forward passes without `training` there is none.
    pub(crate) input: Option<Blocked>,
    /// Its gradient, for backward passes.
    pub(crate) gradient: Option<Blocked>,
}

impl Spare {
    /// A map of `channels` channels for `images` images.
    pub(crate) fn take(
        &mut self,
        frame: Frame,
        channels: usize,
        images: usize,
    ) -> Result<Blocked, KernelError> {
        let blocks = channels.div_ceil(BLOCK);
        // Every pixel will be written; the zeros around them are where they are for maps of the same frame.
        let fits =
            |map: &Blocked| map.frame == frame && map.blocks == blocks && map.images >= images;
        match self.0.iter().position(fits) {
            Some(index) => Ok(self.0.swap_remove(index)),
            None => Blocked::new(frame, channels, images),
        }
    }
}

impl Source {
    pub(crate) fn new(first: &Step, images: usize) -> Result<Self, KernelError> {
        let (frame, channels) = (first.geometry.input, first.geometry.stage.input_channels);
        Ok(match first.algorithm.input_layout() {
            Layout::Planar => Self::Planar(Planar::new(frame, channels, images)?),
            Layout::Blocked => Self::Blocked(Blocked::new(frame, channels, images)?),
        })
    }

    pub(crate) fn read(&mut self, values: &[f32], channels: usize) {
        match self {
            Self::Planar(input) => input.read(values),
            Self::Blocked(input) => input.read(values, channels),
        }
    }

    pub(crate) fn as_input(&self) -> Input<'_> {
        match self {
            Self::Planar(input) => Input::Planar(input),
            Self::Blocked(input) => Input::Blocked(input),
        }
    }
}

impl Joined {
    /// `None` for a stage without a skip connection. A pair is not joined: only the earlier stage's gradient has a buffer.
    pub(crate) fn new(
        step: &Step,
        images: usize,
        training: bool,
    ) -> Result<Option<Self>, KernelError> {
        let Some(join) = &step.join else {
            return Ok(None);
        };
        let frame = step.geometry.sums;
        let gradient = || Blocked::new(frame, join.gradient_channels(), images);
        Ok(Some(Self {
            input: (training && !join.is_pair).then(gradient).transpose()?,
            gradient: training.then(gradient).transpose()?,
        }))
    }

    /// The input's buffer, unless it is a pair.
    pub(crate) fn borrow_input(
        &mut self,
        step: &Step,
        images: usize,
        spare: &mut Spare,
    ) -> Result<(), KernelError> {
        if !step.join.is_some_and(|join| join.is_pair) {
            let (frame, channels) = (step.geometry.input, step.geometry.stage.input_channels);
            self.input = Some(spare.take(frame, channels, images)?);
        }
        Ok(())
    }

    pub(crate) fn input_mut(&mut self) -> &mut Blocked {
        self.input
            .as_mut()
            .expect("it was made or borrowed before its stage")
    }

    /// The input and its gradient.
    pub(crate) fn split(&mut self) -> (&Blocked, &mut Blocked) {
        let buffers = self.input.as_ref().zip(self.gradient.as_mut());
        buffers.expect("a training workspace has inputs and gradients")
    }

    pub(crate) fn gradient_mut(&mut self) -> &mut Blocked {
        self.gradient
            .as_mut()
            .expect("a training workspace has gradients")
    }
}
