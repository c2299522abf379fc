//! What of a file is not read, or not as it is: a sentence each.

/// Of a picture in printing inks.
pub(crate) const CMYK: &str = "its colors are CMYK, and are read as RGB without a profile";
/// Of an animated PNG with a picture for programs that show no animations.
pub(crate) const STILL: &str = "its still picture, which is not part of the animation, is left out";
/// Of samples that are neither colors nor alpha.
pub(crate) const FILLING: &str =
    "each pixel has a value beside its colors of no stated meaning, which is left out";
/// Of metadata in Adobe's format.
pub(crate) const XMP: &str = "its XMP metadata is left out";
/// Of texts beside the picture.
pub(crate) const TEXTS: &str = "its comments and other texts are left out";
/// Of values in double precision.
pub(crate) const DOUBLES: &str = "its values of 64 bits are read as floating point of 32";
