//! JPEG, read strictly: what is cut off is no picture.
//!
//! # References
//! ITU-T T.81 (1992), "Digital compression and coding of continuous-tone still images", annex B: markers and segments.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::picture::metadata::{JpegCoding, Resolution, ResolutionUnit};
use crate::picture::reading::jpeg_scans;

/// What an XMP packet's segment begins with (Adobe, "XMP Specification Part 3", section 1.1.3).
const XMP_NAMESPACE: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// What the markers of a JPEG say.
#[derive(Debug, Default)]
pub(crate) struct JpegMarkers {
    pub(crate) coding: Option<JpegCoding>,
    pub(crate) resolution: Option<Resolution>,
    pub(crate) has_xmp: bool,
    pub(crate) has_comment: bool,
}

/// Goes through the markers from the start of the image to its end.
///
/// # Errors
/// The file ends before the marker for the end of the image (EOI). What follows it is of no interest: cameras put
/// previews and other pictures there.
pub(crate) fn read_markers(bytes: &[u8]) -> Result<JpegMarkers, &'static str> {
    const TRUNCATED: &str = "the JPEG is truncated: its end marker is missing";
    let mut tables: [Option<[u16; 64]>; 4] = [None; 4];
    let mut frame: Option<Vec<[u8; 3]>> = None;
    let mut markers = JpegMarkers::default();
    let mut scans = 0;
    let mut rest = bytes.get(2..).ok_or(TRUNCATED)?;
    loop {
        let (marker, after) = next_marker(rest).ok_or(TRUNCATED)?;
        rest = after;
        match marker {
            0xD9 if scans == 0 => return Err("the JPEG has no picture before its end marker"),
            0xD9 => break,
            // Markers without a segment: TEM, restarts, another start.
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let length = rest
            .first_chunk()
            .map(|&bytes| usize::from(u16::from_be_bytes(bytes)))
            .ok_or(TRUNCATED)?;
        let segment = rest.get(2..length.max(2)).ok_or(TRUNCATED)?;
        rest = &rest[length.max(2)..];
        match marker {
            0xDB => read_tables(segment, &mut tables),
            // Start of frame, of any kind: height and width, then each component's number, sampling and table.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let components = segment.get(6..).unwrap_or(&[]).as_chunks::<3>().0;
                frame = Some(components.to_vec());
            }
            0xE1 => markers.has_xmp |= segment.starts_with(XMP_NAMESPACE),
            0xFE => markers.has_comment = true,
            0xE0 => markers.resolution = markers.resolution.or(jfif_resolution(segment)),
            0xDA => scans += 1,
            _ => {}
        }
    }
    markers.coding = frame.and_then(|components| coding(&components, &tables));
    Ok(markers)
}

/// Width and height that a JPEG's frame header claims.
pub(crate) fn frame_size(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut rest = bytes.get(2..)?;
    loop {
        let (marker, after) = next_marker(rest)?;
        rest = after;
        match marker {
            0x01 | 0xD0..=0xD8 => continue,
            0xD9 | 0xDA => return None,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?)).max(2);
        let segment = rest.get(2..length)?;
        if matches!(marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF) {
            let &[_, h1, h2, w1, w2, ..] = segment else {
                return None;
            };
            let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
            return Some((side(w1, w2), side(h1, h2)));
        }
        rest = &rest[length..];
    }
}

/// The next marker and what follows it. Stuffed zeros are no markers, and neither are the fill bytes before one.
fn next_marker(mut rest: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let at = rest.iter().position(|&byte| byte == 0xFF)?;
        rest = &rest[at + 1..];
        while let [0xFF, more @ ..] = rest {
            rest = more;
        }
        let (&marker, after) = rest.split_first()?;
        rest = after;
        if marker != 0 {
            return Some((marker, after));
        }
    }
}

/// Quantization tables of 8 or 16 bits, one after another.
fn read_tables(mut segment: &[u8], tables: &mut [Option<[u16; 64]>; 4]) {
    while let Some((&kind, values)) = segment.split_first() {
        let bytes = if kind >> 4 == 0 { 1 } else { 2 };
        let Some((values, after)) = values.split_at_checked(64 * bytes) else {
            return;
        };
        let mut table = [0; 64];
        for (entry, value) in table.iter_mut().zip(values.chunks_exact(bytes)) {
            *entry = value
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u16::from(byte));
        }
        if let Some(place) = tables.get_mut(usize::from(kind & 15)) {
            *place = Some(table);
        }
        segment = after;
    }
}

/// The density in a JFIF header: version, unit, x and y.
fn jfif_resolution(segment: &[u8]) -> Option<Resolution> {
    let [_, _, unit, x1, x2, y1, y2, ..] = *segment.strip_prefix(b"JFIF\0")? else {
        return None;
    };
    let unit = match unit {
        0 => ResolutionUnit::Ratio,
        1 => ResolutionUnit::Inch,
        2 => ResolutionUnit::Centimeter,
        _ => return None,
    };
    let (x, y) = (u16::from_be_bytes([x1, x2]), u16::from_be_bytes([y1, y2]));
    // One to one is what writers put there who know nothing.
    let says_nothing = x == 0 || y == 0 || unit == ResolutionUnit::Ratio && x == y;
    (!says_nothing).then_some(Resolution {
        x: f64::from(x),
        y: f64::from(y),
        unit,
    })
}

fn coding(components: &[[u8; 3]], tables: &[Option<[u16; 64]>; 4]) -> Option<JpegCoding> {
    let table = |component: &[u8; 3]| *tables.get(usize::from(component[2]))?;
    let first = components.first()?;
    let luminance = table(first)?;
    let chrominance = match components {
        [_, second, ..] => Some(table(second)?),
        _ => None,
    };
    let sampling = |component: &[u8; 3]| ((component[1] >> 4).max(1), (component[1] & 15).max(1));
    let subsampling = components.get(1).map_or((1, 1), |second| {
        let (luma, chroma) = (sampling(first), sampling(second));
        (luma.0 / chroma.0.min(luma.0), luma.1 / chroma.1.min(luma.1))
    });
    Some(JpegCoding {
        quality: quality_of(&luminance),
        luminance,
        chrominance,
        subsampling,
    })
}

/// The quality, 1 to 100, at which libjpeg's table of luminance comes nearest; of several, the highest.
fn quality_of(table: &[u16; 64]) -> u8 {
    let distance = |quality: u8| -> u64 {
        let quality = u32::from(quality);
        // libjpeg's jpeg_quality_scaling and jpeg_add_quant_table.
        let scale = if quality < 50 {
            5_000 / quality
        } else {
            200 - 2 * quality
        };
        LUMINANCE
            .iter()
            .zip(table)
            .map(|(&base, &found)| {
                let scaled = ((u32::from(base) * scale + 50) / 100).clamp(1, 255);
                u64::from(scaled.abs_diff(u32::from(found)))
            })
            .sum()
    };
    (1..=100)
        .rev()
        .min_by_key(|&quality| distance(quality))
        .unwrap_or(100)
}

/// T.81, table K.1, in zigzag order.
const LUMINANCE: [u8; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// Width, height and the channels that come out, from the headers alone.
pub(crate) struct JpegHeader {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    pub(crate) is_cmyk: bool,
    pub(crate) icc_profile: Option<Vec<u8>>,
    pub(crate) exif: Option<Vec<u8>>,
}

/// Reads the headers.
pub(crate) fn read_header(bytes: &[u8]) -> Result<JpegHeader, String> {
    let mut decoder = decoder(bytes, true);
    decoder
        .decode_headers()
        .map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("no size in the JPEG's header")?;
    let space = decoder
        .input_colorspace()
        .ok_or("no colors in the JPEG's header")?;
    Ok(JpegHeader {
        width,
        height,
        channels: if output(space) == ColorSpace::Luma {
            1
        } else {
            3
        },
        is_cmyk: matches!(space, ColorSpace::CMYK | ColorSpace::YCCK),
        icc_profile: decoder.icc_profile(),
        exif: decoder.exif().cloned(),
    })
}

/// Decodes the picture to gray or RGB, pixel by pixel.
///
/// # Errors
/// Anything of the coded data is missing or damaged.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<u8>, String> {
    match jpeg_scans::decode(bytes, decode_as_it_is)? {
        Some(pixels) => Ok(pixels),
        None => decode_as_it_is(bytes),
    }
}

fn decode_as_it_is(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let pixels = decode_with(bytes, true);
    match pixels {
        // The decoder's strictness has two sides: bytes between segments are harmless, and every other program takes them.
        Err(reason) if reason.contains("Extra bytes between headers") => decode_with(bytes, false),
        pixels => pixels,
    }
}

fn decode_with(bytes: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut decoder = decoder(bytes, strict);
    decoder
        .decode_headers()
        .map_err(|error| error.to_string())?;
    let space = decoder
        .input_colorspace()
        .ok_or("no colors in the JPEG's header")?;
    let options = decoder.options().jpeg_set_out_colorspace(output(space));
    decoder.set_options(options);
    decoder.decode().map_err(|error| error.to_string())
}

fn decoder(bytes: &[u8], strict: bool) -> JpegDecoder<ZCursor<&[u8]>> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
}

/// Gray stays gray; everything else, CMYK included, becomes RGB.
fn output(space: ColorSpace) -> ColorSpace {
    if space == ColorSpace::Luma {
        ColorSpace::Luma
    } else {
        ColorSpace::RGB
    }
}
