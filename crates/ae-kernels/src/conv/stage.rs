//! What a stack is made of.

use crate::activation::Activation;
use crate::error::KernelError;

/// The most stages of a stack with skip connections, which cannot be cut into operations of a few stages.
pub(crate) const MOST_STAGES: usize = 128;

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

/// What a stage takes besides the output of the stage before: a *skip connection*. It comes from an earlier stage, as its
/// activation gave it, before its pooling, and joins the stage's input after that one's upsampling, whose height and width
/// it must have.
///
/// # References
/// Ronneberger, Fischer and Brox 2015, "U-Net: Convolutional Networks for Biomedical Image Segmentation", section 2.
/// Mao, Shen and Yang 2016, "Image Restoration Using Very Deep Convolutional Encoder-Decoder Networks with Symmetric Skip
/// Connections", section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The stage of this index, its channels after those of the stage before, as in a U-Net.
    Concatenate(usize),
    /// The stage of this index, added to what the stage before gives, as in RED-Net.
    Add(usize),
}

impl Skip {
    /// The index of the earlier stage.
    pub fn source(self) -> usize {
        match self {
            Self::Concatenate(source) | Self::Add(source) => source,
        }
    }
}

/// A convolution of 3x3 with zero padding 1, or of 1x1 without, and stride 1, its bias, its activation, and perhaps a pooling after
/// it or an upsampling before it, and a skip connection that joins its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Channels of the convolution's input, those that a skip connection concatenates among them.
    pub input_channels: usize,
    /// Channels of the output.
    pub output_channels: usize,
    /// What is done to the sums.
    pub activation: Activation,
    /// What comes before or after.
    pub resize: Resize,
    /// Whether the sums have a bias.
    pub bias: bool,
    /// What else joins the input.
    pub skip: Option<Skip>,
    /// Whether the convolution is of 1x1: every pixel by itself. Such a stage has no upsampling and no skip connection.
    pub pointwise: bool,
}

impl Stage {
    /// A convolution with nothing before or after it but its activation.
    pub fn new(input_channels: usize, output_channels: usize, activation: Activation) -> Self {
        Self {
            input_channels,
            output_channels,
            activation,
            resize: Resize::None,
            bias: true,
            skip: None,
            pointwise: false,
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

    /// The same without a bias: all that it computes scales with its input (Mohan, Kadkhodaie, Simoncelli and
    /// Fernandez-Granda 2020, "Robust and Interpretable Blind Image Denoising via Bias-Free Convolutional Neural
    /// Networks").
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self {
            bias: false,
            ..self
        }
    }

    /// The same with a skip connection.
    #[must_use]
    pub fn with_skip(self, skip: Skip) -> Self {
        Self {
            skip: Some(skip),
            ..self
        }
    }

    /// The same with a convolution of 1x1.
    #[must_use]
    pub fn pointwise(self) -> Self {
        Self {
            pointwise: true,
            ..self
        }
    }

    /// Height and width of the convolution's window.
    pub(crate) fn window(&self) -> [usize; 2] {
        if self.pointwise { [1, 1] } else { [3, 3] }
    }

    /// Taps of the convolution's window: 9, or 1.
    pub fn taps(&self) -> usize {
        self.window().iter().product()
    }

    /// How many values its bias has.
    pub(crate) fn bias_values(&self) -> usize {
        if self.bias { self.output_channels } else { 0 }
    }

    /// How many values its weight has: `[output_channels, input_channels, 3, 3]`, or 1, 1.
    pub(crate) fn weight_values(&self) -> Result<usize, KernelError> {
        self.input_channels
            .checked_mul(self.output_channels)
            .and_then(|n| n.checked_mul(self.taps()))
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
        if self.pointwise && (self.resize == Resize::Upsample || self.skip.is_some()) {
            return Err(KernelError::Pointwise { stage: index });
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
    for (index, stage) in stages.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| stages[before]);
        let expected = match (before, stage.skip) {
            (None, None) => continue,
            (Some(before), None) => before.output_channels,
            (before, Some(skip)) => {
                let source = stages[..index].get(skip.source());
                let (Some(before), Some(source)) = (before, source) else {
                    return Err(KernelError::SkipSource {
                        stage: index,
                        source_stage: skip.source(),
                    });
                };
                joined_channels(index, skip, before.output_channels, source.output_channels)?
            }
        };
        if expected != stage.input_channels {
            return Err(KernelError::ChannelsDiffer {
                stage: index,
                expected,
                found: stage.input_channels,
            });
        }
    }
    let has_skips = stages.iter().any(|stage| stage.skip.is_some());
    if has_skips && stages.len() > MOST_STAGES {
        return Err(KernelError::TooManyStages {
            most: MOST_STAGES,
            found: stages.len(),
        });
    }
    Ok(())
}

/// Channels of what stage `stage` takes where a skip connection joins `before` channels with `source` ones.
fn joined_channels(
    stage: usize,
    skip: Skip,
    before: usize,
    source: usize,
) -> Result<usize, KernelError> {
    match skip {
        Skip::Concatenate(_) => before.checked_add(source).ok_or(KernelError::Overflow),
        Skip::Add(_) if before == source => Ok(before),
        Skip::Add(_) => Err(KernelError::AddedChannelsDiffer {
            stage,
            before,
            source_channels: source,
        }),
    }
}
