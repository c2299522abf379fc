//! The marker segments that a JPEG stream is made of.

use crate::error::EvalError;

/// The marker of a quantization table (DQT), T.81, table B.1.
pub(super) const QUANTIZATION_TABLE: u8 = 0xDB;
const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// A marker segment of a JPEG stream, with the entropy-coded data that follows a scan's header.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    /// Marker, length and parameters.
    bytes: &'a [u8],
    pub(super) entropy_coded: &'a [u8],
}

/// Takes a stream apart, without its start and end markers (T.81, annex B.1).
pub(super) fn segments(file: &[u8]) -> Result<Vec<Segment<'_>>, EvalError> {
    let mut segments = Vec::new();
    let mut position = 2;
    loop {
        let breaks_off = || EvalError::JpegStream { position };
        let rest = file.get(position..).ok_or_else(breaks_off)?;
        let [0xFF, marker, ..] = *rest else {
            return Err(breaks_off());
        };
        if marker == END_OF_IMAGE {
            return Ok(segments);
        }
        let length = rest.get(2..4).ok_or_else(breaks_off)?;
        let length = 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
        let (bytes, rest) = rest.split_at_checked(length).ok_or_else(breaks_off)?;
        let mut entropy_coded: &[u8] = &[];
        if marker == START_OF_SCAN {
            // A marker ends the data, but not a stuffed zero or a restart marker.
            let end = rest
                .windows(2)
                .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7))
                .ok_or_else(breaks_off)?;
            entropy_coded = &rest[..end];
        }
        position += length + entropy_coded.len();
        segments.push(Segment {
            marker,
            bytes,
            entropy_coded,
        });
    }
}

/// The same stream without the quantization table that a single component cannot refer to.
pub(super) fn without_second_quantization_table(file: &[u8]) -> Result<Vec<u8>, EvalError> {
    let mut kept = Vec::with_capacity(file.len());
    kept.extend_from_slice(&file[..2]);
    for segment in segments(file)? {
        // The encoder writes one table a segment; its number is in the fifth byte's low half.
        let second = segment.marker == QUANTIZATION_TABLE
            && segment.bytes.len() == 69
            && segment.bytes[4] & 0x0F == 1;
        if !second {
            kept.extend_from_slice(segment.bytes);
            kept.extend_from_slice(segment.entropy_coded);
        }
    }
    kept.extend_from_slice(&[0xFF, END_OF_IMAGE]);
    Ok(kept)
}
