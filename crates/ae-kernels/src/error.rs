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
