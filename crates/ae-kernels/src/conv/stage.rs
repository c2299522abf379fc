//! What a stack is made of.

use crate::activation::Activation;
use crate::error::KernelError;

/// What comes before or after a stage's convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resize {
    /// Nothing.
    #[default]
    None,
    /// 2x2 max-pooling with stride 2 after the activation; an odd last line or column is left out.
    MaxPool,
    /// Nearest upsampling x2 before the convolution.
    Upsample,
}

/// A 3x3 convolution with zero padding 1 and stride 1, its bias, its activation, and perhaps a pooling after
/// it or an upsampling before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Channels of the input.
    pub input_channels: usize,
    /// Channels of the output.
    pub output_channels: usize,
    /// What is done to the sums.
    pub activation: Activation,
    /// What comes before or after.
    pub resize: Resize,
}

impl Stage {
    /// A convolution with nothing before or after it but its activation.
    pub fn new(input_channels: usize, output_channels: usize, activation: Activation) -> Self {
        Self {
            input_channels,
            output_channels,
            activation,
            resize: Resize::None,
        }
    }

    /// The same with max-pooling after it.
    #[must_use]
    pub fn with_max_pool(self) -> Self {
        Self {
            resize: Resize::MaxPool,
            ..self
        }
    }

    /// The same with upsampling before it.
    #[must_use]
    pub fn with_upsample(self) -> Self {
        Self {
            resize: Resize::Upsample,
            ..self
        }
    }

    /// How many values its weight has: `[output_channels, input_channels, 3, 3]`.
    pub(crate) fn weight_values(&self) -> Result<usize, KernelError> {
        self.input_channels
            .checked_mul(self.output_channels)
            .and_then(|n| n.checked_mul(9))
            .ok_or(KernelError::Overflow)
    }

    fn check(&self, index: usize) -> Result<(), KernelError> {
        for (which, channels) in [
            ("input", self.input_channels),
            ("output", self.output_channels),
        ] {
            if channels == 0 {
                return Err(KernelError::NoChannels {
                    stage: index,
                    channels: format!("0 {which}"),
                });
            }
        }
        self.activation.check(index)
    }
}

/// How much rounding the choice of algorithm may add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Winograd's transforms where they are faster: gradients within 2e-6 of the largest.
    #[default]
    Fast,
    /// Direct sums only, and transforms that merely add: gradients within 1e-6 of the largest, mostly 5e-7.
    Exact,
}

/// Checks that a list of stages fits together.
pub(crate) fn check(stages: &[Stage]) -> Result<(), KernelError> {
    if stages.is_empty() {
        return Err(KernelError::NoStages);
    }
    for (index, stage) in stages.iter().enumerate() {
        stage.check(index)?;
    }
    for (index, pair) in stages.windows(2).enumerate() {
        if pair[0].output_channels != pair[1].input_channels {
            return Err(KernelError::ChannelsDiffer {
                stage: index + 1,
                expected: pair[0].output_channels,
                found: pair[1].input_channels,
            });
        }
    }
    Ok(())
}
