//! farbfeld: 16 bits, color and alpha, and nothing else.

use ::image::ImageFormat;

use crate::picture::format::PictureFormat;
use crate::picture::writing::kind::{Alpha, Channels, Encode, Holds, Pages, WritableFormat};
use crate::picture::writing::kinds::of_image_crate::write;

pub(super) static FARBFELD: WritableFormat = WritableFormat {
    format: PictureFormat::Farbfeld,
    extensions: &["ff"],
    holds: |_| Holds {
        bits: &[16],
        channels: Channels {
            gray: false,
            color: true,
            alpha: Alpha::Always,
        },
        pages: Pages::One,
        icc_profile: false,
        exif: false,
        resolution: false,
    },
    encode: Encode::One(|page, _| write(page, ImageFormat::Farbfeld)),
};
