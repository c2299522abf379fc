//! What a codec says of itself and does.

use std::fmt::Debug;

use ae_data::Image;

use crate::error::EvalError;

/// A codec of image files.
pub trait PeerCodec: Debug + Sync {
    /// The name that it is known by.
    fn name(&self) -> &'static str;

    /// The settings that it is measured at, of the fewest bits first.
    fn qualities(&self) -> &'static [u8];

    /// A setting in words.
    fn setting(&self, quality: u8) -> String {
        format!("quality {quality}")
    }

    /// The longest side of a picture, in pixels.
    fn most_side(&self) -> usize;

    /// Codes an image and decodes it again.
    ///
    /// # Errors
    /// The image is none that the codec takes.
    fn code(&self, image: &Image, quality: u8) -> Result<CodedImage, EvalError>;
}

/// A file and what it is decoded to.
#[derive(Debug, Clone)]
pub struct CodedImage {
    /// Bytes of the file, headers and all.
    pub file_bytes: usize,
    /// What a decoder makes of it.
    pub decoded: Image,
}
