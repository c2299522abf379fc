//! What an algorithm for a stage's convolution has to say of itself.
//!
//! An algorithm is a file in `conv/algorithms` and a line of their list: it says which stages it is for, how their weights
//! lie, how much it computes, and gives the kernel of a stage, which keeps what it needs between its forward and its
//! backward pass. A stage asks through `dyn`, once for a group of images; what runs over pixels is the algorithm's own.

use std::fmt::Debug;

use crate::conv::geometry::Geometry;
use crate::conv::stage::{Precision, Stage};
use crate::error::KernelError;
use crate::layout::buffer::{Blocked, Planar};
use crate::layout::prepared::Prepared;
use crate::simd::{Isa, Row};

/// A way to compute a stage's convolution.
pub(crate) trait Algorithm: Debug + Sync {
    /// Its name, for a person to read.
    fn name(&self) -> &'static str;

    /// Whether it is for such a stage. The list's first that says so computes it.
    fn suits(&self, stage: &Stage, place: Place, precision: Precision) -> bool;

    /// How it wants its input.
    fn input_layout(&self) -> Layout {
        Layout::Blocked
    }

    /// How it gives its sums.
    fn output_layout(&self) -> Layout {
        Layout::Blocked
    }

    /// How many images of a group its kernels take at a time anyway, so that what comes before or after can be done while their
    /// sums are in cache; `None` where it is all of them.
    fn images_at_once(&self, _geometry: &Geometry) -> Option<usize> {
        None
    }

    /// Operations of its matrix products for one image.
    fn executed_operations(&self, geometry: &Geometry) -> u64;

    /// Rows of the weight's gradient; `None` where there are too many to count.
    fn gradient_rows(&self, stage: &Stage) -> Option<usize>;

    /// Whether its kernels write the weight's gradient of a part of the batch themselves, and need no zeros to add to.
    fn gathers_gradient(&self) -> bool {
        false
    }

    /// Whether its kernels had better transform the weights themselves in a training pass of `images` images.
    fn transforms_on_the_fly(&self, _geometry: &Geometry, _images: usize) -> bool {
        false
    }

    /// Lays out `weight` for forward passes and, if it is wanted, for backward ones.
    fn lay_out(
        &self,
        isa: Isa,
        geometry: &Geometry,
        weight: &[f32],
        backward: bool,
        prepared: &mut Prepared,
    ) -> Result<(), KernelError>;

    /// The weight's gradient in PyTorch's layout, from its [`Algorithm::gradient_rows`] rows.
    fn read_gradient(
        &self,
        geometry: &Geometry,
        rows: &[Row],
        weight: &mut [f32],
    ) -> Result<(), KernelError>;

    /// Rows of each working memory for up to `images` images, which stages share.
    fn scratch_rows(&self, _geometry: &Geometry, _images: usize, _training: bool) -> [usize; 3] {
        [0; 3]
    }

    /// The kernel of a stage for groups of up to `images` images, with `training` for backward passes too.
    fn kernel(
        &self,
        geometry: &Geometry,
        images: usize,
        training: bool,
    ) -> Result<Box<dyn Kernel>, KernelError>;
}

/// A stage's convolution in one thread, with the buffers that it alone has.
pub(crate) trait Kernel: Debug + Send {
    /// Convolves a group of images, with the bias and, where it is a matter of a slope, the activation.
    fn forward(&mut self, job: Job<'_>, input: Input<'_>, sums: Sums<'_>);

    /// From the gradient of the sums of the group that went forward last, adds those of weight and bias to theirs, and
    /// writes that of the input if it is wanted.
    fn backward(
        &mut self,
        job: Job<'_>,
        input: Input<'_>,
        sums_gradient: SumsGradient<'_>,
        parameters: ParameterGradients<'_>,
        target: Option<Target<'_>>,
    );

    /// Forgets the gradient that it gathered itself, before the first group of a part of the batch.
    fn begin_part(&mut self) {}

    /// Writes the gradient that it gathered itself, after the last group of a part.
    fn finish_part(&self, _isa: Isa, _weight_gradient: &mut [Row]) {}
}

/// Where a stage stands in its stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
}

/// How maps lie. Planar ones are the caller's, so only the first stage can take them and only the last give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Blocked,
    Planar,
}

/// What a kernel is given besides maps.
pub(crate) struct Job<'a> {
    pub(crate) isa: Isa,
    /// Images of the group, or one of them.
    pub(crate) images: usize,
    /// Which of the input's images is the first of the sums': 0 but where a group is taken in
    /// [portions](Algorithm::images_at_once).
    pub(crate) first: usize,
    pub(crate) geometry: &'a Geometry,
    pub(crate) weights: &'a Prepared,
    /// One row for each output block.
    pub(crate) bias: &'a [Row],
    /// Working memories of [`Algorithm::scratch_rows`] or more, one for each thread that forward passes are shared out to;
    /// backward passes have one.
    pub(crate) scratch: &'a mut [Scratch],
}

/// The working memories of one thread.
pub(crate) type Scratch = [Vec<Row>; 3];

/// A stage's input.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    Blocked(&'a Blocked),
    Planar(&'a Planar),
    /// What the stage before gives, before its upsampling, and what an earlier stage gives.
    Pair(&'a Blocked, &'a Blocked),
}

/// Where a stage's sums go.
pub(crate) enum Sums<'a> {
    Blocked(&'a mut Blocked),
    /// They are added to what is there, before the bias and the slope.
    Added(&'a mut Blocked),
    /// `[image][channel][height][width]`, to the caller.
    Values(&'a mut [f32]),
}

/// The gradient of a stage's sums.
#[derive(Clone, Copy)]
pub(crate) enum SumsGradient<'a> {
    Blocked(&'a Blocked),
    /// `[image][channel][height][width]`, from the caller.
    Values(&'a [f32]),
}

/// Where the gradients of a stage's parameters are added; that of the bias has no rows where there is none.
pub(crate) struct ParameterGradients<'a> {
    pub(crate) weight: &'a mut [Row],
    pub(crate) bias: &'a mut [Row],
}

/// Where the gradient to a stage's input goes.
pub(crate) enum Target<'a> {
    /// To the stage before, perhaps through its activation.
    Blocked {
        gradient: &'a mut Blocked,
        mask: Option<Mask<'a>>,
    },
    /// `[image][channel][height][width]`, to the caller.
    Values(&'a mut [f32]),
    /// To both sources of [`Input::Pair`]: to the stage before as above, and to the earlier one before its activation.
    Pair {
        gradient: &'a mut Blocked,
        mask: Option<Mask<'a>>,
        earlier: &'a mut Blocked,
    },
}

/// The activation whose gradient is applied: its output and its slope.
#[derive(Clone, Copy)]
pub(crate) struct Mask<'a> {
    pub(crate) output: &'a Blocked,
    pub(crate) slope: f32,
}

/// What a workspace gives is what the algorithm's layouts say.
const GIVEN: &str = "the algorithm's layouts say what it is given";

impl<'a> Input<'a> {
    pub(crate) fn blocked(self) -> &'a Blocked {
        match self {
            Self::Blocked(input) => input,
            Self::Planar(_) | Self::Pair(..) => unreachable!("{GIVEN}"),
        }
    }

    pub(crate) fn planar(self) -> &'a Planar {
        match self {
            Self::Planar(input) => input,
            Self::Blocked(_) | Self::Pair(..) => unreachable!("{GIVEN}"),
        }
    }

    pub(crate) fn pair(self) -> (&'a Blocked, &'a Blocked) {
        match self {
            Self::Pair(before, earlier) => (before, earlier),
            Self::Blocked(_) | Self::Planar(_) => unreachable!("{GIVEN}"),
        }
    }
}

impl<'a> Sums<'a> {
    pub(crate) fn blocked(self) -> &'a mut Blocked {
        self.blocked_or_added().0
    }

    /// Where they go, and whether they are added to what is there.
    pub(crate) fn blocked_or_added(self) -> (&'a mut Blocked, bool) {
        match self {
            Self::Blocked(sums) => (sums, false),
            Self::Added(sums) => (sums, true),
            Self::Values(_) => unreachable!("{GIVEN}"),
        }
    }

    pub(crate) fn values(self) -> &'a mut [f32] {
        match self {
            Self::Values(values) => values,
            Self::Blocked(_) | Self::Added(_) => unreachable!("{GIVEN}"),
        }
    }
}

impl<'a> SumsGradient<'a> {
    pub(crate) fn blocked(self) -> &'a Blocked {
        match self {
            Self::Blocked(gradient) => gradient,
            Self::Values(_) => unreachable!("{GIVEN}"),
        }
    }

    pub(crate) fn values(self) -> &'a [f32] {
        match self {
            Self::Values(values) => values,
            Self::Blocked(_) => unreachable!("{GIVEN}"),
        }
    }
}

impl<'a> Target<'a> {
    /// The same for a while.
    pub(crate) fn again(&mut self) -> Target<'_> {
        match self {
            Self::Blocked { gradient, mask } => Target::Blocked {
                gradient,
                mask: *mask,
            },
            Self::Values(values) => Target::Values(values),
            Self::Pair {
                gradient,
                mask,
                earlier,
            } => Target::Pair {
                gradient,
                mask: *mask,
                earlier,
            },
        }
    }

    pub(crate) fn blocked(self) -> (&'a mut Blocked, Option<Mask<'a>>) {
        match self {
            Self::Blocked { gradient, mask } => (gradient, mask),
            Self::Values(_) | Self::Pair { .. } => unreachable!("{GIVEN}"),
        }
    }

    pub(crate) fn values(self) -> &'a mut [f32] {
        match self {
            Self::Values(values) => values,
            Self::Blocked { .. } | Self::Pair { .. } => unreachable!("{GIVEN}"),
        }
    }

    /// Those of the stage before and of the earlier one.
    pub(crate) fn pair(self) -> [Self; 2] {
        match self {
            Self::Pair {
                gradient,
                mask,
                earlier,
            } => [
                Self::Blocked { gradient, mask },
                Self::Blocked {
                    gradient: earlier,
                    mask: None,
                },
            ],
            Self::Blocked { .. } | Self::Values(_) => unreachable!("{GIVEN}"),
        }
    }
}

/// Operations of a matrix product: a multiplication and an addition each.
pub(crate) fn product_operations(rows: usize, depth: usize, columns: usize) -> u64 {
    2 * (rows * depth * columns) as u64
}
