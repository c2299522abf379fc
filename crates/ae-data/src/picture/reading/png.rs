//! The chunks of a PNG file: whether they are all there, and what they say beside the pixels.
//!
//! # References
//! W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 5 and 11.

use crate::picture::metadata::{Resolution, ResolutionUnit};

/// What the chunks of a PNG say.
#[derive(Debug, Default)]
pub(crate) struct PngChunks {
    pub(crate) resolution: Option<Resolution>,
    /// Frames and how often they are played, 0 for without end; nothing where there is no animation.
    pub(crate) animation: Option<(u32, u32)>,
}

/// Goes through the chunks to the last one, IEND; what follows it is of no interest.
///
/// # Errors
/// The file ends before it.
pub(crate) fn read_chunks(bytes: &[u8]) -> Result<PngChunks, &'static str> {
    let mut chunks = PngChunks::default();
    let mut rest = bytes.get(8..).unwrap_or(&[]);
    loop {
        let chunk = rest.split_at_checked(8).and_then(|(head, after)| {
            let length = u32::from_be_bytes(*head.first_chunk()?) as usize;
            let data = after.get(..length)?;
            // Four bytes of checksum.
            Some((&head[4..], data, after.get(length.checked_add(4)?..)?))
        });
        let Some((kind, data, after)) = chunk else {
            return Err("the PNG is truncated: its end is missing");
        };
        rest = after;
        match (kind, data) {
            (b"IEND", _) => return Ok(chunks),
            (b"pHYs", &[x1, x2, x3, x4, y1, y2, y3, y4, unit]) => {
                let x = u32::from_be_bytes([x1, x2, x3, x4]);
                let y = u32::from_be_bytes([y1, y2, y3, y4]);
                let unit = if unit == 1 {
                    ResolutionUnit::Meter
                } else {
                    ResolutionUnit::Ratio
                };
                chunks.resolution = (x > 0 && y > 0).then_some(Resolution {
                    x: f64::from(x),
                    y: f64::from(y),
                    unit,
                });
            }
            (b"acTL", &[f1, f2, f3, f4, p1, p2, p3, p4]) => {
                let frames = u32::from_be_bytes([f1, f2, f3, f4]);
                chunks.animation = Some((frames, u32::from_be_bytes([p1, p2, p3, p4])));
            }
            _ => {}
        }
    }
}
