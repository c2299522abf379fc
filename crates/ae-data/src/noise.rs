//! Noise: what a denoising autoencoder is asked to take away again.
//!
//! Strengths are in pixel units, where 1.0 is the full range from black to white.

mod apply;
mod parse;
mod poisson;

use std::fmt;

use ae_random::RandomStream;
use serde::{Deserialize, Serialize};

use self::parse::invalid_noise;
use crate::{DataError, ImageShape};

/// A kind of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoiseKind {
    /// Adds an independent normal number to each value; the strength is its standard deviation.
    Gaussian,
    /// Sets each value, with the strength as probability, to black or white, either as likely.
    ///
    /// # References
    /// P. Vincent et al. (2010), *Stacked denoising autoencoders*, section 3.3.
    SaltAndPepper,
    /// Sets each pixel, in all its channels, with the strength as probability, to black.
    ///
    /// # References
    /// P. Vincent et al. (2008), *Extracting and composing robust features with denoising autoencoders*, section 2.3.
    Masking,
    /// Sets one block of the image to black. The strength is the block's height as a share of the image's and its
    /// width as a share of the image's width; the block lies wholly inside, each place as likely.
    ///
    /// # References
    /// T. DeVries and G. W. Taylor (2017), *Improved regularization of convolutional neural networks with cutout*;
    /// there the block is a square that may reach over the edge.
    Cutout,
    /// Adds to each value its product with an independent normal number; the strength is the standard deviation of a
    /// white pixel.
    Speckle,
    /// Counts photons instead of measuring light: a value `v` becomes a Poisson number of mean `v / s²` times `s²`.
    /// The strength `s` is the standard deviation of a white pixel.
    Poisson,
    /// Smooths with a Gaussian; the strength is its standard deviation in pixels. Edges are replicated.
    Blur,
}

impl NoiseKind {
    /// Every kind, in the order in which they are listed for people.
    pub const ALL: [NoiseKind; 7] = [
        NoiseKind::Gaussian,
        NoiseKind::SaltAndPepper,
        NoiseKind::Masking,
        NoiseKind::Cutout,
        NoiseKind::Speckle,
        NoiseKind::Poisson,
        NoiseKind::Blur,
    ];

    /// The name by which it is parsed and printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            NoiseKind::Gaussian => "gaussian",
            NoiseKind::SaltAndPepper => "salt-and-pepper",
            NoiseKind::Masking => "masking",
            NoiseKind::Cutout => "cutout",
            NoiseKind::Speckle => "speckle",
            NoiseKind::Poisson => "poisson",
            NoiseKind::Blur => "blur",
        }
    }

    /// What the strength is.
    #[must_use]
    pub const fn strength_meaning(self) -> &'static str {
        match self {
            NoiseKind::Gaussian => "standard deviation",
            NoiseKind::SaltAndPepper => "share of the values",
            NoiseKind::Masking => "share of the pixels",
            NoiseKind::Cutout => "share of the height and of the width",
            NoiseKind::Speckle | NoiseKind::Poisson => "standard deviation of a white pixel",
            NoiseKind::Blur => "standard deviation in pixels",
        }
    }

    /// The largest strength accepted: beyond it lies a slip of the pen (a share above 1, a sigma on the scale of 255).
    #[must_use]
    pub const fn maximum_strength(self) -> f32 {
        match self {
            NoiseKind::SaltAndPepper | NoiseKind::Masking | NoiseKind::Cutout => 1.0,
            NoiseKind::Gaussian | NoiseKind::Speckle | NoiseKind::Poisson => 10.0,
            NoiseKind::Blur => 100.0,
        }
    }

    /// A strength that shows well what the noise does, for examples and help texts.
    #[must_use]
    pub const fn example_strength(self) -> f32 {
        match self {
            NoiseKind::Gaussian | NoiseKind::Speckle | NoiseKind::Cutout => 0.5,
            NoiseKind::SaltAndPepper | NoiseKind::Poisson => 0.2,
            NoiseKind::Masking => 0.3,
            NoiseKind::Blur => 1.0,
        }
    }
}

impl fmt::Display for NoiseKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

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
    fn draw(self, rng: &mut RandomStream) -> f32 {
        match self {
            Strength::Fixed(strength) => strength,
            // The rounding of the sum may pass `high` by a unit in the last place.
            Strength::Range { low, high } => (low + (high - low) * rng.uniform()).min(high),
        }
    }
}

/// One noise of a chain: a kind and its strength, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    kind: NoiseKind,
    strength: Strength,
}

impl Noise {
    /// Joins a kind and a strength.
    ///
    /// # Errors
    /// If a strength is negative, not finite or above [`NoiseKind::maximum_strength`], or a range goes downwards.
    pub fn new(kind: NoiseKind, strength: Strength) -> Result<Noise, DataError> {
        let noise = Noise { kind, strength };
        let check = |value: f32| {
            let maximum = kind.maximum_strength();
            let meaning = kind.strength_meaning();
            // False for what is not a number.
            if (0.0..=maximum).contains(&value) {
                Ok(())
            } else {
                Err(invalid_noise(
                    noise,
                    format!("a strength ({meaning}) between 0 and {maximum}"),
                ))
            }
        };
        match strength {
            Strength::Fixed(value) => check(value)?,
            Strength::Range { low, high } => {
                check(low)?;
                check(high)?;
                if low > high {
                    return Err(invalid_noise(noise, "a range that goes upwards"));
                }
            }
        }
        Ok(noise)
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
}

/// Noises applied one after the other, written `gaussian:0.5`, `gaussian:0.1..0.6` or `gaussian:0.3,masking:0.1`.
///
/// The default, written `none`, leaves images as they are.
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
}

impl NoiseChain {
    /// A chain of `noises`, the first of them applied first.
    #[must_use]
    pub fn new(noises: Vec<Noise>) -> NoiseChain {
        NoiseChain { noises }
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

    /// Applies the noises to one image and clips the result to `[0, 1]`.
    ///
    /// Only the last noise is followed by clipping; a value that is not a number becomes 0.
    ///
    /// # Shapes
    /// - `values`: `[channels, height, width]`, pixels in `[0, 1]`
    ///
    /// # Panics
    /// If `values` is not as long as `shape` says.
    pub fn apply(&self, shape: ImageShape, values: &mut [f32], rng: &mut RandomStream) {
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
            let strength = noise.strength.draw(rng);
            if strength > 0.0 {
                apply::apply(noise.kind, strength, shape, values, rng);
            }
        }
        for value in values {
            *value = if value.is_nan() {
                0.0
            } else {
                value.clamp(0.0, 1.0)
            };
        }
    }
}

/// When noise is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseDraw {
    /// Anew in each epoch: the model never sees the same noise twice.
    #[default]
    EachEpoch,
    /// Once, so that the noisy images are a fixed set, as in the classic tutorial.
    Once,
}

impl NoiseDraw {
    /// The epoch to name in a [`Draw`](ae_random::Draw) for what is drawn in `epoch`.
    #[must_use]
    pub fn epoch(self, epoch: u64) -> u64 {
        match self {
            NoiseDraw::EachEpoch => epoch,
            NoiseDraw::Once => 0,
        }
    }
}

#[cfg(test)]
mod tests;
