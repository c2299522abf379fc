//! JPEG, at least as fine as the JPEG that came in.

use jpeg_encoder::{
    ChromaSubsamplingMethod, ColorType, Encoder, EncodingError, PixelDensity, PixelDensityUnit,
    QuantizationTableType, SamplingFactor,
};

use crate::picture::format::PictureFormat;
use crate::picture::metadata::{JpegCoding, Resolution, ResolutionUnit};
use crate::picture::page::{Page, Samples};
use crate::picture::writing::kind::{
    About, Alpha, Channels, Encode, EncodeError, Holds, Pages, WritableFormat,
};
use crate::picture::writing::kinds::resolution::by_inch_for_meter;

/// The quality where the input was no JPEG.
const QUALITY: u8 = 95;

/// The quality from which color is kept at every pixel, as jpeg-encoder has it.
const FULL_COLOR_QUALITY: u8 = 90;

pub(super) static JPEG: WritableFormat = WritableFormat {
    format: PictureFormat::Jpeg,
    extensions: &["jpg", "jpeg", "jpe", "jfif"],
    holds: |_| Holds {
        bits: &[8],
        channels: Channels {
            gray: true,
            color: true,
            alpha: Alpha::None,
        },
        pages: Pages::One,
        icc_profile: true,
        exif: true,
        resolution: true,
    },
    encode: Encode::One(encode),
};

fn encode(page: &Page, about: &About<'_>) -> Result<Vec<u8>, EncodeError> {
    let Samples::U8(values) = &page.samples else {
        return Err(EncodeError::Format("JPEG holds 8 bits".to_owned()));
    };
    let side = |side: usize| {
        u16::try_from(side).map_err(|_| {
            EncodeError::Format(format!(
                "{}: JPEG has at most 65535 pixels a side",
                page.size
            ))
        })
    };
    let (width, height) = (side(page.size.width)?, side(page.size.height)?);
    let metadata = about.metadata;
    let quality = about.quality.unwrap_or(QUALITY);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    // Huffman tables stay the usual ones: with optimized ones the encoder writes a scan for each component, of which
    // zune-jpeg, for one, reads half where the color is subsampled.
    match (&metadata.jpeg, about.quality) {
        (Some(coding), None) => keep_coding(&mut encoder, coding),
        (Some(coding), Some(quality)) if quality < FULL_COLOR_QUALITY => {
            keep_subsampling(&mut encoder, coding);
        }
        _ => {}
    }
    if let Some(density) = metadata.resolution.as_ref().and_then(density) {
        encoder.set_density(density);
    }
    if let Some(exif) = &metadata.exif {
        encoder.add_exif_metadata(exif).map_err(error)?;
    }
    if let Some(profile) = &metadata.icc_profile {
        encoder.add_icc_profile(profile).map_err(error)?;
    }
    let color = match page.channels {
        1 => ColorType::Luma,
        _ => ColorType::Rgb,
    };
    encoder
        .encode(values, width, height, color)
        .map_err(error)?;
    Ok(bytes)
}

/// The quantization tables and the subsampling of the JPEG that came in, which no number of quality says as exactly.
fn keep_coding(encoder: &mut Encoder<&mut Vec<u8>>, coding: &JpegCoding) {
    let luminance = natural_order(&coding.luminance);
    let chrominance = natural_order(coding.chrominance.as_ref().unwrap_or(&coding.luminance));
    encoder.set_quantization_tables(
        QuantizationTableType::Custom(Box::new(luminance)),
        QuantizationTableType::Custom(Box::new(chrominance)),
    );
    keep_subsampling(encoder, coding);
}

fn keep_subsampling(encoder: &mut Encoder<&mut Vec<u8>>, coding: &JpegCoding) {
    let (x, y) = coding.subsampling;
    // What has no counterpart keeps every pixel's color.
    encoder
        .set_sampling_factor(SamplingFactor::from_factors(x, y).unwrap_or(SamplingFactor::F_1_1));
}

/// From the zigzag order of the file to rows, and into the 8 bits that a table of a baseline JPEG has.
fn natural_order(zigzag: &[u16; 64]) -> [u16; 64] {
    let mut table = [1; 64];
    for (&place, &value) in ZIGZAG.iter().zip(zigzag) {
        table[usize::from(place)] = value.clamp(1, 255);
    }
    table
}

/// Where the values of a zigzag lie in an 8x8 block, row by row: ITU-R T.81 (1992), figure A.6.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Whole numbers of 16 bits by inch, by centimeter or to each other.
fn density(resolution: &Resolution) -> Option<PixelDensity> {
    let resolution = by_inch_for_meter(resolution);
    let unit = match resolution.unit {
        ResolutionUnit::Ratio => PixelDensityUnit::PixelAspectRatio,
        ResolutionUnit::Inch | ResolutionUnit::Meter => PixelDensityUnit::Inches,
        ResolutionUnit::Centimeter => PixelDensityUnit::Centimeters,
    };
    // A cast saturates.
    let whole = |value: f64| value.round() as u16;
    let density = (whole(resolution.x), whole(resolution.y));
    (density.0 > 0 && density.1 > 0).then_some(PixelDensity { density, unit })
}

fn error(error: EncodingError) -> EncodeError {
    match error {
        EncodingError::IoError(error) => EncodeError::Io(error),
        error => EncodeError::Format(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zigzag_has_every_place_once() {
        let mut places: Vec<_> = ZIGZAG.to_vec();
        places.sort_unstable();
        assert_eq!(places, (0..64).collect::<Vec<u8>>());
    }
}
