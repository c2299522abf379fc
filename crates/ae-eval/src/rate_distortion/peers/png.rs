//! PNG, which loses nothing.

use ae_data::Image;

use super::kind::{CodedImage, PeerCodec};
use crate::anomaly::png_length::png_bytes;
use crate::error::EvalError;

#[derive(Debug)]
pub(super) struct Png;

impl PeerCodec for Png {
    fn name(&self) -> &'static str {
        "PNG"
    }

    fn qualities(&self) -> &'static [u8] {
        &[100]
    }

    fn setting(&self, _quality: u8) -> String {
        "lossless".to_owned()
    }

    fn most_side(&self) -> usize {
        65_535
    }

    fn code(&self, image: &Image, _quality: u8) -> Result<CodedImage, EvalError> {
        Ok(CodedImage {
            file_bytes: png_bytes(image)?,
            decoded: image.clone(),
        })
    }
}
