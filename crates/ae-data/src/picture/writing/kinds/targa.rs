//! Targa.

use ::image::ImageFormat;

use crate::picture::format::PictureFormat;
use crate::picture::writing::kind::{Alpha, Channels, Encode, Holds, Pages, WritableFormat};
use crate::picture::writing::kinds::of_image_crate::write;

pub(super) static TARGA: WritableFormat = WritableFormat {
    format: PictureFormat::Tga,
    extensions: &["tga"],
    holds: |_| Holds {
        bits: &[8],
        channels: Channels {
            gray: true,
            color: true,
            alpha: Alpha::Any,
        },
        pages: Pages::One,
        icc_profile: false,
        exif: false,
        resolution: false,
    },
    encode: Encode::One(|page, _| write(page, ImageFormat::Tga)),
};
