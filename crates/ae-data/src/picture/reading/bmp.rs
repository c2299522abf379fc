//! What the header of a Windows bitmap says that its decoder does not tell.
//!
//! # References
//! Microsoft, "Bitmap Storage", `BITMAPFILEHEADER` and `BITMAPINFOHEADER`.

use crate::picture::metadata::{Resolution, ResolutionUnit};

/// The length of the file's header, which the bitmap's follows.
const FILE_HEADER_BYTES: usize = 14;
/// That of the bitmap's header in OS/2, whose fields are shorter.
const CORE_HEADER_BYTES: usize = 12;

/// A header's parts.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct BmpHeader {
    /// Pixels to a length, where they are said.
    pub(crate) resolution: Option<Resolution>,
    /// Whether pixels are places in a palette of nothing but grays: how gray pictures are stored.
    pub(crate) is_gray: bool,
}

/// Reads the header; what is not there or not understood says nothing.
pub(crate) fn read_header(bytes: &[u8]) -> BmpHeader {
    BmpHeader {
        resolution: resolution(bytes),
        is_gray: palette(bytes).is_some_and(|(entries, size)| {
            !entries.is_empty()
                && entries
                    .chunks_exact(size)
                    .all(|entry| entry[0] == entry[1] && entry[1] == entry[2])
        }),
    }
}

fn resolution(bytes: &[u8]) -> Option<Resolution> {
    if header_bytes(bytes)? < 40 {
        return None;
    }
    let [x, y] = [word(bytes, 38)?, word(bytes, 42)?];
    (x > 0 && y > 0 && x <= i32::MAX as u32 && y <= i32::MAX as u32).then_some(Resolution {
        x: x.into(),
        y: y.into(),
        unit: ResolutionUnit::Meter,
    })
}

/// The palette, and the bytes of an entry of it, which begin with blue, green and red.
fn palette(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let header = header_bytes(bytes)?;
    let (bits, entry, used) = match header == CORE_HEADER_BYTES {
        true => (half_word(bytes, 24)?, 3, 0),
        false => (half_word(bytes, 28)?, 4, word(bytes, 46)? as usize),
    };
    if !matches!(bits, 1 | 2 | 4 | 8) {
        return None;
    }
    let count = 1 << bits;
    let used = if used == 0 { count } else { used.min(count) };
    let begin = FILE_HEADER_BYTES + header;
    Some((bytes.get(begin..begin + used * entry)?, entry))
}

fn header_bytes(bytes: &[u8]) -> Option<usize> {
    let header = word(bytes, FILE_HEADER_BYTES)? as usize;
    (header == CORE_HEADER_BYTES || (16..=4_096).contains(&header)).then_some(header)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

fn half_word(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of 40 bytes with so many bits a pixel, 2,835 and 3,000 pixels to a meter, and a palette of two colors.
    fn bitmap(bits: u16, palette: [[u8; 4]; 2]) -> Vec<u8> {
        let mut bytes = vec![0; 54];
        bytes[..2].copy_from_slice(b"BM");
        bytes[14..18].copy_from_slice(&40_u32.to_le_bytes());
        bytes[28..30].copy_from_slice(&bits.to_le_bytes());
        bytes[38..42].copy_from_slice(&2_835_u32.to_le_bytes());
        bytes[42..46].copy_from_slice(&3_000_u32.to_le_bytes());
        bytes[46..50].copy_from_slice(&2_u32.to_le_bytes());
        bytes.extend(palette.concat());
        bytes
    }

    #[test]
    fn a_palette_of_grays_is_gray_and_pixels_are_counted_to_the_meter() {
        let gray = [[0; 4], [200, 200, 200, 0]];
        let color = [[0; 4], [200, 201, 200, 0]];
        let resolution = Some(Resolution {
            x: 2_835.0,
            y: 3_000.0,
            unit: ResolutionUnit::Meter,
        });
        for (bits, palette, is_gray) in [
            (8, gray, true),
            (1, gray, true),
            (8, color, false),
            (24, gray, false),
        ] {
            let expected = BmpHeader {
                resolution,
                is_gray,
            };
            assert_eq!(read_header(&bitmap(bits, palette)), expected, "{bits}");
        }
        let whole = bitmap(8, gray);
        for length in 0..whole.len() {
            let header = read_header(&whole[..length]);
            assert!(!header.is_gray, "{length} bytes");
        }
    }
}
