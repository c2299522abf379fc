//! JPEG, with Huffman tables of each file's own.

use ae_data::Image;

use super::kind::{CodedImage, PeerCodec};
use crate::error::EvalError;
use crate::jpeg::compress;

#[derive(Debug)]
pub(super) struct Jpeg;

impl PeerCodec for Jpeg {
    fn name(&self) -> &'static str {
        "JPEG"
    }

    fn qualities(&self) -> &'static [u8] {
        &[5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95]
    }

    fn most_side(&self) -> usize {
        65_535
    }

    fn code(&self, image: &Image, quality: u8) -> Result<CodedImage, EvalError> {
        let coded = compress(image, quality)?;
        Ok(CodedImage {
            file_bytes: coded.file_bytes,
            decoded: coded.reconstruction,
        })
    }
}
