//! What the safe interface refuses.

/// What the message of [`KernelError::Memory`] begins with. A pass over tensors has no way to give an error, and panics
/// with a message that has this text in it.
pub const OUT_OF_MEMORY: &str = "not enough memory";

/// Why a stack could not be built or run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelError {
    /// A stack of no stages.
    #[error("a stack needs at least one stage")]
    NoStages,
    /// A stage without input or output channels.
    #[error("stage {stage}: {channels} channels")]
    NoChannels {
        /// Index of the stage.
        stage: usize,
        /// `input` or `output` and the count.
        channels: String,
    },
    /// Two neighboring stages that do not fit.
    #[error("stage {stage} takes {found} channels but the stage before gives {expected}")]
    ChannelsDiffer {
        /// Index of the second stage.
        stage: usize,
        /// What the stage before gives.
        expected: usize,
        /// What this one takes.
        found: usize,
    },
    /// A skip connection from a stage that does not come before.
    #[error(
        "stage {stage} cannot take the output of stage {source_stage}, which does not come before it"
    )]
    SkipSource {
        /// Index of the stage that takes it.
        stage: usize,
        /// Index of the stage that it comes from.
        source_stage: usize,
    },
    /// A skip connection that adds maps of different channels.
    #[error("stage {stage} cannot add {source_channels} channels to {before}")]
    AddedChannelsDiffer {
        /// Index of the stage that adds them.
        stage: usize,
        /// Channels of the stage before.
        before: usize,
        /// Channels of the skip connection.
        source_channels: usize,
    },
    /// A skip connection between maps of different sizes.
    #[error(
        "stage {stage} cannot join {}x{} pixels of stage {source_stage} with {}x{}: the input's height and width \
         must be divisible by two as often as they are halved",
        .found[1], .found[0], .expected[1], .expected[0]
    )]
    SkipSize {
        /// Index of the stage that joins them.
        stage: usize,
        /// Index of the stage that the skip connection comes from.
        source_stage: usize,
        /// Height and width of what the stage takes otherwise.
        expected: [usize; 2],
        /// Height and width of the skip connection.
        found: [usize; 2],
    },
    /// More stages than a stack with skip connections may have.
    #[error("{found} stages: a stack with skip connections has at most {most}")]
    TooManyStages {
        /// How many there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// A convolution of 1x1 whose input would have to be made first.
    #[error("stage {stage}: a convolution of 1x1 has no upsampling and no skip connection")]
    Pointwise {
        /// Index of the stage.
        stage: usize,
    },
    /// A leaky ReLU whose slope is outside `[0, 1]`: its gradient could not be told from its output.
    #[error("stage {stage}: the slope of a leaky ReLU must lie in [0, 1]")]
    Slope {
        /// Index of the stage.
        stage: usize,
    },
    /// An image that is empty, or that pooling shrinks to nothing.
    #[error("stage {stage}: no pixels left of an input of {width}x{height}")]
    NoPixels {
        /// Index of the stage.
        stage: usize,
        /// Height of the stage's input.
        height: usize,
        /// Width of the stage's input.
        width: usize,
    },
    /// A tensor of another shape than the plan was made for.
    #[error("{what} has {found} values, expected {expected}")]
    Length {
        /// Which tensor.
        what: String,
        /// How many values it should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// A tensor of another shape than the stack takes.
    #[error("{what} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which tensor.
        what: String,
        /// The shape it should have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// Another number of weights than of stages.
    #[error("{found} pairs of weight and bias for {expected} stages")]
    WeightCount {
        /// Stages of the stack.
        expected: usize,
        /// Pairs given.
        found: usize,
    },
    /// A batch of no images.
    #[error("a batch of no images")]
    EmptyBatch,
    /// The allocation of working buffers failed.
    #[error("{OUT_OF_MEMORY} for {bytes} bytes of working buffers")]
    Memory {
        /// What was asked for.
        bytes: usize,
    },
    /// A shape whose number of values does not fit the machine's integers.
    #[error("a shape too large to count its values")]
    Overflow,
}

/// An error that names what has another length than it should.
pub(crate) fn check_length(what: &str, expected: usize, found: usize) -> Result<(), KernelError> {
    if expected == found {
        return Ok(());
    }
    Err(KernelError::Length {
        what: what.to_owned(),
        expected,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_allocation_says_so_as_the_constant_does() {
        let message = KernelError::Memory { bytes: 12 }.to_string();
        assert_eq!(message, "not enough memory for 12 bytes of working buffers");
        assert!(message.starts_with(OUT_OF_MEMORY));
    }
}
