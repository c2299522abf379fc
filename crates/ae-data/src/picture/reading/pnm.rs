//! The highest value that a PNM file's header names, which its decoder leaves to whoever asks.

use crate::picture::page::{Page, Samples};

/// The highest value; nothing where the file has one bit a pixel, or the header is not understood.
pub(crate) fn highest(bytes: &[u8]) -> Option<u16> {
    let start = &bytes[..bytes.len().min(4_096)];
    let words = words(start.get(2..)?);
    let word = match start.get(1)? {
        b'2' | b'3' | b'5' | b'6' => words.get(2)?,
        b'7' => {
            let at = words.iter().position(|word| *word == b"MAXVAL")?;
            words.get(at + 1)?
        }
        _ => return None,
    };
    std::str::from_utf8(word)
        .ok()?
        .parse()
        .ok()
        .filter(|&highest| highest > 0)
}

/// The words of a header, without its comments.
fn words(bytes: &[u8]) -> Vec<&[u8]> {
    bytes
        .split(|&byte| byte == b'\n')
        .flat_map(|line| {
            let end = line
                .iter()
                .position(|&byte| byte == b'#')
                .unwrap_or(line.len());
            line[..end].split(u8::is_ascii_whitespace)
        })
        .filter(|word| !word.is_empty())
        .take(16)
        .collect()
}

/// Brings bytes to 0 to 255, and says of words which value is white.
pub(crate) fn bring_to_range(page: &mut Page, highest: u16) {
    match &mut page.samples {
        Samples::U8(values) if highest < 255 => {
            let top = u32::from(highest);
            for value in values {
                *value = ((u32::from(*value).min(top) * 255 + top / 2) / top) as u8;
            }
        }
        Samples::U16(_) => page.range.high = f32::from(highest),
        Samples::U8(_) | Samples::F32(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_their_highest_value() {
        let rows: [(&[u8], Option<u16>); 7] = [
            (b"P5 3 2 255\n......", Some(255)),
            (b"P5\n# made by hand 7 7 7\n3 2\n4095\n", Some(4_095)),
            (b"P2\n3 # wide\n2\n100\n", Some(100)),
            (
                b"P7\nWIDTH 3\nHEIGHT 2\nDEPTH 1\nMAXVAL 1023\nTUPLTYPE GRAYSCALE\nENDHDR\n",
                Some(1_023),
            ),
            (b"P4 3 2\n..", None),
            (b"P5 3 2 0\n", None),
            (b"P5 3", None),
        ];
        for (bytes, expected) in rows {
            assert_eq!(highest(bytes), expected, "{}", bytes.escape_ascii());
        }
    }
}
