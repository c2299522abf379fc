//! WebP, without loss. Animations cannot be written.

use ::image::ImageEncoder as _;
use ::image::codecs::webp::WebPEncoder;
use ::image::error::UnsupportedError;

use crate::picture::format::PictureFormat;
use crate::picture::page::Page;
use crate::picture::writing::kind::{
    About, Alpha, Channels, Encode, EncodeError, Holds, Pages, WritableFormat,
};
use crate::picture::writing::kinds::of_image_crate::{dynamic, error};

pub(super) static WEBP: WritableFormat = WritableFormat {
    format: PictureFormat::WebP,
    extensions: &["webp"],
    holds: |_| Holds {
        bits: &[8],
        channels: Channels {
            gray: false,
            color: true,
            alpha: Alpha::WithColor,
        },
        pages: Pages::One,
        icc_profile: true,
        exif: true,
        resolution: false,
    },
    encode: Encode::One(encode),
};

fn encode(page: &Page, about: &About<'_>) -> Result<Vec<u8>, EncodeError> {
    let refused = |error: UnsupportedError| EncodeError::Format(error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    // Gray becomes color here, which a profile of gray does not describe.
    let profile = about.metadata.icc_profile.as_ref();
    if let Some(profile) = profile.filter(|_| !about.metadata.has_gray_profile()) {
        encoder.set_icc_profile(profile.clone()).map_err(refused)?;
    }
    if let Some(exif) = &about.metadata.exif {
        encoder.set_exif_metadata(exif.clone()).map_err(refused)?;
    }
    dynamic(page)?.write_with_encoder(encoder).map_err(error)?;
    Ok(bytes)
}
