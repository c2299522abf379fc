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

/// How a kind changes an image: by a function of its strengths, the image's shape and its values, and where random numbers
/// come from.
pub(crate) enum Apply {
    /// By one strength, above 0.
    One(fn(f32, ImageShape, &mut [f32], &mut RandomStream)),
    /// By two, either of which may be 0.
    Two(
        SecondStrength,
        fn([f32; 2], ImageShape, &mut [f32], &mut RandomStream),
    ),
}

/// What there is to say of the second strength of a kind that has two.
pub(crate) struct SecondStrength {
    /// What it is.
    pub(crate) meaning: &'static str,
    /// The largest accepted.
    pub(crate) maximum: f32,
    /// One that shows well what the noise does.
    pub(crate) example: f32,
}

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

    /// What the strength is, the first of those that have two.
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
        let first = self.example_strength();
        match self.second() {
            Some(second) => format!("{self}:{first}:{}", second.example),
            None => format!("{self}:{first}"),
        }
    }

    /// What the second strength is, of kinds that have two.
    #[must_use]
    pub const fn second_strength_meaning(self) -> Option<&'static str> {
        match self.second() {
            Some(second) => Some(second.meaning),
            None => None,
        }
    }

    /// The second strength of kinds that have two.
    pub(crate) const fn second(self) -> Option<&'static SecondStrength> {
        match &self.0.apply {
            Apply::One(_) => None,
            Apply::Two(second, _) => Some(second),
        }
    }

    /// Applies the noise with these strengths, the second of kinds that have two, without clipping.
    pub(crate) fn apply(
        self,
        [strength, second]: [f32; 2],
        shape: ImageShape,
        values: &mut [f32],
        stream: &mut RandomStream,
    ) {
        match self.0.apply {
            Apply::One(apply) if strength > 0.0 => apply(strength, shape, values, stream),
            Apply::One(_) => {}
            Apply::Two(_, apply) => apply([strength, second], shape, values, stream),
        }
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
