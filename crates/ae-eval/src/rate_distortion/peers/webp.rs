//! WebP with losses, by Google's library: `image` writes only WebP without.
#![expect(
    unsafe_code,
    reason = "libwebp is in C: one call of its simplest function, and one that frees what it gave"
)]

use std::ffi::{c_int, c_void};
use std::path::Path;
use std::{ptr, slice};

use ae_data::{Channels, Image, ImageOptions};

use super::kind::{CodedImage, PeerCodec};
use crate::error::EvalError;

/// The longest side that the format has.
const MOST_SIDE: usize = libwebp_sys::WEBP_MAX_DIMENSION as usize;

#[derive(Debug)]
pub(super) struct WebP;

impl PeerCodec for WebP {
    fn name(&self) -> &'static str {
        "WebP"
    }

    fn qualities(&self) -> &'static [u8] {
        &[0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100]
    }

    fn most_side(&self) -> usize {
        MOST_SIDE
    }

    fn code(&self, image: &Image, quality: u8) -> Result<CodedImage, EvalError> {
        let shape = image.shape();
        let failed = || EvalError::WebP { shape };
        let colored = image.clone().with_channels(Channels::Rgb).interleaved();
        let bytes = encode(&colored, shape.height, shape.width, quality).ok_or_else(failed)?;
        let options = ImageOptions {
            channels: Some(match shape.channels {
                1 => Channels::Gray,
                _ => Channels::Rgb,
            }),
            ..ImageOptions::default()
        };
        let decoded = Image::decode(&bytes, Path::new("a WebP file"), &options)?;
        if decoded.shape() != shape {
            return Err(failed());
        }
        Ok(CodedImage {
            file_bytes: bytes.len(),
            decoded,
        })
    }
}

/// A file of red, green and blue pixels by rows; nothing where the library refuses.
fn encode(pixels: &[u8], height: usize, width: usize, quality: u8) -> Option<Vec<u8>> {
    let is_whole = pixels.len() == 3 * height * width;
    if !is_whole || height.max(width) > MOST_SIDE || height.min(width) == 0 {
        return None;
    }
    let mut file = ptr::null_mut();
    // SAFETY: `pixels` has `height` rows of `3 * width` bytes, one after the other; sides fit, having been checked; `file` is
    // where the library puts the address of the bytes that it allocates.
    let length = unsafe {
        libwebp_sys::WebPEncodeRGB(
            pixels.as_ptr(),
            width as c_int,
            height as c_int,
            (3 * width) as c_int,
            f32::from(quality),
            &raw mut file,
        )
    };
    if length == 0 || file.is_null() {
        return None;
    }
    // SAFETY: the library has written `length` bytes there, and nothing else refers to them.
    let bytes = unsafe { slice::from_raw_parts(file, length) }.to_vec();
    // SAFETY: the library allocated them, and they are not used again.
    unsafe { libwebp_sys::WebPFree(file.cast::<c_void>()) };
    Some(bytes)
}
