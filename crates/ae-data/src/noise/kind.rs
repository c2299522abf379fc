//! What there is to say of a kind of noise, and the handle by which it is passed around.

use std::fmt;
use std::hash::{Hash, Hasher};

use ae_random::RandomStream;

use crate::image::ImageShape;

/// All there is to say of a kind of noise; each stands in a file of its own in `kinds/`.
pub(crate) struct Definition {
    /// The name by which it is parsed and printed.
    pub(crate) name: &'static str,
    /// What it does to an image, as a fragment that begins with a verb.
    pub(crate) effect: &'static str,
    /// What the strength is.
    pub(crate) strength_meaning: &'static str,
    /// The largest strength accepted.
    pub(crate) maximum_strength: f32,
    /// A strength that shows well what the noise does.
    pub(crate) example_strength: f32,
    /// What others call full strength where it is 1 here: 255 of pixel values, 100 of shares; `None` where the unit is
    /// another.
    pub(crate) other_scale: Option<f32>,
    /// Applies it to the values of one image, `[channels, height, width]`, without clipping.
    pub(crate) apply: Apply,
}

/// Takes the strength, the image's shape and its values, and where random numbers come from.
pub(crate) type Apply = fn(f32, ImageShape, &mut [f32], &mut RandomStream);

/// A kind of noise: one of [`NoiseKind::ALL`].
#[derive(Clone, Copy)]
pub struct NoiseKind(&'static Definition);

impl NoiseKind {
    pub(crate) const fn of(definition: &'static Definition) -> Self {
        Self(definition)
    }

    /// The name by which it is parsed and printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What it does to an image, as a fragment that begins with a verb.
    #[must_use]
    pub const fn effect(self) -> &'static str {
        self.0.effect
    }

    /// What the strength is.
    #[must_use]
    pub const fn strength_meaning(self) -> &'static str {
        self.0.strength_meaning
    }

    /// The largest strength accepted: beyond it lies a slip of the pen (a share above 1, a sigma on the scale of 255).
    #[must_use]
    pub const fn maximum_strength(self) -> f32 {
        self.0.maximum_strength
    }

    /// A strength that shows well what the noise does, for examples and help texts.
    #[must_use]
    pub const fn example_strength(self) -> f32 {
        self.0.example_strength
    }

    /// What others call full strength where it is 1 here.
    pub(crate) const fn other_scale(self) -> Option<f32> {
        self.0.other_scale
    }

    /// How the kind is written with that strength: `gaussian:0.5`.
    #[must_use]
    pub fn example(self) -> String {
        format!("{self}:{}", self.example_strength())
    }

    /// Applies the noise with a strength above 0, without clipping.
    pub(crate) fn apply(
        self,
        strength: f32,
        shape: ImageShape,
        values: &mut [f32],
        stream: &mut RandomStream,
    ) {
        (self.0.apply)(strength, shape, values, stream);
    }
}

impl PartialEq for NoiseKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for NoiseKind {}

impl Hash for NoiseKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for NoiseKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NoiseKind({})", self.name())
    }
}

impl fmt::Display for NoiseKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
