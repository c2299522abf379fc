//! PGM, PPM and PAM: gray is P5, color P6, and what has alpha P7.
//!
//! # References
//! J. Poskanzer and B. Henderson, Netpbm: the manual pages `pgm(5)`, `ppm(5)` and `pam(5)`.

use crate::picture::format::PictureFormat;
use crate::picture::page::{Page, Samples};
use crate::picture::writing::kind::{
    About, Alpha, Channels, Encode, EncodeError, Holds, Pages, WritableFormat,
};

pub(super) static PNM: WritableFormat = WritableFormat {
    format: PictureFormat::Pnm,
    extensions: &["ppm", "pgm", "pnm", "pam"],
    holds: |extension| Holds {
        bits: &[8, 16],
        channels: Channels {
            gray: extension != "ppm",
            color: extension != "pgm",
            alpha: if extension == "pam" {
                Alpha::Any
            } else {
                Alpha::None
            },
        },
        pages: Pages::One,
        icc_profile: false,
        exif: false,
        resolution: false,
    },
    encode: Encode::One(encode),
};

fn encode(page: &Page, about: &About<'_>) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (page.size.width, page.size.height);
    let highest = highest(page);
    let mut bytes = match (about.extension, page.channels) {
        ("pam", channels) => {
            let kind = ["GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"][channels - 1];
            format!(
                "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {highest}\nTUPLTYPE {kind}\nENDHDR\n"
            )
        }
        (_, 1) => format!("P5\n{width} {height}\n{highest}\n"),
        _ => format!("P6\n{width} {height}\n{highest}\n"),
    }
    .into_bytes();
    match &page.samples {
        Samples::U8(values) => bytes.extend(values),
        Samples::U16(values) => bytes.extend(values.iter().flat_map(|value| value.to_be_bytes())),
        Samples::F32(_) => return Err(EncodeError::Format("PNM holds whole numbers".to_owned())),
    }
    Ok(bytes)
}

/// The value of white: that of 12 bits in words of 16 is kept, where nothing lies above it.
fn highest(page: &Page) -> u16 {
    match &page.samples {
        Samples::U8(_) | Samples::F32(_) => 255,
        Samples::U16(values) => {
            let high = page.range.high;
            let is_whole =
                page.range.low == 0.0 && high.fract() == 0.0 && (256.0..65_535.0).contains(&high);
            // Alpha of a page spans all 16 bits.
            let is_below = is_whole && values.iter().all(|&value| f32::from(value) <= high);
            if is_below { high as u16 } else { u16::MAX }
        }
    }
}
