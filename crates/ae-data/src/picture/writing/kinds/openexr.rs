//! OpenEXR: floating point.

use ::image::ImageFormat;

use crate::picture::format::PictureFormat;
use crate::picture::writing::kind::{Alpha, Channels, Encode, Holds, Pages, WritableFormat};
use crate::picture::writing::kinds::of_image_crate::write;

pub(super) static OPENEXR: WritableFormat = WritableFormat {
    format: PictureFormat::OpenExr,
    extensions: &["exr"],
    holds: |_| Holds {
        bits: &[32],
        channels: Channels {
            gray: false,
            color: true,
            alpha: Alpha::WithColor,
        },
        pages: Pages::One,
        icc_profile: false,
        exif: false,
        resolution: false,
    },
    encode: Encode::One(|page, _| write(page, ImageFormat::OpenExr)),
};
