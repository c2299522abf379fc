//! One picture of a file: its samples as they are stored.

use std::time::Duration;

use crate::image::Size;

/// One picture of a file, upright, pixel by pixel.
///
/// # Shapes
/// - `samples`: `[height, width, channels]`
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Height and width.
    pub size: Size,
    /// 1 is gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha. Alpha is straight: colors are not multiplied by it.
    pub channels: usize,
    /// The values, alpha's among them.
    pub samples: Samples,
    /// The values that black and white have in all channels but alpha, whose range is that of the type: 0 to 1 for
    /// `f32`.
    pub range: ValueRange,
    /// How long a frame of an animation is shown.
    pub delay: Option<Duration>,
}

/// Values as a file stores them.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 8 bits and fewer, the latter brought to 8.
    U8(Vec<u8>),
    /// 9 to 16 bits, as the file has them: of 12 bits the highest is 4095, and [`Page::range`] says so.
    U16(Vec<u16>),
    /// Floating point.
    F32(Vec<f32>),
}

/// The values of black and white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueRange {
    /// Black.
    pub low: f32,
    /// White; above `low`.
    pub high: f32,
}

impl Samples {
    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bits of a value in memory: 8, 16 or 32.
    #[must_use]
    pub fn bits(&self) -> u8 {
        match self {
            Self::U8(_) => 8,
            Self::U16(_) => 16,
            Self::F32(_) => 32,
        }
    }

    /// The range of the type: all of its values for whole numbers, 0 to 1 for `f32`.
    #[must_use]
    pub fn full_range(&self) -> ValueRange {
        let high = match self {
            Self::U8(_) => 255.0,
            Self::U16(_) => 65_535.0,
            Self::F32(_) => 1.0,
        };
        ValueRange { low: 0.0, high }
    }
}

impl Page {
    /// Whether the last channel is alpha.
    #[must_use]
    pub fn has_alpha(&self) -> bool {
        matches!(self.channels, 2 | 4)
    }

    /// Whether any pixel is less than opaque.
    pub(crate) fn is_transparent(&self) -> bool {
        fn any<T: PartialOrd>(values: &[T], channels: usize, opaque: T) -> bool {
            let alphas = values.iter().skip(channels - 1).step_by(channels);
            alphas.into_iter().any(|alpha| *alpha < opaque)
        }
        self.has_alpha()
            && match &self.samples {
                Samples::U8(values) => any(values, self.channels, u8::MAX),
                Samples::U16(values) => any(values, self.channels, u16::MAX),
                Samples::F32(values) => any(values, self.channels, 1.0),
            }
    }

    /// Which pixels have an alpha of 0, so that nothing is seen of their colors, `[height, width]`; nothing where all are seen.
    #[must_use]
    pub fn invisible_pixels(&self) -> Option<Vec<bool>> {
        fn none_of<T: PartialOrd>(values: &[T], channels: usize, none: T) -> Vec<bool> {
            let alphas = values.iter().skip(channels - 1).step_by(channels);
            alphas.map(|alpha| *alpha <= none).collect()
        }
        if !self.has_alpha() {
            return None;
        }
        let invisible = match &self.samples {
            Samples::U8(values) => none_of(values, self.channels, 0),
            Samples::U16(values) => none_of(values, self.channels, 0),
            Samples::F32(values) => none_of(values, self.channels, 0.0),
        };
        invisible.contains(&true).then_some(invisible)
    }

    /// Channels without alpha: 1 or 3.
    #[must_use]
    pub fn color_channels(&self) -> usize {
        self.channels - usize::from(self.has_alpha())
    }
}
