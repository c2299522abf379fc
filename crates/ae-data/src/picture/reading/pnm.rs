//! The highest value that a PNM file's header names.

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

/// Gives words the values of the file again, which the decoder has stretched to all of 16 bits, and says which of them is white; bytes stay
/// stretched to 0 to 255.
pub(crate) fn bring_to_range(page: &mut Page, highest: u16) {
    if let Samples::U16(values) = &mut page.samples {
        let (top, stretched) = (u32::from(highest), u32::from(u16::MAX));
        for value in values {
            *value = ((u32::from(*value) * top + stretched / 2) / stretched) as u16;
        }
        page.range.high = f32::from(highest);
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

    /// That of bytes is a matter of the decoder's, and must be done once.
    #[test]
    fn values_span_what_the_header_says() {
        let read = |bytes: &[u8]| {
            let decoded = image::load_from_memory(bytes).unwrap();
            let mut page = Page::from_dynamic(decoded);
            bring_to_range(&mut page, highest(bytes).unwrap());
            (page.samples, page.range.high)
        };
        let bytes = Samples::U8(vec![0, 51, 102, 255]);
        for file in [
            &b"P2\n4 1\n100\n0 20 40 100\n"[..],
            b"P5\n4 1\n100\n\x00\x14\x28\x64",
            b"P7\nWIDTH 4\nHEIGHT 1\nDEPTH 1\nMAXVAL 100\nTUPLTYPE GRAYSCALE\nENDHDR\n\x00\x14\x28\x64",
        ] {
            assert_eq!(read(file), (bytes.clone(), 255.0), "{}", file.escape_ascii());
        }
        let all: Vec<u16> = (0..=4_095).collect();
        let text: Vec<String> = all.iter().map(ToString::to_string).collect();
        let file = format!("P2\n4096 1\n4095\n{}\n", text.join("\n"));
        assert_eq!(read(file.as_bytes()), (Samples::U16(all), 4_095.0));
    }
}
