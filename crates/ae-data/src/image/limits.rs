//! How large an image may be.

/// How large an image may be before it is refused.
///
/// All of it is checked before memory is taken, so that a few bytes that claim to be a gigantic image cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// The longest side, in pixels.
    pub max_side_pixels: usize,
    /// The most pixels: height times width.
    pub max_pixels: u64,
    /// The most memory one image may take while it is decoded.
    pub max_decoded_bytes: u64,
    /// The largest encoded file.
    pub max_file_bytes: u64,
}

impl ImageLimits {
    /// The usual limits, with another one for the pixels of a picture, and the memory that such a picture takes.
    #[must_use]
    pub fn with_max_pixels(max_pixels: Option<u64>) -> Self {
        let usual = Self::default();
        let Some(max_pixels) = max_pixels else {
            return usual;
        };
        // Four channels of four bytes; a side may be as long as all of the pixels, up to what formats can say.
        let bytes = max_pixels.saturating_mul(16);
        Self {
            max_side_pixels: usize::try_from(max_pixels.min(1 << 30))
                .unwrap_or(usize::MAX)
                .max(usual.max_side_pixels),
            max_pixels,
            max_decoded_bytes: bytes.max(usual.max_decoded_bytes),
            max_file_bytes: bytes.max(usual.max_file_bytes),
        }
    }
}

impl Default for ImageLimits {
    /// 32,768 pixels a side, 64 Mi pixels in all, 512 MiB decoded, 256 MiB encoded.
    fn default() -> Self {
        Self {
            max_side_pixels: 32_768,
            max_pixels: 1 << 26,
            max_decoded_bytes: 512 << 20,
            max_file_bytes: 256 << 20,
        }
    }
}
