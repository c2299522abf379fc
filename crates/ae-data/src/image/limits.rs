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
