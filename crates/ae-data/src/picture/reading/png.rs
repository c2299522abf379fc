//! The chunks of a PNG file: whether they are all there, and what they say beside the pixels.
//!
//! # References
//! W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 5 and 11.

use crate::picture::metadata::{PngColors, Resolution, ResolutionUnit};

/// What the chunks of a PNG say.
#[derive(Debug, Default)]
pub(crate) struct PngChunks {
    pub(crate) resolution: Option<Resolution>,
    /// Frames and how often they are played, 0 for without end; nothing where there is no animation.
    pub(crate) animation: Option<(u32, u32)>,
    /// Whether there is a picture beside the frames of an animation of several.
    pub(crate) has_still: bool,
    pub(crate) colors: Option<PngColors>,
    pub(crate) has_xmp: bool,
    pub(crate) has_texts: bool,
}

/// Goes through the chunks to the last one, IEND; what follows it is of no interest.
///
/// # Errors
/// The file ends before it.
pub(crate) fn read_chunks(bytes: &[u8]) -> Result<PngChunks, &'static str> {
    let mut chunks = PngChunks::default();
    let mut colors = PngColors::default();
    let mut is_told_otherwise = false;
    let mut has_frame = false;
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
            (b"IEND", _) => {
                // Of one frame it is the still picture that is read.
                chunks.has_still &= chunks.animation.is_some_and(|(frames, _)| frames > 1);
                let is_kept = !is_told_otherwise && !colors.are_usual();
                chunks.colors = is_kept.then_some(colors);
                return Ok(chunks);
            }
            (b"gAMA", &[g1, g2, g3, g4]) => {
                colors.gamma = Some(u32::from_be_bytes([g1, g2, g3, g4]));
            }
            (b"cHRM", data) if data.len() == 32 => {
                let numbers = data.as_chunks::<4>().0;
                colors.chromaticities = Some(std::array::from_fn(|index| {
                    u32::from_be_bytes(numbers[index])
                }));
            }
            (b"iCCP" | b"sRGB", _) => is_told_otherwise = true,
            (b"fcTL", _) => has_frame = true,
            (b"iTXt", data) if data.starts_with(b"XML:com.adobe.xmp\0") => chunks.has_xmp = true,
            (b"tEXt" | b"zTXt" | b"iTXt", _) => chunks.has_texts = true,
            (b"IDAT", _) => chunks.has_still |= !has_frame,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and content.
    type Chunk<'a> = (&'a [u8; 4], &'a [u8]);

    const END: Chunk<'_> = (b"IEND", &[]);

    /// A file of these chunks, whose checksums nobody reads.
    fn file(chunks: &[Chunk<'_>]) -> Vec<u8> {
        let mut bytes = vec![0; 8];
        for (kind, data) in chunks {
            bytes.extend((data.len() as u32).to_be_bytes());
            bytes.extend(*kind);
            bytes.extend(*data);
            bytes.extend([0; 4]);
        }
        bytes
    }

    #[test]
    fn a_still_picture_is_what_comes_before_the_first_frame_of_an_animation() {
        let animation: Chunk<'_> = (b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
        let [frame, data, more]: [Chunk<'_>; 3] = [(b"fcTL", &[]), (b"IDAT", &[]), (b"fdAT", &[])];
        let of_one: Chunk<'_> = (b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
        for (chunks, has_still) in [
            (vec![data, data, END], false),
            (vec![of_one, data, frame, more, END], false),
            (vec![animation, frame, data, data, frame, more, END], false),
            (
                vec![animation, data, data, frame, more, frame, more, END],
                true,
            ),
        ] {
            let found = read_chunks(&file(&chunks)).unwrap();
            assert_eq!(found.has_still, has_still, "{chunks:?}");
        }
    }

    #[test]
    fn colors_are_those_that_no_profile_tells() {
        let gamma: Chunk<'_> = (b"gAMA", &[0, 1, 0x86, 0xa0]);
        let usual: Chunk<'_> = (b"gAMA", &[0, 0, 0xb1, 0x8f]);
        let colors = |chunks: &[Chunk<'_>]| read_chunks(&file(chunks)).unwrap().colors;
        let linear = PngColors {
            gamma: Some(100_000),
            chromaticities: None,
        };
        assert_eq!(colors(&[gamma, END]), Some(linear));
        assert_eq!(colors(&[gamma, (b"sRGB", &[0]), END]), None);
        assert_eq!(colors(&[usual, END]), None);
        assert_eq!(colors(&[END]), None);
    }
}
