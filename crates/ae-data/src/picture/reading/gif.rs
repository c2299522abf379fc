//! The blocks of a GIF file: whether they are all there, and how many frames they hold.
//!
//! # References
//! CompuServe, "Graphics Interchange Format, Version 89a" (1990).

/// What the blocks of a GIF say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GifBlocks {
    pub(crate) frames: usize,
    /// How often it is played, 0 for without end.
    pub(crate) plays: Option<u32>,
    /// Whether there is a comment, or a text that is drawn over the pictures.
    pub(crate) has_texts: bool,
}

/// Goes through the blocks to the trailer; what follows it is of no interest.
///
/// # Errors
/// The file ends before it.
pub(crate) fn read_blocks(bytes: &[u8]) -> Result<GifBlocks, &'static str> {
    walk(bytes).ok_or("the GIF is truncated: its end is missing")
}

fn walk(bytes: &[u8]) -> Option<GifBlocks> {
    let mut blocks = GifBlocks::default();
    let mut rest = bytes.get(13 + table_bytes(*bytes.get(10)?)..)?;
    loop {
        let (&kind, after) = rest.split_first()?;
        match kind {
            0x3B => return Some(blocks),
            // An image: its place, perhaps a palette, the width of its codes, its data.
            0x2C => {
                let flags = *after.get(8)?;
                rest = skip_data(after.get(9 + table_bytes(flags) + 1..)?)?;
                blocks.frames += 1;
            }
            0x21 => {
                let (label, data) = after.split_first()?;
                blocks.has_texts |= matches!(label, 0x01 | 0xFE);
                if *label == 0xFF
                    && data.get(1..12) == Some(b"NETSCAPE2.0")
                    && let Some(&[3, 1, low, high]) = data.get(12..16)
                {
                    // The number of repetitions, after the first time.
                    blocks.plays = Some(match u16::from_le_bytes([low, high]) {
                        0 => 0,
                        more => u32::from(more) + 1,
                    });
                }
                rest = skip_data(data)?;
            }
            // Nothing has this meaning; decoders pass over it.
            _ => rest = after,
        }
    }
}

/// Bytes of the palette that a block's flags promise.
fn table_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// What follows a block's data: pieces that begin with their length, the last of which is 0.
fn skip_data(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, after) = rest.split_first()?;
        rest = after.get(usize::from(length)..)?;
        if length == 0 {
            return Some(rest);
        }
    }
}
