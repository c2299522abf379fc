//! What the first bytes of a file say it is, whatever its name says.

use std::path::Path;

use crate::picture::format::PictureFormat;

/// How many first bytes of a file [`recognize`] wants to see.
pub(crate) const START_BYTES: usize = 512;

/// What a file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recognized {
    /// A picture that can be read.
    Readable(PictureFormat),
    /// A picture of a kind that cannot: its name.
    Unreadable(&'static str),
}

/// Finds out what a file is from its first [`START_BYTES`] bytes, or all where there are fewer.
///
/// Targa has no signature: see [`has_name_of`].
pub(crate) fn recognize(start: &[u8]) -> Option<Recognized> {
    readable(start)
        .map(Recognized::Readable)
        .or_else(|| unreadable(start).map(Recognized::Unreadable))
}

/// The format that a file's extension names, where it is one that can be read.
pub(crate) fn has_name_of(path: &Path) -> Option<PictureFormat> {
    let extension = path.extension()?.to_str()?.to_lowercase();
    match extension.as_str() {
        // Names of JPEG and TIFF files that the `image` crate does not know.
        "jpe" | "jif" => Some(PictureFormat::Jpeg),
        "btf" | "tf8" => Some(PictureFormat::Tiff),
        other => ::image::ImageFormat::from_extension(other)
            .filter(|format| format.reading_enabled())
            .and_then(PictureFormat::from_image_crate),
    }
}

/// Why a picture of the kind `name` is not read, and what would be.
pub(crate) fn not_read(name: &str) -> String {
    format!("{name} is not read: convert it to PNG, JPEG or TIFF")
}

fn readable(start: &[u8]) -> Option<PictureFormat> {
    // Cameras write their raw data as TIFF files whose first pictures are thumbnails.
    if is_tiff(start) && raw_tiff(start).is_none() {
        return Some(PictureFormat::Tiff);
    }
    let signatures: [(&[u8], PictureFormat); 11] = [
        (b"\x89PNG\r\n\x1A\n", PictureFormat::Png),
        (b"\xFF\xD8\xFF", PictureFormat::Jpeg),
        (b"GIF87a", PictureFormat::Gif),
        (b"GIF89a", PictureFormat::Gif),
        (b"\0\0\x01\0", PictureFormat::Ico),
        (b"DDS ", PictureFormat::Dds),
        (b"\x76\x2F\x31\x01", PictureFormat::OpenExr),
        (b"#?RADIANCE", PictureFormat::Hdr),
        (b"#?RGBE", PictureFormat::Hdr),
        (b"qoif", PictureFormat::Qoi),
        (b"farbfeld", PictureFormat::Farbfeld),
    ];
    if let Some((_, format)) = signatures.iter().find(|(sign, _)| start.starts_with(sign)) {
        return Some(*format);
    }
    if start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WEBP") {
        return Some(PictureFormat::WebP);
    }
    if is_bmp(start) {
        return Some(PictureFormat::Bmp);
    }
    is_pnm(start).then_some(PictureFormat::Pnm)
}

fn is_tiff(start: &[u8]) -> bool {
    let signatures: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
    signatures.iter().any(|sign| start.starts_with(sign))
}

fn raw_tiff(start: &[u8]) -> Option<&'static str> {
    (start.get(8..10) == Some(b"CR")).then_some("Canon raw (CR2)")
}

/// Two letters are too few to go by: the size of the second header tells, too.
fn is_bmp(start: &[u8]) -> bool {
    start.starts_with(b"BM")
        && start
            .get(14..18)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_le_bytes)
            .is_some_and(|bytes| matches!(bytes, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

/// `P1` to `P7`, a white space, and then a number, a comment or, for `P7`, a word.
fn is_pnm(start: &[u8]) -> bool {
    let [b'P', kind @ b'1'..=b'7', space, rest @ ..] = start else {
        return false;
    };
    if !space.is_ascii_whitespace() {
        return false;
    }
    let first = rest.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|&byte| {
        byte == b'#' || byte.is_ascii_digit() || *kind == b'7' && byte.is_ascii_uppercase()
    })
}

fn unreadable(start: &[u8]) -> Option<&'static str> {
    if start.get(4..8) == Some(b"ftyp") {
        return media_brand(start.get(8..).unwrap_or(&[]));
    }
    let signatures: [(&[u8], &str); 17] = [
        (b"\0\0\0\x0CJXL \r\n\x87\n", "JPEG XL"),
        (b"\xFF\x0A", "JPEG XL"),
        (b"\0\0\0\x0CjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xFF\x4F\xFF\x51", "JPEG 2000"),
        (b"8BPS", "Photoshop's PSD"),
        (b"gimp xcf", "GIMP's XCF"),
        (b"%PDF", "PDF"),
        (b"%!PS", "PostScript"),
        (b"AT&TFORM", "DjVu"),
        (b"SIMPLE  =", "FITS"),
        (b"FUJIFILMCCD-RAW", "Fujifilm raw (RAF)"),
        (b"IIRO", "Olympus raw (ORF)"),
        (b"IIRS", "Olympus raw (ORF)"),
        (b"IIU\0", "Panasonic raw (RW2)"),
        (b"PF\n", "PFM"),
        (b"Pf\n", "PFM"),
        (b"II\xBC\x01", "JPEG XR"),
    ];
    if let Some((_, name)) = signatures.iter().find(|(sign, _)| start.starts_with(sign)) {
        return Some(name);
    }
    if is_tiff(start) {
        return raw_tiff(start);
    }
    if start.get(128..132) == Some(b"DICM") {
        return Some("DICOM");
    }
    let is_markup = start.trim_ascii_start().starts_with(b"<");
    (is_markup && start.windows(4).any(|bytes| bytes == b"<svg")).then_some("SVG")
}

/// Pictures in a container of films (ISO 14496-12): the brands say which.
fn media_brand(brands: &[u8]) -> Option<&'static str> {
    let named = |names: &[&[u8; 4]]| {
        brands
            .chunks_exact(4)
            .take(8)
            .any(|brand| names.iter().any(|name| brand == *name))
    };
    if named(&[b"avif", b"avis"]) {
        Some("AVIF")
    } else if named(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ]) {
        Some("HEIC")
    } else if named(&[b"crx "]) {
        Some("Canon raw (CR3)")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_says_what_a_file_is() {
        let rows: [(&[u8], Option<Recognized>); 20] = [
            (
                b"\x89PNG\r\n\x1A\n....",
                Some(Recognized::Readable(PictureFormat::Png)),
            ),
            (
                b"\xFF\xD8\xFF\xE0",
                Some(Recognized::Readable(PictureFormat::Jpeg)),
            ),
            (
                b"II*\0\x08\0\0\0",
                Some(Recognized::Readable(PictureFormat::Tiff)),
            ),
            (
                b"MM\0+\0\x08\0\0",
                Some(Recognized::Readable(PictureFormat::Tiff)),
            ),
            (
                b"II*\0\x10\0\0\0CR\x02\0",
                Some(Recognized::Unreadable("Canon raw (CR2)")),
            ),
            (
                b"P5 3 4 255\n",
                Some(Recognized::Readable(PictureFormat::Pnm)),
            ),
            (
                b"P7\nWIDTH 3\n",
                Some(Recognized::Readable(PictureFormat::Pnm)),
            ),
            (b"P1 is the first part\n", None),
            (b"BMW and others, a list of cars", None),
            (
                b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
                Some(Recognized::Readable(PictureFormat::Bmp)),
            ),
            (
                b"RIFF\x24\0\0\0WEBPVP8 ",
                Some(Recognized::Readable(PictureFormat::WebP)),
            ),
            (b"RIFF\x24\0\0\0WAVEfmt ", None),
            (
                b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
                Some(Recognized::Unreadable("HEIC")),
            ),
            (
                b"\0\0\0\x18ftypmif1\0\0\0\0miafavif",
                Some(Recognized::Unreadable("AVIF")),
            ),
            (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", None),
            (
                b"<?xml version=\"1.0\"?><svg>",
                Some(Recognized::Unreadable("SVG")),
            ),
            (b"%PDF-1.7", Some(Recognized::Unreadable("PDF"))),
            (b"\0\x01junk", None),
            (b"\x93NUMPY\x01\0", None),
            (b"", None),
        ];
        for (start, expected) in rows {
            assert_eq!(recognize(start), expected, "{}", start.escape_ascii());
        }
    }

    #[test]
    fn extensions_name_formats_that_are_read() {
        for (name, expected) in [
            ("a.PNG", Some(PictureFormat::Png)),
            ("a.jpe", Some(PictureFormat::Jpeg)),
            ("a.JFIF", Some(PictureFormat::Jpeg)),
            ("a.tga", Some(PictureFormat::Tga)),
            ("a.heic", None),
            ("a.avif", None),
            ("a.txt", None),
            ("png", None),
        ] {
            assert_eq!(has_name_of(Path::new(name)), expected, "{name}");
        }
    }
}
