//! Windows' bitmaps.

use ::image::ImageFormat;

use crate::picture::format::PictureFormat;
use crate::picture::page::Page;
use crate::picture::writing::kind::{
    About, Alpha, Channels, Encode, EncodeError, Holds, Pages, WritableFormat,
};
use crate::picture::writing::kinds::of_image_crate::write;
use crate::picture::writing::kinds::resolution::per_meter;

/// Where the header has the pixels to a meter, along rows and columns: BITMAPINFOHEADER, after the file header.
const RESOLUTION_AT: usize = 14 + 24;

pub(super) static BMP: WritableFormat = WritableFormat {
    format: PictureFormat::Bmp,
    extensions: &["bmp", "dib"],
    holds: |_| Holds {
        bits: &[8],
        channels: Channels {
            gray: true,
            color: true,
            alpha: Alpha::WithColor,
        },
        pages: Pages::One,
        icc_profile: false,
        exif: false,
        resolution: true,
    },
    encode: Encode::One(encode),
};

fn encode(page: &Page, about: &About<'_>) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = write(page, ImageFormat::Bmp)?;
    // The encoder knows of no resolution.
    if let Some((x, y)) = about.metadata.resolution.as_ref().and_then(per_meter)
        && let Some(place) = bytes.get_mut(RESOLUTION_AT..RESOLUTION_AT + 8)
    {
        place[..4].copy_from_slice(&x.to_le_bytes());
        place[4..].copy_from_slice(&y.to_le_bytes());
    }
    Ok(bytes)
}
