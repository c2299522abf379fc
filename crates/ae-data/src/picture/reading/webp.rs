//! The chunks of a WebP file: whether they are all there, and how many frames they hold.
//!
//! # References
//! Google, "WebP Container Specification", <https://developers.google.com/speed/webp/docs/riff_container>.

/// What the chunks of a WebP say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct WebPChunks {
    /// Frames of an animation; 0 where there is none.
    pub(crate) frames: usize,
    /// How often it is played, 0 for without end.
    pub(crate) plays: Option<u32>,
    pub(crate) has_xmp: bool,
}

/// Goes through the chunks; what follows them is of no interest.
///
/// # Errors
/// The file is shorter than it says.
pub(crate) fn read_chunks(bytes: &[u8]) -> Result<WebPChunks, &'static str> {
    const TRUNCATED: &str = "the WebP is truncated: it is shorter than it says";
    let length = bytes.get(4..8).and_then(|bytes| bytes.first_chunk());
    let length = length.map_or(usize::MAX, |&bytes| u32::from_le_bytes(bytes) as usize);
    // A chunk of odd length has a byte of filling, which some writers leave out at the end.
    let content = bytes.get(8..).unwrap_or(&[]);
    let content = match content.get(..length) {
        Some(content) => content,
        None if content.len() + 1 == length && chunks(content).is_some() => content,
        None => return Err(TRUNCATED),
    };
    chunks(content).ok_or(TRUNCATED)
}

fn chunks(content: &[u8]) -> Option<WebPChunks> {
    let mut found = WebPChunks::default();
    let mut rest = content.get(4..)?;
    while rest.len() >= 8 {
        let (head, after) = rest.split_at(8);
        let length = u32::from_le_bytes(*head.last_chunk()?) as usize;
        let data = after.get(..length)?;
        match &head[..4] {
            b"ANMF" => found.frames += 1,
            b"XMP " => found.has_xmp = true,
            b"ANIM" => {
                if let Some(&[low, high]) = data.get(4..6) {
                    found.plays = Some(u32::from(u16::from_le_bytes([low, high])));
                }
            }
            _ => {}
        }
        rest = after.get(length + length % 2..).unwrap_or(&[]);
    }
    Some(found)
}
