//! The formats that can be written: each is a file here and an entry in the list, from which help and errors are made.

mod animation;
mod bmp;
mod farbfeld;
mod gif;
mod jpeg;
mod of_image_crate;
mod openexr;
mod png;
mod pnm;
mod qoi;
mod resolution;
mod targa;
mod tiff;
mod webp;

use crate::picture::writing::kind::WritableFormat;

/// Every format that can be written.
pub(super) static FORMATS: &[&WritableFormat] = &[
    &png::PNG,
    &jpeg::JPEG,
    &tiff::TIFF,
    &webp::WEBP,
    &gif::GIF,
    &bmp::BMP,
    &pnm::PNM,
    &qoi::QOI,
    &targa::TARGA,
    &farbfeld::FARBFELD,
    &openexr::OPENEXR,
];
