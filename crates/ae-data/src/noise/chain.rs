//! Noises with their strengths, applied one after the other.

use ae_random::RandomStream;
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::image::ImageShape;
use crate::noise::kind::NoiseKind;

/// How strong a noise is: one strength, or a range from which each image draws its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strength {
    /// The same for every image.
    Fixed(f32),
    /// Drawn uniformly for each image, for blind denoising.
    Range {
        /// The smallest strength.
        low: f32,
        /// The largest strength.
        high: f32,
    },
}

impl Strength {
    fn draw(self, stream: &mut RandomStream) -> f32 {
        match self {
            Strength::Fixed(strength) => strength,
            // The rounding of the sum may pass `high` by a unit in the last place.
            Strength::Range { low, high } => (low + (high - low) * stream.uniform()).min(high),
        }
    }
}

/// One noise of a chain: a kind and its strength, or its two, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    kind: NoiseKind,
    strength: Strength,
    /// Of a kind that has two.
    second: Option<Strength>,
}

impl Noise {
    /// Joins a kind and a strength; where the kind has a second one, that is 0.
    ///
    /// # Errors
    /// If a strength is negative, not finite or above [`NoiseKind::maximum_strength`], or a range goes downwards.
    pub fn new(kind: NoiseKind, strength: Strength) -> Result<Noise, DataError> {
        let noise = Noise {
            kind,
            strength,
            second: kind.second().map(|_| Strength::Fixed(0.0)),
        };
        noise.check(strength, kind.strength_meaning(), kind.maximum_strength())?;
        Ok(noise)
    }

    /// The same noise with its second strength.
    ///
    /// # Errors
    /// If its kind has only one, or as [`new`](Self::new) for the second.
    pub fn with_second(mut self, strength: Strength) -> Result<Noise, DataError> {
        let Some(second) = self.kind.second() else {
            let written = format!("{self}:{strength}");
            return Err(invalid_noise(written, "one strength"));
        };
        self.second = Some(strength);
        self.check(strength, second.meaning, second.maximum)?;
        Ok(self)
    }

    fn check(&self, strength: Strength, meaning: &str, maximum: f32) -> Result<(), DataError> {
        let check = |value: f32| {
            // False for what is not a number.
            if (0.0..=maximum).contains(&value) {
                Ok(())
            } else {
                let hint = self
                    .on_the_other_scale()
                    .map_or_else(String::new, |hint| format!("; {hint}"));
                Err(invalid_noise(
                    self,
                    format!("a strength ({meaning}) between 0 and {maximum}{hint}"),
                ))
            }
        };
        match strength {
            Strength::Fixed(value) => check(value)?,
            Strength::Range { low, high } => {
                check(low)?;
                check(high)?;
                if low > high {
                    return Err(invalid_noise(self, "a range that goes upwards"));
                }
            }
        }
        Ok(())
    }

    /// How the noise is written if its strength was meant on the scale that it seems to be on: of 255 in pixel values, of
    /// 100 in shares. `None` where it is not above 1, nor within that scale.
    fn on_the_other_scale(&self) -> Option<String> {
        let scale = self.kind.other_scale()?;
        let (low, high) = match self.strength {
            Strength::Fixed(value) => (value, value),
            Strength::Range { low, high } => (low, high),
        };
        let is_meant = low >= 0.0 && high > 1.0 && high <= scale;
        is_meant.then(|| {
            let strength = match self.strength {
                Strength::Fixed(value) => format!("{value}/{scale}"),
                Strength::Range { low, high } => format!("{low}/{scale}..{high}/{scale}"),
            };
            let kind = self.kind;
            format!("on a scale of 0 to {scale} it is written {kind}:{strength}")
        })
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> NoiseKind {
        self.kind
    }

    /// How much of it.
    #[must_use]
    pub fn strength(&self) -> Strength {
        self.strength
    }

    /// How much of its second part, of a kind that has two.
    #[must_use]
    pub fn second_strength(&self) -> Option<Strength> {
        self.second
    }
}

/// Noises applied one after the other, written `gaussian:0.5`, `gaussian:25/255`, `gaussian:0.1..0.6` or
/// `gaussian:0.3,masking:0.1`.
///
/// The default, written `none`, leaves images as they are. What comes of it is clipped to `[0, 1]`, unless the chain ends
/// with `clip:off`, as in `gaussian:25/255,clip:off`: so the literature measures denoisers, and clipped noise has a mean
/// that is not 0 in what is dark or bright.
///
/// ```
/// use ae_data::{ImageShape, NoiseChain};
/// use ae_random::{Draw, Purpose};
///
/// let noise: NoiseChain = "gaussian:0.1..0.6,masking:0.1".parse()?;
/// let mut values = vec![0.5; 28 * 28];
/// let draw = Draw { seed: 1, purpose: Purpose::Noise, epoch: 0, index: 0 };
/// noise.apply(ImageShape::new(1, 28, 28), &mut values, &mut draw.stream());
/// assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
/// assert_eq!(noise.to_string(), "gaussian:0.1..0.6,masking:0.1");
/// # Ok::<(), ae_data::DataError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoiseChain {
    noises: Vec<Noise>,
    is_unclipped: bool,
}

impl NoiseChain {
    /// A chain of `noises`, the first of them applied first.
    #[must_use]
    pub fn new(noises: Vec<Noise>) -> NoiseChain {
        NoiseChain {
            noises,
            is_unclipped: false,
        }
    }

    /// The same noises, clipped to `[0, 1]` after the last of them or not.
    #[must_use]
    pub fn with_clipping(mut self, clips: bool) -> NoiseChain {
        self.is_unclipped = !clips;
        self
    }

    /// Whether what comes of the noises is clipped to `[0, 1]`.
    #[must_use]
    pub fn clips(&self) -> bool {
        !self.is_unclipped
    }

    /// The chain's noises, the first of them applied first.
    #[must_use]
    pub fn noises(&self) -> &[Noise] {
        &self.noises
    }

    /// Whether images are left as they are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.noises.is_empty()
    }

    /// What to tell somebody who may have meant another scale, a sentence for each noise whose strength is above 1 where
    /// 1 is the full range of a pixel: such noise leaves little of an image.
    ///
    /// ```
    /// let noise: ae_data::NoiseChain = "gaussian:10".parse()?;
    /// let hint = "gaussian:10 is 10 times the full range of a pixel; on a scale of 0 to 255 it is written gaussian:10/255";
    /// assert_eq!(noise.scale_hints(), [hint]);
    /// assert!("gaussian:10/255".parse::<ae_data::NoiseChain>()?.scale_hints().is_empty());
    /// # Ok::<(), ae_data::DataError>(())
    /// ```
    #[must_use]
    pub fn scale_hints(&self) -> Vec<String> {
        let hint = |noise: &Noise| {
            let written = noise.on_the_other_scale()?;
            let strength = noise.strength;
            Some(format!(
                "{noise} is {strength} times the full range of a pixel; {written}"
            ))
        };
        self.noises.iter().filter_map(hint).collect()
    }

    /// Applies the noises to one image and clips the result to `[0, 1]`, unless the chain [doesn't](Self::clips).
    ///
    /// Only the last noise is followed by clipping; a value that is not a number becomes 0.
    ///
    /// # Shapes
    /// - `values`: `[channels, height, width]`, pixels in `[0, 1]`
    ///
    /// # Panics
    /// If `values` is not as long as `shape` says.
    pub fn apply(&self, shape: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
        assert_eq!(
            values.len(),
            shape.values(),
            "an image of shape {shape} has {} values",
            shape.values()
        );
        if self.is_empty() {
            return;
        }
        for noise in &self.noises {
            let strength = noise.strength.draw(stream);
            let second = noise.second.map_or(0.0, |second| second.draw(stream));
            noise.kind.apply([strength, second], shape, values, stream);
        }
        let clips = self.clips();
        for value in values {
            *value = if value.is_nan() {
                0.0
            } else if clips {
                value.clamp(0.0, 1.0)
            } else {
                *value
            };
        }
    }
}

/// The error for a noise that reads `noise` where `expected` was expected.
pub(crate) fn invalid_noise(noise: impl ToString, expected: impl Into<String>) -> DataError {
    DataError::InvalidValue {
        what: "noise",
        value: noise.to_string(),
        expected: expected.into(),
    }
}
