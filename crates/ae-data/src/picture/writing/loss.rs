//! What a picture loses in a format.

use std::fmt;

/// Something that a format cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Loss {
    /// Transparency; the picture is put on white.
    Alpha,
    /// Transparency between none and all.
    PartialAlpha,
    /// Color.
    Color,
    /// Bits of a value: `from` in the picture, `to` in the file.
    Bits {
        /// Those that the picture has, 32 being floating point.
        from: u8,
        /// Those that are written.
        to: u8,
    },
    /// More colors than fit in a palette of 256.
    Palette,
    /// The ICC color profile.
    IccProfile,
    /// What the values of a PNG mean.
    PngColors,
    /// The EXIF block.
    Exif,
    /// Pixels per inch or centimeter.
    Resolution,
    /// How long an animation's frames are shown.
    FrameTimes,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alpha => f.write_str("alpha (the picture is put on white)"),
            Self::PartialAlpha => f.write_str("partial transparency"),
            Self::Color => f.write_str("color"),
            Self::Bits { from: 32, to } => write!(f, "floating point ({to} bits are written)"),
            Self::Bits { from, to } => write!(f, "{from} bits ({to} are written)"),
            Self::Palette => f.write_str("more than 256 colors"),
            Self::IccProfile => f.write_str("the color profile"),
            Self::PngColors => f.write_str("its gamma and primaries (gAMA, cHRM)"),
            Self::Exif => f.write_str("EXIF"),
            Self::Resolution => f.write_str("the resolution"),
            Self::FrameTimes => f.write_str("the frames' times"),
        }
    }
}
